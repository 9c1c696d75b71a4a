"""People in every situation and trainings, to be reported in several ways; and all that is on record afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction

from candidates import services as people
from candidates.models import Candidate, Certification, Term
from catalog import services as catalog
from catalog.models import Item, ProviderMember
from ceportal.kernel.models import Delivery, Event
from credits.models import CompletionReport, Cycle, Entry, Grant, Recertification
from credits.services import enrollment, reviews
from tests import factories
from tests.credits.provider_world import TODAY, enrolled, handed_in
from tests.factories import day


def trainings_of(bob: ProviderMember) -> dict[str, Item]:
    """Two that the board calls the same, one that renews an associate, one of another provider."""
    acme = bob.provider
    items = {
        code: factories.listed_item(code=code, provider=acme, credits=credits)
        for code, credits in {"lab": 24, "labor": 24, "week": 40}.items()
    }
    items["theirs"] = factories.listed_item(code="theirs", provider=factories.ProviderFactory.create(), credits=8)
    catalog.mark_equivalent(
        review_id=factories.BoardReviewFactory.create().id,
        item_id=items["labor"].id,
        same_as_id=items["lab"].id,
        reason="",
        decided_by_id=None,
        now=TODAY,
    )
    return items


def cast_of(bob: ProviderMember, trainings: dict[str, Item]) -> dict[str, Candidate]:
    """People in every situation: some renew by what is reported, one of them late, one lapsed before."""
    cast = {who: factories.CandidateFactory.create() for who in ("expert", "claimed", "approved", "stranger")}
    for who in ("expert", "claimed", "approved"):
        enrolled(cast[who])
    handed_in(cast["claimed"], trainings["lab"])
    claim = handed_in(cast["approved"], trainings["labor"])
    reviews.decide_claim(claim_id=claim.id, member_id=bob.id, outcome="approve", now=TODAY)
    associate = factories.TrackFactory.create(code="ccna", level="associate")
    for who, certified_on in {"associate": "2024-01-01", "lapsing": "2023-04-20"}.items():
        cast[who] = factories.CandidateFactory.create()
        candidate_id = cast[who].id
        earlier = TODAY - timedelta(days=30)
        people.import_certification(
            candidate_id=candidate_id, track_code=associate.code, certified_on=day(certified_on), now=earlier
        )
        enrollment.enroll(candidate_id=candidate_id, accept_terms=True, ip_address=None, now=earlier)
    return cast


def everything() -> dict[str, Any]:
    """What is on record, but for the keys that a sequence gives, and in no order where there is none."""
    grant = ("grant__item", "grant__source")
    rows = {
        "reports": CompletionReport.objects.values_list(
            "candidate", "item", "completed_on", "claim", "decision", "reported_by", "reported_at"
        ),
        "grants": Grant.objects.values_list(
            "candidate",
            "item",
            "source",
            "title",
            "amount",
            "remaining",
            "earned_on",
            "expires_on",
            "claim",
            "cycle__started_on",
        ),
        "entries": Entry.objects.values_list(
            "candidate", "kind", "amount", "counts_from", "written_at", "clause", *grant
        ),
        "cycles": Cycle.objects.values_list("candidate", "started_on", "ended_on", "end_reason"),
        "renewals": Recertification.objects.values_list("candidate", "path", "requirement_on", "credits_used"),
        "certifications": Certification.objects.values_list("id", "status", "active_ends_on", "next_change_on"),
        "terms": Term.objects.values_list("certification", "starts_on", "reason"),
        "events": Event.objects.values_list("topic", "candidate_id", "payload", "occurred_at"),
        "notices": Delivery.objects.values_list("event__topic", "event__candidate_id", "receiver", "due_at"),
    }
    return {name: Counter(map(repr, found.order_by())) for name, found in rows.items()}


def what_happens(work: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """The outcome and all that is on record then; the world is as it was before."""
    with transaction.atomic():
        # What a date has made of somebody is written down anyhow; a single refusal would take it back again.
        people.catch_up_several(Candidate.objects.values_list("id", flat=True), now=TODAY)
        result = work(), everything()
        transaction.set_rollback(True)
    return result
