"""Renewal by the paths of the policy book, decided: which path is met first, on which day, by which credits.

The *requirement date* is the day on which the last requirement of a path was met, however late that is found out
(CE-09). It is found by asking each day on which anything could have been met, oldest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from candidates.rules import (
    RENEWABLE,
    BarFacts,
    LifeFacts,
    assess_bar,
    bought_ahead,
    comes_from_emeritus,
    date_term,
    inactive_days,
    rank,
    status_on,
)
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Book, Parameter, Policy

PATH_PARAMETERS = ("recert.paths", "recert.admin_fee", "recert.renewal_basis", "emeritus.return_paths")


@dataclass(frozen=True, slots=True)
class HeldFacts:
    """A certification that may be renewed."""

    id: int
    life: LifeFacts
    route: str = ""  # back from its Emeritus, where the record of that names one (EMR-18)

    @property
    def level(self) -> str:
        return self.life.level


@dataclass(frozen=True, slots=True)
class ExamPass:
    """A passed exam. The same exam counts once (CE-07)."""

    attempt_id: int
    exam_number: str
    kind: str
    taken_on: date


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """Credits of the current cycle that no renewal has used; whether they expired is judged by the dates."""

    id: int
    earned_on: date
    expires_on: date
    amount: int
    remaining: int  # less than the amount where it has expired meanwhile
    from_event: bool = False  # the cap of its cycle weighs on it (LIVE-06)
    filed_on: date = date.min  # the first day of its claim; what is reported counts as filed on its completion (CE-15)

    def valid_on(self, day: date) -> bool:
        return self.earned_on <= day < self.expires_on


@dataclass(frozen=True, slots=True)
class RenewalFacts:
    """All that a candidate's renewals depend on."""

    held: tuple[HeldFacts, ...]
    passes: tuple[ExamPass, ...]
    grants: tuple[GrantFacts, ...]  # oldest completion first
    fee_paid_on: date | None


@dataclass(frozen=True, slots=True)
class PathProgress:
    """How far a candidate has come on one path by a day."""

    path: Mapping[str, Any]
    exams_missing: Mapping[str, int]
    credits_needed: int
    credits_there: int
    fee: bool
    fee_paid: bool

    @property
    def credits_missing(self) -> int:
        return max(0, self.credits_needed - self.credits_there)

    @property
    def fee_due(self) -> bool:
        """Whether the fee is all that is left."""
        return self.fee and not self.fee_paid and not self.exams_missing and not self.credits_missing

    @property
    def met(self) -> bool:
        return not self.exams_missing and not self.credits_missing and (not self.fee or self.fee_paid)


@dataclass(frozen=True, slots=True)
class TermStart:
    """The start of the new term of a certification that a renewal renews."""

    certification_id: int
    starts_on: date


@dataclass(frozen=True, slots=True)
class Renewal:
    """A renewal that is due: the path, the requirement date, the credits it uses, and all that it renews."""

    certification_id: int
    level: str
    highest: bool  # of the candidate's highest level: it closes the cycle (CR-02)
    path: Mapping[str, Any]
    requirement_on: date
    uses: tuple[tuple[int, int], ...]  # grant id and credits taken from it
    passes: tuple[int, ...]  # the attempts it rests on (EXAM-09)
    renews: tuple[TermStart, ...]
    decision: Decision


def renewable_on(book: Book, facts: RenewalFacts, day: date) -> list[HeldFacts]:
    """The certifications that could be renewed on a day, whether or not a term was bought ahead (CE-07)."""
    return [held for held in facts.held if _renewable(book, held, day)]


def _renewable(book: Book, held: HeldFacts, day: date) -> bool:
    for_life = date_term(book, level=held.level, starts_on=day, day=day) is None  # CERT-02
    return not for_life and status_on(book, held.life, day) in RENEWABLE


def highest_level(held: list[HeldFacts]) -> str | None:
    """The highest level among certifications; None where there are none."""
    return max((each.level for each in held), key=rank, default=None)


def highest_renewable(book: Book, held: Iterable[HeldFacts], day: date) -> HeldFacts | None:
    """The certification whose renewal is next in question: of the highest level that can be renewed (CE-07).

    Of several, one whose next term is not bought yet (CE-09), and then the one renewed last.
    """
    return max(
        (each for each in held if _renewable(book, each, day)),
        key=lambda each: (rank(each.level), not bought_ahead(each.life, day), each.life.renewed_on),
        default=None,
    )


def _by_own_route(book: Book, held: HeldFacts, day: date) -> bool:
    """Whether a certification comes back from Emeritus, or the grace after it, by paths of its own only (EMR-18)."""
    routes = book.on(day)["emeritus.return_paths"].value
    return held.route in routes and comes_from_emeritus(book, held.life, day)


def _paths_of(book: Book, held: HeldFacts, day: date) -> tuple[Parameter, Sequence[Mapping[str, Any]]]:
    """The paths open to a certification on a day, and the parameter that says so. The requirement date's book."""
    if _by_own_route(book, held, day):
        own = book.on(day)["emeritus.return_paths"]
        return own, own.value[held.route]
    of_levels = book.on(day)["recert.paths"]
    return of_levels, of_levels.value.get(held.level, ())


def progress_on(book: Book, facts: RenewalFacts, held: HeldFacts, day: date) -> list[PathProgress]:
    """How far each path of the day's book has been met for one certification by that day."""
    highest = highest_level(renewable_on(book, facts, day)) == held.level
    credits_there = sum(grant.amount for grant in facts.grants if _serves(book, grant, held, day))
    fee_paid = facts.fee_paid_on is not None and facts.fee_paid_on <= day
    passed: dict[str, set[str]] = {}
    for each in facts.passes:
        if held.life.renewed_on < each.taken_on <= day:
            passed.setdefault(each.kind, set()).add(each.exam_number)
    _parameter, paths = _paths_of(book, held, day)
    return [
        PathProgress(
            path=path,
            exams_missing={
                kind: count - len(passed.get(kind, ()))
                for kind, count in path.get("exams", {}).items()
                if len(passed.get(kind, ())) < count
            },
            credits_needed=path.get("credits", 0),
            credits_there=credits_there,
            fee=path.get("fee", False),
            fee_paid=fee_paid,
        )
        for path in paths
        if highest or "credits" not in path
    ]


def _serves(book: Book, grant: GrantFacts, held: HeldFacts, day: date) -> bool:
    """Whether credits count for a certification on a day: valid then, and not claimed after it had ended (CE-15).

    Such a claim counts for what was still held when it was filed, and brings nothing back.
    """
    if not grant.valid_on(day):
        return False
    return grant.filed_on <= day or status_on(book, held.life, grant.filed_on) in RENEWABLE


def nearest_by_credits(progress: list[PathProgress]) -> PathProgress | None:
    """The path that needs no further exam and the fewest credits; None where every path needs an exam."""
    without_exams = [each for each in progress if not each.exams_missing]
    return min(without_exams, key=lambda each: (each.credits_missing, each.credits_needed), default=None)


def _days_of_interest(book: Book, facts: RenewalFacts, today: date) -> Iterator[date]:
    """The days on which a path can have been met for the first time."""
    since = min(held.life.renewed_on for held in facts.held)
    days = {grant.earned_on for grant in facts.grants} | {each.taken_on for each in facts.passes}
    days |= set(book.change_days(*PATH_PARAMETERS))  # a path that a date alone opens
    if facts.fee_paid_on:
        days.add(facts.fee_paid_on)
    for held in facts.held:
        for term in held.life.terms:
            days.add(term.starts_on)  # a term bought ahead begins (CE-09)
        days |= inactive_days(book, held.life, today)  # the credits pass to a lower certification (CR-03)
    yield from sorted(day for day in days if since < day <= today)


def next_renewal(book: Book, facts: RenewalFacts, today: date) -> Renewal | None:
    """The earliest renewal whose path is met by today and has not been made; the highest level first on a day."""
    if not facts.held:
        return None
    for day in _days_of_interest(book, facts, today):
        renewable = renewable_on(book, facts, day)
        met = [
            (held, path)
            for held in renewable
            if held.life.renewed_on < day and not bought_ahead(held.life, day)
            for path in progress_on(book, facts, held, day)
            if path.met
        ]
        if met:
            # Of several paths of a level the one that uses the fewest credits is taken, whosever it is (CR-06).
            held, best = min(met, key=lambda each: (-rank(each[0].level), each[1].credits_needed))
            return _renewal(book, facts, held, best, day, highest=held.level == highest_level(renewable))
    return None


def _renewal(
    book: Book, facts: RenewalFacts, held: HeldFacts, path: PathProgress, day: date, *, highest: bool
) -> Renewal:
    # What comes back from Emeritus by paths of its own is not renewed with others (EMR-18).
    with_it = tuple(each for each in facts.held if each == held or not _by_own_route(book, each, day))
    parameter, _paths = _paths_of(book, held, day)
    return Renewal(
        certification_id=held.id,
        level=held.level,
        highest=highest,
        path=path.path,
        requirement_on=day,
        uses=_oldest_first([each for each in facts.grants if _serves(book, each, held, day)], path.credits_needed),
        passes=_passes_counted(facts.passes, held, path.path.get("exams", {}), day),
        renews=terms_renewed(book, with_it, level=held.level, day=day, at_level="renewable"),
        decision=explain_renewal(path, day, parameter, book.on(day)["recert.renewal_basis"]),
    )


def _oldest_first(grants: Iterable[GrantFacts], needed: int) -> tuple[tuple[int, int], ...]:
    """Exactly the path's credits, oldest completion first, a grant split where it must be (CR-06)."""
    uses: list[tuple[int, int]] = []
    for grant in grants:
        if needed:
            taken = min(needed, grant.amount)
            uses.append((grant.id, taken))
            needed -= taken
    return tuple(uses)


def _passes_counted(
    passes: tuple[ExamPass, ...], held: HeldFacts, needed: Mapping[str, int], day: date
) -> tuple[int, ...]:
    """The attempts that met a path's exams: of each kind as many as it asks for, the oldest first (CE-07)."""
    counted: dict[str, dict[str, int]] = {kind: {} for kind in needed}
    for each in sorted(passes, key=lambda each: each.taken_on):
        exams = counted.get(each.kind, {})
        if held.life.renewed_on < each.taken_on <= day and len(exams) < needed.get(each.kind, 0):
            exams.setdefault(each.exam_number, each.attempt_id)
    return tuple(attempt_id for exams in counted.values() for attempt_id in exams.values())


def terms_renewed(
    book: Book, held: tuple[HeldFacts, ...], *, level: str, day: date, at_level: str
) -> tuple[TermStart, ...]:
    """What a renewal at a level renews, and from when (CERT-06, CE-09).

    Active certifications below are renewed; at the level itself, with `at_level` "renewable", suspended, grace and
    Emeritus ones too (a path was met), with "active" only active ones (a certification was earned). What was renewed
    later than this day, or has a term bought ahead, stays as it is.
    """
    basis = book.on(day)["recert.renewal_basis"]
    renewed = []
    for each in held:
        if not each.life.terms:  # the result that had earned it was corrected (EXAM-09)
            continue
        status = status_on(book, each.life, day)
        valid = status == "active" or (each.level == level and at_level == "renewable" and status in RENEWABLE)
        dates = date_term(book, level=each.level, starts_on=each.life.terms[-1].starts_on, day=day)
        later = each.life.renewed_on >= day or bought_ahead(each.life, day)
        if not valid or dates is None or later or rank(each.level) > rank(level):
            continue
        at_end = basis.for_key(each.level) == "anniversary" and status in {"active", "suspended"}
        renewed.append(TermStart(each.id, dates.active_ends_on if at_end else day))
    return tuple(renewed)


def explain_renewal(path: PathProgress, day: date, paths: Parameter, basis: Parameter) -> Decision:
    """The record kept with a renewal: what was met, and by when (CE-06, CE-07, CE-09, EMR-18)."""
    findings = [
        Finding(paths.clause, True, _("A path was met on %(met_on)s."), {"met_on": day}, (paths,)),
    ]
    if path.credits_needed:
        findings.append(
            Finding(
                "CR-06",
                True,
                _("Credits used: %(used)s of %(there)s, the oldest first."),
                {"used": path.credits_needed, "there": path.credits_there},
            )
        )
    if path.fee:
        findings.append(Finding("CE-08", True, _("The administrative fee was paid.")))
    findings.append(Finding("CE-09", True, _("The renewal takes effect as of that day."), {}, (basis,)))
    return Decision(tuple(findings))


# ── The administrative fee ────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class FeeFacts:
    """What offering the administrative fee depends on, on the day of payment."""

    enrolled: bool
    status: str | None  # of the highest certification that can be renewed; None where there is none
    level: str
    credits_met: bool  # the credits and exams of a path that bears a fee are there
    paid_already: bool
    bought_ahead: bool
    bar: BarFacts | None = None  # the sanction that runs (CAND-02)


def assess_fee(facts: FeeFacts, policy: Policy) -> Decision:
    """Whether the administrative fee can be paid now (CE-06, CE-08, CE-09, CAND-02). The payment day's book."""
    fee = policy["recert.admin_fee"]
    return assess_bar(facts.bar, for_exams=False) + Decision(
        (
            finding(
                "CE-06",
                facts.status is not None,
                yes=_("Your certification has not become inactive."),
                no=_("Your certification became inactive before all steps were complete."),
                next_step=_("A lapsed certification is regained by meeting its requirements in full (CERT-04)."),
            ),
            finding(
                "CE-05",
                facts.enrolled,
                yes=_("You are enrolled."),
                no=_("You are not enrolled in the programme."),
                next_step=_("Enroll first."),
            ),
            finding(
                "CE-09",
                not facts.bought_ahead,
                yes=_("No renewal is waiting to begin."),
                no=_("Your next term is bought already and has not begun."),
                next_step=_("Nothing is due until it begins."),
            ),
            finding(
                "CE-08",
                not facts.paid_already,
                yes=_("The fee has not been paid for this cycle."),
                no=_("The fee has been paid for this cycle."),
            ),
            finding(
                "CE-08",
                facts.credits_met and facts.level in fee.value,
                yes=_("The credits of a path that bears the fee are there."),
                no=_("No path that bears a fee has its credits yet."),
                next_step=_("Earn the credits first; the fee is offered when they are there."),
                because=(fee,),
            ),
        )
    )
