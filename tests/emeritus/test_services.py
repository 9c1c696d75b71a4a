"""Emeritus holders come in from the records with their way back to active."""

from __future__ import annotations

from typing import Any

import pytest

from candidates.models import Candidate, Certification, Term
from ceportal.kernel.models import Event
from emeritus.models import EmeritusRecord
from emeritus.services import import_emeritus
from tests import factories
from tests.factories import day, noon

pytestmark = pytest.mark.django_db


def imported(candidate: Candidate, **changes: Any) -> EmeritusRecord:
    arguments = {
        "candidate_id": candidate.pk,
        "track_code": factories.TrackFactory.create().code,
        "certified_on": day("2005-03-01"),
        "until": day("2018-03-01"),
        "now": noon("2017-09-01"),
    }
    return import_emeritus(**arguments | changes)


def test_a_holder_comes_in_from_the_records(alice: Candidate) -> None:
    record = imported(alice, route="written_and_lab", origin="business_transformation")
    assert record.certification.status == Certification.Status.EMERITUS
    assert record.term.ends_on == day("2018-03-01")
    assert (record.route, record.origin) == ("written_and_lab", "business_transformation")
    event = Event.objects.get(topic="emeritus.term_imported")
    assert (event.candidate_id, event.payload["until"]) == (alice.pk, "2018-03-01")


def test_imported_twice_is_one_record(alice: Candidate) -> None:
    assert imported(alice) == imported(alice, route="written_and_lab")
    assert EmeritusRecord.objects.get().route == "recertify"
    assert Event.objects.filter(topic="emeritus.term_imported").count() == 1


def test_an_active_certification_stays_as_it_is(alice: Candidate) -> None:
    certification = factories.CertificationFactory.create(candidate=alice)
    with pytest.raises(Term.DoesNotExist):
        imported(alice)
    certification.refresh_from_db()
    assert certification.status == Certification.Status.ACTIVE
    assert not EmeritusRecord.objects.exists()
