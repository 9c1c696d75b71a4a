"""The rules of the exam day, the last good case beside the first bad one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from candidates.rules import BarFacts, TestingFacts
from ceportal.kernel.policy import BOOK
from exams.models import Booking, CheckIn
from exams.rules import desk as desk_rules
from exams.rules import incidents as incident_rules
from exams.rules import rereads as reread_rules
from exams.rules.attempts import OpeningFacts, PastResult, RetakeFacts
from exams.rules.booking import TRANSITIONS
from tests.factories import day, noon

EXAM_ON = day("2026-05-04")
POLICY = BOOK.on(EXAM_ON)
START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
BARRED = BarFacts("CAND-02", permanent=False, exams_only=True, since=day("2026-05-01"))
IDENTITY = desk_rules.IdentityFacts("passport", "bank_card", photographed=True, signed=True)
ARRIVAL = desk_rules.ArrivalFacts(
    status="paid",
    exam_on=EXAM_ON,
    recorded_on=EXAM_ON,
    minutes_late=0,
    identity=IDENTITY,
    testing=TestingFacts(exam_on=EXAM_ON, held_in="BE", born=day("1980-01-01"), country="US", region=""),
    opening=OpeningFacts("350-701", day("2025-10-06"), EXAM_ON),
    retake=RetakeFacts("lab-ccie-security", "expert_lab", EXAM_ON),
)


def test_states_are_those_of_bookings() -> None:
    assert set(desk_rules.NOT_AWAITED) | {"paid"} == set(Booking.Status.values)
    assert set(CheckIn.Document.values) >= desk_rules.GOVERNMENT_PHOTO
    for possible in (incident_rules.MAY_HAVE_EVENT, incident_rules.MAY_HAVE_FAULT):
        assert all("incident" in TRANSITIONS[status] for status in possible)


@pytest.mark.parametrize(
    ("_case", "changes", "unmet"),
    [
        ("in order", {}, ()),
        ("exactly two hours late", {"minutes_late": 120}, ()),
        ("a minute more", {"minutes_late": 121}, ("LAB-12",)),
        ("recorded later", {"recorded_on": day("2026-05-05")}, ()),
        ("the day before", {"recorded_on": day("2026-05-03")}, ("LAB-12",)),
        ("not paid", {"status": "reserved"}, ("LAB-06",)),
        ("cancelled unpaid", {"status": "unpaid_cancelled"}, ("LAB-07",)),
        ("cancelled", {"status": "cancelled"}, ("LAB-14",)),
        ("missed", {"status": "no_show"}, ("LAB-13",)),
        ("ended", {"status": "incident"}, ("INC-02",)),
        ("no document", {"identity": replace(IDENTITY, photo_document="", second_document="")}, ("EXAM-13",)),
        ("no government photo", {"identity": replace(IDENTITY, photo_document="bank_card")}, ("EXAM-13",)),
        ("the same document twice", {"identity": replace(IDENTITY, second_document="passport")}, ("EXAM-13",)),
        ("no photograph", {"identity": replace(IDENTITY, photographed=False)}, ("EXAM-13",)),
        ("no signature", {"identity": replace(IDENTITY, signed=False)}, ("EXAM-13",)),
        ("barred", {"testing": replace(ARRIVAL.testing, bar=BARRED)}, ("CAND-02",)),
        ("embargoed", {"testing": replace(ARRIVAL.testing, country="SY")}, ("CAND-07",)),
        ("no written pass", {"opening": OpeningFacts("350-701", None, EXAM_ON)}, ("LAB-03",)),
        ("the written pass on its last day", {"opening": OpeningFacts("350-701", day("2023-05-05"), EXAM_ON)}, ()),
        ("its anniversary", {"opening": OpeningFacts("350-701", day("2023-05-04"), EXAM_ON)}, ("LAB-03",)),
        (
            "within the wait of a fail",
            {"retake": replace(ARRIVAL.retake, results=(PastResult(day("2026-04-04"), passed=False),))},
            ("EXAM-04",),
        ),
    ],
)
def test_who_may_start(_case: str, changes: dict[str, Any], unmet: tuple[str, ...]) -> None:
    assert desk_rules.assess_arrival(replace(ARRIVAL, **changes), BOOK).clauses_unmet == unmet


def test_how_late_is_too_late_is_a_number_of_the_book() -> None:
    with BOOK.overlaid({"lab.late_minutes": 15}):
        assert desk_rules.assess_lateness(15, BOOK.on(EXAM_ON)).met
        assert not desk_rules.assess_lateness(16, BOOK.on(EXAM_ON)).met


@pytest.mark.parametrize(
    ("_case", "now", "awaited", "running", "unmet"),
    [
        ("all have come, before the limit", "06:30", 0, 0, ()),
        ("not begun", "06:29", 0, 0, ("LAB-12",)),
        ("somebody may still come, in the last moment", "08:30", 1, 0, ("LAB-12",)),
        ("nobody can come any more", "08:31", 1, 0, ()),
        ("a fault lasts", "12:00", 0, 1, ("INC-01",)),
    ],
)
def test_when_a_sitting_ends(_case: str, now: str, awaited: int, running: int, unmet: tuple[str, ...]) -> None:
    at = datetime.fromisoformat(f"2026-05-04T{now}").replace(tzinfo=UTC)
    facts = desk_rules.ClosingFacts(START, at, awaited=awaited, faults_running=running)
    assert desk_rules.assess_closing(facts, POLICY).clauses_unmet == unmet


def test_a_session_is_longer_by_exactly_the_time_lost() -> None:
    assert desk_rules.session_ends_at(START, 0, POLICY) == datetime(2026, 5, 4, 14, 30, tzinfo=UTC)
    assert desk_rules.session_ends_at(START, 119 + 119, POLICY) == datetime(2026, 5, 4, 18, 28, tzinfo=UTC)


ENTRY = desk_rules.EntryFacts(
    kind="break",
    minutes=10,
    text="",
    about_candidate=True,
    sitting_closed=False,
    exam_on=EXAM_ON,
    recorded_on=EXAM_ON,
)


@pytest.mark.parametrize(
    ("_case", "changes", "granted"),
    [
        ("a break of ten minutes", {}, True),
        ("a longer one without a reason", {"minutes": 11}, False),
        ("a longer one with its reason", {"minutes": 11, "text": "A nosebleed."}, True),
        ("a break of nobody", {"about_candidate": False}, False),
        ("a break without length", {"minutes": None}, False),
        ("a dictionary", {"kind": "dictionary", "minutes": None}, True),
        ("a dictionary of nobody", {"kind": "dictionary", "about_candidate": False}, False),
        ("a note", {"kind": "note", "text": "Fire drill.", "about_candidate": False}, True),
        ("a note without words", {"kind": "note", "text": " "}, False),
        ("after the end", {"sitting_closed": True}, False),
        ("before the day", {"recorded_on": day("2026-05-03")}, False),
    ],
)
def test_what_the_log_says(_case: str, changes: dict[str, Any], granted: bool) -> None:
    decision = desk_rules.assess_entry(replace(ENTRY, **changes), POLICY)
    assert decision.granted is granted
    assert {each.clause for each in decision.findings} == {"LAB-18"}


# ── Faults and events ─────────────────────────────────────────────────────────────────────────────
FAULT = incident_rules.IncidentFacts(
    status="sat", unavoidable=False, described=True, exam_on=EXAM_ON, recorded_on=EXAM_ON, one_running=False
)


@pytest.mark.parametrize(
    ("_case", "changes", "unmet"),
    [
        ("a fault during the lab", {}, ()),
        ("a fault without words", {"described": False}, ()),
        ("a second clock", {"one_running": True}, ("INC-01",)),
        ("a fault before the day", {"recorded_on": day("2026-05-03")}, ("INC-01",)),
        ("a fault before the lab has begun", {"status": "paid"}, ("INC-01",)),
        ("an event that prevents it", {"status": "paid", "unavoidable": True}, ()),
        (
            "an event long before",
            {"status": "paid", "unavoidable": True, "recorded_on": day("2026-04-01")},
            (),
        ),
        ("an event found later", {"status": "no_show", "unavoidable": True}, ()),
        ("an event without words", {"unavoidable": True, "described": False}, ("INC-04",)),
        ("an event for an unpaid booking", {"status": "reserved", "unavoidable": True}, ("LAB-06", "INC-04")),
        ("after the result", {"status": "failed"}, ("LAB-19", "INC-01")),
        ("after the end", {"status": "incident"}, ("INC-02", "INC-01")),
    ],
)
def test_what_can_disturb_an_exam(_case: str, changes: dict[str, Any], unmet: tuple[str, ...]) -> None:
    assert incident_rules.assess_incident(replace(FAULT, **changes)).clauses_unmet == unmet


@pytest.mark.parametrize(
    ("_case", "minutes", "too_long", "ends"),
    [
        ("a minute short of two hours", 119, False, False),
        ("exactly two hours", 120, False, True),
        ("nothing lost", 0, False, False),
        ("foreseen to take longer", 20, True, True),
        ("an event that prevents it", None, True, True),
    ],
)
def test_what_ends_a_lab(_case: str, minutes: int | None, too_long: bool, ends: bool) -> None:
    loss = incident_rules.LossFacts(minutes, too_long)
    assert incident_rules.ends_lab(loss, POLICY) is ends
    (finding,) = incident_rules.explain_loss(loss, POLICY).findings
    assert finding.clause == ("INC-02" if ends else "INC-01")


LONG, SHORT = incident_rules.LossFacts(180, too_long=False), incident_rules.LossFacts(119, too_long=False)
EVENT = incident_rules.LossFacts(None, too_long=True, unavoidable=True)
REMEDY = incident_rules.RemedyFacts(
    loss=LONG, documented=True, caused_by_candidate=False, begun=True, modules_passed=True, granted=False, left=False
)


@pytest.mark.parametrize(
    ("_case", "changes", "unmet"),
    [
        ("all three conditions", {}, ()),
        ("the candidate caused it", {"caused_by_candidate": True}, ("INC-03",)),
        ("whether is not recorded", {"caused_by_candidate": None}, ("INC-03",)),
        ("a module failed", {"modules_passed": False}, ("INC-03",)),
        ("whether is not recorded either", {"modules_passed": None}, ("INC-03",)),
        ("made up for by a longer session", {"loss": SHORT}, ("INC-01", "INC-03")),
        ("nothing on record", {"loss": None, "caused_by_candidate": None}, ("INC-03",)),
        ("granted before", {"granted": True}, ("INC-03",)),
        ("an event before the exam", {"loss": EVENT, "begun": False, "modules_passed": None}, ()),
        ("an event during it, modules not recorded", {"loss": EVENT, "modules_passed": None}, ("INC-03",)),
        ("an event that is not documented", {"loss": EVENT, "documented": False}, ("INC-04",)),
        ("a fault needs no words", {"documented": False}, ()),
        ("the booking was left before", {"loss": EVENT, "left": True}, ("INC-03",)),
    ],
)
def test_when_there_is_a_remedy(_case: str, changes: dict[str, Any], unmet: tuple[str, ...]) -> None:
    assert incident_rules.assess_remedy(replace(REMEDY, **changes), POLICY).clauses_unmet == unmet


@pytest.mark.parametrize(
    ("_case", "passed", "minutes"),
    [
        ("a minute that is not over", timedelta(seconds=59), 0),
        ("whole ones", timedelta(minutes=119, seconds=59), 119),
        ("as long as a lab", timedelta(hours=8), 480),
        ("forgotten for a month", timedelta(days=31), 480),
    ],
)
def test_a_clock_says_no_more_than_a_lab_can_lose(_case: str, passed: timedelta, minutes: int) -> None:
    assert incident_rules.minutes_on_clock(noon("2026-05-04"), noon("2026-05-04") + passed, POLICY) == minutes


@pytest.mark.parametrize(("granted", "last"), [("2026-05-06", "2027-05-06"), ("2028-02-29", "2029-02-28")])
def test_a_remedy_voucher_is_valid_for_a_year(granted: str, last: str) -> None:
    assert incident_rules.voucher_expires_on(day(granted), BOOK.on(day(granted))) == day(last)


# ── Results and re-reads ──────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("_case", "status", "result", "running", "topics", "unmet"),
    [
        ("a pass", "sat", "pass", False, (), ()),
        ("a fail with topics", "sat", "fail", False, ("Routing",), ()),
        ("a pass with topics", "sat", "pass", False, ("Routing",), ("LAB-19",)),
        ("a fault lasts", "sat", "pass", True, (), ("INC-01",)),
        ("before the candidate came", "paid", "pass", False, (), ("LAB-12", "LAB-19")),
        ("of somebody who did not come", "no_show", "pass", False, (), ("LAB-13", "LAB-19")),
        ("of a lab that a fault ended", "incident", "pass", False, (), ("INC-02", "LAB-19")),
        ("twice", "failed", "pass", False, (), ("LAB-19",)),
    ],
)
def test_which_results_are_published(
    _case: str, status: str, result: str, running: bool, topics: tuple[str, ...], unmet: tuple[str, ...]
) -> None:
    facts = reread_rules.ResultFacts(status, result, fault_running=running, topics=topics)
    assert reread_rules.assess_result(facts).clauses_unmet == unmet


def test_a_result_is_promised_within_forty_eight_hours() -> None:
    assert reread_rules.result_due_at(START, POLICY) == datetime(2026, 5, 6, 6, 30, tzinfo=UTC)


REREAD = reread_rules.RereadFacts(
    status="failed",
    exam_on=EXAM_ON,
    asked_on=day("2026-05-18"),
    family="ccie",
    rereadable=True,
    failed=True,
    reread_before=False,
    bar=None,
)


@pytest.mark.parametrize(
    ("_case", "changes", "unmet"),
    [
        ("on the fourteenth day", {}, ()),
        ("a day later", {"asked_on": day("2026-05-19")}, ("RRD-01",)),
        ("a DevNet lab", {"family": "devnet"}, ()),
        ("the design practical", {"family": "ccde"}, ("RRD-02",)),
        ("one that cannot turn", {"rereadable": False}, ("RRD-05",)),
        ("one not marked", {"rereadable": None}, ("RRD-05",)),
        ("a pass", {"status": "passed", "failed": False, "rereadable": None}, ("RRD-01",)),
        ("no result yet", {"status": "sat", "failed": False, "rereadable": None}, ("RRD-01",)),
        ("an annulled one", {"failed": False}, ("RRD-01",)),
        ("the second time", {"reread_before": True}, ("RRD-01",)),
        ("barred", {"bar": BARRED}, ("CAND-02",)),
        ("several at once", {"family": "ccde", "asked_on": day("2026-06-01")}, ("RRD-02", "RRD-01")),
    ],
)
def test_what_is_read_once_more(_case: str, changes: dict[str, Any], unmet: tuple[str, ...]) -> None:
    assert reread_rules.assess_request(replace(REREAD, **changes), POLICY).clauses_unmet == unmet


@pytest.mark.parametrize(
    ("_case", "status", "in_time", "by_voucher", "unmet"),
    [
        ("asked for", "requested", True, False, ()),
        ("its time is over", "requested", False, False, ("RRD-03",)),
        ("given up", "lapsed", True, False, ("RRD-03",)),
        ("paid already", "paid", True, False, ("PAY-04",)),
        ("decided", "unchanged", True, False, ("PAY-04",)),
        ("by voucher", "requested", True, True, ("RRD-03",)),
    ],
)
def test_how_a_reread_is_paid(_case: str, status: str, in_time: bool, by_voucher: bool, unmet: tuple[str, ...]) -> None:
    facts = reread_rules.PayableFacts(status, failed=True, in_time=in_time, by_voucher=by_voucher, bar=None)
    assert reread_rules.assess_payable(facts).clauses_unmet == unmet


def test_a_reread_of_what_is_no_fail_any_more_is_not_paid() -> None:
    facts = reread_rules.PayableFacts("requested", failed=False, in_time=True, by_voucher=False, bar=None)
    assert reread_rules.assess_payable(facts).clauses_unmet == ("RRD-01",)


@pytest.mark.parametrize(
    ("_case", "status", "result", "annulled", "unmet"),
    [
        ("under way", "paid", "pass", False, ()),
        ("none asked for", "", "pass", False, ("RRD-03",)),
        ("not paid", "requested", "fail", False, ("RRD-03",)),
        ("told already", "turned", "fail", False, ("RRD-03",)),
        ("annulled meanwhile", "paid", "pass", True, ("EXAM-09",)),
        ("annulled meanwhile, unchanged", "paid", "fail", True, ()),
    ],
)
def test_when_an_outcome_is_told(_case: str, status: str, result: str, annulled: bool, unmet: tuple[str, ...]) -> None:
    facts = reread_rules.OutcomeFacts(status, result, annulled=annulled, bar=None)
    assert reread_rules.assess_outcome(facts).clauses_unmet == unmet


def test_the_promises_of_a_reread_are_numbers_of_the_book() -> None:
    assert reread_rules.outcome_due_on(day("2026-05-18"), POLICY) == day("2026-06-08")
    assert reread_rules.last_day_to_pay(day("2026-05-18"), POLICY) == day("2026-05-25")
