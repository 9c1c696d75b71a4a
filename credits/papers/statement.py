"""The ledger as its owner reads it: lines with a running balance, newest first, and the balance of any day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, QuerySet, RowRange, Sum, Window
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ceportal.kernel import clock
from credits import queries
from credits.files import spreadsheets
from credits.models import Cycle, Entry, Grant
from credits.reading import chart

ORDER = ("grant__cycle__started_on", "counts_from", "id")
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the statement: what happened, why, and what stood afterwards."""

    entry: Entry
    title: str
    why: str
    balance: int
    url: str

    @property
    def signed(self) -> str:
        """The amount with its sign, a true minus where it takes."""
        amount = self.entry.amount
        return f"+{amount}" if amount > 0 else f"{MINUS}{-amount}"


@dataclass(frozen=True, slots=True)
class CycleLines:
    """The lines of a page that belong to one cycle."""

    cycle: Cycle
    lines: list[Line]


def entries_of(candidate_id: int, *, day: date | None = None, known_at: datetime | None = None) -> QuerySet[Entry]:
    """Entries, oldest first, each with the balance after it; what is shown with a line is joined.

    All of them; or those that counted by the end of a day, or were known at a moment, where these are given.
    """
    entries = Entry.objects.filter(candidate_id=candidate_id)
    entries = entries.filter(counts_from__lte=day) if day else entries
    entries = entries.filter(written_at__lte=known_at) if known_at else entries
    return (
        entries.select_related("grant__cycle", "grant__claim", "recertification__certification__track", "corrects")
        .annotate(
            balance=Window(
                Sum("amount"),
                partition_by=F("candidate_id"),
                order_by=[F(name).asc() for name in ORDER],
                frame=RowRange(start=None, end=0),
            )
        )
        .order_by(*ORDER)
    )


def line_of(entry: Entry) -> Line:
    """An entry in words."""
    return Line(
        entry=entry,
        title=entry.grant.title,
        why=why(entry),
        balance=entry.balance,  # type: ignore[attr-defined]  # by entries_of
        url=page_of(entry.grant),
    )


def page_of(grant: Grant) -> str:
    """Where the candidate reads about what earned credits; empty where there is no page of it."""
    if grant.claim is not None:
        return reverse("credits:claim_detail", args=[grant.claim.number])
    return f"{reverse('credits:event_list')}?attendance={grant.attendance_id}" if grant.attendance_id else ""


def why(entry: Entry) -> str:
    """Why a line stands in the ledger, in a sentence."""
    day = {"day": date_format(entry.counts_from, "DATE_FORMAT")}
    if entry.kind == Entry.Kind.EARNED:
        return earned_by(entry.grant.source) % day
    if entry.kind == Entry.Kind.USED and entry.recertification:
        track = entry.recertification.certification.track.name
        return _("Used for the renewal of %(track)s as of %(day)s.") % {"track": track, **day}
    if entry.kind == Entry.Kind.CORRECTED:
        return taken_back_by(entry.clause)
    if entry.corrects is not None:
        return given_back(entry.corrects.kind)
    if entry.kind == Entry.Kind.VOIDED:
        return voided_by(entry.clause)
    sentences = {
        "LIVE-06": _("Cut: sessions at events count up to a cap in a cycle, and it is reached."),
        "CR-01": _("Expired: the validity of the credits ended."),
        "CR-02": _("Expired: left over when the cycle ended with a renewal."),
        "CR-03": _("Expired: the certification became inactive."),
    }
    return sentences.get(entry.clause, str(entry.get_kind_display()).capitalize())


def given_back(kind: str) -> str:
    """What it means that an entry of a kind is reversed, in a sentence."""
    sentences: dict[str, str] = {
        Entry.Kind.CUT: _("The cut is taken back: the sessions of the cycle were shared out anew."),
        Entry.Kind.USED: _("The use is reversed: the renewal rested on what no longer counts."),
        Entry.Kind.EXPIRED: _("The expiry is reversed."),
    }
    return sentences.get(kind, _("Given back."))


def voided_by(clause: str) -> str:
    """Why credits were voided, in a sentence."""
    sentences = {
        "CE-12": _("Voided: the audit of the claim failed."),
        "CR-04": _("Voided: the same training counted earlier in the cycle."),
    }
    return sentences.get(clause, _("Voided: what had earned it no longer counts."))


def taken_back_by(clause: str) -> str:
    """Why what had been earned was taken back, in a sentence."""
    sentences = {
        "LIVE-06": _("Taken back: sessions attended before it fill the cap of the cycle."),
        "CR-04": _("Taken back: an earlier time of the same session counts."),
    }
    return sentences.get(clause, _("Taken back: what had earned it no longer counts."))


def earned_by(source: str) -> str:
    """How credits of a kind were earned, in a sentence with a place for the day."""
    sentences: dict[str, str] = {
        Grant.Source.CLAIM: _("Earned: completed on %(day)s and approved by the provider."),
        Grant.Source.REPORT: _("Earned: completed on %(day)s and reported by the provider."),
        Grant.Source.ATTENDANCE: _("Earned: attended on %(day)s, as the organiser's badge scans show."),
        Grant.Source.AUTHORED: _("Earned: your exam items were accepted on %(day)s, as the exam team reports."),
        Grant.Source.WORKSHOP: _("Earned: the workshop ended on %(day)s, as the exam team reports."),
    }
    return sentences[source]


def by_cycle(entries: Iterable[Entry]) -> list[CycleLines]:
    """The entries of a page, grouped by the cycle they belong to, in the order they come."""
    groups: list[CycleLines] = []
    for entry in entries:
        if not groups or groups[-1].cycle.id != entry.grant.cycle_id:
            groups.append(CycleLines(entry.grant.cycle, []))
        groups[-1].lines.append(line_of(entry))
    return groups


@dataclass(frozen=True, slots=True)
class BalanceOnDay:
    """What stood at the end of a day, by what was known at the end of another; None: by what is known now."""

    day: date
    known_on: date | None
    balance: queries.Balance  # of the cycle that ran then
    lifetime: queries.Balance


def balance_on(candidate_id: int, *, day: date, known_on: date | None, now: datetime) -> BalanceOnDay:
    """The balance of a day, by what was known at the end of another, or is known now."""
    known_at = min(clock.end_of(known_on), now) if known_on else now
    return BalanceOnDay(
        day,
        known_on if known_at < now else None,
        queries.balance_as_of(candidate_id, day=day, known_at=known_at),
        queries.lifetime_balance(candidate_id, day=day, known_at=known_at),
    )


def chart_of(candidate_id: int, *, today: date) -> chart.Chart | None:
    """The ledger over time; None while it is empty."""
    sums = (
        Entry.objects.filter(candidate_id=candidate_id)
        .annotate(month=TruncMonth("counts_from"))
        .values_list("month", "kind")
        .annotate(credits=Sum("amount"))
        .order_by("month", "kind")
    )
    return chart.draw([chart.MonthSum(*row) for row in sums], today=today)


def as_csv(entries: Iterable[Entry]) -> Iterator[str]:
    """The statement as CSV, oldest line first."""
    return spreadsheets.as_csv(_rows(entries))


def _rows(entries: Iterable[Entry]) -> Iterator[list[object]]:
    yield [_("Day"), _("Entered at"), _("Kind"), _("Credits"), _("Balance"), _("For"), _("Why"), _("Clause")]
    for line in map(line_of, entries):
        entry = line.entry
        yield [
            entry.counts_from.isoformat(),
            entry.written_at.isoformat(timespec="seconds"),
            str(entry.get_kind_display()),
            entry.amount,
            line.balance,
            line.title,
            line.why,
            entry.clause,
        ]
