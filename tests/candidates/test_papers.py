"""A guardian's signature, a proof of residence: what happens, is refused, is done twice (CAND-05, CAND-07)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from candidates import queries, rules, services
from candidates.models import Candidate, GuardianConsent, ResidenceProof, User
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from tests import factories
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
NOW = noon("2023-01-03")


@pytest.fixture
def aiko() -> Candidate:
    """Thirteen since yesterday."""
    return factories.CandidateFactory.create(born=day("2010-01-02"), country="JP")


@pytest.fixture
def kian() -> Candidate:
    """Lives in Iran."""
    return factories.CandidateFactory.create(country="IR")


def unmet(candidate: Candidate, exam_on: str) -> tuple[str, ...]:
    facts = queries.testing_facts(candidate.id, exam_on=day(exam_on), held_in="")
    return rules.assess_testing(facts, BOOK.on(day(exam_on))).clauses_unmet


def consent(candidate: Candidate, staff: User | None, **other: Any) -> GuardianConsent:
    words = {
        "guardian": "Hana Mori",
        "relation": "mother",
        "signed_on": day("2023-01-03"),
        "evidence": "Form 12, seen.",
    }
    return services.record_consent(
        candidate_id=candidate.id, recorded_by_id=staff.id if staff else None, now=NOW, **{**words, **other}
    )


def identify(candidate: Candidate, staff: User, country: str = "TR", **other: Any) -> ResidenceProof:
    words = {"document": "Residence permit, seen."}
    return services.verify_residence(
        candidate_id=candidate.id, country=country, staff_id=staff.id, now=NOW, **{**words, **other}
    )


class TestConsent:
    def test_a_signature_lets_a_minor_be_tested_from_its_day(self, aiko: Candidate, dan: User) -> None:
        assert unmet(aiko, "2023-01-10") == ("CAND-05",)
        for _each in range(2):
            consent(aiko, dan)

        assert unmet(aiko, "2023-01-10") == ()
        assert unmet(aiko, "2023-01-02") == ("CAND-05",)
        assert Event.objects.filter(topic="candidates.guardian_consented").count() == 1

    @pytest.mark.parametrize(
        "wrong",
        [{"guardian": " "}, {"evidence": ""}, {"signed_on": day("2023-01-04")}],
        ids=lambda each: next(iter(each)),
    )
    def test_who_signed_when_and_what_shows_it(self, aiko: Candidate, dan: User, wrong: dict[str, Any]) -> None:
        with pytest.raises(Refused, match="CAND-05"):
            consent(aiko, dan, **wrong)
        assert not GuardianConsent.objects.exists()
        assert not Event.objects.exists()

    def test_nobody_records_one_for_themselves(self, aiko: Candidate, dan: User) -> None:
        Candidate.objects.filter(id=aiko.id).update(user=dan)
        with pytest.raises(Refused, match="CAND-05"):
            consent(aiko, dan)
        assert not Event.objects.exists()

    def test_withdrawn_it_counts_no_more(self, aiko: Candidate, dan: User) -> None:
        signed = consent(aiko, dan)
        with pytest.raises(Refused, match="CAND-05"):
            services.withdraw_consent(consent_id=signed.id, reason=" ", staff_id=dan.id, now=NOW)
        for _each in range(2):
            services.withdraw_consent(consent_id=signed.id, reason="It was forged.", staff_id=dan.id, now=NOW)

        assert unmet(aiko, "2023-01-10") == ("CAND-05",)
        assert Event.objects.filter(topic="candidates.guardian_consent_withdrawn").count() == 1
        consent(aiko, dan)
        assert unmet(aiko, "2023-01-10") == ()


class TestResidence:
    def test_a_document_lifts_the_embargo_until_its_holder_moves(self, kian: Candidate, dan: User) -> None:
        assert unmet(kian, "2023-01-10") == ("CAND-07",)
        for _each in range(2):
            identify(kian, dan)
        assert unmet(kian, "2023-01-10") == ()
        assert Event.objects.filter(topic="candidates.residence_proven").count() == 1

        services.change_residence(candidate_id=kian.id, country="IR", region="", now=NOW)  # where he lived before
        assert unmet(kian, "2023-01-10") == ()
        services.change_residence(candidate_id=kian.id, country="SY", region="", now=NOW)
        assert unmet(kian, "2023-01-10") == ("CAND-07",)
        assert ResidenceProof.objects.get().lapsed_because == "The candidate moved."

    def test_another_document_takes_its_place(self, kian: Candidate, dan: User) -> None:
        identify(kian, dan, "CU")
        assert unmet(kian, "2023-01-10") == ("CAND-07",)
        identify(kian, dan, "TR")
        assert unmet(kian, "2023-01-10") == ()
        assert ResidenceProof.objects.filter(lapsed_at__isnull=True).count() == 1

    @pytest.mark.parametrize(
        "wrong", [{"country": "IR"}, {"document": " "}], ids=["the place on record", "no document"]
    )
    def test_what_proves_nothing(self, kian: Candidate, dan: User, wrong: dict[str, Any]) -> None:
        with pytest.raises(Refused, match="CAND-07"):
            identify(kian, dan, **wrong)
        assert not ResidenceProof.objects.exists()
        assert not Event.objects.exists()

    def test_the_country_alone_proves_no_other_region(self, dan: User) -> None:
        oksana = factories.CandidateFactory.create(country="UA", region="UA-43")
        with pytest.raises(Refused, match="CAND-07"):
            identify(oksana, dan, "UA")
        identify(oksana, dan, "UA", region="UA-30")
        assert unmet(oksana, "2023-01-10") == ()

    def test_nobody_verifies_their_own(self, kian: Candidate, dan: User) -> None:
        Candidate.objects.filter(id=kian.id).update(user=dan)
        with pytest.raises(Refused, match="CAND-07"):
            identify(kian, dan)


def test_the_database_refuses(aiko: Candidate, kian: Candidate, dan: User) -> None:
    signed, proof = consent(aiko, dan), identify(kian, dan)
    for change in ({"withdrawn_at": NOW}, {"withdrawn_because": "Because."}):
        with pytest.raises(DatabaseError), transaction.atomic():
            GuardianConsent.objects.filter(id=signed.id).update(**change)
    for change in ({"lapsed_at": NOW}, {"lapsed_because": "Because."}, {"country": "tr"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ResidenceProof.objects.filter(id=proof.id).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        ResidenceProof.objects.create(
            candidate=kian, country="DE", document="Another.", verified_by=dan, verified_at=NOW
        )
