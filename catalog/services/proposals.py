"""Trainings that providers propose, and the board's answers, each in a quarterly review (CAT-02)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from catalog import provider_rules as rules
from catalog.models import BoardDecision, BoardReview, Item, Proposal, Provider, ProviderMember
from catalog.rules import KINDS, Training
from catalog.services.board import decide_listing
from catalog.services.deliveries import authorise_provider
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK


@dataclass(frozen=True, slots=True)
class ProposalForm:
    """What a provider has filled in."""

    code: str
    title: str
    kind: str
    credits: int
    summary: str = ""
    technology: str = ""
    language: str = "en"
    hours: int | None = None
    registration_number: str = ""
    approval_number: str = ""

    def as_training(self) -> Training:
        """What the board will look at."""
        return Training(
            kind=self.kind,
            title=self.title,
            credits=self.credits,
            registration_number=self.registration_number,
            approval_number=self.approval_number,
        )


def training_of(proposal: Proposal) -> Training:
    """A proposal as the board looks at it."""
    return Training(
        kind=proposal.kind,
        title=proposal.title,
        credits=proposal.credits,
        registration_number=proposal.registration_number,
        approval_number=proposal.approval_number,
    )


def assess(*, member: ProviderMember, form: ProposalForm, now: datetime) -> Decision:
    """What proposing this would meet and lack now: the live checklist, and the rule that decides."""
    facts = rules.ProposalFacts(
        by_manager=_is_manager(member),
        code_is_free=_is_free(form.code)
        and not Proposal.objects.filter(
            provider_id=member.provider_id, code=form.code, status=Proposal.Status.OPEN
        ).exists(),
        training=form.as_training(),
    )
    # The day of listing is not known yet; the book of today is the nearest there is.
    return rules.assess_proposal(facts, BOOK.on(clock.day_of(now)))


def _is_manager(member: ProviderMember) -> bool:
    return member.active and member.role == ProviderMember.Role.MANAGER


def _is_free(code: str) -> bool:
    return not Item.objects.filter(code=code).exists()


@transaction.atomic
def propose_item(*, member_id: int, form_key: UUID, form: ProposalForm, now: datetime) -> Proposal:
    """Ask the board to list a training, or refuse and say why (CAT-02 to CAT-06). Sending a form twice is once.

    Proposal.DoesNotExist where the form's proposal is another provider's.
    """
    member = _lock_member(member_id)
    sent = Proposal.objects.filter(form_key=form_key).first()
    if sent is not None:
        if sent.provider_id != member.provider_id:
            raise Proposal.DoesNotExist
        return sent
    require(assess(member=member, form=form, now=now))
    needs = KINDS[form.kind]
    fields = asdict(form)
    if not needs.registration:
        fields["registration_number"] = ""
    if not needs.approval:
        fields["approval_number"] = ""
    proposal = Proposal.objects.create(
        provider_id=member.provider_id, form_key=form_key, proposed_by=member, proposed_at=now, **fields
    )
    emit("catalog.item_proposed", proposal, now=now, code=proposal.code, credits=proposal.credits)
    return proposal


@transaction.atomic
def withdraw_proposal(*, member_id: int, proposal_id: int, now: datetime) -> Proposal:
    """Take a proposal back before the board has answered (CAT-02); twice is once.

    Proposal.DoesNotExist where it is another provider's.
    """
    member, proposal = lock_own_proposal(member_id=member_id, proposal_id=proposal_id)
    if proposal.status == Proposal.Status.WITHDRAWN:
        return proposal
    require(rules.assess_proposal_withdrawal(status=proposal.status, by_manager=_is_manager(member)))
    proposal.status = Proposal.Status.WITHDRAWN
    proposal.answered_at = now
    proposal.save(update_fields=["status", "answered_at"])
    emit("catalog.proposal_withdrawn", proposal, now=now, code=proposal.code)
    return proposal


def lock_own_proposal(*, member_id: int, proposal_id: int) -> tuple[ProviderMember, Proposal]:
    """The member and a proposal of the same provider, which stays as it is until the caller's transaction ends.

    Proposal.DoesNotExist where it is another provider's.
    """
    member = _lock_member(member_id)
    own = Proposal.objects.select_for_update(no_key=True)
    return member, own.get(pk=proposal_id, provider_id=member.provider_id)


def _lock_member(member_id: int) -> ProviderMember:
    """The member, after its provider was locked: proposals of one provider follow each other."""
    Provider.objects.select_for_update(no_key=True).get(members__pk=member_id)
    return ProviderMember.objects.get(pk=member_id)


@transaction.atomic
def list_proposal(
    *,
    proposal_id: int,
    review_id: int,
    code: str,
    credits: int,
    effective_on: date,
    reason: str,
    decided_by_id: int | None,
    now: datetime,
) -> Proposal:
    """Let a proposed training enter the catalog from a day on, and its provider deliver it from then (CAT-02, CAT-07).

    The board may give it another code and another value than were proposed. Refused with CAT-02 to CAT-06. The same
    answer again is the one on record.
    """
    proposal, review = _lock_proposal(proposal_id, review_id)
    if proposal.status == Proposal.Status.LISTED and proposal.review_id == review.pk:
        return proposal
    require(_assess_answer(proposal, review, Proposal.Status.LISTED, code_is_free=_is_free(code)))
    item = Item.objects.create(
        code=code,
        title=proposal.title,
        summary=proposal.summary,
        kind=proposal.kind,
        technology=proposal.technology,
        language=proposal.language,
        hours=proposal.hours,
        registration_number=proposal.registration_number,
        approval_number=proposal.approval_number,
        created_at=now,
    )
    proposal.decision = decide_listing(
        item_id=item.pk,
        outcome=BoardDecision.Outcome.LIST,
        credits=credits,
        effective_on=effective_on,
        review_id=review.pk,
        decided_by_id=decided_by_id,
        reason=reason,
        now=now,
    )
    authorise_provider(provider_id=proposal.provider_id, item_id=item.pk, starts_on=effective_on, now=now)
    return _answer(proposal, review, Proposal.Status.LISTED, decided_by_id=decided_by_id, now=now)


@transaction.atomic
def decline_proposal(
    *, proposal_id: int, review_id: int, answer: str, decided_by_id: int | None, now: datetime
) -> Proposal:
    """Answer a proposal in a review with a no and the reason for it (CAT-02). Answered so again, it is as it was.

    Refused where it does not wait, came after the review, or no reason is given.
    """
    proposal, review = _lock_proposal(proposal_id, review_id)
    if proposal.status == Proposal.Status.DECLINED and proposal.review_id == review.pk:
        return proposal
    proposal.answer = answer.strip()
    require(_assess_answer(proposal, review, Proposal.Status.DECLINED))
    return _answer(proposal, review, Proposal.Status.DECLINED, decided_by_id=decided_by_id, now=now)


def _lock_proposal(proposal_id: int, review_id: int) -> tuple[Proposal, BoardReview]:
    # The review first: answers in it follow each other, so that two of them cannot take one code.
    review = BoardReview.objects.select_for_update(no_key=True).get(pk=review_id)
    return Proposal.objects.select_for_update(no_key=True).get(pk=proposal_id), review


def _assess_answer(proposal: Proposal, review: BoardReview, outcome: str, *, code_is_free: bool = True) -> Decision:
    return rules.assess_answer(
        rules.AnswerFacts(
            status=proposal.status,
            outcome=outcome,
            proposed_on=clock.day_of(proposal.proposed_at),
            review_held_on=review.held_on,
            code_is_free=code_is_free,
            reason_given=bool(proposal.answer),
        )
    )


def _answer(
    proposal: Proposal, review: BoardReview, status: Proposal.Status, *, decided_by_id: int | None, now: datetime
) -> Proposal:
    proposal.status, proposal.review = status, review
    proposal.answered_at, proposal.answered_by_id = now, decided_by_id
    proposal.save(update_fields=["status", "review", "decision", "answer", "answered_at", "answered_by"])
    emit(f"catalog.proposal_{status}", proposal, now=now, code=proposal.code, review=review.quarter)
    return proposal
