"""What a booking asks, by table: the last good day beside the first bad one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from candidates.rules import BarFacts, TestingFacts
from ceportal.kernel.policy import BOOK
from exams.models import FREED, LIVE, Booking
from exams.rules import booked
from exams.rules import booking as rules
from exams.rules.attempts import OpeningFacts, PastResult, RetakeFacts
from exams.rules.booked import CancellingFacts, PayingFacts
from exams.rules.booking import BookingFacts, NoShowFacts, PlaceFacts, SeatFacts, assess_booking
from tests.factories import day

PLACE = PlaceFacts(
    site="Brussels",
    mobile=False,
    kit="fixed",
    day=day("2026-05-04"),
    asked_on=day("2026-02-02"),
    sitting=True,
    open_to_track=True,
    free_seats=1,
)
SEAT = SeatFacts(
    track="ccie-security",
    lab="lab-ccie-security",
    place=PLACE,
    testing=TestingFacts(PLACE.day, "BE", born=day("1980-01-01"), country="US", region=""),
    retake=RetakeFacts("lab-ccie-security", "expert_lab", PLACE.day),
    opening=OpeningFacts("350-701", day("2025-10-06"), PLACE.day),
    agreement_accepted=True,
    recording_accepted=True,
)
GOOD = BookingFacts(SEAT)
BAR = BarFacts("CAND-02", permanent=False, exams_only=True, since=day("2026-01-01"))


def seat(**changes: Any) -> BookingFacts:
    return BookingFacts(replace(SEAT, **changes))


def place(**changes: Any) -> BookingFacts:
    return seat(place=replace(PLACE, **changes))


def no_show(on: str, asked_on: str) -> BookingFacts:
    return replace(GOOD, no_show=NoShowFacts(day(on), day(asked_on)))


FAILED = RetakeFacts("lab-ccie-security", "expert_lab", PLACE.day, (PastResult(day("2026-04-03"), passed=False),))


@pytest.mark.parametrize(
    ("_case", "facts", "unmet"),
    [
        ("all is well", GOOD, []),
        ("a booking in the track", replace(GOOD, standing_on=day("2026-06-01")), ["LAB-01"]),
        ("a seat kept in the track", replace(GOOD, held_on=day("2026-06-01")), ["LAB-01"]),
        ("the agreement is not signed", seat(agreement_accepted=False), ["LAB-02"]),
        ("recording is not accepted", seat(recording_accepted=False), ["LAB-02"]),
        ("nothing opens the lab", seat(opening=OpeningFacts("", None, PLACE.day)), ["LAB-03"]),
        ("not passed", seat(opening=OpeningFacts("350-701", None, PLACE.day)), ["LAB-03"]),
        ("the last day of the pass", seat(opening=OpeningFacts("350-701", day("2023-05-05"), PLACE.day)), []),
        ("its anniversary", seat(opening=OpeningFacts("350-701", day("2023-05-04"), PLACE.day)), ["LAB-03"]),
        ("retires the day after", seat(retires_on=day("2026-05-05")), []),
        ("retires on the day", seat(retires_on=day("2026-05-04")), ["EXAM-11"]),
        ("failed thirty-one days before", seat(retake=FAILED), []),
        (
            "failed thirty days before",
            seat(retake=replace(FAILED, results=(PastResult(day("2026-04-04"), passed=False),))),
            ["EXAM-04"],
        ),
        ("certified", seat(retake=replace(SEAT.retake, certified=True)), ["EXAM-07"]),
        ("barred from exams", seat(testing=replace(SEAT.testing, bar=BAR)), ["CAND-02"]),
        ("a child", seat(testing=replace(SEAT.testing, born=day("2013-05-05"))), ["CAND-04", "CAND-05"]),
        ("lives in Iran", seat(testing=replace(SEAT.testing, country="IR")), ["CAND-07"]),
        ("at home in Sudan", seat(testing=replace(SEAT.testing, country="SD", held_in="SD")), ["CAND-08"]),
        ("from Sudan, elsewhere", seat(testing=replace(SEAT.testing, country="SD")), []),
        ("tomorrow", place(asked_on=day("2026-05-03")), []),
        ("today", place(asked_on=day("2026-05-04")), ["LAB-06"]),
        ("yesterday", place(asked_on=day("2026-05-05")), ["LAB-06"]),
        ("no sitting", place(sitting=False, free_seats=0), ["LAB-15"]),
        ("not for this track", place(open_to_track=False), ["LAB-15"]),
        ("full", place(free_seats=0), ["LAB-15"]),
        ("others are faster", place(contended=True), ["LAB-15"]),
        ("a kit at a fixed site", place(kit="mobile_kit"), ["LAB-17"]),
        ("a kit at a mobile site", place(kit="mobile_kit", mobile=True), []),
        ("the site's equipment at a mobile site", place(mobile=True), ["LAB-17"]),
        ("no-show, the day itself", no_show("2026-01-05", "2026-01-05"), ["LAB-13"]),
        ("no-show, thirty days after", no_show("2026-01-05", "2026-02-04"), ["LAB-13"]),
        ("no-show, thirty-one days after", no_show("2026-01-05", "2026-02-05"), []),
    ],
)
def test_what_a_booking_asks(_case: str, facts: BookingFacts, unmet: list[str]) -> None:
    decision = assess_booking(facts, BOOK)
    assert list(decision.clauses_unmet) == unmet
    assert all(each.next_step for each in decision.unmet)


@pytest.mark.parametrize(
    ("asked_on", "says"),
    [("2026-04-04", "until the end of"), ("2026-04-05", "at once")],
)
def test_a_booking_says_by_when_it_is_paid(asked_on: str, says: str) -> None:
    terms = assess_booking(place(asked_on=day(asked_on)), BOOK).findings[-1]
    assert terms.clause == "LAB-06" and says in terms.sentence
    assert terms.facts == {"pay_by_on": day("2026-04-04")}


@pytest.mark.parametrize(
    ("mobile", "asked", "kit"),
    [
        (False, "", "fixed"),
        (True, "", "mobile_byod"),
        (True, "mobile_kit", "mobile_kit"),
        (False, "mobile_kit", "mobile_kit"),
    ],
)
def test_the_own_equipment_unless_said_otherwise_lab_17(mobile: bool, asked: str, kit: str) -> None:
    assert rules.kit_for(mobile=mobile, asked=asked) == kit


PAYING = PayingFacts("reserved", in_time=True, exam_on=PLACE.day, last_day_on=day("2026-04-04"))


@pytest.mark.parametrize(
    ("_case", "facts", "unmet"),
    [
        ("reserved, in time", PAYING, []),
        ("reserved, the time is over", replace(PAYING, in_time=False), ["LAB-07"]),
        ("cancelled unpaid", replace(PAYING, status="unpaid_cancelled"), ["LAB-07"]),
        ("held, in time", replace(PAYING, status="held", last_day_on=None), []),
        ("held too long", replace(PAYING, status="held", last_day_on=None, in_time=False), ["LAB-06"]),
        ("offered", replace(PAYING, status="held", last_day_on=None, kept_for="waiting"), ["LAB-15"]),
        ("quoted", replace(PAYING, status="held", last_day_on=None, kept_for="reschedule"), ["RSCH-04"]),
        ("taken up from an offer", replace(PAYING, kept_for="waiting"), []),
        ("let go", replace(PAYING, status="released", last_day_on=None), ["LAB-06"]),
        ("dropped", replace(PAYING, status="dropped"), ["LAB-15"]),
        ("barred from exams", replace(PAYING, bar=BAR), ["CAND-02"]),
        *(
            (f"paid: {status}", replace(PAYING, status=status), ["PAY-04"])
            for status in ("paid", "cancelled", "rescheduled", "sat", "no_show", "passed", "failed", "incident")
        ),
    ],
)
def test_what_can_be_paid(_case: str, facts: PayingFacts, unmet: list[str]) -> None:
    assert list(booked.assess_paying(facts).clauses_unmet) == unmet


@pytest.mark.parametrize(
    ("status", "dropping", "cancelling"),
    [
        ("held", [], ["LAB-15"]),
        ("reserved", [], ["LAB-15"]),
        ("paid", ["LAB-14"], []),
        ("dropped", ["LAB-15"], ["LAB-14"]),
        ("unpaid_cancelled", ["LAB-15"], ["LAB-14"]),
        ("released", ["LAB-15"], ["LAB-14"]),
        ("cancelled", ["LAB-14"], ["LAB-14"]),
        ("rescheduled", ["LAB-14"], ["LAB-14"]),
        ("no_show", ["LAB-14"], ["LAB-14"]),
        ("sat", ["LAB-14"], ["LAB-14"]),
        ("incident", ["LAB-14"], ["LAB-14"]),
    ],
)
def test_unpaid_ones_are_dropped_and_paid_ones_cancelled(
    status: str, dropping: list[str], cancelling: list[str]
) -> None:
    assert list(booked.assess_dropping(status).clauses_unmet) == dropping
    facts = CancellingFacts(status, PLACE.day, begun=False)
    assert list(booked.assess_cancelling(facts).clauses_unmet) == cancelling


def test_cancelling_says_in_money_what_is_lost_lab_14() -> None:
    facts = CancellingFacts("paid", PLACE.day, begun=False, card_cents=33600, voucher_cents=160000)
    lost = [each for each in booked.assess_cancelling(facts).findings if "forfeited" in each.sentence]
    assert [each.facts["amount"] for each in lost] == ["336.00", "1,600.00"]
    assert list(booked.assess_cancelling(replace(facts, begun=True)).clauses_unmet) == ["LAB-13"]


def test_the_table_the_choices_and_the_check_name_the_same_states() -> None:
    check = next(each for each in Booking._meta.constraints if each.name == "booking_known_status")
    ((_lookup, in_the_database),) = check.condition.children  # type: ignore[attr-defined]
    assert set(in_the_database) == set(Booking.Status.values) == set(rules.TRANSITIONS)
    assert {after for ways in rules.TRANSITIONS.values() for after in ways} <= set(Booking.Status.values)
    assert not set(LIVE) & set(FREED)


def test_what_is_over_for_good_has_no_way_on() -> None:
    ended = {status for status, ways in rules.TRANSITIONS.items() if not ways}
    assert ended == {"released", "unpaid_cancelled", "dropped", "cancelled", "rescheduled"} == set(FREED)


def test_the_last_day_to_pay_lab_06() -> None:
    policy = BOOK.on(day("2026-02-02"))
    assert rules.last_day_to_pay(PLACE.day, policy) == PLACE.day - timedelta(days=30)
