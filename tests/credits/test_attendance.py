"""Attendance at sessions: what earns, what does not and why, and that reporting again changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Session
from catalog.services import register_gathering, schedule_session
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from credits.models import Attendance, Entry, Grant, Recertification
from credits.services.attendance import Recorded, Reported, record_attendance, record_attendances
from tests import factories
from tests.credits.live_world import attend, held, holder, unmet
from tests.factories import day, noon
from tests.reference_data import load_reference
from tests.story import Story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    load_reference()


@pytest.fixture
def story() -> Story:
    return holder()


# ── What earns ────────────────────────────────────────────────────────────────────────────────────
def test_a_session_earns_what_its_kind_and_level_are_worth(story: Story) -> None:
    """LIVE-05, CE-10: the organiser's word approves it; CR-01: it is earned on the session's day."""
    attendance = attend(story, "LTRSEC-1257", "2026-06-01")

    assert attendance.earned
    assert (attendance.credits, attendance.minutes_present, attendance.badges) == (4, 240, [[0, 240]])
    grant = Grant.objects.get()
    assert (grant.source, grant.attendance, grant.amount, grant.remaining) == ("attendance", attendance, 4, 4)
    assert (grant.earned_on, grant.expires_on) == (day("2026-06-01"), day("2029-06-01"))
    assert grant.title == "LTRSEC-1257, Live 2026"
    entry = Entry.objects.get()
    assert (entry.kind, entry.amount, entry.counts_from, entry.clause) == ("earned", 4, day("2026-06-01"), "LIVE-05")
    event = Event.objects.get(topic="credits.attendance_recorded")
    assert (event.subject_id, event.candidate_id) == (attendance.id, story.candidate.id)
    assert event.payload == {"session": "LTRSEC-1257", "gathering": "live-2026", "credits": 4}


def test_all_requirements_stand_in_the_decision(story: Story) -> None:
    """Met or not, each with its clause; what the board has not confirmed is marked (LIVE-05)."""
    attendance = attend(story, "BRKSEC-2020", "2026-06-01", (30, 60))

    decision = Decision.from_json(attendance.decision)
    assert [each.clause for each in decision.findings] == [
        "CAND-02", "CE-05", "CE-10", "CE-10", "CE-15", "CE-01", "CE-03", "CR-06",
        "LIVE-01", "LIVE-03", "LIVE-05", "LIVE-03", "LIVE-04", "CR-04",
    ]  # fmt: skip
    assert decision.clauses_unmet == ("LIVE-04",)
    worth = next(each for each in decision.findings if each.clause == "LIVE-05")
    assert [(each.name, each.provisional) for each in worth.because] == [("live.credits", True)]
    assert attendance.credits is None


@pytest.mark.parametrize(
    ("_case", "code", "badges", "first_unmet"),
    [
        ("three quarters, in two stays", "LTRSEC-1257", ((0, 100), (160, 240)), None),
        ("overlapping scans count once", "LTRENT-2496", ((0, 100), (50, 150)), "LIVE-04"),
        ("a minute short", "BRKSEC-2020", ((10, 77),), "LIVE-04"),
        ("no scan at all", "BRKSEC-2020", (), "LIVE-03"),
        ("gone before it began", "BRKSEC-2020", ((-20, -1),), "LIVE-03"),
        ("another DevNet class", "DEVNET-2000", ((0, 90),), "LIVE-02"),
        ("a DevNet workshop", "DEVWKS-1020", ((0, 90),), None),
        ("too short a session", "BRKAPP-1005", ((0, 40),), "LIVE-03"),
        ("a mission without the mark", "CTFSEC-2047", ((0, 60),), "LIVE-08"),
        ("a marked mission", "CTFCOL-1012", ((0, 60),), None),
    ],
)
def test_which_attendances_earn(
    story: Story, _case: str, code: str, badges: tuple[tuple[int, int], ...], first_unmet: str | None
) -> None:
    """LIVE-01 to LIVE-04, LIVE-08: one that earns nothing is kept with the reason and enters no ledger."""
    time = held(code, "2026-06-01")
    attendance = record_attendance(
        session_time_id=time.id, candidate_id=story.candidate.id, badges=badges, now=noon("2026-06-02")
    )

    assert attendance.earned == (first_unmet is None)
    assert (unmet(attendance)[0] if unmet(attendance) else None) == first_unmet
    assert Grant.objects.exists() == attendance.earned
    assert (attendance.credits is None) == (first_unmet is not None)


@pytest.mark.parametrize("code", ["BRKAPP-1005", "BRKSEC-2020"])
def test_before_2020_a_badge_is_enough(code: str) -> None:
    """LIVE-03, LIVE-04: neither a length nor a share is asked for before 24 February 2020."""
    story = holder("2018-01-10", "2017-09-01")
    assert attend(story, code, "2018-06-11", (5, 15)).earned


def test_a_session_that_is_no_kind_of_the_programme_earns_nothing(story: Story) -> None:
    """LIVE-01."""
    event = register_gathering(
        code="meetup", name="Meetup", place="", time_zone="UTC",
        starts_on=day("2026-07-01"), ends_on=day("2026-07-01"), now=noon("2026-06-01"),
    )  # fmt: skip
    time = schedule_session(
        gathering_id=event.id, code="PSOGEN-1000", minutes=60, starts_at=clock.at(event.starts_on, 9), marked=False,
        now=noon("2026-06-01"),
    )  # fmt: skip
    attendance = record_attendance(
        session_time_id=time.id, candidate_id=story.candidate.id, badges=[(0, 60)], now=noon("2026-07-02")
    )
    assert unmet(attendance) == ("LIVE-01",)


# ── What every activity must meet ─────────────────────────────────────────────────────────────────
def test_who_is_not_enrolled_earns_nothing_until_it_is_reported_again() -> None:
    """CE-05: the scans are kept; after the enrollment the same report is decided anew."""
    story = Story(factories.CandidateFactory.create(), today=day("2026-01-10"))
    story.certify("ccie-security", "2025-09-01")
    first = attend(story, "BRKSEC-2020", "2026-06-01")
    assert unmet(first)[0] == "CE-05"

    story.to("2026-06-03").enroll()
    again = attend(story, "BRKSEC-2020", "2026-06-01")

    assert again == first
    assert again.earned
    assert story.balance().available == 2


@pytest.mark.parametrize(
    ("_case", "on", "today", "clause"),
    [
        ("before the programme's first day", "2017-05-01", "2018-06-12", "CE-01"),
        ("before the certification", "2017-08-31", "2018-06-12", "CE-03"),
        ("tomorrow", "2018-06-13", "2018-06-12", "CE-10"),
        ("while it was held, in a cycle, in the past", "2018-06-12", "2018-06-12", None),
    ],
)
def test_the_day_must_be_one_on_which_credits_can_be_earned(
    _case: str, on: str, today: str, clause: str | None
) -> None:
    story = holder("2018-01-10", "2017-09-01")
    time = held("BRKSEC-2020", on, gathering="live-2018")
    attendance = record_attendance(
        session_time_id=time.id, candidate_id=story.candidate.id, badges=[(0, 90)], now=noon(today)
    )
    assert (clause in unmet(attendance)) if clause else attendance.earned


def test_what_was_held_before_the_first_cycle_earns_nothing() -> None:
    """CR-06: for a holder whose records were imported, the first cycle starts with the running term (CR-02)."""
    story = Story(factories.CandidateFactory.create(), today=day("2026-05-20"))
    story.certify("ccie-security", "2010-09-01", "2026-06-02")
    story.enroll()
    assert unmet(attend(story, "BRKSEC-2020", "2026-06-01")) == ("CR-06",)
    assert attend(story, "BRKSEC-2020", "2026-06-02").earned


def test_whose_certification_is_in_no_eligible_status_earns_nothing() -> None:
    """CE-03: judged on the day of the session."""
    story = holder("2021-01-10", "2020-06-01", "ccna")
    attendance = attend(story.to("2023-06-10"), "BRKSEC-2020", "2023-06-10", gathering="live-2026")
    assert unmet(attendance)[0] == "CE-03"


def test_where_the_day_has_begun_at_the_event_it_is_not_in_the_future(story: Story) -> None:
    """CE-10: a morning in Tokyo is the evening before in the programme's zone."""
    event = register_gathering(
        code="live-tokyo", name="Live Tokyo", place="Tokyo", time_zone="Asia/Tokyo",
        starts_on=day("2026-07-01"), ends_on=day("2026-07-02"), now=noon("2026-06-01"),
    )  # fmt: skip
    begins = clock.at(day("2026-06-30"), 22)
    time = schedule_session(
        gathering_id=event.id, code="BRKSEC-2020", minutes=60, starts_at=begins, marked=False, now=noon("2026-06-01")
    )
    attendance = record_attendance(
        session_time_id=time.id, candidate_id=story.candidate.id, badges=[(0, 60)], now=clock.at(day("2026-06-30"), 23)
    )
    assert attendance.earned
    assert attendance.attended_on == day("2026-07-01")


def test_reported_after_the_lapse_it_still_counts_and_can_renew() -> None:
    """CE-15, CE-09: the session takes effect as of its day, and undoes the lapse."""
    story = holder("2020-06-02", "2020-06-01", "ccna")
    story.to("2021-03-05").report("boot-16", "2021-03-03")
    story.report("dig-12", "2021-03-04")
    time = held("BRKSEC-2020", "2023-05-20", gathering="live-2026")
    story.to("2023-06-20")
    assert story.status("ccna") == "inactive"

    attendance = record_attendance(
        session_time_id=time.id, candidate_id=story.candidate.id, badges=[(0, 90)], now=story.now
    )

    assert attendance.earned
    assert story.status("ccna") == "active"
    assert Recertification.objects.get().requirement_on == day("2023-05-20")
    assert story.ledger_is_sound()


def test_before_2020_what_is_reported_after_the_lapse_is_lost() -> None:
    """CE-15: then a claim pending at the lapse granted nothing."""
    story = holder("2018-01-10", "2015-07-01")
    time = held("BRKSEC-2020", "2018-06-11")
    story.to("2018-07-02")
    assert story.status("ccie-security") == "inactive"
    attendance = record_attendance(
        session_time_id=time.id, candidate_id=story.candidate.id, badges=[(0, 90)], now=story.now
    )
    assert "CE-15" in unmet(attendance)


# ── Renewal by sessions ───────────────────────────────────────────────────────────────────────────
def test_a_session_can_be_the_last_step_of_a_path() -> None:
    """CE-09: the paths are judged with it; the session's day is the requirement date."""
    story = holder("2026-01-10", "2025-09-01", "ccna")
    story.to("2026-02-02").report("vilt-24", "2026-02-01")
    attend(story, "LTRCRT-3000", "2026-06-01")
    assert Recertification.objects.get().requirement_on == day("2026-06-01")
    assert story.lapses_on("ccna") == "2029-06-01"


def test_the_book_of_the_session_day_says_whether_there_is_a_cap() -> None:
    """LIVE-06: seventy credits a cycle until 24 February 2020, no cap since."""
    story = holder("2019-01-10", "2018-09-01").to("2020-03-02")
    codes = [code for code in Session.objects.values_list("code", flat=True).distinct() if code[:3] in {"TEC", "LTR"}]
    for year in ("2018", "2026"):
        for hour, code in enumerate(sorted(codes)):
            attend(
                story, code, "2020-02-23" if year == "2018" else "2019-06-01", hour=8 + hour, gathering=f"live-{year}"
            )
    assert (story.balance().available, story.balance().cut) == (70, 2)

    since = attend(story, "BRKSEC-3030", "2020-03-02", gathering="live-2026")

    assert since.earned
    assert "LIVE-06" not in {each["clause"] for each in since.decision}
    assert story.balance().available == 73


# ── Once, and again ───────────────────────────────────────────────────────────────────────────────
def test_a_session_counts_once_an_event_ever(story: Story) -> None:
    """CR-04: at another of its times it earns nothing; at another event it is another session."""
    assert attend(story, "DEVWKS-1020", "2026-06-02").earned
    assert unmet(attend(story, "DEVWKS-1020", "2026-06-03")) == ("CR-04",)
    assert unmet(attend(story, "DEVWKS-1020", "2026-06-02", hour=14)) == ("CR-04",)
    assert attend(story, "DEVWKS-1020", "2026-06-04", gathering="live-2018").earned
    assert story.balance().available == 2


def test_a_session_of_an_earlier_cycle_has_counted() -> None:
    """CR-04: once per session code and event, ever: a renewal in the middle of an event makes no difference."""
    story = holder("2026-01-10", "2025-09-01", "ccna")
    story.to("2026-02-02").report("vilt-24", "2026-02-01")
    assert attend(story, "LTRCRT-3000", "2026-06-01").earned
    assert story.cycle_started_on() == "2026-06-02"
    assert unmet(attend(story, "LTRCRT-3000", "2026-06-03")) == ("CR-04",)


def test_of_two_times_the_earlier_counts_whichever_is_reported_first(story: Story) -> None:
    """CR-04: the later one's credits are taken back by an entry that names what it corrects (CR-07)."""
    story.to("2026-06-04")
    later = attend(story, "DEVWKS-1020", "2026-06-03")
    earlier = attend(story, "DEVWKS-1020", "2026-06-02")

    later.refresh_from_db()
    assert (earlier.earned, later.earned) == (True, False)
    assert unmet(later) == ("CR-04",)
    assert [(each.kind, each.amount, each.counts_from.day, each.clause) for each in Entry.objects.order_by("id")] == [
        ("earned", 1, 3, "LIVE-05"),
        ("corrected", -1, 3, "CR-04"),
        ("earned", 1, 2, "LIVE-05"),
    ]
    assert story.balance().earned == 1
    settled = Event.objects.get(topic="credits.attendance_settled")
    assert (settled.subject_id, settled.payload["credits"]) == (later.id, 0)


def snapshot() -> list[list[dict[str, Any]]]:
    return [list(model.objects.order_by("pk").values()) for model in (Attendance, Grant, Entry, Event)]


@pytest.mark.parametrize("badges", [((0, 90),), ((0, 30), (40, 50))])
def test_the_same_scans_again_change_nothing(story: Story, badges: tuple[tuple[int, int], ...]) -> None:
    attend(story, "BRKSEC-2020", "2026-06-01", *badges)
    before = snapshot()
    attend(story, "BRKSEC-2020", "2026-06-01", *badges)
    attend(story, "BRKSEC-2020", "2026-06-01", *reversed(badges))
    assert snapshot() == before


def test_more_scans_add_up_until_the_session_has_earned(story: Story) -> None:
    """LIVE-04: what was too little becomes enough; what has earned is not decided again."""
    assert unmet(attend(story, "BRKSEC-2020", "2026-06-01", (0, 40))) == ("LIVE-04",)
    enough = attend(story, "BRKSEC-2020", "2026-06-01", (50, 90))
    assert enough.earned
    assert (enough.badges, enough.minutes_present) == ([[0, 40], [50, 90]], 80)
    before = snapshot()
    attend(story, "BRKSEC-2020", "2026-06-01", (40, 50))
    assert snapshot() == before
    assert Attendance.objects.count() == 1


def test_a_corrected_schedule_counts_when_it_is_reported_again(story: Story) -> None:
    """LIVE-08: the mark was forgotten; the same scans are decided anew by the schedule as it is now."""
    attendance = attend(story, "CTFSEC-2047", "2026-06-01")
    assert unmet(attendance) == ("LIVE-08",)
    Session.objects.filter(code="CTFSEC-2047").update(marked=True)
    assert attend(story, "CTFSEC-2047", "2026-06-01").earned


def test_nonsense_is_not_recorded(story: Story) -> None:
    time = held("BRKSEC-2020", "2026-06-01")
    with pytest.raises(ValueError, match="minute 10"):
        record_attendance(
            session_time_id=time.id, candidate_id=story.candidate.id, badges=[(20, 10)], now=noon("2026-06-02")
        )
    assert not Attendance.objects.exists()


# ── Many at once ──────────────────────────────────────────────────────────────────────────────────
def test_many_at_once_come_to_the_same_as_one_by_one() -> None:
    """The same people, the same scans: one by one in order, and all together in any."""
    codes = ["BRKSEC-1010", "BRKSEC-2020", "LTRSEC-1257", "TECSEC-3672", "TECOPS-1000", "DEVNET-2000", "LTRCRT-3000"]
    with BOOK.overlaid({"live.cycle_cap": 20}):
        alone = holder("2018-01-10", "2017-09-01")
        for number, code in enumerate(codes):
            attend(alone, code, "2018-06-11", hour=8 + number)
        together = [holder("2018-01-10", "2017-09-01") for _each in range(2)]
        times = [held(code, "2018-06-11", 8 + number) for number, code in enumerate(codes)]
        reported = [
            Reported(story.candidate.id, time.id, ((0, 480),)) for time in reversed(times) for story in together
        ]
        recorded = record_attendances(reported=reported, now=noon("2018-06-12"))

    assert recorded == Recorded(earning=10, refused=4, unchanged=0)
    assert record_attendances(reported=reported, now=noon("2018-06-12")) == Recorded(0, 0, 14)
    for story in together:
        assert story.balance() == alone.balance()
        assert story.ledger_is_sound()
        assert story.candidate.attendances.filter(earned=True).count() == 5


def test_a_person_costs_no_more_questions_than_a_hundred() -> None:
    """What decides about the attendances of many is read at once."""
    times = [held(code, "2026-06-01", hour) for hour, code in enumerate(["BRKSEC-1010", "BRKSEC-2020"], start=8)]
    asked = []
    for count in (1, 30):
        people = [holder() for _each in range(count)]
        reported = [Reported(story.candidate.id, time.id, ((0, 90),)) for story in people for time in times]
        with CaptureQueriesContext(connection) as queries:
            record_attendances(reported=reported, now=noon("2026-06-02"))
        asked.append(len(queries))
    assert asked[1] <= asked[0] + 5  # the keys that COPY asks for in advance
    assert asked[0] <= 22


@pytest.mark.parametrize("fields", [{"earned": True, "credits": None}, {"earned": True, "credits": 0}])
def test_the_database_refuses_what_earned_and_is_worth_nothing(story: Story, fields: dict[str, Any]) -> None:
    attendance = attend(story, "BRKSEC-2020", "2026-06-01")
    with pytest.raises(IntegrityError, match="attendance_earned_is_worth_something"), transaction.atomic():
        Attendance.objects.filter(id=attendance.id).update(**fields)
