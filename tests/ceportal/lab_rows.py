"""Somebody with a row in every table of labs and of Emeritus, for the pages of staff."""

from __future__ import annotations

from datetime import timedelta

from candidates.models import Candidate
from candidates.services import write_notice
from emeritus.models import EmeritusPurchase, WindowTold
from exams.models import (
    CheckIn,
    Closure,
    Incident,
    LogEntry,
    Remedy,
    Reread,
    Reschedule,
    SitePrice,
    WaitingWish,
)
from tests import factories
from tests.factories import day, noon

NOW = noon("2026-05-04")


def in_a_lab(candidate: Candidate) -> None:
    """A lab that a fault ended, a change that was only quoted, a wish for a seat, and the site with its calendar."""
    site = factories.SiteFactory.create(code=f"site-{candidate.pk}")
    factories.SittingPatternFactory.create(site=site)
    Closure.objects.create(site=site, first_day=day("2026-12-24"), last_day=day("2026-12-26"), reason="Holidays.")
    SitePrice.objects.create(site=site, kit="fixed", since=day("2026-01-01"), net_cents=170_000)
    sitting = factories.SittingFactory.create(site=site)
    ended, left, kept = (
        factories.BookingFactory.create(candidate=candidate, sitting=sitting, status=status, **more)
        for status, more in (
            ("incident", {}),
            ("paid", {}),
            ("held", {"held_for": "reschedule", "held_until": NOW + timedelta(minutes=30)}),
        )
    )
    CheckIn.objects.create(booking=ended, minutes_late=5, photographed=True, signed=True, decision=[], recorded_at=NOW)
    LogEntry.objects.create(sitting=sitting, booking=ended, kind="note", text="Quiet.", recorded_at=NOW)
    Incident.objects.create(booking=ended, began_at=NOW, minutes=180, decision=[], recorded_at=NOW)
    Remedy.objects.create(booking=ended, kind="reschedule", decision=[], granted_at=NOW)
    Reread.objects.create(booking=ended, decision=[], requested_at=NOW)
    Reschedule.objects.create(old=left, new=kept, quote=[], charge_cents=0, refund_cents=0, decision=[], quoted_at=NOW)
    wish = WaitingWish.objects.create(
        candidate=candidate,
        track=ended.track,
        first_day=day("2026-06-01"),
        last_day=day("2026-06-30"),
        asked_at=NOW,
    )
    wish.sites.add(site)


def near_emeritus(candidate: Candidate) -> None:
    """A term that was asked for, and the notice of its window."""
    EmeritusPurchase.objects.create(
        candidate=candidate,
        covers="ccie",
        starts_on=day("2026-06-01"),
        ends_on=day("2027-06-01"),
        decision=[],
        asked_at=NOW,
    )
    notice = write_notice(
        candidate=candidate, kind="test", key=f"window:{candidate.pk}", subject="A window", body="Open.", now=NOW
    )
    WindowTold.objects.create(
        candidate=candidate, family="ccie", anniversary_on=day("2026-06-01"), notice=notice, told_on=NOW.date()
    )
