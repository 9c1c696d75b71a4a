"""Questions that are prepared are answered as the ORM answers them, in one query, on every connection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField, F, Value
from django.db.models.functions import Concat

from candidates.models import Candidate, Certification
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.kernel.prepared import Place, Prepared
from tests import factories
from tests.credits import pages

pytestmark = pytest.mark.django_db


def labelled(number: Any) -> Any:
    """Certifications with their holder and a label, by the beginning of their holder's number."""
    found = Certification.objects.filter(candidate__number=number).exclude(status="revoked")
    label = Concat(F("track__code"), Value(" 100% of "), F("candidate__name"))
    return found.select_related("candidate", "track").annotate(label=label).order_by("-number")


LABELLED = Prepared("test_labelled", lambda: labelled(Place("number", CharField())))
BY_TOPIC = Prepared("test_by_topic", lambda: Event.objects.filter(topic=Place("topic", CharField())))


def everything(row: Certification) -> tuple[Any, ...]:
    values = [
        getattr(each, field.attname) for each in (row, row.candidate, row.track) for field in each._meta.concrete_fields
    ]
    return (*values, row.label, row._state.adding, row._state.db)  # type: ignore[attr-defined]


def test_rows_are_those_of_the_orm_with_what_is_selected_and_worked_out(
    alice: Candidate, django_assert_num_queries: Any
) -> None:
    for track, level in (("security", "professional"), ("ccna", "associate")):
        pages.certify(alice, track, level)
    pages.certify(factories.CandidateFactory.create(name="Bob"))

    for _again in range(2):
        with django_assert_num_queries(1):
            told = [everything(row) for row in LABELLED.ask(number=alice.number)]
        assert told == [everything(row) for row in labelled(alice.number)]
    assert len(told) == 2
    assert LABELLED.ask(number="nobody's'; --") == []


def test_columns_are_read_as_their_fields_read_them() -> None:
    kept = Event.objects.create(
        topic="test.prepared", subject_type="", subject_id=1, payload={"a": [1, "ä"]}, occurred_at=clock.now()
    )

    (found,) = BY_TOPIC.ask(topic="test.prepared")

    assert (found.pk, found.payload) == (kept.pk, {"a": [1, "ä"]})


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        LABELLED.ask(name="Alice")


def test_a_question_that_was_put_together_twice_is_told_once(alice: Candidate) -> None:
    pages.certify(alice)
    first = LABELLED.ask(number=alice.number)

    del LABELLED.__dict__["_written"]  # as where two threads ask it first at the same moment

    assert LABELLED.ask(number=alice.number) == first != []


def test_another_connection_is_told_too() -> None:
    def ask() -> tuple[bool, list[Certification]]:
        try:
            return connection.connection is None, LABELLED.ask(number="CE1")
        finally:
            connection.close()

    LABELLED.ask(number="CE1")
    with ThreadPoolExecutor(1) as others:
        for _again in range(2):  # each on a connection of its own
            assert others.submit(ask).result() == (True, [])
