"""Bookings are changed as one quoted change: the new seat kept while it is paid, then all at once or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from candidates.models import Candidate
from ceportal.kernel.decisions import Refused
from ceportal.scenarios.cards import CardDesk, standing_in
from exams import booking_queries as queries
from exams import sweeps
from exams.models import Booking, Remedy, Reschedule, SitePrice
from exams.services import bookings, rescheduling, sittings
from exams.services.states import lock_booking, move_to
from payments.models import Order, Payment, Refund
from payments.services import follow_payment, issue_invoice
from tests.exams import lab_world as world
from tests.exams.test_booking_payments import paid
from tests.exams.test_bookings import bar
from tests.factories import day, noon
from tests.story import refused_with

pytestmark = pytest.mark.django_db

NOW = noon("2026-03-01")
LATE = noon("2026-04-05")  # twenty-nine days ahead
INSTANT = timedelta(microseconds=1)
RETURN = {"success_url": "http://testserver/", "cancel_url": "http://testserver/"}


@pytest.fixture(autouse=True)
def places(db: None) -> None:
    """Labs on 4 May 2026 in Brussels and Richardson, on 1 June in both and in Tokyo and Nairobi."""
    world.agreements()
    world.lab()
    for code in ("brussels", "richardson"):
        world.open_day(code)
    for code in world.SITES:
        world.open_day(code, "2026-06-01")


@pytest.fixture(autouse=True)
def cards() -> Iterator[CardDesk]:
    with standing_in() as desk:
        yield desk


@pytest.fixture
def aiko() -> Candidate:
    return world.somebody()


@pytest.fixture
def booking(aiko: Candidate) -> Booking:
    """Paid by card, in Brussels on 4 May."""
    booking = world.book(aiko)
    world.pay(booking, noon("2026-02-03"))
    return queries.booking_with_place(booking.pk)


@pytest.fixture
def by_voucher(aiko: Candidate) -> Booking:
    """Paid by a voucher that is valid until the end of March, the tax by card, in Brussels on 4 May."""
    booking = world.book(aiko, voucher_code=world.voucher_of(aiko, "2026-03-31").code)
    world.pay(booking, noon("2026-02-03"))
    return queries.booking_with_place(booking.pk)


def quote(booking: Booking, site: str = "tokyo", on: str = "2026-06-01", **changes: Any) -> Reschedule:
    arguments = {"booking_id": booking.pk, "site_code": site, "day": day(on), "now": NOW}
    return rescheduling.quote_reschedule(**arguments | changes)


def confirm(change: Reschedule, now: datetime = NOW) -> Reschedule:
    return rescheduling.confirm_reschedule(reschedule_id=change.pk, now=now)


def change_and_pay(booking: Booking, now: datetime = NOW, **changes: Any) -> Reschedule:
    """Quote, confirm, and pay what is asked."""
    change = confirm(quote(booking, now=now, **changes), now)
    if change.order is not None and change.order.status == Order.Status.OPEN:
        world.pay_order(change.order, now)
    change.refresh_from_db()
    return change


def standing(change: Reschedule) -> tuple[str, str, str]:
    return change.status, world.status_of(change.old), world.status_of(change.new)


def free(site: str, on: str) -> int:
    return queries.free_seats(world.site_of(site).sittings.get(day=day(on)).pk).count()


class TestTheQuote:
    def test_it_is_kept_line_by_line_and_keeps_the_seat(self, aiko: Candidate, booking: Booking) -> None:
        change = quote(booking)
        assert (change.status, change.charge_cents, change.refund_cents) == ("quoted", 176000, 193600)
        assert [(line["what"], line["effect"], line["cents"]) for line in change.quote] == [
            ("old_fee", "refunded", 160000),
            ("old_tax", "refunded", 33600),
            ("new_fee", "charged", 160000),
            ("new_tax", "charged", 16000),
        ]
        assert {each["clause"] for each in change.decision} >= {"RSCH-01", "RSCH-03", "RSCH-07", "LAB-03", "LAB-15"}
        new = change.new
        assert (new.status, new.held_for, new.held_until) == ("held", "reschedule", NOW + timedelta(minutes=30))
        assert free("tokyo", "2026-06-01") == 3 and free("brussels", "2026-05-04") == 3
        assert world.status_of(booking) == "paid" and Order.objects.count() == 1
        assert world.topics(aiko)[-1] == "reschedule_quoted"

    def test_invoiced_it_can_still_be_changed_lab_11(self, booking: Booking) -> None:
        assert booking.order is not None
        issue_invoice(order_id=booking.order.pk, now=noon("2026-02-10"))
        assert quote(booking).status == "quoted"

    def test_another_takes_its_place(self, booking: Booking) -> None:
        first, second = quote(booking), quote(booking, "richardson")
        assert standing(Reschedule.objects.get(pk=first.pk)) == ("withdrawn", "paid", "released")
        assert second.charge_cents == 160000 and free("tokyo", "2026-06-01") == 4

    def test_late_it_says_the_fee(self, booking: Booking) -> None:
        change = quote(booking, now=LATE)
        assert [(line["what"], line["cents"]) for line in change.quote][-2:] == [
            ("late_fee", 50000),
            ("late_tax", 5000),
        ]
        assert change.charge_cents == 231000

    @pytest.mark.parametrize(
        ("_case", "site", "last", "then"),
        [
            ("the last free day", "brussels", "2026-04-04T21:59:59", "2026-04-04T22:00:00"),
            ("the last free day", "richardson", "2026-04-05T04:59:59", "2026-04-05T05:00:00"),
        ],
    )
    def test_days_are_those_of_the_site_left(
        self, aiko: Candidate, _case: str, site: str, last: str, then: str
    ) -> None:
        """RSCH-01 by the clock of the booking being left, wherever the new one is."""
        booking = world.book(aiko, site)
        world.pay(booking, noon("2026-02-03"))
        before, at = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (last, then))
        change = quote(booking, now=before)
        assert (change.charge_cents, change.new.held_until) == (176000, at)  # it would be another quote from then on
        assert quote(booking, now=at).charge_cents == 231000

    def test_the_last_moment_to_change_rsch_03(self, booking: Booking) -> None:
        over = datetime(2026, 4, 30, 22, tzinfo=UTC)  # 1 May begins in Brussels
        change = quote(booking, now=over - timedelta(minutes=10))
        assert change.new.held_until == over
        with pytest.raises(Refused) as refused:
            quote(booking, now=over)
        assert refused_with(refused.value) == ("RSCH-03",)

    def test_the_choice_of_equipment_goes_along_lab_17(self, aiko: Candidate) -> None:
        world.open_day("mobile-nairobi", "2026-05-04")
        booking = world.book(aiko, "mobile-nairobi", kit="mobile_kit")
        world.pay(booking, noon("2026-02-03"))
        assert quote(booking, "mobile-nairobi").new.kit == "mobile_kit"
        assert quote(booking, "mobile-nairobi", kit="mobile_byod").charge_cents == 160000
        assert quote(booking, "tokyo").new.kit == "fixed"

    @pytest.mark.parametrize(
        ("_case", "changes", "clause"),
        [
            ("no seat that day", {"on": "2026-06-05"}, "LAB-15"),
            ("the same place", {"site": "brussels", "on": "2026-05-04"}, "RSCH-01"),
            (
                "a day that is past there",
                {"site": "richardson", "on": "2026-05-04", "now": noon("2026-05-04")},
                "LAB-06",
            ),
        ],
    )
    def test_refused_nothing_is_kept(
        self, aiko: Candidate, booking: Booking, _case: str, changes: dict[str, Any], clause: str
    ) -> None:
        before = quote(booking)
        with pytest.raises(Refused) as refused:
            quote(booking, **changes)
        assert clause in refused_with(refused.value)
        assert standing(Reschedule.objects.get()) == ("quoted", "paid", "held")  # what was quoted before stays
        assert Reschedule.objects.get() == before and world.topics(aiko).count("reschedule_quoted") == 1

    def test_an_unpaid_one_is_dropped_instead_rsch_07(self, aiko: Candidate) -> None:
        with pytest.raises(Refused) as refused:
            quote(world.book(aiko))
        assert refused_with(refused.value) == ("RSCH-07",)

    def test_the_written_pass_must_count_on_the_new_day_lab_03(self) -> None:
        candidate = world.somebody(passed_on="2023-05-05")
        booking = world.book(candidate)
        world.pay(booking, noon("2026-02-03"))
        with pytest.raises(Refused) as refused:
            quote(booking)
        assert refused_with(refused.value) == ("LAB-03",)

    def test_a_sanction_bars_cand_02(self, aiko: Candidate, booking: Booking) -> None:
        change = quote(booking)
        bar(aiko)
        with pytest.raises(Refused) as refused:
            confirm(change)
        assert refused_with(refused.value) == ("CAND-02",)
        with pytest.raises(Refused) as refused:
            quote(booking)
        assert refused_with(refused.value) == ("CAND-02",)
        assert world.status_of(booking) == "paid"

    def test_a_no_show_elsewhere_does_not_hinder_lab_13(self, aiko: Candidate, booking: Booking) -> None:
        missed = world.book(aiko, "richardson", track_code=world.lab("ccie-wireless").earns.code)  # type: ignore[union-attr]
        world.pay(missed, noon("2026-02-03"))
        missed.refresh_from_db()
        move_to(missed, "no_show", now=noon("2026-05-04"))
        Booking.objects.filter(pk=missed.pk).update(seat=world.open_day("richardson", "2026-02-24").seats.first())
        assert quote(booking).status == "quoted"


class TestMakingIt:
    def test_charged_then_given_back_in_one_go_rsch_04(self, aiko: Candidate, booking: Booking) -> None:
        change = confirm(quote(booking))
        assert standing(change) == ("quoted", "paid", "held")
        assert change.order is not None and change.order.total_cents == 176000
        world.pay_order(change.order, NOW)
        change.refresh_from_db()
        assert standing(change) == ("committed", "rescheduled", "paid")
        new = Booking.objects.get(pk=change.new_id)
        assert (new.order, new.held_until) == (change.order, None)
        refund = Refund.objects.get()
        assert (refund.payment.order, refund.amount_cents) == (booking.order, 193600)
        assert refund.payment.paid_at and refund.requested_at >= refund.payment.paid_at
        assert free("brussels", "2026-05-04") == 4 and free("tokyo", "2026-06-01") == 3
        assert world.topics(aiko)[-2:] == ["booking_rescheduled", "booking_paid"]
        world.deliver(NOW)
        confirmed = world.notices(aiko, "booking_confirmed")
        assert len(confirmed) == 2 and "Asia/Tokyo" in confirmed[-1] and "4 May 2026" in confirmed[-1]

    def test_late_with_the_tax_of_the_new_site_on_the_fee_rsch_02(self, booking: Booking) -> None:
        change = change_and_pay(booking, LATE)
        assert change.order is not None
        assert [(line.kind, line.net_cents, line.tax_country, line.tax_cents) for line in change.order.lines.all()] == [
            ("lab_fee", 160000, "JP", 16000),
            ("reschedule_fee", 50000, "JP", 5000),
        ]
        assert Refund.objects.get().amount_cents == 193600

    def test_the_fee_of_an_earlier_change_never_comes_back_rsch_02(self, booking: Booking) -> None:
        first = change_and_pay(booking, LATE)
        world.deliver(LATE)
        second = change_and_pay(first.new, noon("2026-04-06"), site="richardson")
        assert standing(second) == ("committed", "rescheduled", "paid")
        given_back = Refund.objects.order_by("id").values_list("amount_cents", flat=True)
        assert list(given_back) == [193600, 176000]  # of the 2310 only the seat and its tax

    def test_confirmed_and_made_twice_it_is_once(self, aiko: Candidate, booking: Booking) -> None:
        change = confirm(confirm(quote(booking)))
        assert Order.objects.filter(purpose="lab_reschedule").count() == 1
        assert change.order is not None
        world.pay_order(change.order, NOW)
        assert confirm(change).status == "committed"
        assert world.topics(aiko).count("booking_rescheduled") == 1

    def test_a_declined_card_leaves_all_as_it_was(self, booking: Booking, cards: CardDesk) -> None:
        change = confirm(quote(booking))
        assert change.order is not None
        with pytest.raises(Refused) as refused:
            cards.decline(change.order, clause="LAB-09", now=NOW)
        assert refused_with(refused.value) == ("LAB-09", "PAY-05")
        assert standing(change) == ("quoted", "paid", "held")
        # The card can be tried again while the seat is kept.
        cards.pay(change.order, now=NOW + timedelta(minutes=29))
        change.refresh_from_db()
        assert standing(change) == ("committed", "rescheduled", "paid")

    def test_nothing_to_charge_it_is_made_at_once(self, aiko: Candidate) -> None:
        voucher = world.voucher_of(aiko)
        booking = world.book(aiko, "richardson", voucher_code=voucher.code)
        change = quote(booking, "mobile-nairobi")
        assert (change.charge_cents, change.refund_cents) == (0, 0) and standing(change)[0] == "quoted"
        change = confirm(change)
        assert standing(change) == ("committed", "rescheduled", "paid")
        voucher.refresh_from_db()
        assert (voucher.status, voucher.order) == ("redeemed", change.order)
        assert not Payment.objects.exists() and not Refund.objects.exists()

    def test_a_price_that_changed_since_is_quoted_anew_lab_04(self, booking: Booking, cards: CardDesk) -> None:
        change = quote(booking, now=datetime(2026, 3, 1, 23, 50, tzinfo=UTC))
        SitePrice.objects.create(site=world.site_of("tokyo"), since=day("2026-03-02"), net_cents=170000)
        with pytest.raises(Refused) as refused:
            confirm(change, datetime(2026, 3, 2, 0, 5, tzinfo=UTC))
        assert refused_with(refused.value) == ("LAB-04",)
        change = confirm(change, datetime(2026, 3, 1, 23, 59, tzinfo=UTC))
        with pytest.raises(Refused) as refused:
            rescheduling.start_reschedule_payment(
                reschedule_id=change.pk, now=datetime(2026, 3, 2, 0, 5, tzinfo=UTC), **RETURN
            )
        assert refused_with(refused.value) == ("LAB-04",)
        assert not cards.pages and standing(change) == ("quoted", "paid", "held")


class TestVouchers:
    def test_it_moves_along_rsch_05(self, aiko: Candidate, by_voucher: Booking) -> None:
        voucher = aiko.vouchers.get()
        change = confirm(quote(by_voucher))
        assert change.voucher == voucher and change.charge_cents == 16000
        voucher.refresh_from_db()
        assert voucher.order == by_voucher.order  # until it is made, the old booking is as it was
        assert change.order is not None
        world.pay_order(change.order, NOW)
        voucher.refresh_from_db()
        assert (voucher.status, voucher.order) == ("redeemed", change.order)
        assert Refund.objects.get().amount_cents == 33600
        assert world.forfeited() == 0

    def test_one_that_has_expired_does_not_rsch_06(self, by_voucher: Booking) -> None:
        with pytest.raises(Refused) as refused:
            quote(by_voucher, now=noon("2026-04-01"))
        assert refused_with(refused.value) == ("RSCH-06",)
        change = change_and_pay(by_voucher, noon("2026-04-01"), instead_by_card=True)
        assert standing(change) == ("committed", "rescheduled", "paid")
        assert (change.charge_cents, change.refund_cents) == (176000, 33600)
        assert Refund.objects.get().amount_cents == 33600
        assert world.forfeited() == 160000

    def test_another_one_instead(self, aiko: Candidate, by_voucher: Booking) -> None:
        other = world.voucher_of(aiko)
        change = confirm(quote(by_voucher, now=noon("2026-04-01"), voucher_code=other.code), noon("2026-04-01"))
        other.refresh_from_db()
        assert (other.status, change.charge_cents) == ("reserved", 16000)
        rescheduling.withdraw_reschedule(reschedule_id=change.pk, now=noon("2026-04-01"))
        other.refresh_from_db()
        assert (other.status, other.order) == ("unused", None)
        change_and_pay(by_voucher, noon("2026-04-01"), voucher_code=other.code)
        other.refresh_from_db()
        assert other.status == "redeemed"

    def test_one_in_place_of_the_card(self, aiko: Candidate, booking: Booking) -> None:
        change = change_and_pay(booking, voucher_code=world.voucher_of(aiko).code)
        assert (change.charge_cents, change.refund_cents) == (16000, 193600)
        assert aiko.vouchers.get().status == "redeemed"

    def test_one_that_has_paid_for_another_booking_since_is_not_taken_from_it_vch_03(
        self, aiko: Candidate, booking: Booking
    ) -> None:
        """Quoted with a voucher, which then pays for a seat in another track before the change is confirmed."""
        world.lab("ccie-enterprise", opened_by="350-701")
        world.open_day("richardson", "2026-07-06")
        voucher = world.voucher_of(aiko)
        change = quote(booking, voucher_code=voucher.code)
        other = world.book(
            aiko, "richardson", "2026-07-06", track_code="ccie-enterprise", voucher_code=voucher.code, now=NOW
        )
        with pytest.raises(Refused) as refused:
            confirm(change)
        assert refused_with(refused.value) == ("VCH-03",)
        assert standing(change) == ("quoted", "paid", "held")
        voucher.refresh_from_db()
        assert (voucher.order, voucher.moving_to, world.status_of(other)) == (other.order, None, "paid")

    def test_its_own_code_is_no_other(self, aiko: Candidate, by_voucher: Booking) -> None:
        assert quote(by_voucher, voucher_code=aiko.vouchers.get().code.lower()).charge_cents == 16000
        with pytest.raises(Refused) as refused:
            quote(by_voucher, voucher_code=world.voucher_of(aiko).code)
        assert refused_with(refused.value) == ("LAB-10",)

    def test_somebody_elses_is_none_vch_01(self, booking: Booking) -> None:
        with pytest.raises(Refused) as refused:
            quote(booking, voucher_code=world.voucher_of(world.somebody()).code)
        assert refused_with(refused.value) == ("VCH-01",)


class TestLettingGo:
    def test_after_thirty_minutes_all_is_as_it_was(self, aiko: Candidate, by_voucher: Booking) -> None:
        change = confirm(quote(by_voucher))
        over = NOW + timedelta(minutes=30)
        assert sweeps.release_held(now=over - INSTANT) == 0
        assert sweeps.release_held(now=over) == 1
        assert sweeps.release_held(now=over) == 0
        change.refresh_from_db()
        assert standing(change) == ("lapsed", "paid", "released")
        assert change.order is not None and change.order.status == "cancelled"
        voucher = aiko.vouchers.get()
        assert (voucher.status, voucher.order, voucher.moving_to) == ("redeemed", by_voucher.order, None)
        assert free("tokyo", "2026-06-01") == 4 and not Refund.objects.exists()
        with pytest.raises(Refused) as refused:
            confirm(change, over)
        assert refused_with(refused.value) == ("RSCH-04",)

    def test_who_pays_in_the_last_second_has_it(self, booking: Booking, cards: CardDesk) -> None:
        change = quote(booking)
        payment = rescheduling.start_reschedule_payment(reschedule_id=change.pk, now=NOW, **RETURN)
        paid(cards, payment, at=NOW + timedelta(minutes=30) - INSTANT)
        assert sweeps.release_held(now=NOW + timedelta(minutes=31)) == 0
        change.refresh_from_db()
        assert standing(change) == ("committed", "rescheduled", "paid")

    def test_what_is_paid_later_goes_back_by_itself(self, booking: Booking, cards: CardDesk) -> None:
        change = quote(booking)
        payment = rescheduling.start_reschedule_payment(reschedule_id=change.pk, now=NOW, **RETURN)
        sweeps.release_held(now=NOW + timedelta(minutes=30))
        paid(cards, payment, at=NOW + timedelta(minutes=30, seconds=20))
        follow_payment(payment_id=payment.pk, now=NOW + timedelta(minutes=31))
        world.deliver(NOW + timedelta(minutes=31))
        change.refresh_from_db()
        assert standing(change) == ("lapsed", "paid", "released")
        refund = Refund.objects.get()
        assert (refund.status, refund.amount_cents, refund.payment) == ("succeeded", 176000, payment)

    def test_a_site_closed_meanwhile_is_not_moved_to_lab_15(self, booking: Booking) -> None:
        change = quote(booking)
        days = {"first_day": day("2026-06-01"), "last_day": day("2026-06-02")}
        sittings.close_site(site_id=world.site_of("tokyo").pk, reason="A flood.", now=NOW, **days)
        with pytest.raises(Refused) as refused:
            confirm(change)
        assert refused_with(refused.value) == ("LAB-15",)
        assert standing(change) == ("quoted", "paid", "held") and Order.objects.count() == 1

    def test_withdrawn_twice(self, booking: Booking) -> None:
        change = quote(booking)
        for _time in range(2):
            change = rescheduling.withdraw_reschedule(reschedule_id=change.pk, now=NOW)
            assert standing(change) == ("withdrawn", "paid", "released")

    def test_what_was_made_stays(self, booking: Booking) -> None:
        change = change_and_pay(booking)
        rescheduling.withdraw_reschedule(reschedule_id=change.pk, now=NOW)
        assert standing(change) == ("committed", "rescheduled", "paid")

    def test_cancelling_lets_go_of_what_was_quoted(self, booking: Booking) -> None:
        change = quote(booking)
        bookings.cancel_booking(booking_id=booking.pk, now=NOW)
        change.refresh_from_db()
        assert standing(change) == ("withdrawn", "cancelled", "released")


class TestRemedies:
    @pytest.fixture
    def remedied(self, booking: Booking) -> Booking:
        """Ended by a fault on the exam day, with a free change as its remedy."""
        move_to(lock_booking(booking.pk), "incident", now=noon("2026-05-04"))
        Remedy.objects.create(booking=booking, kind="reschedule", decision=[], granted_at=noon("2026-05-05"))
        return booking

    def test_it_charges_and_gives_back_nothing_inc_03(self, aiko: Candidate, remedied: Booking) -> None:
        now = noon("2026-05-06")
        change = quote(remedied, now=now)
        assert (change.quote, change.charge_cents, change.refund_cents) == ([], 0, 0)
        change = confirm(change, now)
        assert standing(change) == ("committed", "rescheduled", "paid")
        assert change.new.order == remedied.order and Booking.objects.get(pk=remedied.pk).order is None
        assert Remedy.objects.get().used_at == now
        assert not Refund.objects.exists() and Order.objects.count() == 1
        with pytest.raises(Refused) as refused:
            quote(remedied, "richardson", now=now)
        assert refused_with(refused.value) == ("RSCH-01", "RSCH-03", "LAB-01")  # used, and another stands

    def test_what_it_gave_is_changed_as_any_other(self, remedied: Booking) -> None:
        world.open_day("richardson", "2026-07-06")
        first = confirm(quote(remedied, now=noon("2026-04-30")), noon("2026-04-30"))
        second = change_and_pay(first.new, noon("2026-05-01"), site="richardson", on="2026-07-06")
        assert standing(second) == ("committed", "rescheduled", "paid")
        # What comes back is what was paid, for Brussels.
        assert (second.charge_cents, second.refund_cents, Refund.objects.get().amount_cents) == (160000, 193600, 193600)

    def test_it_goes_to_any_site_and_day_also_the_same(self, remedied: Booking) -> None:
        change = confirm(quote(remedied, "brussels", "2026-05-04", now=noon("2026-05-02")), noon("2026-05-02"))
        assert standing(change) == ("committed", "rescheduled", "paid")

    def test_another_booking_in_the_track_is_in_its_way_lab_01(self, aiko: Candidate, remedied: Booking) -> None:
        world.open_day("richardson", "2026-07-06")
        world.book(aiko, "richardson", "2026-07-06", now=noon("2026-05-05"))
        with pytest.raises(Refused) as refused:
            quote(remedied, now=noon("2026-05-06"))
        assert refused_with(refused.value) == ("LAB-01",)

    def test_without_one_it_is_not_changed(self, booking: Booking) -> None:
        move_to(lock_booking(booking.pk), "incident", now=noon("2026-05-04"))
        with pytest.raises(Refused) as refused:
            quote(booking, now=noon("2026-05-06"))
        assert refused_with(refused.value) == ("RSCH-01", "RSCH-03")
