"""What falls with a corrected result or a failed audit: renewals and credits, entry by entry (EXAM-09, CE-12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

import catalog.queries
from candidates import queries as candidates_queries
from candidates import services as candidates
from candidates.models import Case, Certification, Term
from candidates.rules import TermFacts
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Claim, Cycle, Entry, Grant, Recertification
from credits.rules import reversing
from credits.rules.reversing import RenewalMade, TermMade
from credits.services import cycles, event_cap, ledger, recertification

EARNED = (Term.Reason.EARNED, Term.Reason.EARNED_ANOTHER)


@dataclass(frozen=True, slots=True)
class Fallen:
    """A result or a claim that no longer counts."""

    candidate_id: int
    subject: str  # as "app.model:id"
    clause: str
    kind: Case.Kind
    sources: frozenset[str]  # of the renewals that rested on it


def correct_result(*, candidate_id: int, attempt_ids: Iterable[int], subject: str, now: datetime) -> None:
    """Take back what a result that was corrected away had brought, and judge the paths again (EXAM-09).

    `attempt_ids`: the result and those it had superseded. The caller holds the candidate's lock.
    """
    ids = list(attempt_ids)
    resting = Recertification.objects.filter(
        candidate_id=candidate_id, passes__in=ids, reversed_at__isnull=True
    ).distinct()
    sources = {_source(pk) for pk in resting.values_list("id", flat=True)}
    sources |= {f"exams.attempt:{attempt_id}" for attempt_id in ids}
    fallen = Fallen(candidate_id, subject, "EXAM-09", Case.Kind.CORRECTED_RESULT, frozenset(sources))
    undo_renewals(fallen, now=now)
    recertification.judge(candidate_id, now=now)


def void_claim(*, claim: Claim, clause: str, because: str, now: datetime) -> None:
    """Void an approved claim and its credits, with the renewal that used them, and judge the paths again (CE-12).

    Where a later renewal stands on that one the ledger stays, and a case is opened (EXAM-09). The caller has locked
    the claim; `because` are the words kept with it.
    """
    assert claim.status == Claim.Status.APPROVED
    claim.status, claim.reason = Claim.Status.VOIDED, because
    claim.save(update_fields=["status", "reason"])
    emit("credits.claim_voided", claim, now=now, clause=clause, reason=because)
    grant = Grant.objects.filter(Q(claim=claim)).first()
    if grant is not None:
        used = Entry.objects.filter(grant=grant, kind=Entry.Kind.USED, entry__isnull=True)
        sources = frozenset(_source(pk) for pk in used.values_list("recertification_id", flat=True) if pk)
        fallen = Fallen(claim.candidate_id, f"credits.claim:{claim.id}", clause, Case.Kind.FAILED_AUDIT, sources)
        if undo_renewals(fallen, now=now):
            ledger.void_grant(grant, clause=clause, now=now)
    recertification.judge(claim.candidate_id, now=now)


def undo_renewals(fallen: Fallen, *, now: datetime) -> bool:
    """Reverse the renewals that rested on what fell, the latest first; False where one is left to people.

    That is so where a later renewal stands on it: then a case is opened with all that is needed to decide.
    """
    while True:
        made = renewals_made(fallen.candidate_id)
        resting = reversing.latest_resting(made, fallen.sources)
        if resting is None:
            return True
        held = candidates_queries.held_by(fallen.candidate_id)
        lives = {each.certification.id: each.life for each in held}
        later = reversing.standing_on(BOOK, resting, made, lives)
        if later:
            candidates.open_case(
                key=f"{fallen.kind}:{fallen.subject}",
                kind=fallen.kind,
                clause=fallen.clause,
                candidate_id=fallen.candidate_id,
                subject=fallen.subject,
                facts=_case_facts(fallen.clause, resting, later),
                now=now,
            )
            return False
        reverse_renewal(resting, fallen, now=now)


def renewals_made(candidate_id: int) -> list[RenewalMade]:
    """A candidate's renewals that stand, with the terms they gave and the cycles they ended."""
    known = queries.cycles_of(candidate_id)
    paths = {
        _source(each.id): each
        for each in Recertification.objects.filter(candidate_id=candidate_id, reversed_at__isnull=True)
    }
    by_source: dict[str, list[Term]] = {}
    terms = Term.objects.filter(certification__candidate_id=candidate_id, withdrawn_at__isnull=True)
    for term in terms.exclude(source="").exclude(reason__in=[Term.Reason.IMPORTED, Term.Reason.BOUGHT]):
        by_source.setdefault(term.source, []).append(term)
    made = []
    closed_by_path = {each.cycle_id for each in paths.values()}
    for source, brought in by_source.items():
        path = paths.get(source)
        renewed_on = brought[0].renewed_on
        closed_id = path.cycle_id if path else _ended_by_earning(known, renewed_on, closed_by_path)
        made.append(
            RenewalMade(
                source=source,
                renewed_on=renewed_on,
                made_at=min(term.created_at for term in brought),
                terms=tuple(
                    TermMade(term.certification_id, TermFacts(term.kind, term.starts_on, term.renewed_on, term.ends_on))
                    for term in brought
                ),
                recertification_id=path.id if path else None,
                closed_cycle_id=closed_id,
                began_cycle=closed_id is not None
                or (path is None and any(cycle.started_on == renewed_on for cycle in known)),
            )
        )
    return made


def _ended_by_earning(known: list[Cycle], earned_on: date, closed_by_path: set[int | None]) -> int | None:
    return next(
        (
            cycle.id
            for cycle in known
            if cycle.ended_on == earned_on
            and cycle.end_reason == Cycle.EndReason.RENEWED
            and cycle.id not in closed_by_path
        ),
        None,
    )


def reverse_renewal(made: RenewalMade, fallen: Fallen, *, now: datetime) -> None:
    """Take a renewal back: terms, credits and cycles are again as if it had not been made (EXAM-09).

    Paths are judged again by the caller. A fee paid stays paid.
    """
    if made.recertification_id is not None:
        Recertification.objects.filter(id=made.recertification_id).update(
            reversed_at=now, reversed_because=fallen.subject
        )
    known = queries.cycles_of(fallen.candidate_id)
    if made.closed_cycle_id is not None:
        position = next(index for index, cycle in enumerate(known) if cycle.id == made.closed_cycle_id)
        merged = _merge(known[position:], fallen.clause, now=now)
        void_doubles(merged, now=now)
        event_cap.settle_cap(cycle=merged, now=now)
    certifications = candidates.withdraw_terms(
        candidate_id=fallen.candidate_id,
        source=made.source,
        clause=fallen.clause,
        reason="What renewed it was corrected",
        now=now,
    )
    if made.began_cycle and made.closed_cycle_id is None:
        _end_unfounded_cycle(fallen.candidate_id, made, now=now)
    emit(
        "credits.renewal_reversed",
        certifications[0],
        now=now,
        clause=fallen.clause,
        because=fallen.subject,
        renewed_on=made.renewed_on.isoformat(),
        certifications=[each.id for each in certifications],
    )


def _merge(following: list[Cycle], clause: str, *, now: datetime) -> Cycle:
    """Make one of a cycle and what followed it; what was used or expired with it, or with a lapse, is there again."""
    merged = cycles.replace_cycles(following, now=now)
    taken = Entry.objects.filter(
        Q(kind=Entry.Kind.USED) | Q(kind=Entry.Kind.EXPIRED, clause__in=["CR-02", "CR-03"]),
        grant__cycle=merged,
        entry__isnull=True,
    )
    ledger.reverse(taken, clause=clause, now=now)
    # Again there by their dates: those whose day has come meanwhile expire by it (CR-01).
    ledger.expire_by_date(merged, now=now)
    return merged


def void_doubles(cycle: Cycle, *, now: datetime) -> None:
    """Of two grants for one training in a merged cycle, the later is voided (CR-04)."""
    counted: set[int] = set()
    grants = Grant.objects.filter(cycle=cycle, item__isnull=False).select_related("claim").order_by("earned_on", "id")
    for grant in grants:
        assert grant.item_id is not None
        if ledger.is_voided(grant):
            continue
        if grant.item_id not in counted:
            counted |= set(catalog.queries.equivalent_items(grant.item_id))
            continue
        ledger.void_grant(grant, clause="CR-04", now=now)
        if grant.claim is not None:
            grant.claim.status = Claim.Status.VOIDED
            grant.claim.save(update_fields=["status"])
            emit("credits.claim_voided", grant.claim, now=now, clause="CR-04", reason="")


def _end_unfounded_cycle(candidate_id: int, made: RenewalMade, *, now: datetime) -> None:
    """End the cycle that a certification had opened which its result no longer earns; with it its credits (CR-03).

    Where another certification is held, the cycle goes on with that.
    """
    day = clock.day_of(now)
    held = candidates_queries.held_by(candidate_id)
    current = queries.current_cycle(queries.cycles_of(candidate_id))
    left = any(each.dated_status_on(day) not in {"inactive", None} for each in held if each.life.level != "entry")
    if current is not None and current.started_on == made.renewed_on and not left:
        cycles.end_unfounded(current, now=now)


def _case_facts(clause: str, resting: RenewalMade, later: list[RenewalMade]) -> dict[str, Any]:
    """What staff need to decide: which renewal rested on what fell, and which stand on that one."""
    findings = [
        finding(
            clause,
            True,
            yes=_("The renewal of %(renewed_on)s rested on what no longer counts: %(certifications)s."),
            no="",
            **_told(resting),
        )
    ]
    findings += [
        finding(
            clause,
            False,
            yes="",
            no=_("The later renewal of %(renewed_on)s stands on it: %(certifications)s."),
            next_step=_("Nothing was reversed by itself. Decide what is fair, and write down what you decided."),
            **_told(each),
        )
        for each in later
    ]
    return {"decision": Decision(tuple(findings)).as_json(), "records": [each.source for each in (resting, *later)]}


def _told(made: RenewalMade) -> dict[str, Any]:
    numbers = Certification.objects.filter(id__in=[each.certification_id for each in made.terms])
    return {
        "renewed_on": made.renewed_on,
        "certifications": ", ".join(numbers.order_by("number").values_list("number", flat=True)),
    }


def _source(recertification_id: int | None) -> str:
    return f"credits.recertification:{recertification_id}"
