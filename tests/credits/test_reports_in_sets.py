"""Reports taken many at a time: the same as one after another, in a number of queries that does not grow (CE-10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from candidates.models import Candidate
from catalog.models import Item, ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from credits.services import reports
from credits.services.reports import Completion
from tests import factories
from tests.credits.provider_world import TODAY, enrolled
from tests.credits.report_world import cast_of, trainings_of, what_happens
from tests.factories import day

pytestmark = pytest.mark.django_db

BY_COPY = 5  # into so many tables rows go by COPY where they are many, and it asks for their keys before
Told = tuple[str, str, str]  # who, which training, when


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    factories.AgreementFactory.create()
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def trainings(bob: ProviderMember) -> dict[str, Item]:
    return trainings_of(bob)


@pytest.fixture
def cast(bob: ProviderMember, trainings: dict[str, Item]) -> dict[str, Candidate]:
    return cast_of(bob, trainings)


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
