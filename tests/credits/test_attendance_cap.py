"""The event cap: shared out in the order of completion, however reports arrive, by correcting entries (LIVE-06)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest

from ceportal.kernel.decisions import Decision
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Attendance, Cycle, Entry, Grant, Recertification
from credits.services import cycles, ledger
from credits.services.attendance import Reported, record_attendances, settle_cap
from tests.credits.live_world import attend, held, holder, unmet
from tests.factories import day, noon
from tests.reference_data import load_reference
from tests.story import Story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(db: None) -> Iterator[None]:
    """The reference world, with a cap of twenty credits a cycle whatever the day."""
    load_reference()
    with BOOK.overlaid({"live.cycle_cap": 20}):
        yield


@pytest.fixture
def story() -> Story:
    return holder("2018-01-10", "2017-09-01")


def cap_told(attendance: Attendance) -> dict[str, object]:
    attendance.refresh_from_db(fields=["decision"])
    findings = Decision.from_json(attendance.decision).findings
    return dict(next(each.facts for each in findings if each.clause == "LIVE-06"))


def entries(attendance: Attendance) -> list[tuple[str, int, str]]:
    found = Entry.objects.filter(grant__attendance=attendance).order_by("id")
    return list(found.values_list("kind", "amount", "clause"))


# ── In order ──────────────────────────────────────────────────────────────────────────────────────
def test_the_session_that_crosses_the_cap_earns_what_is_left(story: Story) -> None:
    """LIVE-06: the ledger shows how much was cut and cites the clause; a session cut to nothing enters no ledger."""
    attend(story, "TECSEC-3672", "2018-06-11")
    attend(story, "LTRCRT-3000", "2018-06-12")
    crossing = attend(story, "BRKSEC-3030", "2018-06-13")
    beyond = attend(story, "BRKSEC-2020", "2018-06-14")

    assert entries(crossing) == [("earned", 3, "LIVE-05"), ("cut", -1, "LIVE-06")]
    assert (crossing.credits, crossing.earned) == (3, True)
    assert cap_told(crossing) == {"before": 18, "cap": 20, "credits": 3, "left": 2}
    assert (beyond.credits, beyond.earned, unmet(beyond)) == (2, False, ("LIVE-06",))
    assert not Grant.objects.filter(attendance=beyond).exists()
    assert (story.balance().available, story.balance().earned, story.balance().cut) == (20, 21, 1)
    assert story.ledger_is_sound()


def test_exactly_the_cap_is_not_cut(story: Story) -> None:
    for code, on in (("TECSEC-3672", "2018-06-11"), ("LTRCRT-3000", "2018-06-12"), ("BRKSEC-2020", "2018-06-13")):
        attend(story, code, on)
    assert (story.balance().available, story.balance().cut) == (20, 0)
    assert unmet(attend(story, "BRKSEC-1010", "2018-06-14")) == ("LIVE-06",)


def test_trainings_take_no_room(story: Story) -> None:
    story.to("2018-06-10").report("ilt-64", "2018-06-01")
    attend(story, "TECSEC-3672", "2018-06-11")
    assert (story.balance().available, story.balance().cut) == (76, 0)


# ── Out of order ──────────────────────────────────────────────────────────────────────────────────
SESSIONS = (("TECSEC-3672", "2018-06-11"), ("LTRCRT-3000", "2018-06-12"), ("BRKSEC-3030", "2018-06-13"),
            ("BRKSEC-2020", "2018-06-14"))  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_order_of_reports_makes_no_difference(order: tuple[int, ...]) -> None:
    """LIVE-06: twelve, six, two of three, and nothing of two, whatever was reported first."""
    story = holder("2018-01-10", "2017-09-01").to("2018-06-20")
    for place in order:
        attend(story, *SESSIONS[place])

    outcomes = [story.candidate.attendances.get(session_time__session__code=code) for code, _on in SESSIONS]
    assert [each.earned for each in outcomes] == [True, True, True, False]
    assert unmet(outcomes[3]) == ("LIVE-06",)
    balance = story.balance()
    assert (balance.available, balance.earned, balance.cut) == (20, 21, 1)
    assert story.ledger_is_sound()


def test_a_late_report_recuts_the_later_session_by_correcting_entries(story: Story) -> None:
    """LIVE-06, CR-07: the old cut is restored and a new one written, as of the session's day."""
    story.to("2018-06-20")
    attend(story, "LTRCRT-3000", "2018-06-12")
    last = attend(story, "TECSEC-3672", "2018-06-14")
    assert entries(last) == [("earned", 12, "LIVE-05")]
    attend(story, "LTRENT-2496", "2018-06-13")

    assert entries(last) == [("earned", 12, "LIVE-05"), ("cut", -3, "LIVE-06")]
    attend(story, "BRKSEC-3030", "2018-06-11")
    assert entries(last) == [
        ("earned", 12, "LIVE-05"),
        ("cut", -3, "LIVE-06"),
        ("restored", 3, "LIVE-06"),
        ("cut", -6, "LIVE-06"),
    ]
    found = Entry.objects.filter(grant__attendance=last).order_by("id")
    assert found[2].corrects == found[1]
    assert {each.counts_from for each in found} == {day("2018-06-14")}
    assert cap_told(last) == {"before": 14, "cap": 20, "credits": 12, "left": 6}
    assert Event.objects.filter(topic="credits.attendance_settled", subject_id=last.id).count() == 2
    assert story.ledger_is_sound()


def test_a_session_cut_to_nothing_afterwards_is_taken_back(story: Story) -> None:
    """LIVE-06: sums by kind are those of reports in order; the past stays readable as it was known (CR-07)."""
    attend(story.to("2018-06-20"), "TECSEC-3672", "2018-06-11")
    last = attend(story, "BRKSEC-3030", "2018-06-14")
    as_known_then = noon("2018-06-20")
    story.to("2018-06-21")
    attend(story, "LTRENT-2496", "2018-06-12")
    assert entries(last) == [("earned", 3, "LIVE-05")]
    attend(story, "LTRCRT-3000", "2018-06-13")

    assert entries(last) == [("earned", 3, "LIVE-05"), ("corrected", -3, "LIVE-06")]
    last.refresh_from_db()
    assert (last.earned, last.credits, unmet(last)) == (False, 3, ("LIVE-06",))
    assert Grant.objects.get(attendance=last).remaining == 0
    balance = story.balance()
    assert (balance.available, balance.earned, balance.cut) == (20, 23, 3)
    then = queries.balance_as_of(story.candidate.id, day=day("2018-06-20"), known_at=as_known_then)
    assert then.available == 15


def test_a_cut_session_taken_back_gets_its_cut_restored(story: Story) -> None:
    attend(story.to("2018-06-20"), "TECSEC-3672", "2018-06-11")
    attend(story, "LTRENT-2496", "2018-06-12")
    last = attend(story, "LTRCRT-3000", "2018-06-14")
    attend(story, "LTRSEC-1257", "2018-06-13")
    assert entries(last) == [
        ("earned", 6, "LIVE-05"),
        ("cut", -3, "LIVE-06"),
        ("restored", 3, "LIVE-06"),
        ("corrected", -6, "LIVE-06"),
    ]
    assert (story.balance().available, story.balance().earned, story.balance().cut) == (20, 21, 1)


def test_settling_again_changes_nothing(story: Story) -> None:
    for code, on in reversed(SESSIONS):
        attend(story.to("2018-06-20"), code, on)
    before = [list(model.objects.order_by("pk").values()) for model in (Attendance, Grant, Entry, Event)]
    (cycle,) = queries.cycles_of(story.candidate.id)
    assert settle_cap(cycle=cycle, now=story.now) == []
    assert [list(model.objects.order_by("pk").values()) for model in (Attendance, Grant, Entry, Event)] == before


# ── Cycles ────────────────────────────────────────────────────────────────────────────────────────
def test_each_cycle_has_a_cap_of_its_own(story: Story) -> None:
    attend(story, "TECSEC-3672", "2018-06-11")
    attend(story, "TECSEC-2181", "2018-06-11", hour=18)
    attend(story, "LTRENT-2496", "2018-06-12", hour=8)
    assert story.balance().cut == 2
    story.to("2018-06-13").sit("400-007")  # the written exam renews: a new cycle
    assert attend(story, "LTRCRT-3000", "2018-06-14").earned
    assert (story.balance().available, story.balance().cut) == (6, 0)


def full_cycle_renewed_on(story: Story) -> None:
    """A cycle with eighteen credits of sessions, which an exam closed on 13 June."""
    attend(story, "TECSEC-3672", "2018-06-11")
    attend(story, "LTRCRT-3000", "2018-06-12")
    story.to("2018-06-13").sit("400-007")


def test_in_a_cycle_that_a_renewal_closed_a_late_session_earns_at_most_what_is_left(story: Story) -> None:
    """CE-09: what stands in it stays; the late one is entered there and expires with it."""
    full_cycle_renewed_on(story)
    before = list(Entry.objects.order_by("id").values())

    late = attend(story.to("2018-06-20"), "BRKSEC-3030", "2018-06-10")

    assert late.earned
    assert entries(late) == [("earned", 3, "LIVE-05"), ("cut", -1, "LIVE-06"), ("expired", -2, "CR-02")]
    assert Grant.objects.get(attendance=late).cycle == Cycle.objects.get(ended_on=day("2018-06-13"))
    assert list(Entry.objects.order_by("id").values())[: len(before)] == before
    assert unmet(attend(story, "BRKSEC-2020", "2018-06-09")) == ("LIVE-06",)
    assert story.balance().available == 0
    assert story.ledger_is_sound()


def test_in_a_closed_cycle_a_session_that_stands_is_not_counted_anew(story: Story) -> None:
    """CR-04, CE-09: an earlier time of a session that counts comes too late to take its place."""
    full_cycle_renewed_on(story)
    again = attend(story.to("2018-06-20"), "LTRCRT-3000", "2018-06-10")
    assert unmet(again) == ("CR-04",)
    assert Attendance.objects.get(session_time__session__code="LTRCRT-3000", earned=True).attended_on == day(
        "2018-06-12"
    )


def test_in_a_cycle_that_ended_with_a_lapse_it_is_still_settled() -> None:
    """CE-15: what is corrected in it expires with it again; credits count until the lapse only."""
    story = holder("2020-06-02", "2020-06-01", "ccna")
    story.to("2023-05-20")
    cut = attend(story, "TECSEC-3672", "2023-05-12", gathering="live-2026")
    assert story.to("2023-06-02").status("ccna") == "inactive"
    assert entries(cut) == [("earned", 12, "LIVE-05"), ("expired", -12, "CR-03")]

    late = attend(story, "TECSEC-2181", "2023-05-11", gathering="live-2026")
    later = attend(story, "LTRCRT-3000", "2023-05-10", gathering="live-2026")

    assert entries(late) == [("earned", 5, "LIVE-05"), ("expired", -5, "CR-03")]
    assert entries(later) == [("earned", 6, "LIVE-05"), ("expired", -6, "CR-03")]
    assert entries(cut) == [
        ("earned", 12, "LIVE-05"),
        ("expired", -12, "CR-03"),
        ("restored", 12, "LIVE-06"),
        ("cut", -3, "LIVE-06"),
        ("expired", -9, "CR-03"),
    ]
    assert story.ledger_is_sound()
    assert not Recertification.objects.exists()


def test_what_expired_by_its_date_is_recut_and_expires_again() -> None:
    """CR-01, CR-03: a cycle that went on with a lower certification may outlast the credits earned in it."""
    story = holder("2020-06-02", "2020-06-01")
    cut = attend(story, "TECSEC-3672", "2020-06-20", gathering="live-2018")
    story.to("2022-06-02").certify("ccnp-enterprise", "2022-06-01")
    story.to("2023-07-01")
    assert entries(cut) == [("earned", 12, "LIVE-05"), ("expired", -12, "CR-01")]

    for code, on in (("LTRCRT-3000", "2020-06-10"), ("LTRENT-2496", "2020-06-11")):
        attend(story, code, on, gathering="live-2018")

    assert entries(cut) == [
        ("earned", 12, "LIVE-05"),
        ("expired", -12, "CR-01"),
        ("restored", 12, "LIVE-06"),
        ("cut", -3, "LIVE-06"),
        ("expired", -9, "CR-01"),
    ]
    expired = Entry.objects.filter(kind="expired", entry__isnull=True).values_list("counts_from", "amount")
    assert sorted(expired) == [(day("2023-06-10"), -6), (day("2023-06-11"), -5), (day("2023-06-20"), -9)]


def test_where_two_cycles_become_one_the_cap_is_one(story: Story) -> None:
    """EXAM-09: the later sessions of the merged cycle are cut; settled back when there is room again."""
    attend(story, "TECSEC-3672", "2018-06-10")
    story.to("2018-06-11").sit("400-007")
    last = attend(story, "TECSEC-2181", "2018-06-12")
    later = attend(story, "LTRCRT-3000", "2018-06-13")
    assert story.balance().available == 11

    merged = cycles.replace_cycles(queries.cycles_of(story.candidate.id), now=story.now)
    taken = Entry.objects.filter(grant__cycle=merged, kind=Entry.Kind.EXPIRED, entry__isnull=True)
    ledger.reverse(taken, clause="EXAM-09", now=story.now)
    changed = settle_cap(cycle=merged, now=story.now)

    assert [grant.attendance for grant in changed] == [later]
    assert entries(later) == [("earned", 6, "LIVE-05"), ("cut", -3, "LIVE-06")]
    assert entries(last) == [("earned", 5, "LIVE-05")]
    assert (story.balance().available, story.balance().cut) == (20, 3)
    assert story.ledger_is_sound()


def test_a_session_refused_for_the_cap_alone_is_granted_when_there_is_room(story: Story) -> None:
    """LIVE-06: an earlier one was voided; what had been taken back gets a grant of its own."""
    first = attend(story.to("2018-06-20"), "TECSEC-3672", "2018-06-11")
    refused = attend(story, "BRKSEC-3030", "2018-06-14")
    attend(story, "LTRCRT-3000", "2018-06-12")
    attend(story, "LTRENT-2496", "2018-06-13")
    assert unmet(refused) == ("LIVE-06",)

    ledger.void_grant(Grant.objects.get(attendance=first), clause="CE-12", now=story.now)
    (cycle,) = queries.cycles_of(story.candidate.id)
    settle_cap(cycle=cycle, now=story.now)

    refused.refresh_from_db()
    assert refused.earned
    assert entries(refused) == [
        ("earned", 3, "LIVE-05"),
        ("cut", -1, "LIVE-06"),
        ("restored", 1, "LIVE-06"),
        ("corrected", -3, "LIVE-06"),
        ("earned", 3, "LIVE-05"),
    ]
    assert Grant.objects.filter(attendance=refused).count() == 2
    assert story.balance().available == 14
    assert story.ledger_is_sound()


def test_a_renewal_within_the_event_gives_the_rest_of_it_room() -> None:
    """CE-09, CR-02: reported together, what comes after the requirement date belongs to the next cycle."""
    story = holder("2026-01-10", "2025-09-01", "ccna")
    story.to("2026-02-02").report("dig-12", "2026-02-01")
    held_on = {"TECSEC-3672": "2026-06-01", "LTRCRT-3000": "2026-06-02", "LTRENT-2496": "2026-06-03"}
    reported = [Reported(story.candidate.id, held(code, on).id, ((0, 480),)) for code, on in held_on.items()]

    record_attendances(reported=reported, now=noon("2026-06-10"))

    assert Recertification.objects.get().requirement_on == day("2026-06-02")
    last = Attendance.objects.get(session_time__session__code="LTRENT-2496")
    assert entries(last) == [("earned", 5, "LIVE-05"), ("cut", -3, "LIVE-06"), ("restored", 3, "LIVE-06")]
    assert (story.cycle_started_on(), story.balance().available, story.balance().cut) == ("2026-06-03", 5, 0)
    assert cap_told(last) == {"before": 0, "cap": 20, "credits": 5, "left": 20}
    late = attend(story.to("2026-06-11"), "BRKSEC-3030", "2026-05-31")
    assert entries(late) == [("earned", 3, "LIVE-05"), ("cut", -1, "LIVE-06"), ("expired", -2, "CR-02")]
    assert story.ledger_is_sound()


def test_sessions_that_begin_together_are_settled_alike_in_any_order() -> None:
    """Two sessions that begin together are taken in one order, whichever is reported first."""
    outcomes = []
    for order in (("TECSEC-3672", "TECSEC-2181", "LTRCRT-3000"), ("LTRCRT-3000", "TECSEC-2181", "TECSEC-3672")):
        story = holder("2018-01-10", "2017-09-01").to("2018-06-20")
        for code in ("LTRCRT-3000", "TECSEC-2181", "TECSEC-3672"):
            held(code, "2018-06-11")
        for code in order:
            attend(story, code, "2018-06-11")
        kept = Entry.objects.filter(candidate=story.candidate).exclude(kind__in=["restored", "corrected"])
        outcomes.append({(each.grant.title, each.kind, each.amount) for each in kept.filter(entry__isnull=True)})
    assert outcomes[0] == outcomes[1]
