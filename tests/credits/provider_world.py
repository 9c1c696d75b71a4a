"""Candidates with claims, for the provider's pages."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from candidates import services as people
from candidates.models import Candidate
from catalog.models import Item
from credits.models import Claim
from credits.services import claims, enrollment
from tests import factories
from tests.factories import day, noon
from tests.story import PDF

TODAY = noon("2026-05-04")


def enrolled(candidate: Candidate) -> Candidate:
    people.import_certification(
        candidate_id=candidate.id,
        track_code=factories.TrackFactory.create().code,
        certified_on=day("2025-01-01"),
        now=TODAY,
    )
    enrollment.enroll(candidate_id=candidate.id, accept_terms=True, ip_address=None, now=TODAY)
    return candidate


def handed_in(candidate: Candidate, item: Item, *, days_ago: int = 0, kit: str = "digital") -> Claim:
    """A claim of the candidate, with a file, handed in so many days ago."""
    provider = item.authorisations.get().provider
    at = TODAY - timedelta(days=days_ago)
    form = claims.ClaimForm(item_id=item.id, provider_id=provider.id, completed_on=day("2026-04-01"), kit=kit)
    claim = claims.save_draft(candidate_id=candidate.id, form_key=uuid4(), form=form, now=at)
    claims.attach_evidence(candidate_id=candidate.id, claim_id=claim.id, name="c.pdf", content=PDF, now=at)
    return claims.submit_claim(candidate_id=candidate.id, claim_id=claim.id, now=at)
