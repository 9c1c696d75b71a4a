"""A provider's rosters: uploaded, looked at as a dry run, then reported line by line (CE-10).

What has to be done stands in rows. Some hundred lines at a time are reported, in one transaction with what became of
each, so whoever goes on after an interruption, or beside another, finds what is left, and nothing counts twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from candidates.models import Candidate
from catalog.models import Delivery, Item, ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.bulk import insert_many, update_many
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.outbox import emit
from credits.files.roster_files import read_lines
from credits.models import Cycle, Roster, RosterRow
from credits.reading import reporting
from credits.reading.reporting import Known
from credits.rules import rosters
from credits.rules.rosters import Entry, Problem
from credits.services import reports
from credits.services.reports import Completion

Outcome = RosterRow.Outcome
CHECKED_FIELDS = (
    "candidate", "item", "delivery", "outcome", "credits", "claim", "problems", "remarks",
)  # fmt: skip
REPORTED_FIELDS = ("outcome", "credits", "claim", "problems", "report", "done_at")
TO_REPORT = Q(outcome__in=[Outcome.EARNS, Outcome.APPROVES, Outcome.COUNTED], done_at__isnull=True)
CHECKED_AT_A_TIME = 1000  # lines: memory is bounded, whatever the length of the roster
LEFT_ALONE_AFTER = timedelta(minutes=1)  # whoever works on a roster writes lines every second


@transaction.atomic
def upload_roster(*, member_id: int, form_key: UUID, file_name: str, content: bytes, now: datetime) -> Roster:
    """Keep the lines of a file, to be checked next; or refuse a file that cannot be read, with the place (CE-10).

    Sending a form twice is one roster; a file that waits as a dry run already is that one, to be checked anew.
    Roster.DoesNotExist where the form's roster is another provider's.
    """
    member = ProviderMember.objects.get(id=member_id)
    sent = Roster.objects.filter(form_key=form_key).first()
    if sent is not None:
        if sent.provider_id != member.provider_id:
            raise Roster.DoesNotExist
        return sent
    entries = rosters.read_entries(read_lines(content))
    digest = hashlib.sha256(content).hexdigest()
    waiting = Roster.objects.filter(
        provider_id=member.provider_id, sha256=digest, status__in=[Roster.Status.CHECKING, Roster.Status.CHECKED]
    ).first()
    if waiting is not None:
        return check_again(roster_id=waiting.id)
    return keep_roster(
        member, form_key=form_key, name=file_name, size_bytes=len(content), sha256=digest, entries=entries, now=now
    )


def keep_roster(
    member: ProviderMember,
    *,
    form_key: UUID,
    name: str,
    size_bytes: int,
    sha256: str,
    entries: Sequence[Entry],
    now: datetime,
) -> Roster:
    """Keep what was read of a roster, to be checked next. The caller is in a transaction."""
    roster = Roster.objects.create(
        provider_id=member.provider_id,
        form_key=form_key,
        file_name=name[:200],
        size_bytes=size_bytes,
        sha256=sha256,
        uploaded_by=member,
        uploaded_at=now,
    )
    insert_many(
        [
            RosterRow(
                roster=roster,
                line=entry.line,
                given=dict(entry.given),
                completed_on=entry.completed_on,
                outcome=Outcome.REFUSED if entry.problems else "",
                problems=[each.as_json() for each in entry.problems],
            )
            for entry in entries
        ]
    )
    emit("credits.roster_uploaded", roster, now=now, lines=len(entries))
    return roster


@transaction.atomic
def check_again(*, roster_id: int) -> Roster:
    """Have a dry run made anew, since the world has gone on; what is being reported is not checked any more."""
    roster = _lock(roster_id)
    if roster.status == Roster.Status.CHECKED:
        roster.status = Roster.Status.CHECKING
        roster.save(update_fields=["status"])
    return roster


def _lock(roster_id: int) -> Roster:
    return Roster.objects.select_for_update(no_key=True).get(id=roster_id)


@transaction.atomic
def check_roster(*, roster_id: int, now: datetime) -> Roster:
    """Make the dry run: what each line would do, or what is wrong with it, as things stand. Nothing is reported.

    Lines are taken in the order of completion, as they will be, and each knows of those before it (CR-04).
    """
    roster = _lock(roster_id)
    if roster.status != Roster.Status.CHECKING:
        return roster
    readable = roster.rows.filter(~Q(problems__contains=[{"as_read": True}]))
    in_order = list(readable.order_by("completed_on", "line").values_list("id", flat=True))
    plan = _Plan(roster, day=clock.day_of(now))
    for first in range(0, len(in_order), CHECKED_AT_A_TIME):
        rows = readable.filter(id__in=in_order[first : first + CHECKED_AT_A_TIME]).order_by("completed_on", "line")
        plan.check(list(rows))
    roster.status, roster.checked_at = Roster.Status.CHECKED, now
    roster.save(update_fields=["status", "checked_at"])
    emit("credits.roster_checked", roster, now=now)
    return roster


def _resolve(roster: Roster, rows: Sequence[RosterRow], *, day: date) -> None:
    """Find whom and what the lines name.

    A number that nobody has, and that of somebody who is not enrolled, are told alike: who is in the records of the
    programme, and takes no part in it, is nothing to a provider.
    """
    numbers = {row.given["candidate"] for row in rows}
    people = {each.number: each for each in Candidate.objects.filter(number__in=numbers, enrollment__isnull=False)}
    codes = {row.given["item"].lower() for row in rows}
    items = {each.code: each for each in Item.objects.filter(code__in=codes)}
    named = {row.given.get("delivery", "") for row in rows} - {""}
    runs = {each.code: each for each in Delivery.objects.filter(provider_id=roster.provider_id, code__in=named)}
    for row in rows:
        row.candidate = people.get(row.given["candidate"])
        row.item = items.get(row.given["item"].lower())
        code = row.given.get("delivery", "")
        row.delivery = runs.get(code)
        problems = [_nobody()] if row.candidate is None else []
        if row.item is None:
            problems.append(_no_item())
        elif code and (wrong := _wrong_run(roster, row, day)) is not None:
            problems.append(wrong)
        row.problems = [each.as_json() for each in problems]
        row.remarks = [each.as_json() for each in _remarks(row)]
        row.outcome = Outcome.REFUSED if problems else ""
        row.credits = row.claim = None


def _nobody() -> Problem:
    return rosters.problem(
        "candidate",
        "CE-05",
        _("Nobody who is enrolled has this number."),
        _("Compare it with the student's; whoever is not enrolled yet has to do that first."),
    )


def _no_item() -> Problem:
    return rosters.problem(
        "item", "CAT-01", _("The catalog has no training of this code."), _("See the catalog for the code.")
    )


def _wrong_run(roster: Roster, row: RosterRow, day: date) -> Problem | None:
    run, completed_on = row.delivery, row.completed_on
    assert completed_on is not None  # else the line was misread
    return rosters.assess_run(
        rosters.RunFacts(
            found=run is not None and run.provider_id == roster.provider_id,
            of_the_item=run is not None and run.item_id == row.item_id,
            cancelled=run is not None and run.cancelled_at is not None,
            starts_on=run.starts_on if run else completed_on,
            ends_on=run.ends_on if run else completed_on,
            completed_on=completed_on,
            day=day,
        )
    )


def _remarks(row: RosterRow) -> list[Problem]:
    name = row.given.get("name", "")
    if row.candidate is None or not name or rosters.same_name(name, row.candidate.name):
        return []
    return [
        rosters.problem(
            "name", "CE-10", _("The record has another name for this number."), _("Compare both with the student's.")
        )
    ]


class _Plan:
    """What reporting the lines would do, by the rule that decides when they are reported, some at a time."""

    def __init__(self, roster: Roster, *, day: date) -> None:
        self._roster, self._day = roster, day
        self._known: Known | None = None
        # By candidate, training and cycle, the line that reports it.
        self._planned: dict[tuple[int, int, Cycle | None], int] = {}

    def check(self, rows: Sequence[RosterRow]) -> None:
        """Look at the next lines in the order of completion, and keep what is found."""
        _resolve(self._roster, rows, day=self._day)
        good = [row for row in rows if not row.problems]
        known = reporting.know(
            self._roster.provider_id,
            candidate_ids={row.candidate_id for row in good if row.candidate_id is not None},
            item_ids={row.item_id for row in good if row.item_id is not None},
            member_id=self._roster.uploaded_by_id,
        )
        if self._known is not None:
            known.go_on_from(self._known)
        self._known = known
        for row in good:
            self._assess(row, known)
        update_many(rows, CHECKED_FIELDS)

    def _assess(self, row: RosterRow, known: Known) -> None:
        told = _completion(row).told
        assessed = reporting.assess(told, known, day=self._day)
        if assessed.existing is None and not assessed.decision.granted:
            keys = [(told.candidate_id, each, assessed.cycle) for each in known.same[told.item.id]]
            before = [self._planned[key] for key in keys if key in self._planned]
            row.outcome = Outcome.REFUSED
            row.problems = [each.as_json() for each in _problems(row, assessed.decision, self._day, before)]
            return
        known.note(told, assessed)
        self._planned[told.candidate_id, told.item.id, assessed.cycle] = row.line
        _write_outcome(row, assessed)


def _completion(row: RosterRow) -> Completion:
    assert row.candidate_id is not None and row.item is not None and row.completed_on is not None
    return Completion(row.candidate_id, row.item, row.completed_on, row.delivery)


def _problems(row: RosterRow, decision: Decision, day: date, before: Sequence[int] = ()) -> list[Problem]:
    assert row.completed_on is not None
    return rosters.problems_of(
        decision,
        with_delivery=row.delivery_id is not None,
        completed=row.completed_on <= day,
        said_before=min(before, default=None),
    )


def _write_outcome(row: RosterRow, assessed: reporting.Assessed) -> None:
    row.outcome = Outcome(assessed.effect)
    row.credits = None if assessed.effect == "counted" else assessed.credits
    row.claim = assessed.existing.claim if assessed.existing else assessed.claim


# ── Reporting ─────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def report_roster(*, roster_id: int, member_id: int, now: datetime) -> Roster:
    """Begin to report the lines that the dry run found good, by word of a member (CE-10). Begun twice is begun once.

    Refused before the dry run is made, after it was discarded, and where no line can be reported.
    """
    roster = _lock(roster_id)
    if roster.status in {Roster.Status.REPORTING, Roster.Status.REPORTED}:
        return roster
    require(rosters.assess_start(status=roster.status, to_report=roster.rows.filter(TO_REPORT).count()))
    roster.status, roster.reported_by_id = Roster.Status.REPORTING, member_id
    roster.save(update_fields=["status", "reported_by"])
    emit("credits.roster_report_begun", roster, now=now, member_id=member_id)
    return roster


def work_on(*, roster_id: int, now: datetime, at_most: int) -> bool:
    """Go on with a roster: check it, or report its next lines, so many at once. Whether anything is left to do."""
    roster = Roster.objects.get(id=roster_id)
    if roster.status == Roster.Status.CHECKING:
        check_roster(roster_id=roster_id, now=now)
        return False
    return report_lines(roster_id=roster_id, now=now, at_most=at_most)


@transaction.atomic
def report_lines(*, roster_id: int, now: datetime, at_most: int, among: Sequence[int] | None = None) -> bool:
    """Report the next lines in the order of completion, and write down what each did. Whether any is left.

    `among`: no other lines than these.

    Another worker at the same roster waits for these, so that the earlier completion is the one that counts (CR-04).
    """
    roster = _lock(roster_id)
    if roster.status != Roster.Status.REPORTING:
        return False
    # The run is read again: it is the provider's and can be reported now, or the line is refused.
    rows = roster.rows.filter(TO_REPORT).order_by("completed_on", "line")
    some = list((rows if among is None else rows.filter(line__in=among))[:at_most])
    items = Item.objects.in_bulk({row.item_id for row in some})
    runs = Delivery.objects.in_bulk({row.delivery_id for row in some} - {None})
    for row in some:
        row.item, row.delivery = items[row.item_id], runs.get(row.delivery_id)
    if some:
        _report(roster, some, now=now)
    if roster.rows.filter(TO_REPORT).exists():
        return True
    _finish(roster, now=now)
    return False


def _report(roster: Roster, rows: Sequence[RosterRow], *, now: datetime) -> None:
    day = clock.day_of(now)
    member = roster.reported_by
    assert member is not None  # of what is being reported
    gone = None if member.active and member.provider_id == roster.provider_id else _nobody_answers()
    wrong = {row.line: gone or (_wrong_run(roster, row, day) if row.delivery_id else None) for row in rows}
    good = [row for row in rows if wrong[row.line] is None]
    taken = reports.take_reports(
        provider_id=roster.provider_id,
        completions=[_completion(row) for row in good],
        member_id=roster.reported_by_id,
        now=now,
    )
    for row, each in zip(good, taken, strict=True):
        if each.report is None:
            _refuse(row, _problems(row, each.assessed.decision, day))
        else:
            row.report = each.report
            _write_outcome(row, each.assessed)
    for row in rows:
        if (problem := wrong[row.line]) is not None:
            _refuse(row, [problem])
        row.done_at = now
    update_many(rows, REPORTED_FIELDS)


def _nobody_answers() -> Problem:
    return rosters.problem(
        rosters.WHOLE_LINE,
        "CE-10",
        _("Whoever reports it does not act for the provider any more."),
        _("Have a colleague report it."),
    )


def _refuse(row: RosterRow, problems: Sequence[Problem]) -> None:
    row.outcome, row.credits, row.claim = Outcome.REFUSED, None, None
    row.problems = [each.as_json() for each in problems]


def _finish(roster: Roster, *, now: datetime) -> None:
    roster.status, roster.finished_at = Roster.Status.REPORTED, now
    roster.save(update_fields=["status", "finished_at"])
    reported = roster.rows.filter(report__isnull=False).count()
    emit("credits.roster_reported", roster, now=now, reported=reported)


@transaction.atomic
def discard_roster(*, roster_id: int, now: datetime) -> Roster:
    """Put a dry run aside; it stays on record. One that is being reported, or was, stays what it is."""
    roster = _lock(roster_id)
    if roster.status == Roster.Status.CHECKED:
        roster.status, roster.finished_at = Roster.Status.DISCARDED, now
        roster.save(update_fields=["status", "finished_at"])
        emit("credits.roster_discarded", roster, now=now)
    return roster


def left_alone(*, now: datetime) -> QuerySet[Roster]:
    """Rosters on which something is left to do and nobody works."""
    before = now - LEFT_ALONE_AFTER
    return (
        Roster.objects.filter(status__in=[Roster.Status.CHECKING, Roster.Status.REPORTING], uploaded_at__lt=before)
        .annotate(worked_at=Max("rows__done_at"))
        .filter(Q(worked_at__isnull=True) | Q(worked_at__lt=before))
        .order_by("id")
    )
