"""Failed labs read once more. Exams in Brussels on 4 May 2026; the last day to ask is the eighteenth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from candidates.models import Certification
from ceportal.kernel.decisions import Refused
from ceportal.kernel.policy import BOOK
from exams import sweeps
from exams.models import Booking, Reread
from exams.services import rereads
from exams.services.attempts import correct_attempt
from exams.services.results import publish_result
from payments.models import Order, Refund
from payments.services import record_checkout
from tests.exams.lab_world import agreements, deliver, notices, open_page, pay_order, topics
from tests.exams.test_exam_day import booked
from tests.factories import day, noon
from tests.payments.conftest import session
from tests.story import refused_with

pytestmark = pytest.mark.django_db

ASKED = noon("2026-05-07")
DEADLINE = datetime(2026, 5, 14, 22, tzinfo=UTC)  # as 15 May begins in Brussels


@pytest.fixture
def failed(db: None) -> Booking:
    """A lab that was failed, and could turn."""
    agreements()
    booking = booked(status="sat")
    publish_result(booking_id=booking.pk, result="fail", publisher_id=None, now=noon("2026-05-06"))
    return Booking.objects.get(pk=booking.pk)


def ask(booking: Booking, *, now: datetime = ASKED) -> Reread:
    return rereads.request_reread(booking_id=booking.pk, now=now)


def paid(booking: Booking, *, at: datetime = ASKED) -> Reread:
    reread = ask(booking)
    assert reread.order is not None
    pay_order(reread.order, at)
    return Reread.objects.get(pk=reread.pk)


def decide(booking: Booking, result: str) -> Reread:
    return rereads.decide_reread(booking_id=booking.pk, result=result, staff_id=None, now=noon("2026-05-20"))


class TestAsking:
    def test_its_fee_is_asked_for_with_the_tax_of_the_site(self, failed: Booking) -> None:
        reread = ask(failed)
        assert reread.status == "requested"
        order = Order.objects.get(purpose="reread")
        assert reread.order == order
        assert (order.net_cents, order.tax_cents, order.candidate) == (100000, 21000, failed.candidate)
        assert (order.pay_before, order.pay_before_clause) == (DEADLINE, "RRD-03")
        assert order.lines.get().kind == "reread_fee"
        assert topics(failed.candidate)[-1] == "reread_requested"

    def test_the_second_time_is_refused(self, failed: Booking) -> None:
        ask(failed)
        with pytest.raises(Refused) as refusal:
            ask(failed)
        assert refused_with(refusal.value) == ("RRD-01",)
        assert (Reread.objects.count(), Order.objects.filter(purpose="reread").count()) == (1, 1)

    def test_the_last_day_ends_at_the_site(self, failed: Booking) -> None:
        over = datetime(2026, 5, 18, 22, tzinfo=UTC)
        with pytest.raises(Refused) as refusal:
            ask(failed, now=over)
        assert refused_with(refusal.value) == ("RRD-01",)
        assert not Reread.objects.exists()
        assert ask(failed, now=over - timedelta(microseconds=1)).status == "requested"

    def test_an_annulled_result_is_not_read_again(self, failed: Booking) -> None:
        correct_attempt(
            candidate_id=failed.candidate_id,
            exam_number=failed.exam.number,
            taken_on=day("2026-05-04"),
            result="annulled",
            reason="Misconduct.",
            now=ASKED,
        )
        with pytest.raises(Refused) as refusal:
            ask(failed)
        assert refused_with(refusal.value) == ("RRD-01",)


class TestPaying:
    def test_it_starts_on_settlement(self, failed: Booking) -> None:
        reread = paid(failed, at=noon("2026-05-08"))
        assert (reread.status, reread.due_on) == ("paid", day("2026-05-29"))
        assert topics(failed.candidate)[-1] == "reread_begun"
        deliver(noon("2026-05-08"))
        (message,) = notices(failed.candidate, "reread_begun")
        assert "told the outcome by 29 May 2026" in message

    def test_it_costs_what_it_costs_on_the_day_of_payment(self, failed: Booking) -> None:
        reread = ask(failed)
        assert reread.order is not None
        with BOOK.overlaid({"reread.fee": 1200}):
            rereads.price_at_payment(reread_id=reread.pk, order_id=reread.order.pk, now=ASKED)
        reread.order.refresh_from_db()
        assert reread.order.net_cents == 120000

    def test_what_is_not_paid_in_time_is_given_up(self, failed: Booking) -> None:
        reread = ask(failed)
        assert sweeps.lapse_rereads(now=DEADLINE - timedelta(microseconds=1)) == 0
        with pytest.raises(Refused) as refusal:  # before the sweep has seen it
            rereads.find_payable_order(reread_id=reread.pk, now=DEADLINE)
        assert refused_with(refusal.value) == ("RRD-03",)

        assert sweeps.lapse_rereads(now=DEADLINE) == 1
        assert sweeps.lapse_rereads(now=DEADLINE) == 0

        reread.refresh_from_db()
        assert (reread.status, reread.ended_at) == ("lapsed", DEADLINE)
        assert Order.objects.get(purpose="reread").status == "cancelled"
        deliver(DEADLINE)
        (message,) = notices(failed.candidate, "reread_lapsed")
        assert "You can ask for it again until 18 May 2026" in message

        second = ask(failed, now=DEADLINE)
        assert second.pk == reread.pk
        assert Order.objects.filter(purpose="reread", status="open").get() == second.order

    def test_what_is_corrected_meanwhile_is_not_read_again_rrd_01(self, failed: Booking) -> None:
        reread = ask(failed)
        assert reread.order is not None
        page = open_page(reread.order, ASKED)
        about = {"candidate_id": failed.candidate_id, "exam_number": failed.exam.number, "taken_on": day("2026-05-04")}
        correct_attempt(**about, result="pass", reason="A task was scored wrongly.", now=noon("2026-05-08"))
        assert Reread.objects.get().status == "lapsed"
        with pytest.raises(Refused) as refusal:
            rereads.find_payable_order(reread_id=reread.pk, now=noon("2026-05-08"))
        assert refused_with(refusal.value) == ("RRD-01", "RRD-03")
        # Whoever was on the card page has the money back.
        charged = session(charged_at=noon("2026-05-08"), amount_cents=121000)
        assert record_checkout(payment_id=page.pk, session=charged, now=noon("2026-05-08")).status == "surplus"
        assert Refund.objects.get().amount_cents == 121000

    def test_a_payment_of_the_last_moment_keeps_it(self, failed: Booking, monkeypatch: pytest.MonkeyPatch) -> None:
        """The card was charged in time, and the portal hears of it when the sweep asks."""
        reread = ask(failed)
        assert reread.order is not None
        page = open_page(reread.order, DEADLINE - timedelta(minutes=5))
        answer = session(charged_at=DEADLINE - timedelta(seconds=1), amount_cents=page.amount_cents)
        monkeypatch.setattr("payments.gateway.fetch_checkout", lambda _id: answer)

        assert sweeps.lapse_rereads(now=DEADLINE + timedelta(minutes=1)) == 0

        reread.refresh_from_db()
        assert reread.status == "paid"


class TestTheOutcome:
    def test_a_pass_corrects_the_result_and_brings_the_fee_back(self, failed: Booking) -> None:
        """The fee and its tax, once (RRD-04)."""
        paid(failed)
        reread = decide(failed, "pass")
        failed.refresh_from_db()
        assert (reread.status, failed.status) == ("turned", "passed")
        assert failed.attempt is not None
        assert (failed.attempt.result, failed.attempt.taken_on) == ("pass", day("2026-05-04"))
        assert Certification.objects.get().first_certified_on == day("2026-05-04")
        assert Refund.objects.get().amount_cents == 121000
        assert topics(failed.candidate)[-3:] == ["attempt_corrected", "booking_corrected", "reread_decided"]
        decide(failed, "pass")
        assert Refund.objects.count() == 1
        with pytest.raises(Refused) as refusal:
            decide(failed, "fail")
        assert refused_with(refusal.value) == ("RRD-03",)

    def test_a_fail_changes_nothing(self, failed: Booking) -> None:
        paid(failed)
        before = failed.attempt_id
        reread = decide(failed, "fail")
        failed.refresh_from_db()
        assert (reread.status, failed.status, failed.attempt_id) == ("unchanged", "failed", before)
        assert not Refund.objects.exists()
        deliver(noon("2026-05-20"))
        (message,) = notices(failed.candidate, "reread_decided")
        assert "stays a fail" in message

    @pytest.mark.parametrize("asked", [False, True])
    def test_not_before_it_is_paid(self, asked: bool, failed: Booking) -> None:
        if asked:
            ask(failed)
        with pytest.raises(Refused) as refusal:
            decide(failed, "pass")
        assert refused_with(refusal.value) == ("RRD-03",)
        failed.refresh_from_db()
        assert failed.status == "failed"
        assert "attempt_corrected" not in topics(failed.candidate)

    def test_what_was_annulled_meanwhile_does_not_come_back(self, failed: Booking) -> None:
        paid(failed)
        correct_attempt(
            candidate_id=failed.candidate_id,
            exam_number=failed.exam.number,
            taken_on=day("2026-05-04"),
            result="annulled",
            reason="Misconduct.",
            now=ASKED,
        )
        with pytest.raises(Refused) as refusal:
            decide(failed, "pass")
        assert refused_with(refusal.value) == ("EXAM-09",)
        assert decide(failed, "fail").status == "unchanged"
