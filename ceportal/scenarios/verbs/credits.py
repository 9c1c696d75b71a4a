"""Enrollment, claims and their decisions, and what providers report themselves."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from django.db.models import Q

from candidates.models import User
from candidates.services import link_candidate
from catalog.models import Item, Provider, ProviderMember
from catalog.queries import is_authorised
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.scenarios.binding import Act, CannotTell, does
from ceportal.scenarios.stage import provider_of
from credits.models import Claim
from credits.services import enrollment, reports, reviews
from credits.services.audits import decide_audit
from credits.services.claims import ClaimForm
from credits.services.filing import Upload, file_claim

CERTIFICATE = Upload("certificate.pdf", b"%PDF-1.4 certificate of completion\n%%EOF\n")
REASON = "As the roster says."


@does("enroll")
def enroll(act: Act, *, accept: bool = True) -> None:
    """Enroll in the programme."""
    enrollment.enroll(candidate_id=act.candidate.pk, accept_terms=accept, now=act.now)


@does("claim")
def claim(
    act: Act,
    *,
    item: str,
    completed_on: date,
    delivery: str = "authorised",
    evidence: bool = True,
    kit: str = Claim.Kit.DIGITAL,
) -> int:
    """Fill in the claim form and hand it in, as the page does; a returned claim on the item is that claim."""
    thing = Item.objects.get(code=item)
    provider = provider_of(thing, completed_on) if delivery == "authorised" else _unauthorised(thing, completed_on)
    filed = file_claim(
        candidate_id=act.candidate.pk,
        form_key=uuid4(),
        form=ClaimForm(item_id=thing.pk, provider_id=provider.pk, completed_on=completed_on, kit=kit),
        uploads=[CERTIFICATE] if evidence else [],
        submit=True,
        now=act.now,
    )
    for refused in (*filed.files_refused, filed.refused):
        if refused is not None:
            raise Refused(refused)
    return filed.claim.pk


def _unauthorised(item: Item, day: date) -> Provider:
    """A provider who was not authorised for an item on a day."""
    for provider in Provider.objects.order_by("id"):
        if not is_authorised(provider.pk, item.pk, day):
            return provider
    return Provider.objects.create(code="unauthorised", name="Unauthorised", created_at=clock.at(day, 12))


@does("decide")
def decide(act: Act, *, claim: str, outcome: str, by: str = "", reason: str = REASON) -> None:
    """Decide a claim, as staff of its provider unless `by` says otherwise."""
    row = Claim.objects.select_related("candidate", "provider").get(pk=act.stage.key_of(claim))
    assert row.provider is not None
    if by == "other_provider":
        other = Provider.objects.filter(~Q(pk=row.provider.pk)).order_by("id").first()
        if other is None:
            raise CannotTell("There is no other provider.")
        member = act.stage.reviewer(other)
    elif by == "self":
        member = _as_reviewer(act, row)
    else:
        member = act.stage.reviewer(row.provider)
    reviews.decide_claim(claim_id=row.pk, member_id=member.pk, outcome=outcome, reason=reason, now=act.now)


def _as_reviewer(act: Act, claim: Claim) -> ProviderMember:
    """The candidate of a claim, who happens to work for its provider too."""
    candidate, provider = claim.candidate, claim.provider
    assert provider is not None
    if candidate.user is None:
        user = User.objects.create_user(candidate.email)
        candidate = link_candidate(user_id=user.pk, number=candidate.number, born=candidate.born, now=act.now)
    member, _created = ProviderMember.objects.get_or_create(user=candidate.user, defaults={"provider": provider})
    return member


@does("report")
def report(act: Act, *, item: str, completed_on: date) -> None:
    """Have the provider report a completion itself."""
    reports.report_completion(
        provider_id=provider_of(Item.objects.get(code=item), completed_on).pk,
        candidate_id=act.candidate.pk,
        item_code=item,
        completed_on=completed_on,
        now=act.now,
    )


@does("audit")
def audit(act: Act, *, claim: str, outcome: str) -> None:
    """Have staff audit an approved claim."""
    decide_audit(
        claim_id=act.stage.key_of(claim), outcome=outcome, reason=REASON, staff_id=act.stage.staff().pk, now=act.now
    )
