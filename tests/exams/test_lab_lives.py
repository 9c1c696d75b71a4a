"""Over random lives of lab bookings: money in is money kept or given back, nothing is held twice, no step half done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import time, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from ceportal.scenarios.cards import CardDesk, standing_in
from exams.models import FREED, LIVE, Attempt, Booking, CheckIn, Remedy, Reread, Reschedule, Seat, Sitting, WaitingWish
from exams.rules.booking import TRANSITIONS
from exams.site_time import day_at
from payments.models import Order, OrderLine, Payment, Transfer, Voucher
from payments.verification import verify
from tests import factories
from tests.exams import lab_world
from tests.exams.lab_life import Step
from tests.exams.lab_lives import LabLife
from tests.factories import day, noon

VERBS = (
    *("next",) * 60,
    *("book", "book", "book", "pay", "pay", "page", "redeem", "voucher", "give", "drop", "cancel"),
    *("quote", "quote", "quote", "confirm", "withdraw", "wish", "answer", "refunds"),
    *("arrive", "arrive", "arrive", "absent", "close", "incident", "incident", "clock", "remedy", "remedy"),
    *("result", "result", "correct", "reread", "reread", "shut", "sweep", "sweep"),
)
STEPS = some.lists(
    some.builds(
        Step,
        verb=some.sampled_from(VERBS),
        who=some.sampled_from((0, 0, 0, 1)),
        which=some.integers(0, 59),
        how=some.integers(0, 59),
        wait=some.sampled_from(("none", "none", "none", "minutes", "minutes", "hours", "days", "next", "next")),
    ),
    min_size=10,
    max_size=50,
)
# The same lives in every run, and no search for a smaller one: a life is read as it stands.
IN_PEACE = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
PAID_FOR = ("paid", "sat", "no_show", "cancelled", "passed", "failed", "incident")  # what was paid is kept for these


@pytest.fixture
def world(db: None) -> None:
    """Four sites with two seats every third Monday, and the labs of two tracks."""
    lab_world.agreements()
    lab_world.lab()
    lab_world.lab("ccie-enterprise", opened_by="350-401")
    mondays = [day("2026-02-16") + timedelta(weeks=3 * number) for number in range(26)]
    for code in lab_world.SITES:
        site = lab_world.site_of(code)
        opened = [Sitting(site=site, day=monday, starts_at=time(8, 30)) for monday in mondays]
        for sitting in Sitting.objects.bulk_create(opened):
            Seat.objects.bulk_create(Seat(sitting=sitting, number=number) for number in (1, 2))


@contextmanager
def a_life() -> Iterator[LabLife]:
    """Two candidates who may book, and a world that is afterwards as it was."""
    with standing_in() as cards, transaction.atomic():
        people = (lab_world.somebody(country="US"), lab_world.somebody(country="JP"))
        written = factories.ExamFactory.create(number="350-401")
        for each in people:
            Attempt.objects.create(
                candidate=each, exam=written, taken_on=day("2025-10-06"), result="pass", recorded_at=noon("2025-10-06")
            )
        proctor = factories.UserFactory.create()
        yield LabLife(people, proctor.pk, cards, lab_world.BOOKED)
        transaction.set_rollback(True)


def live(life: LabLife, steps: Sequence[Step]) -> None:
    """Take the steps of a life, and look after each."""
    stood: dict[int, str] = {}
    for step in steps:
        before = life.seen
        life.do(step)
        if life.seen != before:
            stood = bookings_went_where_the_diagram_leads(stood)
            look(life.cards)
    life.run_sweeps()
    bookings_went_where_the_diagram_leads(stood)
    look(life.cards)
    assert verify().differences == ()
    nothing_overdue_stands(life)


@pytest.mark.usefixtures("world")
@IN_PEACE
@given(steps=STEPS)
def test_in_every_life_of_bookings_all_adds_up(steps: list[Step]) -> None:
    with a_life() as life:
        try:
            live(life, steps)
        except BaseException as problem:
            problem.add_note("\n".join(life.told))
            raise


def look(cards: CardDesk) -> None:
    bookings = {each.pk: each for each in Booking.objects.select_related("order")}
    seats_and_tracks_are_held_once(bookings)
    what_is_paid_has_its_money(bookings)
    money_in_is_kept_or_given_back(cards)
    what_is_kept_is_what_policy_keeps(bookings)
    what_is_forfeited_is_what_policy_says(bookings)
    vouchers_are_in_one_state(bookings)
    changes_and_wishes_agree_with_bookings()
    rules_of_booking_hold()


# ── Bookings ──────────────────────────────────────────────────────────────────────────────────────
def bookings_went_where_the_diagram_leads(stood: dict[int, str]) -> dict[int, str]:
    stands = dict(Booking.objects.values_list("pk", "status"))
    for pk, status in stands.items():
        assert status in {stood.get(pk), *_reachable(stood.get(pk))}, (pk, stood.get(pk), status)
    return stands


def _reachable(status: str | None) -> set[str]:
    """Every state that a booking may come to; a new one begins held or reserved."""
    found: set[str] = set() if status else {"held", "reserved"}
    ahead = [status] if status else ["held", "reserved"]
    while ahead:
        following = set(TRANSITIONS[ahead.pop()]) - found
        found |= following
        ahead += following
    return found


def seats_and_tracks_are_held_once(bookings: dict[int, Booking]) -> None:
    holding = [each.seat_id for each in bookings.values() if each.status not in FREED]
    assert len(holding) == len(set(holding))
    for states in (LIVE, ("held",)):
        held = [(each.candidate_id, each.track_id) for each in bookings.values() if each.status in states]
        assert len(held) == len(set(held))  # LAB-01


def rules_of_booking_hold() -> None:
    """What the clauses say of days, counted here once more and otherwise than the rules do."""
    rows = Booking.objects.select_related("seat__sitting__site").order_by("id")
    by_candidate: dict[int, list[Booking]] = {}
    for each in rows:
        by_candidate.setdefault(each.candidate_id, []).append(each)
    for own in by_candidate.values():
        missed = [(each.seat.sitting, each.ended_at) for each in own if each.status == "no_show"]
        for each in own:
            sitting = each.seat.sitting
            assert day_at(each.booked_at, sitting.site.time_zone) < sitting.day  # LAB-06
            for other, marked_at in missed:  # LAB-13: only what was booked before may be sat or moved meanwhile
                asked_on = day_at(each.booked_at, other.site.time_zone)
                blocked = marked_at < each.booked_at and asked_on <= other.day + timedelta(days=30)
                assert not blocked or each.held_for == "reschedule"
    for arrival in CheckIn.objects.all():
        assert arrival.minutes_late <= 120  # LAB-12


# ── Money ─────────────────────────────────────────────────────────────────────────────────────────
def what_is_paid_has_its_money(bookings: dict[int, Booking]) -> None:
    kept = [each.order_id for each in bookings.values() if each.status in PAID_FOR]
    assert len(kept) == len(set(kept))  # one order pays one booking
    for each in bookings.values():
        order = each.order
        if each.status in PAID_FOR:
            assert order is not None
            assert order.status == "paid"
            taken = sum(order.payments.filter(status="succeeded").values_list("amount_cents", flat=True))
            assert taken == order.total_cents
            assert order.total_cents + order.covered_cents == order.net_cents + order.tax_cents > 0
        elif each.status == "reserved" or (each.status == "held" and each.held_for == "payment"):
            assert order is not None
            assert order.status == "open"
        elif each.status in {"released", "unpaid_cancelled", "dropped"} and order is not None:
            assert order.status == "cancelled"


def money_in_is_kept_or_given_back(cards: CardDesk) -> None:
    """Order by order, and as the card service counts it."""
    for order in Order.objects.prefetch_related("payments__refunds"):
        lines = list(OrderLine.objects.filter(order=order).select_related("refund"))
        back = sum(line.total_cents for line in lines if line.refund and line.refund.status != "failed")
        kept = sum(line.total_cents for line in lines if not line.refund or line.refund.status == "failed")
        taken = [each for each in order.payments.all() if each.status == "succeeded"]
        if order.status in {"open", "cancelled"}:
            assert (taken, back) == ([], 0)
        else:
            assert sum(each.amount_cents for each in taken) == order.total_cents == kept + back
        for each in taken:
            refunds = [refund.amount_cents for refund in each.refunds.all() if refund.status != "failed"]
            assert sum(refunds) == back
    for each in Payment.objects.filter(session_id__isnull=False).prefetch_related("refunds"):
        page = cards.pages[each.session_id or ""]
        if each.status in {"succeeded", "surplus"}:
            assert (page.payment_status, page.amount_total_cents) == ("paid", each.amount_cents)
        assert each.status != "expired" or page.payment_status != "paid"
        if each.status == "surplus":
            assert sum(refund.amount_cents for refund in each.refunds.all()) == each.amount_cents
        done = sum(refund.amount_cents for refund in each.refunds.all() if refund.status == "succeeded")
        assert cards.given_back[page.payment_intent_id] == done


def what_is_kept_is_what_policy_keeps(bookings: dict[int, Booking]) -> None:
    """A change gives back fee and tax of what was left (RSCH-04), a re-read that turned its own (RRD-04); no more."""
    given_back = {
        (line.order_id, line.kind) for line in OrderLine.objects.filter(refund__isnull=False) if line.total_cents
    }
    expected = set()
    for each in bookings.values():
        if each.status == "rescheduled" and each.order_id:
            fee = OrderLine.objects.get(order=each.order_id, kind="lab_fee")
            if fee.total_cents:
                expected.add((each.order_id, "lab_fee"))
    for reread in Reread.objects.filter(status="turned"):
        expected.add((reread.order_id, "reread_fee"))
    assert given_back == expected
    for change in Reschedule.objects.filter(status="committed").select_related("order", "old__seat__sitting__site"):
        sitting = change.old.seat.sitting
        ahead = (sitting.day - day_at(change.quoted_at, sitting.site.time_zone)).days
        if change.order is None:  # a remedy's (INC-03)
            assert (change.charge_cents, change.refund_cents) == (0, 0)
            assert Remedy.objects.filter(booking=change.old, used_at__isnull=False).exists()
        else:
            assert ahead >= 4  # RSCH-03
            late = change.order.lines.filter(kind="reschedule_fee").exists()
            assert late == (ahead < 30)  # RSCH-01, RSCH-02
            given = change.order.covered_cents if change.voucher_id is None else 0  # on the page of its order
            assert change.order.total_cents + given == change.charge_cents


def what_is_forfeited_is_what_policy_says(bookings: dict[int, Booking]) -> None:
    """The fee of what was cancelled or missed (LAB-13, LAB-14), and what a lost voucher had paid (RSCH-06)."""
    rows = Transfer.objects.filter(cause="forfeit", reverses=None, reversed_by=None)
    expected: dict[int | None, int] = {}
    for each in bookings.values():
        if each.status in {"cancelled", "no_show"} and each.order:
            fees = OrderLine.objects.filter(order=each.order, kind="lab_fee")
            expected[each.order_id] = sum(line.net_cents for line in fees)
        elif each.status == "rescheduled" and each.order and Voucher.objects.filter(order=each.order).exists():
            expected[each.order_id] = each.order.covered_cents
    assert dict(rows.values_list("order_id", "amount_cents")) == expected


def vouchers_are_in_one_state(bookings: dict[int, Booking]) -> None:
    pays = {each.order_id: each for each in bookings.values() if each.order_id and each.status not in FREED}
    for voucher in Voucher.objects.select_related("order", "moving_to"):
        order = voucher.order
        assert (order is not None) == (voucher.status in {"reserved", "redeemed"})
        if order is not None:
            assert order.status in {"open", "paid"}
            assert order.candidate_id == voucher.candidate_id  # VCH-01
            assert order.covered_cents > 0
            assert voucher.status == "redeemed" or order.purpose == "lab_reschedule"
            if order.pk in pays:
                assert pays[order.pk].candidate_id == voucher.candidate_id
        if voucher.moving_to is not None:
            assert (voucher.status, voucher.moving_to.status) == ("redeemed", "open")
    covered = Order.objects.filter(covered_cents__gt=0, status__in=["open", "paid"])
    for order in covered.exclude(voucher__isnull=False).exclude(arriving_voucher__isnull=False):
        assert any(each.order_id == order.pk and each.status == "rescheduled" for each in bookings.values())


# ── What belongs to bookings ──────────────────────────────────────────────────────────────────────
def changes_and_wishes_agree_with_bookings() -> None:
    for change in Reschedule.objects.select_related("old", "new"):
        if change.status == "quoted":
            assert (change.new.status, change.new.held_for) == ("held", "reschedule")
            assert change.old.status in {"paid", "incident"}
        elif change.status == "committed":
            assert change.old.status == "rescheduled"
            assert change.new.status in {*PAID_FOR, "rescheduled"}
        else:
            assert change.new.status == "released"
    for wish in WaitingWish.objects.filter(status="offered").select_related("offer"):
        assert wish.offer is not None
        assert (wish.offer.status, wish.offer.held_for) == ("held", "waiting")
    for remedy in Remedy.objects.select_related("booking"):
        assert remedy.booking.status == ("rescheduled" if remedy.used_at else "incident")
    for booking in Booking.objects.filter(status__in=["passed", "failed"]).select_related("attempt"):
        assert booking.attempt is not None
        assert (booking.attempt.result == "pass") == (booking.status == "passed")
    for reread in Reread.objects.select_related("order", "booking"):
        assert reread.order is not None
        states = {"requested": "open", "lapsed": "cancelled", "paid": "paid", "unchanged": "paid"}
        assert reread.order.status == states.get(reread.status, reread.order.status)
        assert reread.booking.status == "failed" or reread.status != "requested"


def nothing_overdue_stands(life: LabLife) -> None:
    assert not Booking.objects.filter(status="reserved", pay_before__lte=life.now).exists()
    assert not Booking.objects.filter(status="held", held_until__lte=life.now).exists()
    assert not Reread.objects.filter(status="requested", order__pay_before__lte=life.now).exists()
    assert not Voucher.objects.filter(status="unused", expires_on__lt=life.now.date()).exists()
