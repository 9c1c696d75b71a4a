"""Presence, what a session must be, and what the cap leaves: the rules by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from catalog.sessions import parse_code
from ceportal.kernel.policy import BOOK
from credits.rules.attending import (
    SessionFacts,
    Sitting,
    assess_presence,
    assess_session,
    explain_share,
    merge_badges,
    minutes_present,
    share_out,
)
from tests.factories import day

BEFORE, SINCE = "2020-02-23", "2020-02-24"  # the days on which the book's numbers for sessions change


# ── Presence ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("_case", "pairs", "merged", "present"),
    [
        ("nothing", [], [], 0),
        ("the whole session", [(0, 90)], [(0, 90)], 90),
        ("two stays add up", [(0, 30), (40, 90)], [(0, 30), (40, 90)], 80),
        ("in any order", [(40, 90), (0, 30)], [(0, 30), (40, 90)], 80),
        ("overlapping pairs count once", [(0, 100), (50, 150)], [(0, 150)], 90),
        ("one within another", [(0, 90), (10, 20)], [(0, 90)], 90),
        ("the same twice", [(10, 70), (10, 70)], [(10, 70)], 60),
        ("touching", [(0, 45), (45, 90)], [(0, 90)], 90),
        ("a minute apart", [(0, 45), (46, 90)], [(0, 45), (46, 90)], 89),
        ("early in, late out", [(-15, 120)], [(-15, 120)], 90),
        ("gone before it began", [(-30, -5)], [(-30, -5)], 0),
        ("come after it ended", [(90, 120)], [(90, 120)], 0),
        ("in and out at once", [(5, 5)], [(5, 5)], 0),
    ],
)
def test_presence(_case: str, pairs: list[tuple[int, int]], merged: list[tuple[int, int]], present: int) -> None:
    """LIVE-04: several pairs add up, overlapping pairs count once, and only within the session."""
    assert merge_badges(pairs) == tuple(merged)
    assert minutes_present(merge_badges(pairs), 90) == present


def test_nobody_goes_out_before_coming_in() -> None:
    with pytest.raises(ValueError, match="minute 10"):
        merge_badges([(20, 10)])


@given(some.lists(some.tuples(some.integers(-60, 300), some.integers(0, 300)).map(lambda each: (each[0], sum(each)))))
def test_presence_is_the_number_of_minutes_covered(pairs: list[tuple[int, int]]) -> None:
    covered = {minute for came, went in pairs for minute in range(came, went) if 0 <= minute < 240}
    merged = merge_badges(pairs)
    assert minutes_present(merged, 240) == len(covered)
    assert merge_badges([*merged, *pairs]) == merged


@pytest.mark.parametrize(
    ("_case", "on", "present", "minutes", "unmet"),
    [
        ("exactly three quarters", SINCE, 180, 240, ()),
        ("a minute less", SINCE, 179, 240, ("LIVE-04",)),
        ("three quarters of ninety, rounded up", SINCE, 68, 90, ()),
        ("half a minute less", SINCE, 67, 90, ("LIVE-04",)),
        ("no such rule before", BEFORE, 1, 240, ()),
        ("but a badge is needed", BEFORE, 0, 240, ("LIVE-03",)),
        ("never there", SINCE, 0, 240, ("LIVE-03", "LIVE-04")),
    ],
)
def test_how_long_somebody_must_be_there(
    _case: str, on: str, present: int, minutes: int, unmet: tuple[str, ...]
) -> None:
    """LIVE-03, LIVE-04, LIVE-07: being at the event earns nothing without a badge at the session."""
    assert assess_presence(present, minutes, BOOK.on(day(on))).clauses_unmet == unmet


def test_a_share_that_no_binary_number_meets_is_met_exactly() -> None:
    """LIVE-04: seven tenths of ninety are sixty-three, however computers count."""
    with BOOK.overlaid({"live.min_attendance": 0.7}):
        assert assess_presence(63, 90, BOOK.on(day(SINCE))).granted
        assert not assess_presence(62, 90, BOOK.on(day(SINCE))).granted


# ── The session ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("_case", "on", "code", "minutes", "marked", "unmet"),
    [
        ("a breakout", SINCE, "BRKSEC-2020", 90, False, ()),
        ("a DevNet workshop", SINCE, "DEVWKS-1020", 90, False, ()),
        ("another DevNet class", SINCE, "DEVNET-2000", 90, False, ("LIVE-02", "LIVE-01")),
        ("something else", SINCE, "PSOGEN-1000", 90, False, ("LIVE-01",)),
        ("forty-five minutes", SINCE, "BRKAPP-1005", 45, False, ()),
        ("a minute less", SINCE, "BRKAPP-1005", 44, False, ("LIVE-03",)),
        ("no such rule before", BEFORE, "BRKAPP-1005", 10, False, ()),
        ("a marked mission", SINCE, "CTFCOL-1012", 60, True, ()),
        ("one without the mark", SINCE, "CTFSEC-2047", 60, False, ("LIVE-08",)),
        ("so before, too", BEFORE, "CTFSEC-2047", 60, False, ("LIVE-08",)),
        ("all at once", SINCE, "CTFSEC-2047", 30, False, ("LIVE-08", "LIVE-03")),
    ],
)
def test_what_a_session_must_be(
    _case: str, on: str, code: str, minutes: int, marked: bool, unmet: tuple[str, ...]
) -> None:
    """LIVE-01, LIVE-02, LIVE-03, LIVE-08; the telling clause comes first."""
    read = parse_code(code)
    assert read is not None
    assert assess_session(SessionFacts(read, minutes, marked), BOOK.on(day(on))).clauses_unmet == unmet


def test_where_the_board_gives_nothing_nothing_is_earned() -> None:
    """LIVE-05: a kind and level without credits."""
    nothing = {kind: [0, 0, 0] for kind in BOOK.on(day(SINCE))["live.credits"].value}
    read = parse_code("BRKSEC-2020")
    assert read is not None
    with BOOK.overlaid({"live.credits": nothing}):
        assert assess_session(SessionFacts(read, 90, False), BOOK.on(day(SINCE))).clauses_unmet == ("LIVE-05",)


# ── The cap ───────────────────────────────────────────────────────────────────────────────────────
def sittings(*credits: int, on: str = BEFORE) -> list[Sitting]:
    return [Sitting(number, day(on), amount) for number, amount in enumerate(credits)]


@pytest.mark.parametrize(
    ("_case", "credits", "keeps"),
    [
        ("far below", (12, 6), (12, 6)),
        ("exactly the cap", (40, 30), (40, 30)),
        ("the one that crosses it earns what is left", (40, 28, 6), (40, 28, 2)),
        ("and those after it nothing", (40, 28, 6, 1), (40, 28, 2, 0)),
        ("a single one above it", (75,), (70,)),
        ("none", (), ()),
    ],
)
def test_the_cap_is_shared_out_in_order(_case: str, credits: tuple[int, ...], keeps: tuple[int, ...]) -> None:
    """LIVE-06: seventy credits a cycle before 24 February 2020."""
    assert tuple(share.keeps for share in share_out(sittings(*credits), counted=(), book=BOOK)) == keeps


def test_only_sessions_under_a_cap_take_room_and_are_cut() -> None:
    """LIVE-06: since 24 February 2020 the book knows no cap."""
    mixed = [Sitting(1, day(BEFORE), 60), Sitting(2, day(SINCE), 50), Sitting(3, day(BEFORE), 12)]
    assert [share.keeps for share in share_out(mixed, counted=(), book=BOOK)] == [60, 50, 10]


def test_a_session_counts_once_whatever_the_time() -> None:
    """CR-04: the second time of a session, and one that counts in another cycle, earn nothing and take no room."""
    again = [
        Sitting(1, day(BEFORE), 30),
        Sitting(1, day(BEFORE), 30),
        Sitting(2, day(BEFORE), 30),
        Sitting(9, day(BEFORE), 9),
    ]
    shares = share_out(again, counted={9}, book=BOOK)
    assert [(share.keeps, share.repeated) for share in shares] == [(30, False), (0, True), (30, False), (0, True)]
    assert [explain_share(*each)[0].clause for each in zip(again, shares, strict=True)] == ["CR-04"] * 4
    assert [explain_share(*each)[0].met for each in zip(again, shares, strict=True)] == [True, False, True, False]


def test_what_was_cut_to_nothing_has_not_counted() -> None:
    full = [Sitting(1, day(BEFORE), 70), Sitting(2, day(BEFORE), 5), Sitting(2, day(BEFORE), 5)]
    assert [share.repeated for share in share_out(full, counted=(), book=BOOK)] == [False, False, False]


@pytest.mark.parametrize(
    ("credits", "met", "facts"),
    [
        ((60, 10), True, {"before": 60, "cap": 70, "credits": 10, "left": 10}),
        ((60, 11), True, {"before": 60, "cap": 70, "credits": 11, "left": 10}),
        ((70, 1), False, {"before": 70, "cap": 70, "credits": 1, "left": 0}),
    ],
)
def test_the_cap_is_told_with_its_numbers(credits: tuple[int, int], met: bool, facts: dict[str, int]) -> None:
    """LIVE-06: how much there was before, and what is left."""
    both = sittings(*credits)
    _once, told = explain_share(both[1], share_out(both, counted=(), book=BOOK)[1])
    assert (told.clause, told.met, told.facts) == ("LIVE-06", met, facts)
    assert [each.name for each in told.because] == ["live.cycle_cap"]
    assert str(facts["before"]) in told.sentence % told.facts


def test_without_a_cap_nothing_is_said_of_one() -> None:
    (sitting,) = sittings(12, on=SINCE)
    (share,) = share_out([sitting], counted=(), book=BOOK)
    assert [each.clause for each in explain_share(sitting, share)] == ["CR-04"]


@given(some.lists(some.integers(1, 12), max_size=12), some.integers(0, 60))
def test_the_cap_is_filled_and_never_passed(held: list[int], cap: int) -> None:
    """LIVE-06, CR-04: every session once, as far as there is room."""
    with BOOK.overlaid({"live.cycle_cap": cap}):
        shares = share_out([Sitting(pk, day(BEFORE), pk) for pk in held], counted=(), book=BOOK)
    assert sum(share.keeps for share in shares) == min(cap, sum(set(held)))
