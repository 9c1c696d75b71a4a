"""Session codes and what they are worth; schedules handed in as tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from catalog import services, sessions
from catalog.models import Gathering, Session, SessionTime
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from tests.factories import day, noon

NOW = noon("2026-05-01")
BOOK_2026 = BOOK.on(day("2026-06-01"))


# ── Codes ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("code", "kind", "level"),
    [
        # As the programme's public pages print them.
        ("DEVWKS-1020", "breakout", 1),
        ("BRKAPP-1005", "breakout", 1),
        ("BRKCCT-2406", "breakout", 2),
        ("BRKCOL-2019", "breakout", 2),
        ("BRKCRT-3008", "breakout", 3),
        ("DEVWKS-3020", "breakout", 3),
        ("LTRSEC-1257", "lab", 1),
        ("LTRPRG-1125", "lab", 1),
        ("LTRENT-2496", "lab", 2),
        ("LTRCCT-2336", "lab", 2),
        ("LTRCRT-3000", "lab", 3),
        ("LTRACI-3123", "lab", 3),
        ("TECOPS-1000", "seminar", 1),
        ("TECSEC-2181", "seminar", 2),
        ("TECIP6-3600", "seminar", 3),
        ("TECSEC-3672", "seminar", 3),
        ("CTFCOL-1012", "flag", 1),
        ("CTFMER-102", "flag", 1),
        # At the edges.
        ("BRKSEC-999", "breakout", 1),
        ("BRKSEC-1999", "breakout", 1),
        ("BRKSEC-2000", "breakout", 2),
        ("BRKSEC-2999", "breakout", 2),
        ("BRKSEC-3000", "breakout", 3),
        ("BRKSEC-4711", "breakout", 3),
        ("BRKSEC-12345", "breakout", 3),
        ("BRKSEC-0", "breakout", 1),
        ("BRK-1000", "breakout", 1),
        ("  brksec-2020 ", "breakout", 2),
        # What earns nothing is a session all the same (LIVE-01).
        ("PSOGEN-1000", None, 1),
        ("KEY-0001", None, 1),
        ("XBRK-2000", None, 2),
    ],
)
def test_a_code_says_kind_and_level(code: str, kind: str | None, level: int) -> None:
    """LIVE-01, LIVE-05: the kind stands in the prefix, the level is the thousand of the number."""
    read = sessions.parse_code(code)
    assert read is not None
    assert (read.kind, read.level, read.devnet) == (kind, level, False)
    assert read.text == code.strip().upper()


@pytest.mark.parametrize("code", ["DEVNET-2000", "DEVNET-1", "DEVLIT-1000", "DEVWKSX-1000", "DEV-1000"])
def test_other_devnet_classes_are_told_apart(code: str) -> None:
    """LIVE-02: of the DevNet classes only the workshops earn anything."""
    read = sessions.parse_code(code)
    assert read is not None
    assert (read.kind, read.devnet) == (None, True)


@pytest.mark.parametrize(
    "code",
    ["", "-", "BRKSEC", "BRKSEC2020", "BRKSEC-", "-2020", "BRKSEC 2020", "BRKSEC-20x0", "BRKSEC--2020", "BRKSEC-2020-1",
     "BR-2020", "1BRK-2020", "BRKSEC-123456", "BRKSEC-2020b", "BRKSEC\u20102020", "BRKSEC-\uff12\uff10\uff12\uff10",
     "Lunch", "BRKSEC-2020\n1"],
)  # fmt: skip
def test_what_is_not_a_code_is_not_guessed(code: str) -> None:
    assert sessions.parse_code(code) is None


@pytest.mark.parametrize(
    ("code", "minutes", "credits"),
    [
        ("BRKSEC-1010", 90, 1), ("BRKSEC-2020", 90, 2), ("BRKSEC-3030", 90, 3), ("DEVWKS-1020", 90, 1),
        ("LTRSEC-1257", 240, 4), ("LTRENT-2496", 240, 5), ("LTRCRT-3000", 240, 6),
        ("TECOPS-1000", 240, 4), ("TECOPS-1000", 241, 8), ("TECSEC-2181", 60, 5), ("TECSEC-2181", 480, 10),
        ("TECSEC-3672", 240, 6), ("TECSEC-3672", 480, 12), ("CTFCOL-1012", 60, 1), ("CTFSEC-2047", 60, 2),
        ("DEVNET-2000", 90, 0), ("PSOGEN-1000", 90, 0),
    ],
)  # fmt: skip
def test_what_a_session_is_worth(code: str, minutes: int, credits: int) -> None:
    """LIVE-05; a seminar of up to four hours is one of four hours, a longer one of eight (LIVE-01)."""
    read = sessions.parse_code(code)
    assert read is not None
    assert sessions.credits_of(read, minutes, BOOK_2026) == credits


@pytest.mark.parametrize(
    ("_case", "code", "minutes", "marked", "unmet"),
    [
        ("in order", "BRKSEC-2020", 90, False, ()),
        ("a marked mission", "CTFCOL-1012", 60, True, ()),
        ("no code", "Lunch", 60, False, ("LIVE-05",)),
        ("no length", "BRKSEC-2020", 0, False, ("LIVE-03",)),
        ("a mark on something else", "BRKSEC-2020", 90, True, ("LIVE-08",)),
    ],
)
def test_what_can_be_scheduled(_case: str, code: str, minutes: int, marked: bool, unmet: tuple[str, ...]) -> None:
    facts = sessions.ScheduleFacts(code=code, minutes=minutes, marked=marked)
    assert sessions.assess_schedule(facts).clauses_unmet == unmet


# ── Gatherings and their schedules ────────────────────────────────────────────────────────────────
@pytest.fixture
def tokyo(db: None) -> Gathering:
    return register()


def register(code: str = "live-tokyo", name: str = "Live Tokyo") -> Gathering:
    return services.register_gathering(
        code=code,
        name=name,
        place="Tokyo",
        time_zone="Asia/Tokyo",
        starts_on=day("2026-11-09"),
        ends_on=day("2026-11-12"),
        now=NOW,
    )


def schedule(gathering: Gathering, code: str = "BRKSEC-2020", **fields: object) -> SessionTime:
    values = {"minutes": 90, "starts_at": datetime(2026, 11, 9, 23, tzinfo=UTC), "marked": False} | fields
    return services.schedule_session(gathering_id=gathering.id, code=code, now=NOW, **values)  # type: ignore[arg-type]


def test_an_event_is_entered_once(tokyo: Gathering) -> None:
    assert register(name="Another name") == tokyo
    assert Gathering.objects.get().name == "Live Tokyo"
    assert Event.objects.filter(topic="catalog.gathering_registered").count() == 1


def test_a_session_is_held_on_the_day_it_is_where_the_event_is(tokyo: Gathering) -> None:
    """Eight in the morning in Tokyo is the evening before in UTC."""
    time = schedule(tokyo, room="Hall 2", title="Identity")
    assert time.held_on == day("2026-11-10")
    assert (time.session.code, time.session.title, time.room) == ("BRKSEC-2020", "Identity", "Hall 2")


def test_the_same_again_changes_nothing_and_a_correction_is_told(tokyo: Gathering) -> None:
    first = schedule(tokyo, title="Identity", room="Hall 2")
    assert schedule(tokyo, code=" brksec-2020") == first
    assert Event.objects.filter(topic="catalog.session_scheduled").count() == 1

    again = schedule(tokyo, minutes=60, room="Hall 3")

    assert again == first
    session = Session.objects.get()
    assert (session.minutes, session.title) == (60, "Identity")  # a title that is left out stays
    assert SessionTime.objects.get().room == "Hall 3"
    assert Event.objects.filter(topic="catalog.session_room_changed").count() == 1
    assert Event.objects.get(topic="catalog.session_changed").payload == {"code": "BRKSEC-2020", "minutes": 60}


def test_what_cannot_be_scheduled_leaves_nothing_behind(tokyo: Gathering) -> None:
    with pytest.raises(Refused) as refusal:
        schedule(tokyo, code="Lunch")
    assert refusal.value.decision.clauses_unmet == ("LIVE-05",)
    assert not Session.objects.exists()
    assert not Event.objects.filter(topic__startswith="catalog.session").exists()


def imported(gathering: Gathering, *lines: str, encoding: str = "utf-8") -> services.ScheduleRead:
    return services.import_schedule(gathering_id=gathering.id, content="\n".join(lines).encode(encoding), now=NOW)


def test_a_schedule_comes_in_as_a_table(tokyo: Gathering) -> None:
    lines = (
        "Code;Title;Minutes;Start;Marked;Room;Speaker",
        "BRKSEC-2020;Identity;90;2026-11-09 08:00;;Hall 2;Somebody",
        "brksec-2020;Identity;90;2026-11-10T08:00+09:00;no;Hall 3;Somebody",
        "CTFCOL-1012;The flag;60;2026-11-11 10:30;yes;;",
        "",
    )
    read = imported(tokyo, *lines, encoding="utf-8-sig")

    assert (read.times, read.created, read.problems) == (3, 3, ())
    assert set(Session.objects.values_list("code", "minutes", "marked")) == {
        ("BRKSEC-2020", 90, False),
        ("CTFCOL-1012", 60, True),
    }
    first = SessionTime.objects.filter(session__code="BRKSEC-2020").earliest("starts_at")
    assert (first.starts_at, first.held_on) == (datetime(2026, 11, 8, 23, tzinfo=UTC), day("2026-11-09"))
    events = Event.objects.count()
    again = imported(tokyo, *lines)
    assert (again.times, again.created, Event.objects.count()) == (3, 0, events)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("Lunch,60,2026-11-09 12:00,,", "code"),
        ("BRKSEC-2020,,2026-11-09 12:00,,", "minutes"),
        ("BRKSEC-2020,ninety,2026-11-09 12:00,,", "minutes"),
        ("BRKSEC-2020,-5,2026-11-09 12:00,,", "minutes"),
        ("BRKSEC-2020,0,2026-11-09 12:00,,", "minutes"),
        ("BRKSEC-2020,9999,2026-11-09 12:00,,", "minutes"),
        ("BRKSEC-2020,90,,,", "start"),
        ("BRKSEC-2020,90,noon,,", "start"),
        ("BRKSEC-2020,90,2026-11-09,,", "start"),
        ("BRKSEC-2020,90,2026-11-13 08:00,,", "start"),
        ("BRKSEC-2020,90,9999-12-31 23:59,,", "start"),
        ("BRKSEC-2020,90,0001-01-01 00:00,,", "start"),
        ("BRKSEC-2020,90,2026-11-09 12:00,,perhaps", "marked"),
        ("BRKSEC-2020,90,2026-11-09 12:00,,yes", "marked"),
        ("BRKSEC-2020,90,2026-11-09 12:00,,,more,than,asked", ""),
        ("LTRSEC-1257,90,2026-11-09 12:00,,", "minutes"),
    ],
)
def test_a_row_that_cannot_be_taken_is_listed_with_its_place(tokyo: Gathering, line: str, column: str) -> None:
    """LIVE-05: a code that is not one is listed, not guessed; the other rows come in."""
    read = imported(
        tokyo,
        "code,minutes,start,room,marked",
        "LTRSEC-1257,240,2026-11-09 08:00",
        line,
        "BRKSEC-1010,90,2026-11-10 09:00",
    )

    (problem,) = read.problems
    assert (problem.row, problem.column) == (3, column)
    assert problem.text
    assert problem.place.startswith("row 3")
    assert set(Session.objects.values_list("code", flat=True)) == {"LTRSEC-1257", "BRKSEC-1010"}
    assert read.times == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The heading lacks: code, minutes, start."),
        (b"\xff\xfe\x00nonsense", "This is not a text file in UTF-8."),
        (b"code,minutes,start\n\0", "This is not a text file in UTF-8."),
        (b"code,minutes\nBRKSEC-2020,90", "The heading lacks: start."),
        (b"code,code,minutes,start\n", "The column “code” stands twice in the heading."),
        (b'"code', "The heading lacks: minutes, start."),
    ],
)
def test_a_file_that_is_no_schedule_is_said_in_a_sentence(tokyo: Gathering, content: bytes, says: str) -> None:
    read = services.import_schedule(gathering_id=tokyo.id, content=content, now=NOW)
    (problem,) = read.problems
    assert says in problem.text
    assert not Session.objects.exists()
