"""Programs of channel partners and verifiers: told what the pages tell, of nobody else, and seen doing so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates import services
from candidates.models import (
    Affiliation,
    Candidate,
    Certification,
    ChannelPartner,
    PartnerMember,
    StaffAccess,
    User,
    VerificationLink,
)
from candidates.verifier_api import WRONG_AT_MOST
from ceportal.kernel import clock
from ceportal.partner_api import scopes
from tests import factories
from tests.credits import pages
from tests.factories import noon
from tests.partner_api.world import program, registered

pytestmark = pytest.mark.django_db
NOW = noon("2021-05-04")
STATUSES, AFFILIATIONS = "/api/v1/statuses", "/api/v1/affiliations"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    cache.clear()
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def northwind(db: None) -> PartnerMember:
    return member_of("northwind")


@pytest.fixture
def caller(northwind: PartnerMember) -> Client:
    return program(registered(scopes.VERIFIER, "northwind", responsible=northwind.user))


@pytest.fixture
def held(alice: Candidate) -> Certification:
    return pages.certify(alice)


def member_of(code: str) -> PartnerMember:
    partner = ChannelPartner.objects.create(code=code, name=code.capitalize())
    return PartnerMember.objects.create(partner=partner, user=factories.UserFactory.create())


def share(candidate: Candidate, *certifications: Certification, **options: Any) -> VerificationLink:
    return services.share_certifications(
        candidate_id=candidate.pk,
        certification_ids=[each.pk for each in certifications],
        form_key=uuid4(),
        now=clock.now(),
        **options,
    )


def associated(candidate: Candidate, member: PartnerMember, *, confirmed: bool = True) -> Affiliation:
    asked = services.request_affiliation(
        candidate_id=candidate.pk,
        partner_code=member.partner.code,
        country=candidate.country,
        full_time=True,
        now=NOW,
    )
    return services.confirm_for_partner(affiliation_id=asked.pk, member_id=member.pk, now=NOW) if confirmed else asked


def expert(name: str, status: str = "active") -> Candidate:
    candidate = factories.CandidateFactory.create(name=name)
    factories.CertificationFactory.create(candidate=candidate, first_certified_on=noon("2020-01-01").date())
    Certification.objects.filter(candidate=candidate).update(status=status)
    return candidate


def asks(call: Callable[[], Any]) -> tuple[Any, list[str]]:
    """An answer, and what the database was asked for it, without the values."""
    with CaptureQueriesContext(connection) as queries:
        answer = call()
    return answer, [re.split(r" WHERE | VALUES | \(", each["sql"])[0] for each in queries.captured_queries]


# ── By links ──────────────────────────────────────────────────────────────────────────────────────
def test_a_link_tells_what_its_page_tells_and_nothing_else(caller: Client, alice: Candidate) -> None:
    shown, other = pages.certify(alice), pages.certify(alice, "ccna", "associate")
    link = share(alice, shown)

    (told,) = caller.get(STATUSES, {"link": link.token}).json()["results"]

    assert told == {
        "number": shown.number,
        "name": "Alice Okafor",
        "track": "ccnp-security",
        "track_name": "CCNP SECURITY",
        "status": "active",
        "counts": True,
        "first_certified_on": "2020-06-01",
        "active_ends_on": "2023-06-01",
        "inactive_on": None,
        "emeritus_until": None,
        "revoked_on": None,
    }
    assert other.number not in caller.get(STATUSES, {"link": link.token}).text


def test_a_status_is_told_of_any_day_since_the_link_was_made(caller: Client, alice: Candidate) -> None:
    """Nothing before: on those days nobody could have read it by this link."""
    link = share(alice, pages.certify(alice, "ccie-security", "expert", on="2019-05-06"))

    with clock.standing_at(noon("2024-06-01")):
        told = {
            day: [
                (each["status"], each["counts"], each["active_ends_on"], each["inactive_on"])
                for each in caller_again(caller).get(STATUSES, {"link": link.token, "as_of": day}).json()["results"]
            ]
            for day in ("2021-05-03", "2021-05-04", "2024-06-01")
        }
        to_come = caller_again(caller).get(STATUSES, {"link": link.token, "as_of": "2024-06-02"})

    assert told["2021-05-03"] == []
    assert [each[0] for each in told["2021-05-04"]] == ["active"]
    assert [(status, counts, active) for status, counts, active, _day in told["2024-06-01"]] == [
        ("inactive", False, None)
    ]
    assert list(to_come.json()["errors"]) == ["as_of"]


def caller_again(_caller: Client) -> Client:
    """With a token of the day on which the clock stands."""
    member = PartnerMember.objects.get()
    return program(registered(scopes.VERIFIER, "northwind", responsible=member.user))


def test_who_withdrew_is_answered_like_who_never_was(caller: Client, alice: Candidate, held: Certification) -> None:
    """By words, by shape, and by what the database is asked; and nothing is written down as read."""
    withdrawn, over, erased = (share(alice, held, last_on=NOW.date()) for _each in range(3))
    services.withdraw_link(candidate_id=alice.pk, link_id=withdrawn.pk, now=NOW)
    VerificationLink.objects.filter(pk=over.pk).update(last_on=NOW.date() - timedelta(days=1))
    asked = {
        name: asks(lambda token=token: caller.get(STATUSES, {"link": token}))
        for name, token in {"unknown": "x" * 32, "withdrawn": withdrawn.token, "over": over.token}.items()
    }
    Candidate.objects.filter(pk=alice.pk).update(erased_at=NOW)
    asked["erased"] = asks(lambda: caller.get(STATUSES, {"link": erased.token}))

    unknown, queries = asked.pop("unknown")
    assert unknown.json()["results"] == []
    for name, (answer, others) in asked.items():
        assert (answer.status_code, answer.content, others) == (unknown.status_code, unknown.content, queries), name
    assert not StaffAccess.objects.exists()


def test_revoked_is_told_as_revoked_with_no_other_day_and_no_reason(
    caller: Client, alice: Candidate, held: Certification, dan: User
) -> None:
    """CERT-10. A sanction that bars from exams only changes no certification, and is not told."""
    link = share(alice, held)
    for_a_while = services.propose_sanction(
        candidate_id=alice.pk, clause="CAND-02", statement="Notes.", exams_only=True, staff_id=dan.pk, now=NOW
    )
    erin = factories.UserFactory.create(staff=True)
    services.confirm_sanction(sanction_id=for_a_while.pk, staff_id=erin.pk, now=NOW)
    (before,) = caller.get(STATUSES, {"link": link.token}).json()["results"]
    sanction = services.propose_sanction(
        candidate_id=alice.pk, clause="CERT-08", statement="Mugs.", permanent=True, staff_id=dan.pk, now=NOW
    )
    services.confirm_sanction(sanction_id=sanction.pk, staff_id=erin.pk, now=NOW)

    (told,) = caller.get(STATUSES, {"link": link.token}).json()["results"]

    assert before["status"] == "active"
    assert (told["status"], told["counts"], told["revoked_on"]) == ("revoked", False, "2021-05-04")
    assert (told["active_ends_on"], told["inactive_on"]) == (None, None)
    assert "Mugs" not in str(told)


def test_statuses_are_narrowed_paged_and_sparse_in_as_many_queries_whatever_their_number(
    caller: Client, alice: Candidate, held: Certification
) -> None:
    links = [share(alice, held)]
    few = asks(lambda: caller.get(STATUSES, {"link": [each.token for each in links]}))[1]
    for number in range(4):
        other = factories.CandidateFactory.create(name=f"Person {number}")
        links.append(share(other, pages.certify(other), pages.certify(other, "ccna", "associate")))
    tokens = [each.token for each in links]

    answer, many = asks(lambda: caller.get(STATUSES, {"link": tokens}))
    first = caller.get(STATUSES, {"link": tokens, "track": "ccna", "page_size": 3, "fields": "name,track"}).json()
    rest = caller.get(first["next"]).json()

    assert len(many) == len(few)
    assert len(answer.json()["results"]) == 9
    assert sorted(each["name"] for each in first["results"] + rest["results"]) == [f"Person {n}" for n in range(4)]
    assert {tuple(each) for each in first["results"]} == {("name", "track")}
    assert caller.get(STATUSES, {"link": tokens, "counts": "false"}).json()["results"] == []
    for wrong in ({}, {"link": tokens * 12}, {"link": tokens, "status": "fine"}):
        assert caller.get(STATUSES, wrong).status_code == HTTPStatus.BAD_REQUEST


# ── By number and name ────────────────────────────────────────────────────────────────────────────
def test_a_certification_is_verified_by_its_number_and_its_holders_name(
    caller: Client, alice: Candidate, held: Certification
) -> None:
    address = f"{STATUSES}/{held.number.lower()}"

    told = caller.get(address, {"name": "ALICE  okafor"})
    wrong, wrong_asked = asks(lambda: caller.get(address, {"name": "Bob Okafor"}))
    unknown, unknown_asked = asks(lambda: caller.get(f"{STATUSES}/NOBODY-1", {"name": "Alice Okafor"}))

    assert (told.json()["number"], told.json()["status"]) == (held.number, "active")
    assert caller.get(address, {"name": "Alice Okafor", "fields": "status"}).json() == {"status": "active"}
    assert caller.get(address, {"name": "Alice Okafor"})["ETag"] == told["ETag"]
    assert list(caller.get(address).json()["errors"]) == ["name"]
    assert wrong.status_code == unknown.status_code == HTTPStatus.NOT_FOUND
    assert wrong_asked == unknown_asked
    assert {**wrong.json(), "instance": ""} == {**unknown.json(), "instance": ""}


def test_names_are_not_guessed(caller: Client, held: Certification) -> None:
    """As many wrong questions as the page allows, of all programs of a partner; right ones do not count."""
    address = f"{STATUSES}/{held.number}"
    for number in range(WRONG_AT_MOST):
        assert caller.get(address, {"name": "Alice Okafor", "fields": "status"}).status_code == HTTPStatus.OK
        assert caller.get(address, {"name": f"Person {number}"}).status_code == HTTPStatus.NOT_FOUND

    for name in ("Alice Okafor", "Person"):
        answer = caller_again(caller).get(address, {"name": name})
        assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        assert 0 < int(answer["Retry-After"]) <= 900


# ── Affiliations ──────────────────────────────────────────────────────────────────────────────────
def test_a_partner_reads_its_own_experts_as_on_its_page(caller: Client, northwind: PartnerMember) -> None:
    eve = associated(expert("Eve Expert"), northwind)
    waiting = associated(expert("Wanda Waits"), northwind, confirmed=False)
    Certification.objects.filter(candidate=waiting.candidate).update(status="emeritus")
    others = member_of("contoso")
    olga = associated(expert("Olga Other"), others)

    told = caller.get(AFFILIATIONS).json()["results"]

    assert told[0] == {
        "id": eve.pk,
        "candidate": eve.candidate.number,
        "name": "Eve Expert",
        "country": "US",
        "state": "in_force",
        "requested_on": None,
        "since": "2021-05-04",
        "status": "active",
        "counts": True,
    }
    assert [(each["name"], each["state"], each["status"], each["counts"]) for each in told[1:]] == [
        ("Wanda Waits", "requested", "emeritus", False)
    ]
    assert [each["id"] for each in caller.get(AFFILIATIONS, {"counts": "false"}).json()["results"]] == [waiting.pk]
    assert caller.get(AFFILIATIONS, {"country": "BE"}).json()["results"] == []
    assert caller.get(f"{AFFILIATIONS}/{olga.pk}").status_code == HTTPStatus.NOT_FOUND
    theirs = program(registered(scopes.VERIFIER, "contoso", responsible=others.user))
    assert [each["name"] for each in theirs.get(AFFILIATIONS).json()["results"]] == ["Olga Other"]
    assert theirs.get(f"{AFFILIATIONS}/{eve.pk}").status_code == HTTPStatus.NOT_FOUND


def test_who_left_is_not_there_any_more(caller: Client, northwind: PartnerMember) -> None:
    left, withdrawn = (associated(expert(name), northwind, confirmed=name == "Lena") for name in ("Lena", "Wim"))
    assert caller.get(f"{AFFILIATIONS}/{left.pk}").json()["name"] == "Lena"
    for each in (left, withdrawn):
        services.leave_partner(candidate_id=each.candidate_id, now=NOW)

    unknown, queries = asks(lambda: caller.get(f"{AFFILIATIONS}/999999"))
    for each in (left, withdrawn):
        answer, others = asks(lambda each=each: caller.get(f"{AFFILIATIONS}/{each.pk}"))
        assert (answer.status_code, others) == (HTTPStatus.NOT_FOUND, queries)
        assert {**answer.json(), "instance": ""} == {**unknown.json(), "instance": ""}
    assert caller.get(AFFILIATIONS).json()["results"] == []


def test_experts_come_in_pages_in_as_many_queries_whatever_their_number(
    caller: Client, northwind: PartnerMember
) -> None:
    associated(expert("Person 0"), northwind)
    few = asks(lambda: caller.get(AFFILIATIONS))[1]
    for number in range(1, 5):
        associated(expert(f"Person {number}"), northwind)
    many = asks(lambda: caller.get(AFFILIATIONS))[1]

    first = caller.get(AFFILIATIONS, {"page_size": 2, "fields": "name"}).json()
    second = caller.get(first["next"]).json()

    assert len(many) == len(few)
    assert [each["name"] for each in first["results"] + second["results"]] == [f"Person {n}" for n in range(4)]


def test_a_program_reads_as_long_as_whoever_answers_for_it_acts_for_the_partner(
    caller: Client, northwind: PartnerMember, held: Certification, alice: Candidate
) -> None:
    """What anyone may verify it may still verify."""
    associated(expert("Eve"), northwind)
    PartnerMember.objects.update(active=False)

    assert caller.get(AFFILIATIONS).status_code == HTTPStatus.FORBIDDEN
    assert caller.get(f"{STATUSES}/{held.number}", {"name": alice.name}).status_code == HTTPStatus.OK


# ── What candidates see of it ─────────────────────────────────────────────────────────────────────
def test_candidates_see_which_partner_read_about_them_and_when(
    client: Client, caller: Client, alice: Candidate, northwind: PartnerMember
) -> None:
    """One row a read, however many stand in it; a read of nobody leaves none (CAND-09)."""
    held = pages.certify(alice, "ccie-security", "expert")
    link = share(alice, held)
    associated(alice, northwind)
    associated(expert("Eve"), northwind)

    caller.get(STATUSES, {"link": link.token})
    caller.get(f"{STATUSES}/{held.number}", {"name": alice.name})
    caller.get(f"{STATUSES}/{held.number}", {"name": "Somebody Else"})
    caller.get(AFFILIATIONS)
    caller.get(AFFILIATIONS, {"country": "BE"})

    noted = StaffAccess.objects.order_by("id")
    assert [(each.partner, each.at, each.record_type, len(each.candidate_ids)) for each in noted] == [
        ("Northwind", NOW, "candidates.certification", 1),
        ("Northwind", NOW, "candidates.certification", 1),
        ("Northwind", NOW, "candidates.affiliation", 2),
    ]
    assert link.token not in str([each.page for each in noted])
    assert alice.user is not None
    client.force_login(alice.user)
    page = pages.text_of(client.get(reverse("candidates:privacy")))
    assert page.count("Program of Northwind") == 3
    assert northwind.user.email not in page
