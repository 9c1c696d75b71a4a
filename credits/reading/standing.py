"""Where each certification stands, and how far every way to renew it has been gone: read models of pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from candidates.models import Certification
from candidates.queries import Held
from candidates.rules import ENDED, Standing, date_term, follows_active, stretch_on, term_on
from ceportal.kernel import money
from ceportal.kernel.calendar import add_years
from ceportal.kernel.policy import BOOK
from ceportal.kernel.wording import days_text
from credits.reading.wording import path_text, requirements_text
from credits.rules import renewal
from credits.rules.renewal import PathProgress

MILLE = 1000  # the width of a term's bar
NEAREST = 4  # ways to renew that stand side by side


@dataclass(frozen=True, slots=True)
class Bar:
    """A term as a bar, in thousandths of its length."""

    today: int
    active_until: int | None  # where the suspended period begins; None where there is none
    ticks: tuple[int, ...]  # the returns of its first day
    starts_on: date
    ends_on: date
    text: str


@dataclass(frozen=True, slots=True)
class NextTerm:
    """A term that was bought and has not begun (CE-09)."""

    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class StandingCard:
    """One certification as its holder meets it first."""

    certification: Certification
    level: str
    status: str
    status_label: str
    ends_on: date | None  # the next day on which it loses its status; None: valid for life, or ended
    ends_in: str
    then: str  # the status that follows the active period, where it is active
    inactive_on: date | None
    bar: Bar | None
    next_term: NextTerm | None


@dataclass(frozen=True, slots=True)
class PathView:
    """One way to renew, and how far it has been gone."""

    title: str  # what it takes in all
    left: str  # what is left of it; empty when nothing is
    met: bool
    fee_due: bool
    fee_cents: int | None  # before tax; None where the path bears no fee
    credits_needed: int
    credits_there: int
    takes_exams: bool


def status_now(held: Held, day: date) -> str:
    """A certification's status on a day by its dates; what was revoked stays so (CERT-10)."""
    if held.certification.status == Certification.Status.REVOKED:
        return Certification.Status.REVOKED.value
    return held.status_on(day) or Certification.Status.ACTIVE.value


def standing_card(held: Held, day: date) -> StandingCard:
    """A certification's card on a day."""
    status = status_now(held, day)
    standing = held.standing_on(day)
    bar = _bar(held, standing, day) if status not in ENDED else None
    last = held.life.terms[-1]
    ends_on = None
    if status == Certification.Status.ACTIVE:
        ends_on = standing.active_ends_on
    elif status not in ENDED and status != Certification.Status.LIFETIME_EMERITUS:
        ends_on = standing.emeritus_until or standing.inactive_on
    return StandingCard(
        certification=held.certification,
        level=str(held.certification.track.get_level_display()),
        status=status,
        status_label=str(Certification.Status(status).label),
        ends_on=ends_on,
        ends_in=days_text(ends_on, day) if ends_on else "",
        then=(follows_active(BOOK, held.life, day) or "") if status == Certification.Status.ACTIVE else "",
        inactive_on=standing.inactive_on,
        bar=bar,
        next_term=NextTerm(last.starts_on, standing.active_ends_on) if last.starts_on > day else None,
    )


def _runs(held: Held, standing: Standing, day: date) -> tuple[date, date, date] | None:
    """What a bar shows: from when to when it runs, and to when it is active; None where it runs for life."""
    running = term_on(held.life, day)
    if running is None or standing.status == Certification.Status.LIFETIME_EMERITUS:
        return None
    if standing.status in {Certification.Status.EMERITUS, Certification.Status.GRACE}:
        stretch = stretch_on(BOOK, held.life, day, known_on=day)
        ends_on = standing.emeritus_until or standing.inactive_on
        return (stretch.starts_on, ends_on, ends_on) if stretch and ends_on else None
    dates = date_term(BOOK, level=held.life.level, starts_on=running.starts_on, day=day)
    return (running.starts_on, dates.inactive_on, dates.active_ends_on) if dates else None


def _bar(held: Held, standing: Standing, day: date) -> Bar | None:
    runs = _runs(held, standing, day)
    if runs is None:
        return None
    starts_on, ends_on, active_ends_on = runs
    length = (ends_on - starts_on).days

    def place(point: date) -> int:
        return max(0, min(MILLE, MILLE * (point - starts_on).days // length))

    years = [add_years(starts_on, year) for year in range(1, length // 365 + 1)]
    return Bar(
        today=place(day),
        active_until=place(active_ends_on) if active_ends_on < ends_on else None,
        ticks=tuple(place(year) for year in years if year < ends_on),
        starts_on=starts_on,
        ends_on=ends_on,
        text=_("The term from %(start)s to %(end)s; today is %(today)s.")
        % {
            "start": date_format(starts_on, "DATE_FORMAT"),
            "end": date_format(ends_on, "DATE_FORMAT"),
            "today": date_format(day, "DATE_FORMAT"),
        },
    )


def highest_renewable(held: Sequence[Held], day: date) -> Held | None:
    """The certification whose renewal is next in question (CE-07); what was revoked stays so (CERT-10)."""
    by_id = {each.certification.id: each for each in held if each.certification.status != Certification.Status.REVOKED}
    facts = [renewal.HeldFacts(key, each.life) for key, each in by_id.items()]
    top = renewal.highest_renewable(BOOK, facts, day)
    return by_id[top.id] if top else None


def progress_of(held: Held, facts: renewal.RenewalFacts, day: date) -> list[PathProgress]:
    """Every way to renew one certification, the nearest first: fewest exams left, then fewest credits."""
    (mine,) = (each for each in facts.held if each.id == held.certification.id)
    return sorted(
        renewal.progress_on(BOOK, facts, mine, day),
        key=lambda each: (sum(each.exams_missing.values()), each.credits_missing, each.credits_needed),
    )


def path_view(progress: PathProgress, level: str, day: date) -> PathView:
    """A way to renew in words, with what it costs on a day."""
    # The fee is that of the payment day: today, for someone who asks today (CE-08).
    fees = BOOK.on(day)["recert.admin_fee"].value
    return PathView(
        title=path_text(progress.path),
        left=requirements_text(
            credits=progress.credits_missing,
            exams=progress.exams_missing,
            fee=progress.fee and not progress.fee_paid,
        ),
        met=progress.met,
        fee_due=progress.fee_due,
        fee_cents=money.cents(fees[level]) if progress.fee and level in fees else None,
        credits_needed=progress.credits_needed,
        credits_there=min(progress.credits_there, progress.credits_needed),
        takes_exams="exams" in progress.path,
    )
