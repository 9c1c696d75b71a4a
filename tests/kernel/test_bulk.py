"""Rows by the thousand: whichever way they go in, the same comes out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from candidates.models import Candidate
from candidates.models import ChannelPartner as Partner
from ceportal.kernel.bulk import FEW, insert_many, insert_together, update_many
from ceportal.kernel.models import Delivery, Event
from ceportal.kernel.outbox import emit_many
from tests import factories

NOW = datetime(2026, 6, 1, 12, 30, 15, 123456, tzinfo=UTC)
STRANGE = "tab\t, line\nbreak\r, back\\slash, \\N, quote\" ' , Zażółć 日本, \u2028, \\."

pytestmark = pytest.mark.django_db


def events(count: int) -> list[Event]:
    return [
        Event(
            topic=f"test.{STRANGE}"[:80],
            subject_type="",
            subject_id=number - 5,
            candidate_id=None if number % 2 else number,
            payload={"text": STRANGE, "number": number, "nothing": None, "deep": [1, {"a": [True, 1.5]}]},
            occurred_at=NOW,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, 3 * FEW])
def test_what_goes_in_comes_out(count: int) -> None:
    rows = events(count)
    insert_many(rows)
    assert len({row.pk for row in rows}) == count
    kept = Event.objects.in_bulk([row.pk for row in rows])
    for row in rows:
        found = kept[row.pk]
        for field in Event._meta.concrete_fields:
            assert getattr(found, field.attname) == getattr(row, field.attname), field.name
        assert not row._state.adding


def test_keys_go_on_where_they_were() -> None:
    insert_many(events(2 * FEW))
    last = max(Event.objects.values_list("pk", flat=True))
    single = Event.objects.create(topic="t", subject_type="", subject_id=1, occurred_at=NOW)
    assert single.pk > last


def test_constraints_hold(alice: Candidate) -> None:
    """What the database refuses, it refuses whichever way rows come."""
    insert_many(events(1))
    (event,) = Event.objects.all()
    twice = [Delivery(event=event, receiver=f"r{number % FEW}", due_at=NOW) for number in range(FEW + 1)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_many(twice)
    assert not Delivery.objects.exists()
    same = [factories.CandidateFactory.build(number=alice.number) for _each in range(FEW + 1)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_many(same)


def test_days_and_empty_values(db: None) -> None:
    people = [factories.CandidateFactory.build(billing_country="", number=f"N{number}") for number in range(FEW + 1)]
    insert_many(people)
    assert Candidate.objects.filter(born=people[0].born, billing_country="", user=None).count() == FEW + 1


def test_what_is_changed_is_changed_and_nothing_else(db: None) -> None:
    people = [factories.CandidateFactory.create(number=f"N{number}") for number in range(3)]
    for person in people[:2]:
        person.name, person.born, person.user_id, person.email = STRANGE, NOW.date(), None, "not@to.be.kept"
    update_many(people[:2], ["name", "born", "user"])
    update_many([], ["name"])
    kept = list(Candidate.objects.order_by("id"))
    assert [(each.name, each.born) for each in kept[:2]] == [(STRANGE, NOW.date())] * 2
    assert (kept[2].name, kept[2].born) == (people[2].name, people[2].born)
    assert all("not@" not in each.email for each in kept)


def test_what_the_database_refuses_is_refused_of_changes_too(alice: Candidate) -> None:
    other = factories.CandidateFactory.create()
    other.number = alice.number
    with pytest.raises(IntegrityError), transaction.atomic():
        update_many([other], ["number"])


def test_many_events_are_emitted_at_once(alice: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one by one: each with its payload and candidate, in the order given, with their deliveries."""
    monkeypatch.setattr(
        "ceportal.kernel.outbox._wiring",
        lambda name: {"test.said": ("mail",)} if name == "DELIVERIES" else {},
    )
    said: list[tuple[Any, dict[str, int]]] = [(alice, {"number": number}) for number in range(2 * FEW)]
    with CaptureQueriesContext(connection) as queries:
        made = emit_many("test.said", said, now=NOW)
    assert [event.payload["number"] for event in Event.objects.order_by("id")] == list(range(2 * FEW))
    assert {event.subject_id for event in made} == {alice.id}
    assert Delivery.objects.filter(event__in=made, receiver="mail").count() == 2 * FEW
    assert len(queries) <= 4
    assert emit_many("test.said", [], now=NOW) == []


def test_rows_of_several_models_go_in_by_one_statement_or_not_at_all(django_assert_num_queries: Any) -> None:
    def rows() -> tuple[Event, Partner]:
        event = Event(topic="test.together", subject_type="", subject_id=1, payload={"ä": [1]}, occurred_at=NOW)
        return event, Partner(code="northwind", name="100% Northwind")

    with django_assert_num_queries(1):
        insert_together(*rows())

    assert Event.objects.get(topic="test.together").payload == {"ä": [1]}
    assert Partner.objects.get().name == "100% Northwind"
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together(*rows())  # the code is taken
    assert Event.objects.filter(topic="test.together").count() == 1
