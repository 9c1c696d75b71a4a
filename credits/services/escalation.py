"""Claims older than the service promise go to the programme, and their providers are reminded (CE-10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from candidates.queries import barred_candidates
from catalog.models import Provider
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.models import Event
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from credits.models import Claim
from credits.rules import disputes

REMINDED = "credits.provider_reminded"


def note_broken_promise(claim: Claim, *, now: datetime) -> bool:
    """Record, once a handing-in, that a waiting claim was not answered by the promised day (CE-10).

    It counts from the day after that one, however late it is found: by the night, or by an answer that comes first.
    The caller holds the claim's lock. Emits credits.claim_escalated.
    """
    if claim.escalated_on is not None or not claim.is_overdue(clock.day_of(now)):
        return False
    assert claim.answer_due_on is not None
    claim.escalated_on = claim.answer_due_on + timedelta(days=1)
    claim.save(update_fields=["escalated_on"])
    emit("credits.claim_escalated", claim, now=now, answer_due_on=claim.answer_due_on.isoformat())
    return True


@transaction.atomic
def escalate_claims_of(*, provider_id: int, now: datetime) -> int:
    """Escalate every claim that a provider has let wait for too long, and remind it of all of them; how many were new.

    A claim that is being decided at this moment is left to that decision, which knows the promise too.
    """
    provider = _lock(provider_id)
    due = (
        Claim.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(provider=provider, status=Claim.Status.SUBMITTED, escalated_on=None)
        .filter(answer_due_on__lt=clock.day_of(now))
        .exclude(candidate_id__in=barred_candidates())  # nobody may decide it meanwhile (CAND-02)
        .order_by("id")
    )
    count = sum(note_broken_promise(claim, now=now) for claim in due)
    if count:
        _remind(provider, overdue_numbers(provider, now=now), staff_id=None, now=now)
    return count


@transaction.atomic
def remind_provider(*, provider_id: int, staff_id: int, now: datetime) -> bool:
    """Remind a provider of its overdue answers, at most once a day; False where it was reminded today already.

    Refused where nothing is overdue (CE-10).
    """
    provider = _lock(provider_id)
    overdue = overdue_numbers(provider, now=now)
    require(disputes.assess_reminder(len(overdue)))
    return _remind(provider, overdue, staff_id=staff_id, now=now)


def promise_anew(*, candidate_id: int, now: datetime) -> int:
    """Promise an answer anew for what a sanction had kept from being decided, by the day's book (CE-10); how many.

    What was late before the sanction stays late. The caller holds the candidate's lock.
    """
    day = clock.day_of(now)
    due_on = day + timedelta(days=BOOK.on(day)["claims.decide_within_days"].value)
    kept = Claim.objects.filter(candidate_id=candidate_id, status=Claim.Status.SUBMITTED, escalated_on=None)
    return kept.filter(answer_due_on__lt=due_on).update(answer_due_on=due_on)


def overdue_numbers(provider: Provider, *, now: datetime) -> list[str]:
    """The numbers of a provider's claims past the promised day, the oldest promise first."""
    waiting = Claim.objects.filter(provider=provider, status=Claim.Status.SUBMITTED)
    waiting = waiting.exclude(candidate_id__in=barred_candidates())
    overdue = waiting.filter(answer_due_on__lt=clock.day_of(now)).order_by("answer_due_on", "id")
    return list(overdue.values_list("number", flat=True))


def _lock(provider_id: int) -> Provider:
    return Provider.objects.select_for_update(no_key=True).get(id=provider_id)


def _remind(provider: Provider, numbers: Sequence[str], *, staff_id: int | None, now: datetime) -> bool:
    """Emit credits.provider_reminded, whose receiver writes to the provider; one message a day (CE-13)."""
    day = clock.day_of(now).isoformat()
    told = Event.objects.filter(
        topic=REMINDED, subject_type=provider._meta.label_lower, subject_id=provider.id, payload__day=day
    )
    if told.exists():
        return False
    emit(REMINDED, provider, now=now, day=day, claims=list(numbers), asked_by=staff_id)
    return True
