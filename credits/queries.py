"""Reads of the credit programme; `*_facts` turn rows into what the rules ask for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

import catalog.queries
import exams.queries
from candidates import queries as candidates_queries
from candidates.models import Candidate, User
from candidates.queries import Held
from candidates.rules import BarFacts
from catalog.models import ProviderMember
from ceportal.kernel.policy import BOOK
from credits.models import AdministrativeFee, Claim, CompletionReport, Cycle, Enrollment, Entry, Grant
from credits.rules import activity, disputes, renewal
from credits.rules import claims as rules
from emeritus.models import EmeritusRecord

Kind = Entry.Kind


# ── Cycles and the ledger ─────────────────────────────────────────────────────────────────────────
def cycles_of(candidate_id: int) -> list[Cycle]:
    """A candidate's cycles as they are known now, oldest first, each with the fee paid for it."""
    return cycles_of_several([candidate_id])


def cycles_of_several(candidate_ids: Collection[int]) -> list[Cycle]:
    """As `cycles_of`, for several candidates at once."""
    cycles = Cycle.objects.filter(candidate_id__in=candidate_ids, withdrawn_at__isnull=True)
    return list(cycles.select_related("fee").order_by("started_on"))


def cycle_on(cycles: Sequence[Cycle], day: date) -> Cycle | None:
    """The cycle that a day falls in (CR-02)."""
    for cycle in cycles:
        if cycle.started_on <= day and (cycle.ended_on is None or day <= cycle.ended_on):
            return cycle
    return None


def current_cycle(cycles: Sequence[Cycle]) -> Cycle | None:
    """The open cycle; None where nothing eligible is left (CR-03)."""
    return cycles[-1] if cycles and cycles[-1].ended_on is None else None


def cycle_held(cycles: Sequence[Cycle], held: Sequence[Held], day: date) -> Cycle | None:
    """The cycle that somebody is in on a day; None while a loss has left nothing eligible (CR-03).

    What is left may become eligible by the book: the cycle that it is in from the day of the loss is told from then on.
    """
    cycle = current_cycle(cycles)
    if all(each.end_reason != Cycle.EndReason.INACTIVE for each in cycles):
        return cycle
    eligible = activity.qualifying_levels(BOOK.on(day))
    left = [each for each in held if each.dated_status_on(day) not in {"inactive", None}]  # sanctions aside (CAND-02)
    return cycle if any(each.life.level in eligible for each in left) else None


def grants_to_judge(cycle: Cycle | None, *, lock: bool = False) -> list[renewal.GrantFacts]:
    """The credits of a cycle that no renewal has used, expired or not, oldest completion first (CR-06).

    Whoever is about to use them locks them: the sweep of CR-01 asks for no candidate's lock.
    """
    if cycle is None:
        return []
    lasting = (
        Entry.objects.filter(grant=OuterRef("pk"))
        .exclude(kind=Kind.EXPIRED)
        .exclude(kind=Kind.RESTORED, corrects__kind=Kind.EXPIRED)
        .order_by()
        .values("grant")
        .annotate(sum=Sum("amount"))
    )
    # What its provider reported itself had been pending since its completion, whenever it was claimed (CE-15).
    claimed_alone = Claim.objects.filter(id=OuterRef("claim"), reports__isnull=True)
    grants = Grant.objects.select_for_update(no_key=True) if lock else Grant.objects.all()
    rows = (
        grants.filter(cycle=cycle)
        .annotate(usable=Subquery(lasting.values("sum")), filed_on=Subquery(claimed_alone.values("submitted_on")))
        .filter(usable__gt=0)
        .order_by("earned_on", "id")
        .values_list("id", "earned_on", "expires_on", "usable", "remaining", "source", "filed_on")
    )
    return [
        renewal.GrantFacts(
            pk, earned_on, expires_on, usable, remaining, source == Grant.Source.ATTENDANCE, filed_on or earned_on
        )
        for pk, earned_on, expires_on, usable, remaining, source, filed_on in rows
    ]


def fee_of(cycle: Cycle | None) -> AdministrativeFee | None:
    """The administrative fee paid for a cycle; the cycle read by `cycles_of`."""
    return getattr(cycle, "fee", None)


def renewal_facts(
    held: Sequence[Held], cycles: Sequence[Cycle], candidate_id: int, *, lock: bool = False
) -> renewal.RenewalFacts:
    """What a candidate's renewals depend on; a cycle that ended inactive can still be judged (CE-15)."""
    last = cycles[-1] if cycles else None
    fee = fee_of(last)
    routes = _emeritus_routes(held)
    return renewal.RenewalFacts(
        held=tuple(
            renewal.HeldFacts(each.certification.id, each.life, routes.get(each.certification.id, "")) for each in held
        ),
        passes=tuple(
            renewal.ExamPass(each.attempt_id, each.exam_number, each.kind, each.taken_on)
            for each in exams.queries.passes_of(candidate_id)
        ),
        grants=tuple(grants_to_judge(last, lock=lock)),
        fee_paid_on=fee.paid_on if fee else None,
    )


def _emeritus_routes(held: Sequence[Held]) -> dict[int, str]:
    """The ways back from Emeritus by certification, each that of the latest term (EMR-18)."""
    ids = [
        each.certification.id
        for each in held
        if each.life.bought or any(term.kind == "emeritus" for term in each.life.terms)
    ]
    if not ids:
        return {}
    records = EmeritusRecord.objects.filter(certification_id__in=ids, term__withdrawn_at__isnull=True)
    return dict(records.order_by("term__starts_on").values_list("certification_id", "route"))


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums of entries: what is there, and what became of the rest. Credits."""

    available: int
    earned: int
    used: int
    expired: int
    voided: int
    cut: int


def _balance(entries: QuerySet[Entry]) -> Balance:
    def total(kind: Entry.Kind) -> Coalesce:
        corrected = Q(kind__in=[Kind.RESTORED, Kind.CORRECTED], corrects__kind=kind)
        return Coalesce(Sum("amount", filter=Q(kind=kind) | corrected), 0)

    sums = entries.aggregate(
        available=Coalesce(Sum("amount"), 0),
        earned=total(Kind.EARNED),
        used=total(Kind.USED),
        expired=total(Kind.EXPIRED),
        voided=total(Kind.VOIDED),
        cut=total(Kind.CUT),
    )
    return Balance(**{name: abs(value) for name, value in sums.items()})


def balance_of_cycle(cycle: Cycle | None) -> Balance:
    """What stands in a cycle now."""
    return _balance(Entry.objects.filter(grant__cycle=cycle) if cycle else Entry.objects.none())


def balance_as_of(candidate_id: int, *, day: date, known_at: datetime) -> Balance:
    """What stood at the end of a day in the cycle that ran then, both by what was known at a moment; in one question.

    A cycle that a renewal ended is over at the end of its last day (CR-02); one that ended with a lapse holds its
    credits to the end of its last day and loses them on the next (CR-03).
    """
    end_unknown = Q(closed_at__isnull=True) | Q(closed_at__gt=known_at)
    runs = end_unknown | Q(end_reason="renewed", ended_on__gt=day) | Q(end_reason="inactive", ended_on__gte=day)
    running = Cycle.objects.filter(
        runs,
        Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=known_at),
        candidate=OuterRef("candidate"),
        known_from__lte=known_at,
        # The days decide which cycle a grant was in: it is kept with another one once cycles were merged (EXAM-09).
        started_on__lte=OuterRef("grant__earned_on"),
    )
    entries = Entry.objects.filter(candidate_id=candidate_id, counts_from__lte=day, written_at__lte=known_at)
    return _balance(entries.filter(Exists(running)))


def lifetime_balance(candidate_id: int, *, day: date | None = None, known_at: datetime | None = None) -> Balance:
    """Sums over all cycles; at the end of a day and by what was known at a moment, where these are given."""
    entries = Entry.objects.filter(candidate_id=candidate_id)
    entries = entries.filter(counts_from__lte=day) if day else entries
    return _balance(entries.filter(written_at__lte=known_at) if known_at else entries)


# ── Enrollment and claims ─────────────────────────────────────────────────────────────────────────
def held_on(held: Sequence[Held], day: date, emeritus: Sequence[EmeritusRecord] = ()) -> tuple[activity.HeldOn, ...]:
    """The certifications as they stood on a day; those not yet earned then are left out."""
    records = {record.certification_id: record for record in emeritus}
    found = []
    for each in held:
        status = each.status_on(day)
        if status is None:
            continue
        record = records.get(each.certification.id) if status == "emeritus" else None
        found.append(
            activity.HeldOn(
                each.life.level,
                status,
                record.route if record else "",
                record.origin if record else "",
            )
        )
    return tuple(found)


def enrollment_facts(candidate: Candidate, day: date, *, terms_accepted: bool) -> rules.EnrollmentFacts:
    """What enrollment depends on, on a day."""
    held = candidates_queries.held_by(candidate.id)
    records = EmeritusRecord.objects.filter(certification__candidate=candidate, term__withdrawn_at__isnull=True)
    emeritus = records.order_by("term__starts_on")  # of several the latest term's holds
    return rules.EnrollmentFacts(
        held=held_on(held, day, list(emeritus)),
        terms_accepted=terms_accepted,
        bar=candidates_queries.bar_on(candidate.id),
    )


def counted_in_cycle(
    candidate_id: int,
    item_id: int,
    cycle: Cycle | None,
    *,
    except_claim_id: int | None = None,
    only_approved: bool = False,
) -> bool:
    """Whether the item, or one the board calls equivalent, is claimed or has counted in a cycle (CR-04)."""
    if cycle is None:
        return False
    items = catalog.queries.same_training(item_id)
    statuses = [Claim.Status.APPROVED] if only_approved else [Claim.Status.SUBMITTED, Claim.Status.APPROVED]
    days = Q(completed_on__gte=cycle.started_on)
    if cycle.ended_on is not None:
        days &= Q(completed_on__lte=cycle.ended_on)
    claims = Claim.objects.filter(days, candidate_id=candidate_id, item_id__in=items, status__in=statuses)
    if except_claim_id is not None:
        claims = claims.exclude(id=except_claim_id)
    reports = CompletionReport.objects.filter(days, candidate_id=candidate_id, item_id__in=items, grant__isnull=False)
    return claims.values("id").union(reports.values("id"), all=True).exists()


def activity_facts(
    candidate_id: int,
    *,
    completed_on: date,
    day: date,
    held: Sequence[Held],
    cycles: Sequence[Cycle],
    own_report: bool = False,
) -> activity.ActivityFacts:
    """What every activity must meet, looked at on a day."""
    enrollment = Enrollment.objects.filter(candidate_id=candidate_id).first()
    return facts_of_activity(
        enrollment.enrolled_on if enrollment else None,
        bar=candidates_queries.bar_on(candidate_id),
        completed_on=completed_on,
        day=day,
        held=held,
        cycles=cycles,
        own_report=own_report,
    )


def facts_of_activity(
    enrolled_on: date | None,
    *,
    bar: BarFacts | None,
    completed_on: date,
    day: date,
    held: Sequence[Held],
    cycles: Sequence[Cycle],
    own_report: bool = False,
) -> activity.ActivityFacts:
    """As `activity_facts`, where the day of enrollment (None: not enrolled) and the sanction that runs were read."""
    cycle = cycle_on(cycles, completed_on)
    # CE-02 is judged by the book of the day of enrollment. Where the cycle has passed to a certification that became
    # eligible since (CR-03), what its holder completes counts as well.
    levels = activity.qualifying_levels(BOOK.on(enrolled_on or day), BOOK.on(completed_on))
    return activity.ActivityFacts(
        completed_on=completed_on,
        day=day,
        enrolled=enrolled_on is not None,
        held_when_completed=held_on(held, completed_on),
        eligible_levels=levels,
        in_a_cycle=cycle is not None,
        cycle_ended_inactive=cycle is not None and cycle.end_reason == Cycle.EndReason.INACTIVE,
        own_report=own_report,
        bar=bar,
    )


@dataclass(frozen=True, slots=True)
class Completion:
    """A completed training as it is looked at: by whom, what, where, when, seen on which day."""

    candidate_id: int
    item_id: int
    item_kind: str
    provider_id: int
    authorised_on: date  # the day the delivery ended (CAT-07)
    completed_on: date
    day: date
    except_claim_id: int | None = None
    pending_counts: bool = True  # a second claim waits for the first; a report does not (CR-04)
    own_report: bool = False


def completion_facts(completion: Completion, *, held: Sequence[Held], cycles: Sequence[Cycle]) -> rules.CompletionFacts:
    """What a completed training must meet."""
    listing = catalog.queries.listing_on(completion.item_id, completion.completed_on)
    return rules.CompletionFacts(
        activity=activity_facts(
            completion.candidate_id,
            completed_on=completion.completed_on,
            day=completion.day,
            held=held,
            cycles=cycles,
            own_report=completion.own_report,
        ),
        held_when_submitted=held_on(held, completion.day),
        item_kind=completion.item_kind,
        listed_credits=listing.credits if listing else None,
        authorised=catalog.queries.is_authorised(completion.provider_id, completion.item_id, completion.authorised_on),
        counted_already=counted_in_cycle(
            completion.candidate_id,
            completion.item_id,
            cycle_on(cycles, completion.completed_on),
            except_claim_id=completion.except_claim_id,
            only_approved=not completion.pending_counts,
        ),
    )


def approval_facts(claim: Claim, member: ProviderMember, cycle: Cycle | None, *, reason: str) -> rules.ApprovalFacts:
    """What a provider's decision on a claim depends on."""
    assert claim.item_id is not None
    return rules.ApprovalFacts(
        status=claim.status,
        by_the_provider=member.active and member.provider_id == claim.provider_id,
        own_claim=claim.candidate.user_id == member.user_id,
        kit=claim.kit,
        in_a_cycle=cycle is not None,
        cycle_ended_inactive=cycle is not None and cycle.end_reason == Cycle.EndReason.INACTIVE,
        counted_already=counted_in_cycle(
            claim.candidate_id, claim.item_id, cycle, except_claim_id=claim.id, only_approved=True
        ),
        reason_given=bool(reason.strip()),
        own_rejection_set_aside=claim.rejected_before_by_id == member.id and _has_colleague(member, claim),
        bar=candidates_queries.bar_on(claim.candidate_id),
    )


def actor_facts(claim: Claim, staff_id: int | None) -> disputes.ActorFacts:
    """Who decides for the programme about a claim; the portal itself where nobody does."""
    if staff_id is None:
        return disputes.ActorFacts()
    members = ProviderMember.objects.filter(user_id=staff_id, provider=claim.provider, active=True)
    return disputes.ActorFacts(
        staff=User.objects.filter(id=staff_id, is_staff=True, is_active=True).exists(),
        own_claim=claim.candidate.user_id == staff_id,
        of_the_provider=members.exists(),
    )


def counts_elsewhere(claim: Claim) -> bool:
    """Whether a rejected claim's training is claimed anew, or has counted, in the cycle of its completion (CR-04)."""
    assert claim.item_id is not None and claim.completed_on is not None
    cycle = cycle_on(cycles_of(claim.candidate_id), claim.completed_on)
    returned = Claim.objects.filter(
        candidate_id=claim.candidate_id,
        item_id=claim.item_id,
        completed_on=claim.completed_on,
        status=Claim.Status.RETURNED,
    )
    return returned.exists() or counted_in_cycle(claim.candidate_id, claim.item_id, cycle, except_claim_id=claim.id)


def _has_colleague(member: ProviderMember, claim: Claim) -> bool:
    """Whether somebody else at the provider could decide the claim."""
    colleagues = ProviderMember.objects.filter(provider_id=member.provider_id, active=True).exclude(id=member.id)
    return colleagues.exclude(user__candidate=claim.candidate).exists()
