"""A candidate's side of a claim: draft, evidence, submission."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction

import catalog.queries
from candidates import queries as candidates_queries
from candidates import services as candidates
from candidates.models import Agreement, Candidate
from catalog.models import Item
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from ceportal.kernel.removals import remove_after_commit
from credits import queries
from credits.files import evidence
from credits.models import Audit, Claim, Evidence
from credits.rules import claims as rules
from credits.services import receipts

NUMBER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without what is misread


@dataclass(frozen=True, slots=True)
class ClaimForm:
    """What a candidate has filled in, as far as it goes."""

    item_id: int | None = None
    provider_id: int | None = None
    delivery_id: int | None = None
    completed_on: date | None = None
    kit: str = Claim.Kit.DIGITAL
    note: str = ""


@transaction.atomic
def save_draft(*, candidate_id: int, form_key: UUID, form: ClaimForm, now: datetime) -> Claim:
    """Keep what has been typed. Claim.DoesNotExist where the form's claim is not the candidate's.

    A new claim on an item whose claim was returned is that claim (CR-04). One that is past its draft is given back
    as it is: sending a form twice changes nothing.
    """
    candidates.lock_candidate(candidate_id)
    claim = Claim.objects.filter(form_key=form_key).first()
    if claim is not None and claim.candidate_id != candidate_id:
        raise Claim.DoesNotExist
    if claim is None:
        claim = _returned(candidate_id, form.item_id) or Claim(
            candidate_id=candidate_id,
            form_key=form_key,
            number="C-" + "".join(secrets.choice(NUMBER_ALPHABET) for _each in range(8)),
            created_at=now,
        )
    if claim.status not in rules.WITH_CANDIDATE:
        return claim
    if claim.status == Claim.Status.DRAFT:
        claim.item_id = form.item_id
        claim.provider_id = form.provider_id
        claim.completed_on = form.completed_on
    elif form.completed_on is not None:
        claim.completed_on = form.completed_on
    claim.delivery_id = form.delivery_id
    claim.kit = form.kit
    claim.note = form.note
    claim.save()
    return claim


def _returned(candidate_id: int, item_id: int | None) -> Claim | None:
    if item_id is None:
        return None
    return Claim.objects.filter(candidate_id=candidate_id, item_id=item_id, status=Claim.Status.RETURNED).first()


@transaction.atomic
def attach_evidence(*, candidate_id: int, claim_id: int, name: str, content: bytes, now: datetime) -> Evidence:
    """Attach a certificate of completion, or refuse a file that is not one (CE-11). The same file attaches once."""
    candidates.lock_candidate(candidate_id)
    claim = Claim.objects.get(id=claim_id, candidate_id=candidate_id)
    require(evidence.assess_place(claim.status))
    return attach(claim, name=name, content=content, now=now)


def attach(claim: Claim, *, name: str, content: bytes, now: datetime, audit: Audit | None = None) -> Evidence:
    """Keep a file with a claim, or with an audit of it; refused where it is not one, or one too many (CE-11).

    The caller holds the candidate's lock and has decided that the claim or the audit takes files now.
    """
    checked = evidence.inspect(name=name, content=content)
    require(checked.decision)
    digest = hashlib.sha256(content).hexdigest()
    attached = list(claim.evidence.filter(audit=audit, removed_at__isnull=True))
    existing = next((file for file in attached if file.sha256 == digest), None)
    if existing is not None:
        return existing
    require(evidence.assess_count(len(attached), BOOK.on(clock.day_of(now))))
    return Evidence.objects.create(
        claim=claim,
        audit=audit,
        file=ContentFile(content, name=evidence.random_name()),
        original_name=name[:200],
        kind=checked.kind,
        size_bytes=len(content),
        sha256=digest,
        uploaded_at=now,
    )


@transaction.atomic
def remove_evidence(*, candidate_id: int, evidence_id: int, now: datetime) -> None:
    """Take a file back from a claim that is not being decided; the file is kept from view, not destroyed."""
    candidates.lock_candidate(candidate_id)
    found = Evidence.objects.select_related("claim").get(
        id=evidence_id, claim__candidate_id=candidate_id, audit__isnull=True
    )
    require(evidence.assess_place(found.claim.status))
    if found.removed_at is None:
        found.removed_at = now
        found.save(update_fields=["removed_at"])


def assess(claim: Claim, candidate: Candidate, *, now: datetime) -> Decision:
    """What submitting this draft would meet and lack now: the live checklist, and the rule that decides.

    The claim has an item, a provider and a completion date.
    """
    assert claim.item is not None and claim.provider_id is not None and claim.completed_on is not None
    day = clock.day_of(now)
    held = candidates_queries.held_by(candidate.id)
    cycles = queries.cycles_of(candidate.id)
    completion = queries.completion_facts(
        queries.Completion(
            candidate_id=candidate.id,
            item_id=claim.item.id,
            item_kind=claim.item.kind,
            provider_id=claim.provider_id,
            authorised_on=claim.delivery.ends_on if claim.delivery else claim.completed_on,
            completed_on=claim.completed_on,
            day=day,
            except_claim_id=claim.id,
        ),
        held=held,
        cycles=cycles,
    )
    first_submitted_on = _first_submitted_on(claim, day)
    facts = rules.ClaimFacts(
        # A returned claim was filed on its first day, also where the certification became inactive since (CE-15).
        completion=replace(completion, held_when_submitted=queries.held_on(held, first_submitted_on)),
        terms_accepted=candidates_queries.has_accepted_current(candidate, Agreement.Kind.TERMS, day),
        first_submitted_on=first_submitted_on,
        has_evidence=claim.id is not None and claim.evidence.filter(removed_at__isnull=True).exists(),
    )
    # The book of the day the activity was completed governs, not today's.
    return rules.assess_claim(facts, BOOK.on(claim.completed_on))


def _first_submitted_on(claim: Claim, day: date) -> date:
    """The day that CE-14 and CE-15 count to: today for a claim corrected to a completion after its first day."""
    assert claim.completed_on is not None
    if claim.submitted_on is None or claim.submitted_on < claim.completed_on:
        return day
    return claim.submitted_on


@transaction.atomic
def submit_claim(*, candidate_id: int, claim_id: int, now: datetime) -> Claim:
    """Hand a claim in to its provider, or refuse and say why; submitting it twice is submitting it once.

    A draft on an item of which another claim was returned hands that claim in, and is gone (CR-04). Each handing-in
    has its receipt.
    """
    candidate = candidates.lock_candidate(candidate_id)
    claim = Claim.objects.select_related("item", "delivery", "provider", "candidate").get(
        id=claim_id, candidate_id=candidate_id
    )
    if claim.status not in rules.WITH_CANDIDATE:
        return claim
    returned = _returned(candidate_id, claim.item_id) if claim.status == Claim.Status.DRAFT else None
    if returned is not None:
        claim = _fill_from_draft(returned, claim)
    decision = require(assess(claim, candidate, now=now))
    assert claim.item is not None and claim.completed_on is not None
    day = clock.day_of(now)
    listing = catalog.queries.listing_on(claim.item.id, claim.completed_on)
    assert listing is not None  # assessed: CAT-01
    again = claim.status == Claim.Status.RETURNED
    claim.status = Claim.Status.SUBMITTED
    claim.credits = listing.credits
    claim.submitted_at = now
    claim.submitted_on = _first_submitted_on(claim, day)
    # Our promise counts from the day it was handed in, by that day's book (CE-10).
    claim.answer_due_on = day + timedelta(days=BOOK.on(day)["claims.decide_within_days"].value)
    claim.escalated_on = None
    claim.checked = decision.as_json()
    claim.save()
    receipt = receipts.issue_receipt(claim, now=now)
    emit("credits.claim_submitted", claim, now=now, again=again, receipt=receipt.ordinal, decision=decision.as_json())
    return claim


def _fill_from_draft(returned: Claim, draft: Claim) -> Claim:
    """Put what a draft says, and its files, into the returned claim of the same item."""
    if draft.completed_on is not None:
        returned.completed_on = draft.completed_on
    if draft.provider_id == returned.provider_id:
        returned.delivery = draft.delivery
    returned.kit, returned.note = draft.kit, draft.note
    draft.evidence.update(claim=returned)
    draft.delete()
    return returned


@transaction.atomic
def discard_draft(*, candidate_id: int, claim_id: int, now: datetime) -> None:
    """Throw a draft away with its files, which nobody could find again (CAND-09); what was handed in stays."""
    candidates.lock_candidate(candidate_id)
    claim = Claim.objects.filter(id=claim_id, candidate_id=candidate_id, status=Claim.Status.DRAFT).first()
    if claim is not None:
        files = [str(each.file) for each in claim.evidence.filter(destroyed_at__isnull=True)]
        remove_after_commit(files, because="draft of a claim thrown away", now=now)
        claim.evidence.all().delete()
        claim.delete()


def claim_to_fill(*, candidate_id: int, item: Item) -> Claim | None:
    """The claim that a new one on this item continues: a returned one, else the latest draft (CR-04)."""
    return (
        Claim.objects.filter(
            candidate_id=candidate_id,
            item=item,
            status__in=rules.WITH_CANDIDATE,
        )
        .order_by("-status", "-created_at")
        .first()
    )
