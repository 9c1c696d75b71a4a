"""What the tests of the candidate's pages share: a holder who is enrolled, and claims in every state.

Everything happens at the moment the clock stands at.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import uuid4

from django.http import HttpResponse

from candidates import services as candidates
from candidates.models import Candidate, Certification
from catalog.models import Item, ProviderMember
from ceportal.kernel import clock
from credits.models import Claim
from credits.services import claims, enrollment, reviews
from tests.factories import AgreementFactory, TrackFactory, noon

TODAY = date(2021, 5, 4)
NOW = noon("2021-05-04")
PDF = b"%PDF-1.4 certificate of completion\n%%EOF\n"


def certify(
    candidate: Candidate, track: str = "ccnp-security", level: str = "professional", on: str = "2020-06-01"
) -> Certification:
    """Enter a certification from the records."""
    TrackFactory.create(code=track, level=level)
    return candidates.import_certification(
        candidate_id=candidate.id, track_code=track, certified_on=date.fromisoformat(on), now=clock.now()
    )


def enroll(candidate: Candidate) -> None:
    """Enroll in the programme, with the terms in force."""
    AgreementFactory.create()
    enrollment.enroll(candidate_id=candidate.id, accept_terms=True, now=clock.now())


def draft(candidate: Candidate, item: Item, completed_on: date = date(2021, 4, 20), **form: Any) -> Claim:
    """A draft with everything but a file."""
    provider = item.authorisations.get().provider
    return claims.save_draft(
        candidate_id=candidate.id,
        form_key=uuid4(),
        form=claims.ClaimForm(item_id=item.id, provider_id=provider.id, completed_on=completed_on, **form),
        now=clock.now(),
    )


def submitted(candidate: Candidate, item: Item, completed_on: date = date(2021, 4, 20)) -> Claim:
    """A claim that waits for its provider."""
    claim = draft(candidate, item, completed_on)
    return claims.submit_claim(candidate_id=candidate.id, claim_id=claim.id, now=clock.now())


def decided(
    candidate: Candidate, item: Item, member: ProviderMember, outcome: str = "approve", on: date = date(2021, 4, 20)
) -> Claim:
    """A claim that its provider has decided."""
    claim = submitted(candidate, item, on)
    return reviews.decide_claim(
        claim_id=claim.id, member_id=member.id, outcome=outcome, reason="So it is.", now=clock.now()
    )


def text_of(response: HttpResponse) -> str:
    """A page as read: without tags, its white space folded."""
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&quot;", '"').replace("&#x27;", "'")
