"""Reports taken many at a time: the same as one after another, in a number of queries that does not grow (CE-10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from candidates import services as people
from candidates.models import Candidate, Certification, Term
from catalog import services as catalog
from catalog.models import Item, ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Delivery, Event
from credits.models import CompletionReport, Cycle, Entry, Grant, Recertification
from credits.services import enrollment, reports, reviews
from credits.services.reports import Completion
from tests import factories
from tests.credits.provider_world import TODAY, enrolled, handed_in
from tests.factories import day

pytestmark = pytest.mark.django_db

BY_COPY = 4  # into so many tables rows go by COPY where they are many, and it asks for their keys before
Told = tuple[str, str, str]  # who, which training, when


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    factories.AgreementFactory.create()
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def trainings(bob: ProviderMember) -> dict[str, Item]:
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


@pytest.fixture
def cast(bob: ProviderMember, trainings: dict[str, Item]) -> dict[str, Candidate]:
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


def completions(told: Sequence[Told], cast: dict[str, Candidate], trainings: dict[str, Item]) -> list[Completion]:
    return [Completion(cast[who].id, trainings[item], day(on)) for who, item, on in told]


def one_by_one(asked: Sequence[Completion], bob: ProviderMember) -> list[tuple[str, ...]]:
    """The clauses by which each is refused."""
    refused: list[tuple[str, ...]] = []
    for each in asked:
        try:
            reports.report_completion(
                provider_id=bob.provider_id,
                candidate_id=each.candidate_id,
                item_code=each.item.code,
                completed_on=each.completed_on,
                member_id=bob.id,
                now=TODAY,
            )
            refused.append(())
        except Refused as refusal:
            refused.append(refusal.decision.clauses_unmet)
    return refused


def at_once(asked: Sequence[Completion], bob: ProviderMember) -> list[tuple[str, ...]]:
    taken = reports.take_reports(provider_id=bob.provider_id, completions=asked, member_id=bob.id, now=TODAY)
    return [() if each.report else each.assessed.decision.clauses_unmet for each in taken]


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


TOLD = st.lists(
    st.tuples(
        st.sampled_from(["expert", "claimed", "approved", "stranger", "associate", "lapsing"]),
        st.sampled_from(["lab", "labor", "week", "theirs"]),
        st.sampled_from(["2024-12-31", "2026-04-01", "2026-04-02", "2026-04-25", "2026-05-05"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=TOLD)
@example(
    told=[("associate", "week", "2026-04-01"), ("associate", "lab", "2026-04-01"), ("associate", "lab", "2026-04-02")]
)
@example(told=[("lapsing", "lab", "2026-04-01"), ("lapsing", "week", "2026-04-02"), ("lapsing", "lab", "2026-04-25")])
@example(told=[("claimed", "lab", "2026-04-01"), ("claimed", "labor", "2026-04-02"), ("claimed", "lab", "2026-04-01")])
def test_many_at_once_come_to_what_one_after_another_does(
    told: list[Told], cast: dict[str, Candidate], trainings: dict[str, Item], bob: ProviderMember
) -> None:
    """CE-10, CR-04, CE-09: the same refusals, reports, grants, entries, renewals, events and notices."""
    asked = completions(told, cast, trainings)
    singly = what_happens(lambda: one_by_one(asked, bob))
    together = what_happens(lambda: at_once(asked, bob))
    assert together == singly


def test_more_people_are_no_more_questions(bob: ProviderMember, trainings: dict[str, Item]) -> None:
    """One enrolled person twice over, of whom the second line is refused, as many as there are."""
    cast = {str(number): enrolled(factories.CandidateFactory.create()) for number in range(60)}
    counts = []
    for number in (2, 60):
        told = [(who, "lab", on) for who in [*cast][:number] for on in ("2026-04-01", "2026-04-02")]
        asked = completions(told, cast, trainings)

        def work(asked: list[Completion] = asked) -> int:
            with CaptureQueriesContext(connection) as queries:
                refused = at_once(asked, bob)
            assert refused == [(), ("CR-04",)] * (len(asked) // 2)
            return len(queries)

        counts.append(what_happens(work)[0])
    assert counts[1] <= counts[0] + BY_COPY
