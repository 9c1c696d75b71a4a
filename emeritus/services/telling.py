"""What holders are told of Emeritus: the windows of their anniversaries, and Lifetime (EMR-02, EMR-11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from candidates import queries as candidates_queries
from candidates import services as candidates
from candidates.models import Certification, Notice, StatusChange
from candidates.queries import Held
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from emeritus import queries, rules
from emeritus.models import WindowTold
from emeritus.rules import Position

LIFETIME = Certification.Status.LIFETIME_EMERITUS


@transaction.atomic
def tell_windows(*, candidate_id: int, now: datetime) -> Notice | None:
    """Tell a holder of the windows that are open and that nobody told of yet: one message for all of them (EMR-02).

    None where nothing is to be told.
    """
    candidate = candidates.lock_candidate(candidate_id)
    day = clock.day_of(now)
    due = windows_due(candidates_queries.held_by(candidate_id), day, candidate_id=candidate_id)
    if not due:
        return None
    notice = candidates.compose_notice(
        candidate=candidate,
        kind="emeritus_window",
        key=f"emeritus_window:{candidate_id}:{day}",
        context={
            "positions": [_told(each) for each in due],
            "address": settings.BASE_URL + reverse("emeritus:page"),
        },
        now=now,
    )
    if notice is None:  # told today of another: this one waits for the next night
        return None
    WindowTold.objects.bulk_create(
        WindowTold(
            candidate=candidate, family=each.covers[0], anniversary_on=_anniversary(each), notice=notice, told_on=day
        )
        for each in due
    )
    return notice


def windows_due(held: Sequence[Held], day: date, *, candidate_id: int) -> list[Position]:
    """The windows of which a holder is to be told on a day.

    That of the first anniversary of enough years is always told; later ones where their term is on offer.
    """
    told = set(WindowTold.objects.filter(candidate_id=candidate_id).values_list("family", "anniversary_on"))
    bar = candidates_queries.bar_on(candidate_id)
    if bar is not None and bar.revokes:
        return []
    policy = BOOK.on(day)
    found: dict[tuple[str, date], Position] = {}
    for family in queries.families_held(held):
        position = queries.position(held, family, day)
        if position.window is None or (position.covers[0], _anniversary(position)) in told:
            continue
        first = position.window.years == policy["emeritus.years"].value and not position.bought
        if first or rules.assess_purchase(position, policy, bar=bar, confirmed=True).granted:
            found.setdefault((position.covers[0], _anniversary(position)), position)
    return list(found.values())


def _anniversary(position: Position) -> date:
    assert position.window is not None
    return position.window.anniversary_on


def _told(position: Position) -> dict[str, object]:
    """A window as its notice tells it."""
    assert position.window is not None
    policy = BOOK.on(position.day)
    return {
        "families": [each.upper() for each in sorted(position.covers)],
        "window": position.window,
        "wanted": position.wanted,
        "fee": policy["emeritus.fee"].value,
        "late_fee": policy["emeritus.late_fee"].value,
        "late": position.late,
    }


def tell_lifetime(*, certification_id: int, now: datetime) -> Notice | None:
    """Tell a holder who has become Lifetime, once for each certification and in one message a day (EMR-11)."""
    certification = Certification.objects.select_related("candidate").get(id=certification_id)
    if StatusChange.objects.filter(certification=certification, after=LIFETIME).exclude(before=LIFETIME).count() > 1:
        return None
    candidate = certification.candidate
    certifications = candidate.certifications.filter(status=LIFETIME).select_related("track")
    return candidates.compose_notice(
        candidate=candidate,
        kind="lifetime_emeritus",
        key=f"lifetime_emeritus:{candidate.id}:{clock.day_of(now)}",
        context={
            "certifications": list(certifications.order_by("number")),
            "address": settings.BASE_URL + reverse("emeritus:page"),
        },
        now=now,
    )
