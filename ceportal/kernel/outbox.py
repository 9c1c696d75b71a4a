"""Events: written in the caller's transaction, reacted to at once, delivered outside after the commit.

`ceportal/events.py` says who reacts to what, who is told, and to whom it is shown in the feed, whose entries are
written with the event. Reactions run in the same transaction, so that what must
be true together becomes true together. Deliveries are rows; the relay hands them to workers (kernel.relay).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from django.db import models, transaction
from django.utils.module_loading import import_string

from ceportal.kernel.bulk import insert_many
from ceportal.kernel.models import Delivery, Event

Reaction = Callable[[Event, datetime], None]


@cache
def _wiring(name: str) -> dict[str, Any]:
    wiring: dict[str, Any] = import_string(f"ceportal.events.{name}")
    return wiring


@cache
def _feed_writer() -> Callable[..., None]:
    """Writes what is shown of events outside; of an app above the kernel, so it is named in the wiring."""
    write: Callable[..., None] = import_string(import_string("ceportal.events.FEED_WRITER"))
    return write


@cache
def _function(path: str) -> Reaction:
    reaction: Reaction = import_string(path)
    return reaction


def emit(topic: str, subject: models.Model, *, now: datetime, candidate_id: int | None = None, **payload: Any) -> Event:
    """Record that something became true, in the caller's transaction, and let the house react.

    The candidate is read from the subject where it has one. RuntimeError outside a transaction.
    """
    (event,) = _emit(topic, [_event(topic, subject, payload, candidate_id=candidate_id, now=now)], now=now)
    return event


def emit_many(topic: str, subjects: Iterable[tuple[models.Model, Mapping[str, Any]]], *, now: datetime) -> list[Event]:
    """As `emit`, for many subjects at once, each with what is to be said of it."""
    return _emit(topic, [_event(topic, subject, payload, now=now) for subject, payload in subjects], now=now)


def _event(
    topic: str, subject: models.Model, payload: Mapping[str, Any], *, now: datetime, candidate_id: int | None = None
) -> Event:
    return Event(
        topic=topic,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        candidate_id=candidate_id or getattr(subject, "candidate_id", None),
        payload=payload,
        occurred_at=now,
    )


def _emit(topic: str, events: list[Event], *, now: datetime) -> list[Event]:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{topic} must be emitted in the transaction that makes it true.")
    insert_many(events)
    shown = _wiring("FEED").get(topic)
    if shown and events:
        _feed_writer()(events, path=shown)
    receivers = _wiring("DELIVERIES").get(topic, ())
    if receivers and events:
        insert_many(
            [Delivery(event=event, receiver=receiver, due_at=now) for event in events for receiver in receivers]
        )
        _nudge_after_commit()
    for path in _wiring("REACTIONS").get(topic, ()):
        for event in events:
            _function(path)(event, now)
    return events


def _nudge_after_commit() -> None:
    """Once a transaction, however many events it makes. What a rollback takes back is asked for again."""
    waiting = transaction.get_connection().run_on_commit
    if not any(function is _nudge for _savepoints, function, _robust in waiting):
        transaction.on_commit(_nudge)


def _nudge() -> None:
    """Wake the relay; if the broker cannot be reached, the next sweep finds the deliveries."""
    from ceportal.kernel.tasks import nudge_relay

    nudge_relay()
