"""Whom the feed shows what became of items, deliveries and the schedules of events: no more than their reads do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog.models import (
    Authorisation,
    BoardDecision,
    Delivery,
    Gathering,
    Proposal,
    ProviderMember,
    Session,
    SessionTime,
)
from ceportal.kernel.models import Event
from ceportal.partner_api.feed import Audience
from ceportal.partner_api.models import Application, FeedEntry
from ceportal.partner_api.scopes import ORGANISER, PROVIDER


def delivery_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the provider whose delivery it is (CAT-07)."""
    rows = Delivery.objects.select_related("provider", "item").in_bulk({event.subject_id for event in events})
    for event in events:
        row = rows[event.subject_id]
        said = {
            "delivery": row.pk,
            "code": row.code,
            "item": row.item.code,
            "starts_on": row.starts_on.isoformat(),
            "ends_on": row.ends_on.isoformat(),
            "cancelled": row.cancelled_at is not None,
        }
        yield Audience(event, PROVIDER, row.provider.code, "deliveries:read", row.code, said)


def authorisation_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the provider who may deliver an item, from when on and how long (CAT-07)."""
    rows = Authorisation.objects.select_related("provider", "item").in_bulk({event.subject_id for event in events})
    for event in events:
        row = rows[event.subject_id]
        said = {
            "item": row.item.code,
            "starts_on": row.starts_on.isoformat(),
            "ends_on": row.ends_on.isoformat() if row.ends_on else None,
        }
        yield Audience(event, PROVIDER, row.provider.code, "catalog:read", row.item.code, said)


def listing_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To every provider who is, was or will be authorised for an item: what it is worth, and from when on (CAT-02)."""
    rows = BoardDecision.objects.select_related("item").in_bulk({event.subject_id for event in events})
    providers: dict[int, set[str]] = {}
    authorised = Authorisation.objects.filter(item__in={row.item_id for row in rows.values()})
    for item_id, provider in authorised.values_list("item_id", "provider__code"):
        providers.setdefault(item_id, set()).add(provider)
    for event in events:
        row = rows[event.subject_id]
        said = {"item": row.item.code, "credits": row.credits, "effective_on": row.effective_on.isoformat()}
        for provider in sorted(providers.get(row.item_id, ())):
            yield Audience(event, PROVIDER, provider, "catalog:read", row.item.code, said)


def proposal_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the provider who proposed an item: what became of that, without the board's words (CAT-02)."""
    told = Proposal.objects.select_related("provider", "review", "decision__item")
    rows = told.in_bulk({event.subject_id for event in events})
    for event in events:
        row = rows[event.subject_id]
        listed = row.decision
        said = {
            "proposal": row.pk,
            "code": row.code,
            "status": row.status,
            "review": row.review.quarter if row.review else None,
            "listed_as": listed.item.code if listed else None,
            "listed_from": listed.effective_on.isoformat() if listed else None,
            "listed_credits": listed.credits if listed else None,
        }
        yield Audience(event, PROVIDER, row.provider.code, "catalog:read", str(row.pk), said)


def acts_for_provider(application: Application) -> bool:
    """Whether whoever answers for a program is still a member of the provider for whom it acts."""
    return ProviderMember.objects.filter(
        active=True, user_id=application.responsible_id, provider__code=application.tenant
    ).exists()


def gathering_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the organiser to whom an event was given, and to the one from whom it was taken."""
    rows = Gathering.objects.in_bulk({event.subject_id for event in events})
    for event in events:
        row = rows[event.subject_id]
        yield from _to_organiser(event, row, {"yours": True})
        if before := event.payload.get("before"):
            said = {"gathering": row.code, "yours": False}
            yield Audience(event, ORGANISER, before, "gatherings:read", row.code, said)


def of_own_gatherings(tenant: str, entries: Sequence[FeedEntry]) -> list[FeedEntry]:
    """Entries about events that are an organiser's now, and that others are not any more: nothing else of those."""
    codes = {entry.data["gathering"] for entry in entries if "gathering" in entry.data}
    own = set(Gathering.objects.filter(organiser=tenant, code__in=codes).values_list("code", flat=True))
    return [
        entry
        for entry in entries
        if entry.data.get("gathering") in own or entry.data.get("yours") is False or "gathering" not in entry.data
    ]


def session_time_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the organiser on whose schedule a session was put, or that has another room now (LIVE-05)."""
    rows = SessionTime.objects.select_related("session__gathering").in_bulk({event.subject_id for event in events})
    for event in events:
        row = rows[event.subject_id]
        said: dict[str, object] = {
            "session": row.session.code,
            "starts_at": row.starts_at.isoformat(),
            "room": row.room,
        }
        yield from _to_organiser(event, row.session.gathering, said)


def session_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the organiser on whose schedule a session was changed."""
    rows = Session.objects.select_related("gathering").in_bulk({event.subject_id for event in events})
    for event in events:
        row = rows[event.subject_id]
        said = {"session": row.code, "minutes": row.minutes, "marked": row.marked}
        yield from _to_organiser(event, row.gathering, said)


def _to_organiser(event: Event, gathering: Gathering, said: dict[str, object]) -> Iterator[Audience]:
    if gathering.organiser:  # an event may be nobody's
        yield Audience(
            event,
            ORGANISER,
            gathering.organiser,
            "gatherings:read",
            gathering.code,
            {"gathering": gathering.code} | said,
        )
