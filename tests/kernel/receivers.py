"""Reactions and receivers for the tests of the outbox; what they saw stands in the database or in `heard`."""

from __future__ import annotations

from datetime import datetime

from catalog.models import Provider
from ceportal.kernel.models import Event

heard: list[int] = []


def note_provider(event: Event, now: datetime) -> None:
    """A reaction that writes in the same transaction."""
    Provider.objects.create(code=f"seen-{event.pk}", name=event.topic, created_at=now)


def fail(event: Event, now: datetime) -> None:
    """A reaction or receiver that cannot."""
    Provider.objects.create(code=f"half-{event.pk}", name="half done", created_at=now)
    raise ConnectionError("nobody answers")


def hear(event: Event, now: datetime) -> None:
    """A receiver that hears."""
    heard.append(event.pk)
