"""What the page of a claim being filled in shows: read models of the form and its live checklist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from candidates.models import Candidate
from catalog import queries as catalog_queries
from catalog.models import Item
from catalog.rules import SELF_PACED_KINDS
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.policy import BOOK
from credits.files.evidence import BYTES_AT_MOST, MEGABYTES_AT_MOST
from credits.forms.claim_forms import EVIDENCE_KINDS, ClaimEntryForm, providers_of
from credits.models import Claim, Evidence
from credits.services import claims


@dataclass(frozen=True, slots=True)
class Live:
    """The checklist as far as it can be told, and what is still missing for it."""

    decision: Explanation | None
    missing: tuple[str, ...]
    same_as: Claim | None  # the claim that a repetition repeats (CR-04)


@dataclass(frozen=True, slots=True)
class EvidenceLimits:
    """What the file field says before anything is sent; the server decides (CE-11)."""

    accept: str = EVIDENCE_KINDS
    max_bytes: int = BYTES_AT_MOST
    max_megabytes: int = MEGABYTES_AT_MOST


def initial_values(claim: Claim | None, key: UUID, item: Item | None, day: date) -> dict[str, Any]:
    """What the form begins with: the draft, or the one provider there is."""
    if claim is not None and claim.item_id == (item.id if item else None):
        return {
            "form_key": key,
            "item": item.code if item else None,
            "provider": claim.provider.code if claim.provider else _only_provider(item, day),
            "completed_on": claim.completed_on,
            "delivery": claim.delivery_id,
            "kit": claim.kit,
            "note": claim.note,
        }
    return {"form_key": key, "item": item.code if item else None, "provider": _only_provider(item, day)}


def _only_provider(item: Item | None, day: date) -> str | None:
    if item is None:
        return None
    codes = list(catalog_queries.authorised_providers(item.id, day).values_list("code", flat=True)[:2])
    if not codes:
        codes = list(providers_of(item).values_list("code", flat=True)[:2])
    return codes[0] if len(codes) == 1 else None


def live(claim: Claim, candidate: Candidate, *, now: datetime) -> Live:
    """The rule that decides later, asked now, once the claim says what, where and when."""
    wanted = (
        (claim.item, _("the training")),
        (claim.provider, _("the provider")),
        (claim.completed_on, _("the day you completed it")),
    )
    missing = tuple(name for given, name in wanted if given is None)
    if missing:
        return Live(None, missing, None)
    decision = claims.assess(claim, candidate, now=now)
    return Live(explain(decision), (), repeated_claim(claim, decision))


def _as_shown(claim: Claim | None, form: ClaimEntryForm, candidate: Candidate, item: Item | None) -> Claim:
    """The claim as the page shows it: what is kept, else what the form begins with."""
    if claim is not None and claim.item_id == (item.id if item else None):
        return claim
    provider = providers_of(item).filter(code=form.initial.get("provider") or "").first()
    return Claim(candidate=candidate, item=item, provider=provider)


def repeated_claim(claim: Claim, decision: Decision) -> Claim | None:
    """The claim on the same training that stands in the way, if that is what stands in the way (CR-04)."""
    if "CR-04" not in decision.clauses_unmet or claim.item_id is None:
        return None
    return (
        Claim.objects.filter(
            candidate_id=claim.candidate_id,
            item_id__in=catalog_queries.equivalent_items(claim.item_id),
            status__in=[Claim.Status.SUBMITTED, Claim.Status.APPROVED],
        )
        .exclude(id=claim.id)
        .first()
    )


def kept_evidence(claim: Claim | None) -> list[Evidence]:
    """The files attached to a claim and not taken back."""
    return list(claim.evidence.filter(removed_at__isnull=True)) if claim is not None else []


def form_context(
    form: ClaimEntryForm, claim: Claim | None, candidate: Candidate, key: UUID, item: Item | None, *, now: datetime
) -> dict[str, Any]:
    """Everything the page of the form shows; of its partial updates, the parts."""
    day = clock.day_of(now)
    return {
        "form": form,
        "claim": claim,
        "form_key": key,
        "item": item,
        "listing": catalog_queries.listing_on(item.id, _worth_on(claim, day)) if item else None,
        "live": live(_as_shown(claim, form, candidate, item), candidate, now=now),
        "evidence": kept_evidence(claim),
        "evidence_needed": item is not None and item.kind in SELF_PACED_KINDS,
        "limits": EvidenceLimits(),
        "answer_days": BOOK.on(day)["claims.decide_within_days"].value,
        "today": day,
    }


def _worth_on(claim: Claim | None, day: date) -> date:
    """The credits are those listed on the completion day (CAT-01), today's until it is known."""
    return claim.completed_on if claim is not None and claim.completed_on is not None else day
