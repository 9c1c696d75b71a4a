"""A failed lab read once more, on the page of its booking. Brussels, 4 May 2026: the last day to ask is 18 May."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.scenarios.cards import CardDesk, standing_in
from exams import sweeps
from exams.models import Booking, Reread
from exams.services import rereads
from exams.services.results import publish_result
from payments.models import Order, Payment, Refund
from tests import factories
from tests.exams import lab_world as world
from tests.exams.test_exam_day import booked
from tests.factories import noon

pytestmark = pytest.mark.django_db

NOW = noon("2026-05-07")
LAST = datetime(2026, 5, 18, 21, 59, 59, tzinfo=UTC)  # 23:59:59 in Brussels


@pytest.fixture(autouse=True)
def cards(db: None) -> Iterator[CardDesk]:
    world.agreements()
    with clock.standing_at(NOW), standing_in() as desk:
        yield desk


@pytest.fixture
def failed(client: Client) -> Booking:
    """A lab that Aiko failed, and that could turn."""
    aiko = factories.CandidateFactory.create(
        login=True, name="Aiko Tanaka", country="JP", time_zone="Asia/Tokyo", email="aiko@example.org"
    )
    booking = booked(status="sat", candidate=aiko)
    publish_result(
        booking_id=booking.pk, result="fail", topics=["Perimeter"], publisher_id=None, now=noon("2026-05-06")
    )
    client.force_login(aiko.user)
    return Booking.objects.get(pk=booking.pk)


def address(booking: Booking, what: str = "") -> str:
    return f"/labs/bookings/{booking.pk}/{what}"


def page(client: Client, booking: Booking) -> str:
    return text_of(client.get(address(booking)))


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


class TestAsking:
    def test_it_says_until_when_and_what_it_costs_with_tax(
        self, client: Client, failed: Booking, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(34):
            text = page(client, failed)
        for words in (
            "until the end of 18 May 2026 at the site (in 11 days)",
            "On your clock that is before 19 May 2026, 07:00 (Asia/Tokyo).",
            "USD 1,000.00",
            "USD 210.00",
            "USD 1,210.00",
            "Last day to ask for a re-read",
            "<li>Perimeter</li>",
        ):
            assert words in text

    def test_asked_for_it_leads_to_the_card_page_and_a_second_press_to_the_same(
        self, client: Client, failed: Booking
    ) -> None:
        answers = [client.post(address(failed, "reread/"), {"now": "1"}) for _press in range(2)]
        payment = Payment.objects.get()
        assert [answer["Location"] for answer in answers] == [payment.page_url] * 2
        assert payment.amount_cents == 121000
        assert Reread.objects.get().status == "requested"

    def test_it_can_be_paid_later_and_is_given_up_unpaid(self, client: Client, failed: Booking) -> None:
        assert client.post(address(failed, "reread/"), {"later": "1"})["Location"] == address(failed)
        text = page(client, failed)
        assert "Asked for, and not paid yet" in text
        assert "Until 15 May 2026, 00:00 (Europe/Brussels) there is time for that" in text
        assert "Pay USD 1,210.00 by card" in text
        assert "Ask and pay" not in text
        assert 'name="shown_cents" value="121000"' in text
        stale = client.post(address(failed, "reread/pay/"), {"shown_cents": "120000"})
        assert (stale.status_code, Payment.objects.count()) == (409, 0)
        over = datetime(2026, 5, 14, 22, tzinfo=UTC)
        with clock.standing_at(over):
            assert "/policy/RRD-03" in client.post(address(failed, "reread/pay/")).text
            assert sweeps.lapse_rereads(now=over) == 1
            text = page(client, failed)
            assert "The re-read was not paid in time and is given up" in text
            assert "Ask and pay by card" in text  # while the time to ask lasts

    @pytest.mark.parametrize(
        ("_case", "moment", "changes", "clause"),
        [
            ("after the last day", LAST + timedelta(seconds=1), {}, "RRD-01"),
            ("a lab of a kind that is not read again", NOW, {"track__family": "ccde"}, "RRD-02"),
            ("a result that cannot turn", NOW, {"rereadable": False}, "RRD-05"),
        ],
    )
    def test_where_it_cannot_be_asked_for_it_says_why(
        self, client: Client, failed: Booking, _case: str, moment: datetime, changes: dict[str, Any], clause: str
    ) -> None:
        for field, value in changes.items():
            owner = failed.track if field.startswith("track__") else failed
            setattr(owner, field.removeprefix("track__"), value)
            owner.save()
        with clock.standing_at(moment):
            text = page(client, failed)
            assert f'data-clause="{clause}"' in text
            assert "Ask and pay" not in text
            refused = client.post(address(failed, "reread/"), {"now": "1"})
        assert refused.status_code == 409
        assert f"/policy/{clause}" in refused.text
        assert not Reread.objects.exists()

    def test_the_last_moment_of_the_last_day_is_in_time(self, client: Client, failed: Booking) -> None:
        with clock.standing_at(LAST):
            assert client.post(address(failed, "reread/"), {"later": "1"}).status_code == 302
        assert Reread.objects.exists()


def test_the_homes_say_until_when(client: Client, failed: Booking) -> None:
    labs, dashboard = text_of(client.get("/labs/")), text_of(client.get("/dashboard/"))
    assert "of 4 May 2026 can be read once more" in labs
    assert "You can ask for it until 18 May 2026 (in 11 days), for a fee." in labs
    assert "Last day to ask for a re-read:" in dashboard
    client.post(address(failed, "reread/"), {"later": "1"})
    assert "can be read once more" not in client.get("/labs/").text
    assert "Last day to pay for the re-read:" in text_of(client.get("/dashboard/"))


class TestPaying:
    def test_back_from_the_card_page_the_answer_is_awaited_and_then_said(
        self, client: Client, failed: Booking, cards: CardDesk
    ) -> None:
        client.post(address(failed, "reread/"), {"now": "1"})
        waits = client.get(address(failed, "reread/return/")).text
        assert "The card service has not confirmed the payment yet" in waits
        assert f'hx-get="{address(failed, "reread/return/")}?asked=1"' in waits
        cards.pay(Order.objects.get(purpose="reread"), now=NOW)
        text = text_of(client.get(address(failed, "reread/return/")))
        assert "Your lab is being read once more" in text
        assert "You are told the outcome by 28 May 2026." in text
        assert "Outcome of the re-read promised by" in text
        refused = client.post(address(failed, "reread/pay/"))
        assert refused.status_code == 409
        assert "/policy/PAY-04" in refused.text

    @pytest.mark.parametrize(
        ("result", "words", "refunds"),
        [("pass", "The result has turned to a pass", 1), ("fail", "The result stays a fail", 0)],
    )
    def test_the_outcome(
        self, client: Client, failed: Booking, cards: CardDesk, result: str, words: str, refunds: int
    ) -> None:
        client.post(address(failed, "reread/"), {"now": "1"})
        cards.pay(Order.objects.get(purpose="reread"), now=NOW)
        rereads.decide_reread(booking_id=failed.pk, result=result, staff_id=None, now=noon("2026-05-20"))
        assert words in page(client, failed)
        assert Refund.objects.count() == refunds


def test_a_pass_says_nothing_of_a_re_read(client: Client, failed: Booking) -> None:
    Booking.objects.filter(pk=failed.pk).update(status="passed")
    assert "Read once more" not in page(client, failed)


def test_those_of_others_are_not_there(client: Client, failed: Booking, alice: Candidate) -> None:
    rereads.request_reread(booking_id=failed.pk, now=NOW)
    client.force_login(alice.user)
    assert client.post(address(failed, "reread/"), {"now": "1"}).status_code == 404
    assert client.post(address(failed, "reread/pay/")).status_code == 404
    assert client.get(address(failed, "reread/return/")).status_code == 404
    assert not Payment.objects.exists()


def test_where_none_was_asked_for_there_is_nothing_to_pay(client: Client, failed: Booking) -> None:
    assert client.post(address(failed, "reread/pay/")).status_code == 404
    assert client.get(address(failed, "reread/return/")).status_code == 404
