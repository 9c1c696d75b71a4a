"""Candidates ask on their pages to be told when a seat opens, take or decline the one they are offered (LAB-15)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.scenarios.cards import CardDesk, standing_in
from exams import sweeps
from exams.models import Attempt, Booking, Exam, WaitingWish
from exams.services import bookings, waiting
from payments.models import Payment
from tests.exams import lab_world as world
from tests.exams.test_bookings import bar
from tests.factories import day, noon

pytestmark = pytest.mark.django_db

NOW = noon("2026-02-10")
ASK = "/labs/waiting/new/"
TYPED = {
    "track": "ccie-security",
    "sites": ["brussels", "mobile-nairobi"],
    "first_day": "2026-05-01",
    "last_day": "2026-05-08",
    "kit": "mobile_kit",
}
ACCEPTED = {"accept": "on", "agreement_version": "1.0", "recording_version": "1.0"}


@pytest.fixture(autouse=True)
def places(db: None) -> Iterator[CardDesk]:
    """One seat in Brussels on 4 May 2026; Nairobi opens none. It is noon on 10 February."""
    world.agreements()
    world.lab()
    world.open_day("brussels", seats=1)
    world.site_of("mobile-nairobi")
    with clock.standing_at(NOW), standing_in() as desk:
        yield desk


@pytest.fixture
def taken() -> Booking:
    return world.book(world.somebody())


@pytest.fixture
def aiko(client: Client) -> Candidate:
    """A candidate in Tokyo, signed in, who may book the security lab."""
    aiko = world.somebody(
        login=True, name="Aiko Tanaka", country="JP", time_zone="Asia/Tokyo", email="aiko@example.org"
    )
    client.force_login(aiko.user)
    return aiko


@pytest.fixture
def offered(taken: Booking, aiko: Candidate) -> WaitingWish:
    """The seat in Brussels, given back and offered to Aiko until 14:00 UTC."""
    wish = wait(aiko)
    bookings.drop_booking(booking_id=taken.pk, now=NOW)
    world.deliver(NOW)
    wish.refresh_from_db()
    assert wish.status == "offered"
    return wish


def wait(candidate: Candidate, *, now: datetime = NOW) -> WaitingWish:
    return waiting.ask_for_seat(
        candidate_id=candidate.pk,
        track_code="ccie-security",
        site_codes=["brussels"],
        first_day=day("2026-05-01"),
        last_day=day("2026-05-08"),
        now=now,
    )


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


class TestAsking:
    def test_what_is_full_leads_to_the_form_filled_in(self, client: Client, taken: Booking, aiko: Candidate) -> None:
        link = "/labs/waiting/new/?track=ccie-security&amp;site=brussels&amp;day=2026-05-04"
        assert link in client.get("/labs/?month=2026-05").text
        assert link in client.get("/labs/book/ccie-security/brussels/2026-05-04/").text
        page = text_of(client.get(link.replace("&amp;", "&")))
        assert 'value="brussels" id="id_sites_0" checked' in page.replace('aria-describedby="id_sites_helptext" ', "")
        assert page.count('value="2026-05-04"') == 2

    def test_it_is_kept_and_a_second_press_finds_the_same(self, client: Client, aiko: Candidate) -> None:
        answers = [client.post(ASK, TYPED) for _press in range(2)]
        wish = WaitingWish.objects.get()
        assert [answer["Location"] for answer in answers] == [f"/labs/waiting/{wish.pk}/"] * 2
        assert (wish.kit, sorted(site.code for site in wish.sites.all())) == ("mobile_kit", TYPED["sites"])
        page = text_of(client.get(f"/labs/waiting/{wish.pk}/"))
        assert "You are on the waiting list" in page
        assert "a seat is kept for you for 2 hours, and you are told at aiko@example.org" in page
        assert "10 February 2026, 21:00" in page  # asked, by her clock

    @pytest.mark.parametrize(
        ("_case", "changes", "status", "words"),
        [
            ("no site", {"sites": []}, 422, "Choose one site at least (LAB-15)."),
            ("no day", {"last_day": "soon"}, 422, "This is not a day."),
            ("days out of order", {"last_day": "2026-04-30"}, 409, "/policy/LAB-15"),
            ("days that are over", {"first_day": "2026-02-01", "last_day": "2026-02-10"}, 409, "/policy/LAB-15"),
        ],
    )
    def test_refused_it_keeps_what_was_typed(
        self, client: Client, aiko: Candidate, _case: str, changes: dict[str, Any], status: int, words: str
    ) -> None:
        answer = client.post(ASK, TYPED | changes)
        assert answer.status_code == status
        assert words in answer.text
        assert 'value="mobile_kit" id="id_kit_1" checked' in answer.text
        assert f'value="{(TYPED | changes)["first_day"]}"' in answer.text
        assert not WaitingWish.objects.exists()

    def test_who_may_not_book_sees_why_before_and_after(self, client: Client) -> None:
        stranger = world.somebody(passed_on=None, login=True)
        client.force_login(stranger.user)
        assert 'data-clause="LAB-03"' in client.get(ASK).text
        refused = client.post(ASK, TYPED)
        assert refused.status_code == 409
        assert "/policy/LAB-03" in refused.text
        assert not WaitingWish.objects.exists()

    def test_who_must_wait_reads_from_which_day_on(self, client: Client, aiko: Candidate) -> None:
        lab = Exam.objects.get(earns__code="ccie-security")
        Attempt.objects.create(
            candidate=aiko, exam=lab, taken_on=day("2026-02-06"), result="fail", recorded_at=noon("2026-02-07")
        )
        assert ", from 9 March 2026 on" in text_of(client.get(ASK))
        assert "Nothing from 9 March 2026 on" in text_of(client.get("/labs/"))

    def test_another_wish_in_the_track_is_refused(self, client: Client, aiko: Candidate) -> None:
        wait(aiko)
        refused = client.post(ASK, TYPED)
        assert refused.status_code == 409
        assert "You wait for a seat in this track already. Take back that wish first." in text_of(refused)
        assert WaitingWish.objects.count() == 1


class TestTheOffer:
    def test_it_counts_down_by_both_clocks_and_says_all_that_booking_says(
        self, client: Client, offered: WaitingWish, aiko: Candidate, django_assert_max_num_queries: Any
    ) -> None:
        with clock.standing_at(NOW + timedelta(minutes=16, seconds=30)), django_assert_max_num_queries(42):
            page = text_of(client.get(f"/labs/waiting/{offered.pk}/"))
        for words in (
            "The seat is kept for you for 1 hour and 44 minutes more",
            "Until 10 February 2026, 15:00 (Europe/Brussels); on your clock 10 February 2026, 23:00 (Asia/Tokyo).",
            "4 May 2026, 08:30",
            "USD 1,936.00",
            "until the end of 4 April 2026 at the site",
            "Take it and pay later",
            "Let the seat go",
        ):
            assert words in page
        assert "A seat is kept for you:" in client.get("/dashboard/").text
        home = text_of(client.get("/labs/"))
        assert f"/labs/waiting/{offered.pk}/" in home
        assert f"/labs/bookings/{offered.offer_id}/" not in home
        (told,) = world.notices(aiko, "seat_offered")
        assert f"/labs/waiting/{offered.pk}/" in told
        # The address of older messages, and of the seat, leads to the same page.
        assert client.get(f"/labs/bookings/{offered.offer_id}/")["Location"] == f"/labs/waiting/{offered.pk}/"

    def test_taken_it_is_a_booking_and_a_second_press_finds_it(
        self, client: Client, offered: WaitingWish, aiko: Candidate
    ) -> None:
        accept = f"/labs/waiting/{offered.pk}/accept/"
        unread = client.post(accept, {"later": "1"})
        assert unread.status_code == 422
        assert "A booking is complete only when they are accepted (LAB-02)." in unread.text
        assert (
            client.post(accept, ACCEPTED | {"agreement_version": "0.9"})["Location"] == f"/labs/waiting/{offered.pk}/"
        )
        booking = Booking.objects.get(pk=offered.offer_id)
        assert booking.is_offer
        answers = [client.post(accept, ACCEPTED | {"later": "1"}) for _press in range(2)]
        assert [answer["Location"] for answer in answers] == [f"/labs/bookings/{booking.pk}/"] * 2
        assert world.status_of(booking) == "reserved"
        assert aiko.acceptances.count() == 2
        assert world.topics(aiko).count("seat_booked") == 1
        assert "The seat was taken" in client.get("/labs/waiting/").text

    def test_taken_with_now_it_leads_to_the_card_page(self, client: Client, offered: WaitingWish) -> None:
        answer = client.post(f"/labs/waiting/{offered.pk}/accept/", ACCEPTED | {"now": "1"})
        assert answer["Location"] == Payment.objects.get().page_url

    def test_let_go_it_is_the_next_ones(self, client: Client, taken: Booking, aiko: Candidate) -> None:
        wish, other = wait(aiko), wait(world.somebody(), now=NOW + timedelta(minutes=1))
        bookings.drop_booking(booking_id=taken.pk, now=NOW)
        world.deliver(NOW)
        for _press in range(2):
            assert client.post(f"/labs/waiting/{wish.pk}/withdraw/")["Location"] == "/labs/waiting/"
        world.deliver(NOW)
        wish.refresh_from_db(), other.refresh_from_db()
        assert (wish.status, wish.ending, other.status) == ("ended", "declined", "offered")
        assert world.topics(aiko).count("wish_ended") == 1
        assert "The offered seat was let go" in client.get("/labs/waiting/").text

    def test_too_late_it_says_so_before_and_after_the_sweep(self, client: Client, offered: WaitingWish) -> None:
        with clock.standing_at(NOW + timedelta(hours=2)):
            page = client.get(f"/labs/waiting/{offered.pk}/").text
            assert "The seat is no longer kept for you" in page
            assert "/accept/" not in page
            refused = client.post(f"/labs/waiting/{offered.pk}/accept/", ACCEPTED)
            assert refused.status_code == 409
            assert "/policy/LAB-15" in refused.text
            assert sweeps.release_held(now=clock.now()) == 1
            page = client.get(f"/labs/waiting/{offered.pk}/").text
            assert "The offered seat was not taken in time" in page
            assert "/labs/waiting/new/?track=ccie-security&amp;site=brussels" in page

    def test_one_who_is_barred_meanwhile_sees_why_and_no_button(
        self, client: Client, offered: WaitingWish, aiko: Candidate
    ) -> None:
        bar(aiko)
        page = client.get(f"/labs/waiting/{offered.pk}/").text
        assert 'data-clause="CAND-02"' in page
        assert "/accept/" not in page
        assert client.post(f"/labs/waiting/{offered.pk}/accept/", ACCEPTED).status_code == 409
        assert Booking.objects.get(pk=offered.offer_id).is_offer


class TestTheList:
    def test_it_says_what_became_of_each_in_few_queries(
        self, client: Client, aiko: Candidate, django_assert_max_num_queries: Any
    ) -> None:
        for minute in range(4):
            wish = wait(aiko, now=NOW + timedelta(minutes=minute))
            client.post(f"/labs/waiting/{wish.pk}/withdraw/")
        waiting.end_wish(wish_id=wait(aiko).pk, now=noon("2026-05-08"))
        wait(aiko)
        with django_assert_max_num_queries(14):
            page = text_of(client.get("/labs/waiting/"))
        assert page.count("Taken back") == 4
        assert page.count("Its days are over") == 1
        assert page.count("card-status is-pending") == 1
        world.book(aiko)
        assert "Another seat was booked" in client.get("/labs/waiting/").text

    def test_who_waits_for_nothing_is_told_what_to_do(self, client: Client, aiko: Candidate) -> None:
        page = client.get("/labs/waiting/").text
        assert "You wait for no seat" in page
        assert 'href="/labs/waiting/new/"' in page


def test_wishes_of_others_are_not_there(client: Client, offered: WaitingWish, alice: Candidate) -> None:
    client.force_login(alice.user)
    own = f"/labs/waiting/{offered.pk}/"
    assert client.get(own).status_code == 404
    assert client.post(f"{own}accept/", ACCEPTED).status_code == 404
    assert client.post(f"{own}withdraw/").status_code == 404
    offered.refresh_from_db()
    assert offered.status == "offered"
    assert "CCIE" not in client.get("/labs/waiting/").text
    client.logout()
    for path in ("/labs/waiting/", ASK, own):
        assert client.get(path)["Location"].startswith("/accounts/login/")
