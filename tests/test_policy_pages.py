"""Every clause has an address, and the book can be read as it stood on any day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from candidates.models import User
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from ceportal.policy_text import Line, lines
from ceportal.policy_views import AREAS, area_of
from credits.reading.wording import path_text
from tests.factories import noon

BOOK_PAGE = "/policy/"


@pytest.fixture(autouse=True)
def in_2026():
    with clock.standing_at(noon("2026-03-02")):
        yield


@pytest.mark.django_db
class TestBook:
    def test_every_clause_stands_in_it_with_its_parameters(self, client: Client) -> None:
        page = client.get(BOOK_PAGE).text
        for clause_id in BOOK.clauses:
            assert f'href="/policy/{clause_id}"' in page
        for name in BOOK.series:
            assert f"<code>{name}</code>" in page

    def test_it_asks_the_database_nothing(self, client: Client, django_assert_num_queries) -> None:
        with django_assert_num_queries(0):
            client.get(BOOK_PAGE)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("three quarters", ["LIVE-04"]),
            ("CR-07", ["CR-07"]),
            ("reread.fee", ["RRD-03"]),
            ("DERIVATIVE works", ["CAT-06"]),
            ("no such words in it", []),
        ],
    )
    def test_search(self, client: Client, text: str, found: list[str]) -> None:
        response = client.get(BOOK_PAGE, {"q": text})
        shown = [clause.id for area in response.context["areas"] for clause in area["clauses"]]
        assert shown == found
        assert ("No clause matches" in response.text) is (not found)

    def test_as_one_types_only_the_clauses_come(self, client: Client) -> None:
        response = client.get(BOOK_PAGE, {"q": "quarters"}, headers={"HX-Request": "true"})
        assert "LIVE-04" in response.text
        assert "<html" not in response.text

    @pytest.mark.parametrize(
        ("asked", "shown", "hidden"),
        [("2020-02-23", "no such rule", "90 days"), ("2020-02-24", "90 days", "no such rule")],
    )
    def test_as_it_stood_on_a_day(self, client: Client, asked: str, shown: str, hidden: str) -> None:
        page = client.get(BOOK_PAGE, {"q": "CE-14 completing", "on": asked}).text
        assert shown in page
        assert hidden not in page

    def test_without_a_day_every_dated_value_is_there(self, client: Client) -> None:
        page = client.get(BOOK_PAGE, {"q": "CE-14 completing"}).text
        assert "90 days" in page
        assert "no such rule" in page

    @pytest.mark.parametrize("wrong", ["yesterday", "2020-02-30", "20200-01-01", "0000-00-00", "\x00"])
    def test_a_day_that_is_none_is_said_and_todays_book_shown(self, client: Client, wrong: str) -> None:
        response = client.get(BOOK_PAGE, {"on": wrong})
        assert response.status_code == 200
        assert "on" in response.context["form"].errors
        assert response.context["day"] == date(2026, 3, 2)

    @pytest.mark.parametrize(("asked", "said"), [("0001-01-01", True), ("2017-06-05", True), ("2017-06-06", False)])
    def test_before_the_programme_the_first_values_stand(self, client: Client, asked: str, said: bool) -> None:
        response = client.get(BOOK_PAGE, {"on": asked})
        assert response.status_code == 200
        assert ("The programme began on 6 June 2017" in response.text) is said

    def test_far_ahead(self, client: Client) -> None:
        assert client.get(BOOK_PAGE, {"on": "9999-12-31"}).status_code == 200

    def test_links_from_a_past_day_stay_on_it(self, client: Client) -> None:
        page = client.get(BOOK_PAGE, {"on": "2018-06-01"}).text
        assert 'href="/policy/CE-14?on=2018-06-01"' in page

    def test_every_number_is_found_by_its_name(self, client: Client) -> None:
        for name in BOOK.series:
            response = client.get(BOOK_PAGE, {"q": name})
            assert f"<code>{name}</code>" in response.text, name


@pytest.mark.django_db
class TestClause:
    @pytest.mark.parametrize("clause_id", BOOK.clauses)
    def test_has_its_address(self, client: Client, clause_id: str) -> None:
        response = client.get(f"/policy/{clause_id}")
        assert response.status_code == 200
        assert response.context["clause"].says == BOOK.clauses[clause_id].says

    @pytest.mark.parametrize("unknown", ["CR-99", "XX-01", "nonsense", "CR-4"])
    def test_unknown(self, client: Client, unknown: str) -> None:
        assert client.get(f"/policy/{unknown}").status_code == 404

    @pytest.mark.parametrize("written", ["cr-04", "CR-04/", "cr-04/"])
    def test_other_ways_to_write_it_lead_there(self, client: Client, written: str) -> None:
        response = client.get(f"/policy/{written}")
        assert (response.status_code, response["Location"]) == (301, "/policy/CR-04")

    def test_as_it_stood_on_a_day(self, client: Client) -> None:
        """The numbers of that day alone, and links that stay on it."""
        response = client.get("/policy/CERT-01", {"on": "2018-06-01"})
        active = response.context["clause"].parameters[0]
        assert [value.since for value in active.values] == [date(2017, 6, 6)]
        assert "With the numbers that held on 1 June 2018." in response.text
        assert 'href="/policy/CERT-02?on=2018-06-01"' in response.text
        assert 'href="/policy/?on=2018-06-01#CERT"' in response.text

    def test_a_day_that_is_none_is_said_beside_the_field(self, client: Client) -> None:
        response = client.get("/policy/CERT-01", {"on": "2018-02-30"})
        assert response.status_code == 200
        assert "This is not a day." in response.text
        assert len(response.context["clause"].parameters[0].values) > 1

    def test_a_day_is_kept_on_the_way_to_the_address(self, client: Client) -> None:
        assert client.get("/policy/cr-04/?on=2018-06-01")["Location"] == "/policy/CR-04?on=2018-06-01"

    def test_neighbours_and_references_are_linked(self, client: Client) -> None:
        response = client.get("/policy/CE-02")
        assert (response.context["before"], response.context["after"]) == ("CE-01", "CE-03")
        assert '<a href="/policy/CE-03">CE-03</a>' in response.text  # named in how it is read
        assert client.get("/policy/CE-01").context["before"] is None
        assert client.get("/policy/EMR-18").context["after"] is None
        assert client.get("/policy/CE-07").context["named_by"] == ["EMR-18"]

    def test_a_number_used_by_several_clauses_links_them(self, client: Client) -> None:
        for clause_id, others in {"CE-06": ("CE-07", "CERT-05"), "CE-07": ("CE-06", "CERT-05")}.items():
            (paths,) = [
                each
                for each in client.get(f"/policy/{clause_id}").context["clause"].parameters
                if each.name == "recert.paths"
            ]
            assert paths.others == others

    def test_all_dated_values_are_there_and_todays_is_marked(self, client: Client) -> None:
        (parameter,) = client.get("/policy/CAND-08").context["clause"].parameters
        assert [value.holds for value in parameter.values] == [True]
        (countries, _regions) = client.get("/policy/CAND-07").context["clause"].parameters
        assert [(value.since, value.holds) for value in countries.values] == [
            (date(2022, 3, 3), True),
            (date(2017, 6, 6), False),
        ]

    def test_provisional_values_are_marked_for_staff_and_not_called_official_to_others(
        self, client: Client, dan: User
    ) -> None:
        page = client.get("/policy/LIVE-05").text
        assert "to be confirmed by the board" in page
        assert "provisional" not in page
        client.force_login(dan)
        assert "provisional" in client.get("/policy/LIVE-05").text


def test_every_area_has_a_title() -> None:
    assert {area_of(clause) for clause in BOOK.clauses.values()} == set(AREAS)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ({"credits": 80}, "80 credits"),
        ({"exams": {"core": 1}}, "one core exam"),
        ({"exams": {"concentration": 3}}, "three concentration exams"),
        ({"exams": {"concentration": 1}, "credits": 40}, "40 credits and one concentration exam"),
        ({"exams": {"core": 1, "concentration": 1}}, "one core exam and one concentration exam"),
        ({"credits": 100, "fee": True}, "100 credits and the administrative fee"),
        (
            {"exams": {"expert_written": 4}, "credits": 1, "fee": True},
            "1 credit, four expert written exams and the administrative fee",
        ),
    ],
)
def test_a_path_in_words(path: dict[str, Any], text: str) -> None:
    with translation.override("en"):
        assert path_text(path) == text


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
    [
        ("claims.submit_within_days", "2020-02-24", [("", "90 days")]),
        ("claims.submit_within_days", "2020-02-23", [("", "no such rule")]),
        ("credits.validity_years", "2020-02-24", [("", "3 years")]),
        ("recert.admin_fee", "2018-01-01", [("Expert", "300 USD before tax")]),
        ("recert.admin_fee", "2020-02-24", [("", "none")]),
        ("lab.fee", "2020-02-24", [("fixed", "1,600 USD before tax")]),
        ("live.min_attendance", "2020-02-24", [("", "75 percent of the session")]),
        ("enrollment.eligible_statuses", "2020-02-24", [("", "Active, Emeritus")]),
        ("cert.active_months", "2020-02-24", [("Entry", "for life"), ("Associate", "36 months")]),
        ("recert.renewal_basis", "2018-01-01", [("Expert", "the new term starts when the running active period ends")]),
        ("claims.pending_at_expiry", "2018-01-01", [("", "is lost")]),
        ("live.credits", "2018-01-01", [("Technical breakout or DevNet workshop", "level 1000: 1 credit")]),
        ("tax.rates", "2018-01-01", [("BE", "21 percent")]),
        ("age.minimum_by_country", "2018-01-01", [("", "none")]),
        ("programme.starts_on", "2018-01-01", [("", "6 June 2017")]),
        ("cert.reminder_days", "2018-01-01", [("", "730 days, 365 days, 90 days, 60 days, 30 days")]),
        ("retake.unproctored_wait_hours", "2018-01-01", [("", "48 hours")]),
    ],
)
def test_a_value_in_words(name: str, asked: str, expected: list[tuple[str, str]]) -> None:
    with translation.override("en"):
        shown = lines(name, BOOK.on(date.fromisoformat(asked))[name].value)
    assert [(line.label, line.texts[0]) for line in shown][: len(expected)] == expected


def test_every_value_of_the_book_can_be_said() -> None:
    for series in BOOK.series.values():
        for _since, value in series.values:
            shown = lines(series.name, value)
            assert shown
            assert all(isinstance(line, Line) and line.texts and all(line.texts) for line in shown)
            assert "{" not in str([line.texts for line in shown]), series.name
