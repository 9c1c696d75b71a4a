"""Lab seats are booked, dropped and cancelled; each refusal changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from candidates.models import Acceptance, Candidate
from candidates.services import confirm_sanction, propose_sanction
from ceportal.kernel.decisions import Refused
from exams import booking_queries as queries
from exams.models import Attempt, Booking, Reschedule, SitePrice
from exams.services import bookings, exam_day, incidents
from exams.services.states import move_to
from exams.site_time import moment_of
from payments.models import Order, Refund, Transfer
from payments.services import issue_invoice
from tests import factories
from tests.credits.ledger_world import as_superuser
from tests.exams import lab_world as world
from tests.factories import day, noon
from tests.story import refused_with

pytestmark = pytest.mark.django_db

LATE = noon("2026-04-20")


@pytest.fixture(autouse=True)
def places(db: None) -> None:
    """Brussels, Richardson and Nairobi hold labs on 4 May 2026, and everybody may book the security lab."""
    world.agreements()
    world.lab()
    for code in ("brussels", "richardson", "mobile-nairobi"):
        world.open_day(code)


@pytest.fixture
def aiko() -> Candidate:
    return world.somebody()


def free(site: str = "brussels") -> int:
    sitting = world.site_of(site).sittings.get(day=day("2026-05-04"))
    return queries.free_seats(sitting.pk).count()


class TestBooking:
    def test_a_seat_is_reserved_and_its_money_asked_for(self, aiko: Candidate) -> None:
        booking = world.book(aiko)
        assert (booking.status, booking.kit, free()) == ("reserved", "fixed", 3)
        assert booking.pay_before == datetime(2026, 4, 4, 22, tzinfo=UTC)  # midnight in Brussels
        order = booking.order
        assert order is not None
        assert (order.purpose, order.status, order.total_cents) == ("lab_booking", "open", 193600)
        assert (order.pay_before, order.pay_before_clause) == (booking.pay_before, "LAB-07")
        (line,) = order.lines.all()
        assert (line.kind, line.net_cents, line.tax_country, line.tax_cents) == ("lab_fee", 160000, "BE", 33600)
        assert world.topics(aiko) == ["seat_booked"]
        assert Acceptance.objects.filter(candidate=aiko).count() == 2
        assert {each["clause"] for each in booking.decision} >= {"LAB-01", "LAB-02", "LAB-03", "LAB-06", "CAND-02"}

    def test_a_late_one_is_held_and_paid_at_once_lab_06(self, aiko: Candidate) -> None:
        booking = world.book(aiko, "richardson", now=LATE)
        assert (booking.status, booking.held_for) == ("held", "payment")
        assert booking.held_until == LATE + timedelta(minutes=30)
        assert booking.order is not None
        assert (booking.order.pay_before, booking.order.pay_before_clause) == (booking.held_until, "LAB-06")
        assert free("richardson") == 3

    def test_none_is_held_into_its_exam_day_lab_06(self, aiko: Candidate) -> None:
        last_minutes = datetime(2026, 5, 3, 21, 50, tzinfo=UTC)  # ten to midnight in Brussels
        assert world.book(aiko, now=last_minutes).held_until == datetime(2026, 5, 3, 22, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("site", "last", "instant"),
        [
            ("tokyo", "2026-05-02T14:59:59", "2026-05-02T15:00:00"),
            ("richardson", "2026-05-03T04:59:59", "2026-05-03T05:00:00"),
            ("mobile-nairobi", "2026-05-02T20:59:59", "2026-05-02T21:00:00"),
        ],
    )
    def test_the_last_day_to_pay_ends_at_the_site(self, aiko: Candidate, site: str, last: str, instant: str) -> None:
        """LAB-06 by the clocks of Tokyo, Richardson and Nairobi."""
        world.open_day(site, "2026-06-01")
        before, then = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (last, instant))
        booking = world.book(aiko, site, "2026-06-01", now=before)
        assert (booking.status, booking.pay_before) == ("reserved", then)
        assert world.book(world.somebody(), site, "2026-06-01", now=then).status == "held"

    @pytest.mark.parametrize(
        ("site", "on", "midnight"),
        [
            ("brussels", "2026-04-27", "2026-03-28T23:00:00"),  # the last day to pay is that before the spring night
            ("brussels", "2026-04-28", "2026-03-29T22:00:00"),  # the day of twenty-three hours
            ("brussels", "2026-11-24", "2026-10-25T23:00:00"),  # of twenty-five
            ("richardson", "2026-04-07", "2026-03-09T05:00:00"),
            ("richardson", "2026-12-01", "2026-11-02T06:00:00"),
        ],
    )
    def test_nights_on_which_clocks_change(self, aiko: Candidate, site: str, on: str, midnight: str) -> None:
        world.open_day(site, on)
        booking = world.book(aiko, site, on, now=noon("2026-01-05"))
        assert booking.pay_before == datetime.fromisoformat(midnight).replace(tzinfo=UTC)

    def test_the_own_equipment_or_the_kit_lab_17(self, aiko: Candidate) -> None:
        own = world.book(aiko, "mobile-nairobi")
        kit = world.book(world.somebody(), "mobile-nairobi", kit="mobile_kit")
        assert own.kit == "mobile_byod" and own.order and own.order.total_cents == 160000
        assert kit.kit == "mobile_kit" and kit.order and kit.order.total_cents == 190000

    def test_a_site_has_a_price_of_its_own_lab_04(self, aiko: Candidate) -> None:
        for since, cents in (("2026-01-01", 150000), ("2026-02-02", 175000), ("2026-02-03", 100)):
            SitePrice.objects.create(site=world.site_of("richardson"), since=day(since), net_cents=cents)
        booking = world.book(aiko, "richardson")
        assert booking.order and booking.order.total_cents == 175000

    def test_a_voucher_can_pay_it_in_full_lab_10(self, aiko: Candidate) -> None:
        voucher = world.voucher_of(aiko)
        booking = world.book(aiko, "richardson", voucher_code=voucher.code, now=LATE)
        assert (booking.status, booking.held_until) == ("paid", None)
        voucher.refresh_from_db()
        assert (voucher.status, voucher.order) == ("redeemed", booking.order)
        assert world.topics(aiko) == ["seat_booked", "booking_paid"]

    def test_a_voucher_that_is_none_leaves_nothing_behind_vch_01(self, aiko: Candidate) -> None:
        voucher = world.voucher_of(world.somebody())
        with pytest.raises(Refused) as refused:
            world.book(aiko, voucher_code=voucher.code)
        assert refused_with(refused.value) == ("VCH-01",)
        assert not Booking.objects.exists() and not Order.objects.exists() and free() == 4

    def test_whoever_books_no_longer_waits(self, aiko: Candidate) -> None:
        track = factories.TrackFactory.create(code="ccie-security")
        wish = aiko.waiting_wishes.create(
            track=track, first_day=day("2026-05-04"), last_day=day("2026-05-08"), asked_at=noon("2026-01-05")
        )
        world.book(aiko)
        wish.refresh_from_db()
        assert (wish.status, wish.ended_at) == ("ended", world.BOOKED)


class TestRefusals:
    @pytest.mark.parametrize(
        ("_case", "changes", "clause"),
        [
            ("without signing", {"accept": False}, "LAB-02"),
            ("a track that nothing opens", {"track_code": "ccie-collaboration"}, "LAB-03"),
            ("a track without a lab", {"track_code": "ccna"}, "LAB-03"),
            ("a kit at a fixed site", {"kit": "mobile_kit"}, "LAB-17"),
            ("a day without sitting", {"day": day("2026-05-08")}, "LAB-15"),
            ("the exam day", {"now": noon("2026-05-04")}, "LAB-06"),
        ],
    )
    def test_nothing_is_booked(self, aiko: Candidate, _case: str, changes: dict[str, Any], clause: str) -> None:
        world.lab("ccie-collaboration", opened_by=None)
        factories.TrackFactory.create(code="ccna", level="associate")
        with pytest.raises(Refused) as refused:
            world.book(aiko, **changes)
        assert refused_with(refused.value) == (clause,)
        assert not Booking.objects.exists() and not Order.objects.exists() and not Acceptance.objects.exists()
        assert world.topics(aiko) == []

    def test_at_the_site_it_is_today_already(self, aiko: Candidate) -> None:
        """LAB-06: a quarter past midnight in Brussels is the evening before in the programme's zone."""
        with pytest.raises(Refused) as refused:
            world.book(aiko, now=datetime(2026, 5, 3, 22, 15, tzinfo=UTC))
        assert refused_with(refused.value) == ("LAB-06",)

    def test_twice_is_once(self, aiko: Candidate) -> None:
        world.book(aiko)
        with pytest.raises(Refused) as refused:
            world.book(aiko, "richardson")
        assert refused_with(refused.value) == ("LAB-01",)
        assert Booking.objects.count() == 1 and free("richardson") == 4

    def test_a_seat_kept_is_taken_or_let_go_first(self, aiko: Candidate) -> None:
        world.book(aiko, now=LATE)
        with pytest.raises(Refused) as refused:
            world.book(aiko, "richardson", now=LATE + timedelta(minutes=29))
        assert refused_with(refused.value) == ("LAB-01",)
        # Beyond its time it is gone, whether or not a sweep has been by.
        world.book(aiko, "richardson", now=LATE + timedelta(minutes=30))
        assert sorted(Booking.objects.values_list("status", flat=True)) == ["held", "released"]
        assert Order.objects.filter(status="cancelled").count() == 1

    def test_a_full_sitting(self, aiko: Candidate) -> None:
        for _seat in range(4):
            world.book(world.somebody())
        with pytest.raises(Refused) as refused:
            world.book(aiko)
        assert refused_with(refused.value) == ("LAB-15",)

    def test_a_sitting_that_is_not_for_this_track(self, aiko: Candidate) -> None:
        world.open_day("tokyo", tracks=("ccde",))
        with pytest.raises(Refused) as refused:
            world.book(aiko, "tokyo")
        assert refused_with(refused.value) == ("LAB-15",)

    def test_a_sanction_bars_cand_02(self, aiko: Candidate) -> None:
        bar(aiko)
        with pytest.raises(Refused) as refused:
            world.book(aiko)
        assert refused_with(refused.value) == ("CAND-02",)

    def test_somebody_from_sudan_is_tested_elsewhere_cand_08(self) -> None:
        away = world.somebody(country="SD")
        place = factories.SiteFactory.create(code="khartoum", country="SD", time_zone="Africa/Khartoum")
        factories.SittingFactory.create(site=place)
        with pytest.raises(Refused) as refused:
            world.book(away, "khartoum")
        assert refused_with(refused.value) == ("CAND-08",)
        assert world.book(away).status == "reserved"

    def test_a_failed_lab_waits_exam_04(self, aiko: Candidate) -> None:
        failed = {"candidate": aiko, "exam": world.lab(), "taken_on": day("2026-04-04"), "result": "fail"}
        Attempt.objects.create(**failed, recorded_at=noon("2026-04-05"))
        world.open_day("brussels", "2026-05-05")
        with pytest.raises(Refused) as refused:
            world.book(aiko, now=LATE)
        assert refused_with(refused.value) == ("EXAM-04",)
        assert world.book(aiko, on="2026-05-05", now=LATE).status == "held"


def bar(candidate: Candidate) -> None:
    """A sanction that runs, for exams only, signed by two."""
    proposer, decider = (factories.UserFactory.create(staff=True) for _each in range(2))
    now = noon("2026-01-05")
    sanction = propose_sanction(
        candidate_id=candidate.pk,
        clause="CAND-02",
        permanent=False,
        exams_only=True,
        statement="Questions were shared.",
        staff_id=proposer.pk,
        now=now,
    )
    confirm_sanction(sanction_id=sanction.pk, staff_id=decider.pk, now=now)


class TestMayBook:
    @pytest.mark.parametrize(
        ("_case", "passed_on", "unmet"),
        [("passed", "2025-10-06", ()), ("never passed", None, ("LAB-03",)), ("long ago", "2023-02-03", ("LAB-03",))],
    )
    def test_what_is_not_about_a_place(self, _case: str, passed_on: str | None, unmet: tuple[str, ...]) -> None:
        candidate = world.somebody(passed_on=passed_on)
        track = factories.TrackFactory.create(code="ccie-security")
        assert queries.may_book(candidate, track, now=world.BOOKED).clauses_unmet == unmet

    def test_a_failed_lab_can_be_booked_for_a_later_day(self, aiko: Candidate) -> None:
        """EXAM-04 forbids the days of the wait, not the booking."""
        failed = {"candidate": aiko, "exam": world.lab(), "taken_on": day("2026-02-01"), "result": "fail"}
        Attempt.objects.create(**failed, recorded_at=world.BOOKED)
        track = factories.TrackFactory.create(code="ccie-security")
        assert queries.may_book(aiko, track, now=world.BOOKED).granted

    def test_a_booking_in_the_track(self, aiko: Candidate) -> None:
        booking = world.book(aiko)
        assert queries.may_book(aiko, booking.track, now=world.BOOKED).clauses_unmet == ("LAB-01",)


class TestDropping:
    def test_it_costs_nothing_and_frees_the_voucher(self, aiko: Candidate) -> None:
        voucher = world.voucher_of(aiko)
        booking = world.book(aiko, voucher_code=voucher.code)
        assert booking.status == "reserved"  # the tax is left (LAB-09)
        bookings.drop_booking(booking_id=booking.pk, now=noon("2026-02-03"))
        assert (world.status_of(booking), free()) == ("dropped", 4)
        voucher.refresh_from_db()
        assert (voucher.status, voucher.order) == ("unused", None)
        assert Order.objects.get().status == "cancelled"
        assert world.topics(aiko) == ["seat_booked", "booking_dropped"]
        assert world.book(aiko, "richardson").status == "reserved"

    def test_a_seat_kept_is_let_go(self, aiko: Candidate) -> None:
        booking = world.book(aiko, now=LATE)
        bookings.drop_booking(booking_id=booking.pk, now=LATE)
        assert (world.status_of(booking), free()) == ("released", 4)
        assert world.topics(aiko) == ["seat_booked", "hold_released"]

    def test_a_paid_one_is_not_dropped_lab_14(self, aiko: Candidate) -> None:
        booking = world.book(aiko)
        world.pay(booking, noon("2026-02-03"))
        with pytest.raises(Refused) as refused:
            bookings.drop_booking(booking_id=booking.pk, now=noon("2026-02-04"))
        assert refused_with(refused.value) == ("LAB-14",)
        assert world.status_of(booking) == "paid" and "booking_dropped" not in world.topics(aiko)

    def test_twice(self, aiko: Candidate) -> None:
        booking = world.book(aiko)
        bookings.drop_booking(booking_id=booking.pk, now=noon("2026-02-03"))
        with pytest.raises(Refused) as refused:
            bookings.drop_booking(booking_id=booking.pk, now=noon("2026-02-03"))
        assert refused_with(refused.value) == ("LAB-15",)
        assert world.topics(aiko).count("booking_dropped") == 1


class TestCancelling:
    @pytest.fixture
    def booking(self, aiko: Candidate) -> Booking:
        booking = world.book(aiko, voucher_code=world.voucher_of(aiko).code)
        world.pay(booking, noon("2026-02-03"))
        return queries.booking_with_place(booking.pk)

    def test_everything_is_forfeited_and_said(self, aiko: Candidate, booking: Booking) -> None:
        bookings.cancel_booking(booking_id=booking.pk, now=noon("2026-02-04"))
        assert (world.status_of(booking), free()) == ("cancelled", 4)
        assert aiko.vouchers.get().status == "redeemed" and Order.objects.get().status == "paid"
        assert world.forfeited() == 160000
        assert world.topics(aiko)[-1] == "booking_cancelled"
        world.deliver(noon("2026-02-04"))
        (told,) = world.notices(aiko, "booking_given_up")
        assert "forfeited: USD 336.00" in told.replace("\xa0", " ")
        assert "forfeited: USD 1,600.00" in told.replace("\xa0", " ")

    def test_not_appearing_forfeits_the_fee_until_an_event_explains_it(self, booking: Booking) -> None:
        """LAB-13 and INC-04: what prevented the exam may be found out later."""
        exam_day.mark_absent(booking_id=booking.pk, proctor_id=None, now=noon("2026-05-04"))
        assert world.forfeited() == 160000
        incidents.record_incident(
            booking_id=booking.pk,
            minutes=None,
            too_long=True,
            unavoidable=True,
            description="An accident.",
            proctor_id=None,
            now=noon("2026-05-10"),
        )
        assert (world.status_of(booking), world.forfeited()) == ("incident", 0)

    def test_what_was_forfeited_before_there_were_transfers_is_posted(self, booking: Booking) -> None:
        """The migration posts it where it is missing, and nothing twice."""
        bookings.cancel_booking(booking_id=booking.pk, now=noon("2026-02-04"))
        with as_superuser():
            Transfer.objects.filter(cause="forfeit")._raw_delete("default")
        migration = import_module("exams.migrations.0012_forfeits_of_before")
        for _twice in range(2):
            with connection.cursor() as cursor:
                cursor.execute(migration.FORFEITED)
            assert world.forfeited() == 160000
        assert Transfer.objects.get(cause="forfeit").moved_at == noon("2026-02-04")

    @pytest.mark.parametrize("invoiced", [False, True])
    def test_invoiced_or_not_nothing_is_refunded_lab_11(self, booking: Booking, invoiced: bool) -> None:
        assert booking.order is not None
        if invoiced:
            issue_invoice(order_id=booking.order.pk, now=noon("2026-02-10"))
        bookings.cancel_booking(booking_id=booking.pk, now=noon("2026-02-11"))
        assert not Refund.objects.exists()
        booking.order.refresh_from_db()
        assert booking.order.status == "paid"

    def test_until_the_sitting_begins(self, booking: Booking) -> None:
        start = moment_of(day("2026-05-04"), time(8, 30), "Europe/Brussels")
        assert start == queries.starts_at(booking)
        assert bookings.assess_cancelling(booking, now=start - timedelta(seconds=1)).granted
        with pytest.raises(Refused) as refused:
            bookings.cancel_booking(booking_id=booking.pk, now=start)
        assert refused_with(refused.value) == ("LAB-13",)
        assert world.status_of(booking) == "paid"

    def test_an_unpaid_one_is_dropped_instead_lab_15(self) -> None:
        booking = world.book(world.somebody())
        with pytest.raises(Refused) as refused:
            bookings.cancel_booking(booking_id=booking.pk, now=noon("2026-02-04"))
        assert refused_with(refused.value) == ("LAB-15",)
        assert world.status_of(booking) == "reserved"

    def test_twice(self, aiko: Candidate, booking: Booking) -> None:
        bookings.cancel_booking(booking_id=booking.pk, now=noon("2026-02-04"))
        with pytest.raises(Refused) as refused:
            bookings.cancel_booking(booking_id=booking.pk, now=noon("2026-02-04"))
        assert refused_with(refused.value) == ("LAB-14",)
        assert world.topics(aiko).count("booking_cancelled") == 1


# ── What the database refuses ─────────────────────────────────────────────────────────────────────
def _other(booking: Booking, **changes: Any) -> Booking:
    fields = {
        "candidate": world.somebody(),
        "track": booking.track,
        "exam": booking.exam,
        "seat": booking.seat.sitting.seats.exclude(pk=booking.seat_id).first(),
        "status": "reserved",
        "pay_before": booking.pay_before,
        "decision": [],
        "booked_at": world.BOOKED,
    }
    return Booking.objects.create(**fields | changes)


def _set(booking: Booking, **changes: Any) -> object:
    return Booking.objects.filter(pk=booking.pk).update(**changes)


DATABASE_REFUSES: dict[str, Any] = {
    "a seat had by two": lambda booking: _other(booking, seat=booking.seat),
    "two bookings of a track": lambda booking: _other(booking, candidate=booking.candidate),
    "two seats kept in a track": lambda booking: [
        _other(booking, candidate=booking.candidate, status="held", held_for=why, held_until=world.BOOKED, seat=seat)
        for why, seat in zip(("payment", "waiting"), booking.seat.sitting.seats.all()[1:3], strict=True)
    ],
    "an unknown state": lambda booking: _set(booking, status="lost"),
    "reserved without a deadline": lambda booking: _set(booking, pay_before=None),
    "held without an end": lambda booking: _set(booking, status="held", held_for="payment"),
    "held for nothing": lambda booking: _set(booking, status="held", held_until=world.BOOKED),
    "paid and held": lambda booking: _set(booking, status="paid", held_until=world.BOOKED),
    "passed without an attempt": lambda booking: _set(booking, status="passed"),
    "a change to itself": lambda booking: _change(booking, booking),
    "two changes quoted": lambda booking: [_change(booking, _other(booking)) for _quote in range(2)],
    "a change that ended at no time": lambda booking: _change(booking, _other(booking), status="lapsed"),
}


def _change(old: Booking, new: Booking, **changes: Any) -> Reschedule:
    fields = {"quote": [], "charge_cents": 0, "refund_cents": 0, "decision": [], "quoted_at": world.BOOKED}
    return Reschedule.objects.create(old=old, new=new, **fields | changes)


@pytest.mark.parametrize("case", DATABASE_REFUSES)
def test_the_database_refuses(aiko: Candidate, case: str) -> None:
    booking = world.book(aiko)
    with pytest.raises(IntegrityError), transaction.atomic():
        DATABASE_REFUSES[case](booking)


def test_no_way_that_the_table_does_not_know(aiko: Candidate) -> None:
    booking = world.book(aiko)
    with pytest.raises(ValueError, match="reserved to sat"):
        move_to(booking, "sat", now=world.BOOKED)
    assert world.status_of(booking) == "reserved"
