"""Vouchers: bound to one candidate, used once, until their day (VCH-01, VCH-02, VCH-03)."""

from __future__ import annotations

import re

import pytest

from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from payments import codes, queries, services, sweeps
from payments.models import Order, OrderLine, Payment, Voucher
from tests import factories
from tests.factories import day, noon
from tests.payments.conftest import LAB, RETURN, change_lines, pay_at, topics

pytestmark = pytest.mark.django_db
NOW = noon("2026-02-03")
LAST_DAY = noon("2026-12-31")
DAY_AFTER = noon("2027-01-01")


@pytest.fixture
def aiko():
    return factories.CandidateFactory.create(name="Aiko", country="US")


@pytest.fixture
def bela():
    return factories.CandidateFactory.create(name="Bela", country="US")


@pytest.fixture
def voucher(aiko):
    """A voucher of Aiko's, valid through 2026."""
    return issue(aiko)


def issue(candidate, expires_on="2026-12-31", now=NOW):
    return services.issue_voucher(candidate_id=candidate.id, expires_on=day(expires_on), now=now)


def redeem(order, voucher, candidate=None, *, now=NOW, code=""):
    return services.redeem_voucher(
        order_id=order.id, code=code or voucher.code, candidate_id=(candidate or order.candidate).id, now=now
    )


def change(book, candidate, *, now=NOW, **more):
    """The order of a change of booking to Tokyo, late unless told otherwise."""
    values = {"purpose": Order.Purpose.LAB_RESCHEDULE, "reference": "change-1", "lines": change_lines(), "now": now}
    return book(candidate, **{**values, **more})


def pay(order):
    """Pay what is left by card."""
    order.refresh_from_db()
    payment = pay_at(order, NOW)
    assert payment.status == "succeeded"
    return payment


def refused(call):
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.decision


def state(voucher):
    voucher.refresh_from_db()
    return voucher.status, voucher.order_id, voucher.moving_to_id


def test_a_voucher_is_issued_to_one_candidate(aiko, voucher):
    assert state(voucher) == ("unused", None, None)
    assert re.fullmatch(r"[ACDEFGHJKMNPQRTWXY34679]{4}(-[ACDEFGHJKMNPQRTWXY34679]{4}){2}", voucher.code)
    assert issue(aiko).code != voucher.code
    assert [event.candidate_id for event in Event.objects.filter(topic="payments.voucher_issued")] == [aiko.id] * 2


@pytest.mark.parametrize(("expires_on", "good"), [("2026-02-03", True), ("2026-02-02", False)])
def test_none_is_issued_that_has_expired(aiko, expires_on, good):
    if good:
        assert issue(aiko, expires_on).status == "unused"
        return
    assert refused(lambda: issue(aiko, expires_on)).clauses_unmet == ("VCH-02",)
    assert not Voucher.objects.exists()


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{plain}", "{spaced}", "{wide}"])
def test_a_code_is_found_however_it_is_typed(aiko, voucher, typed):
    wide = "".join(chr(ord(each) + 0xFEE0) for each in voucher.code)
    plain, spaced = voucher.code.replace("-", ""), voucher.code.replace("-", " ")
    code = typed.format(voucher.code, lower=voucher.code.lower(), plain=plain, spaced=spaced, wide=wide)
    assert services.find_voucher(candidate_id=aiko.id, code=code, now=NOW) == voucher


def test_codes_are_drawn_anew():
    assert len({codes.new_code() for _each in range(200)}) == 200


def test_it_pays_the_fee_at_once_and_the_card_the_tax(aiko, voucher, book):
    """LAB-10: whatever it leaves stays asked for."""
    order = book(aiko, now=NOW)
    redeem(order, voucher)
    order.refresh_from_db()
    assert state(voucher) == ("redeemed", order.id, None)
    assert voucher.redeemed_at == NOW
    assert (order.status, order.net_cents, order.covered_cents, order.total_cents) == ("open", 160000, 160000, 33600)
    redeem(order, voucher)  # given again, it changes nothing
    assert topics(order).count("voucher_redeemed") == 1
    payment = pay(order)
    order.refresh_from_db()
    assert (payment.amount_cents, order.status) == (33600, "paid")


def test_where_it_pays_everything_the_order_is_complete(aiko, voucher, book):
    order = book(aiko, country="US", now=NOW)
    redeem(order, voucher)
    order.refresh_from_db()
    assert (order.status, order.paid_at, order.total_cents) == ("paid", NOW, 0)
    assert not Payment.objects.exists()
    assert topics(order)[-2:] == ["voucher_redeemed", "order_paid"]


def test_it_is_given_with_the_booking(aiko, voucher, book):
    order = book(aiko, now=NOW, voucher_id=voucher.id)
    assert (order.total_cents, state(voucher)) == (33600, ("redeemed", order.id, None))
    again = book(aiko, now=NOW, voucher_id=voucher.id)
    assert (again.id, again.total_cents) == (order.id, 33600)


@pytest.mark.parametrize("truth", ["good", "used", "expired", "no such code", "nothing"])
def test_to_a_stranger_all_codes_are_the_same(aiko, bela, voucher, book, truth):
    """VCH-01: the same words and the same outcome, whatever the truth."""
    now = DAY_AFTER if truth == "expired" else NOW
    if truth == "used":
        redeem(book(aiko, now=NOW), voucher)
    before = state(voucher)
    order = book(bela, reference="2", now=now)
    code = {"no such code": "ACDE-FGHJ-KMNP", "nothing": " "}.get(truth, voucher.code)
    decision = refused(lambda: redeem(order, voucher, bela, now=now, code=code))
    assert decision.as_json() == [
        {
            "clause": "VCH-01",
            "met": False,
            "sentence": "This is not the code of one of your vouchers.",
            "facts": {},
            "because": [],
            "next_step": "Check the code. A voucher pays only for the candidate it was issued to.",
        }
    ]
    order.refresh_from_db()
    assert (state(voucher), order.total_cents, topics(order)) == (before, 193600, ["order_opened"])


@pytest.mark.parametrize(
    ("_case", "used", "now", "clauses"),
    [
        ("its last day", False, LAST_DAY, ()),
        ("the day after", False, DAY_AFTER, ("VCH-02",)),
        ("used", True, NOW, ("VCH-03",)),
        ("used and expired", True, DAY_AFTER, ("VCH-02", "VCH-03")),
    ],
)
def test_the_holder_is_told_the_true_reason(aiko, voucher, book, _case, used, now, clauses):
    first = book(aiko, now=NOW)
    if used:
        redeem(first, voucher)
    order = book(aiko, reference="2", now=now)
    if not clauses:
        redeem(order, voucher, now=now)
        return
    decision = refused(lambda: redeem(order, voucher, now=now))
    assert decision.clauses_unmet == clauses
    assert (first.number in str(decision.as_json())) is used
    order.refresh_from_db()
    assert (order.covered_cents, state(voucher)[1]) == (0, first.id if used else None)


def test_a_voucher_pays_for_nobody_elses_order(aiko, bela, voucher, book):
    order = book(bela, now=NOW)
    with pytest.raises(Order.DoesNotExist):
        redeem(order, voucher, aiko)
    with pytest.raises(Voucher.DoesNotExist):
        book(bela, reference="2", now=NOW, voucher_id=voucher.id)
    assert state(voucher) == ("unused", None, None)


@pytest.mark.parametrize(
    ("_case", "kind", "clause"),
    [
        ("a re-read", "reread_fee", "RRD-03"),
        ("the change alone", "reschedule_fee", "RSCH-02"),
        ("x", "admin_fee", "LAB-05"),
    ],
)
def test_it_pays_the_fee_of_an_exam_and_nothing_else(aiko, voucher, book, _case, kind, clause):
    order = book(aiko, now=NOW, purpose="reread", lines=[services.LineRequest("Something", 100000, kind, "BE")])
    assert refused(lambda: redeem(order, voucher)).clauses_unmet == (clause,)
    assert state(voucher) == ("unused", None, None)


def test_one_voucher_an_order(aiko, voucher, book):
    order = book(aiko, now=NOW)
    redeem(order, voucher)
    other = issue(aiko)
    assert refused(lambda: redeem(order, other)).clauses_unmet == ("LAB-10",)
    assert state(other) == ("unused", None, None)


def test_a_voucher_waits_for_the_card_page_to_be_closed(aiko, voucher, book, now, payments_gateway):
    voucher = issue(aiko, "2030-12-31", now)
    order = book(aiko)
    services.start_payment(order_id=order.id, now=now, **RETURN)
    assert refused(lambda: redeem(order, voucher, now=now)).clauses_unmet == ("PAY-04",)
    services.stop_payment(order_id=order.id, now=now)
    redeem(order, voucher, now=now)
    assert services.start_payment(order_id=order.id, now=now, **RETURN).amount_cents == 33600


def test_after_the_deadline_no_voucher_pays_either(aiko, voucher, book):
    order = book(aiko, now=NOW, pay_before=NOW, pay_before_clause="LAB-07")
    assert refused(lambda: redeem(order, voucher)).clauses_unmet == ("LAB-07",)
    assert state(voucher) == ("unused", None, None)


@pytest.mark.parametrize(("_case", "now", "after"), [("in time", LAST_DAY, "unused"), ("late", DAY_AFTER, "expired")])
def test_it_comes_back_from_what_is_not_paid(aiko, voucher, book, _case, now, after):
    """LAB-07: usable again, or expired by its date."""
    order = book(aiko, now=NOW)
    redeem(order, voucher)
    for _time in range(2):
        services.cancel_order(order_id=order.id, now=now)
    assert state(voucher) == (after, None, None)
    assert topics(order).count("voucher_released") == 1


def test_it_moves_along_and_the_taxes_change_places(aiko, voucher, book):
    """RSCH-05: the old booking keeps it until the new one is paid (RSCH-04)."""
    old = book(aiko, now=NOW)
    redeem(old, voucher)
    pay(old)
    new = change(book, aiko, lines=change_lines(late=False), voucher_id=voucher.id, left_order_id=old.id)
    assert (new.covered_cents, new.total_cents) == (160000, 16000)
    assert state(voucher) == ("redeemed", old.id, new.id)
    pay(new)
    assert state(voucher) == ("redeemed", new.id, None)
    refund = services.request_refund(order_id=old.id, kinds={"lab_fee"}, reason="Changed.", now=NOW)
    assert refund.amount_cents == 33600
    assert topics(new).count("voucher_moved") == 1


def test_a_change_that_is_not_paid_leaves_it_where_it_was(aiko, voucher, book):
    old = book(aiko, now=NOW)
    redeem(old, voucher)
    pay(old)
    new = change(book, aiko, voucher_id=voucher.id, left_order_id=old.id)
    assert (new.total_cents, state(voucher)) == (16000 + 55000, ("redeemed", old.id, new.id))
    services.cancel_order(order_id=new.id, now=NOW)
    assert state(voucher) == ("redeemed", old.id, None)


@pytest.mark.parametrize("country", ["US", "JP"])
def test_where_nothing_is_left_the_move_is_made_at_once(aiko, voucher, book, country):
    old = book(aiko, country="US", now=NOW)
    redeem(old, voucher)
    new = change(
        book, aiko, lines=change_lines(country=country, late=False), voucher_id=voucher.id, left_order_id=old.id
    )
    assert new.status == ("paid" if country == "US" else "open")
    assert state(voucher)[1] == (new.id if country == "US" else old.id)


def test_from_a_booking_that_is_not_paid_it_does_not_move(aiko, voucher, book):
    """RSCH-07: such a booking is dropped, which frees its voucher."""
    old = book(aiko, now=NOW)
    redeem(old, voucher)
    assert refused(lambda: change(book, aiko, voucher_id=voucher.id, left_order_id=old.id)).clauses_unmet == ("VCH-03",)
    assert state(voucher) == ("redeemed", old.id, None)


def test_from_another_booking_than_the_one_left_it_is_not_taken(aiko, voucher, book):
    """VCH-03: what it has paid for stays paid, however it is given for the change."""
    paid, left = book(aiko, country="US", now=NOW), book(aiko, reference="2", now=NOW)
    redeem(paid, voucher)
    pay(left)
    asked = {"voucher_id": voucher.id, "left_order_id": left.id}
    assert refused(lambda: change(book, aiko, **asked)).clauses_unmet == ("VCH-03",)
    new = change(book, aiko, left_order_id=left.id)
    assert refused(lambda: redeem(new, voucher)).clauses_unmet == ("VCH-03",)
    assert state(voucher) == ("redeemed", paid.id, None)


@pytest.mark.parametrize(("now", "clauses"), [(LAST_DAY, ()), (DAY_AFTER, ("RSCH-06", "VCH-02"))])
def test_an_expired_voucher_does_not_move(aiko, voucher, book, now, clauses):
    """RSCH-06: judged on the day it is moved."""
    old = book(aiko, country="US", now=NOW)
    redeem(old, voucher)
    if not clauses:
        assert change(book, aiko, now=now, voucher_id=voucher.id, left_order_id=old.id).covered_cents == 160000
        return
    assert (
        refused(lambda: change(book, aiko, now=now, voucher_id=voucher.id, left_order_id=old.id)).clauses_unmet
        == clauses
    )
    assert state(voucher) == ("redeemed", old.id, None)


def test_a_card_booking_changes_to_an_unused_voucher(aiko, voucher, book):
    """It is kept for the change while that is paid, and no other booking can have it meanwhile (VCH-03)."""
    new = change(book, aiko, voucher_id=voucher.id)
    assert (new.total_cents, state(voucher)) == (71000, ("reserved", new.id, None))
    other = book(aiko, reference="2", now=NOW)
    assert refused(lambda: redeem(other, voucher)).clauses_unmet == ("VCH-03",)
    pay(new)
    assert state(voucher) == ("redeemed", new.id, None)


def test_reserved_for_a_change_that_fails_it_is_free_again(aiko, voucher, book):
    new = change(book, aiko)
    services.use_voucher(order_id=new.id, voucher_id=voucher.id, now=NOW)
    assert state(voucher) == ("reserved", new.id, None)
    services.cancel_order(order_id=new.id, now=NOW)
    assert state(voucher) == ("unused", None, None)


def test_an_order_priced_without_its_voucher_lets_it_go(aiko, voucher, book):
    new = change(book, aiko, voucher_id=voucher.id)
    priced = services.price_order(order_id=new.id, lines=change_lines(), decision=LAB, now=NOW)
    assert priced.covered_cents == 160000
    priced = services.price_order(order_id=new.id, lines=change_lines(), decision=LAB, now=NOW, voucher_id=None)
    assert (priced.covered_cents, state(voucher)) == (0, ("unused", None, None))
    priced = services.price_order(order_id=new.id, lines=change_lines(), decision=LAB, now=NOW, voucher_id=voucher.id)
    assert (priced.covered_cents, queries.voucher_of(new.id)) == (160000, voucher)


def test_one_voucher_pays_one_exam(aiko, voucher, book):
    """VCH-02: of two fees on an order it covers one."""
    fee = services.LineRequest("A lab", 160000, OrderLine.Kind.LAB_FEE, "BE")
    order = book(aiko, now=NOW, lines=[fee, fee], voucher_id=voucher.id)
    assert [line.covered_cents for line in order.lines.all()] == [160000, 0]


def test_under_one_reference_one_voucher_is_issued(aiko, bela):
    def ordered_by(candidate):
        return services.issue_voucher(
            candidate_id=candidate.id, expires_on=day("2026-12-31"), reference="PO-4711/1", now=NOW
        )

    assert ordered_by(aiko) == ordered_by(aiko)
    assert refused(lambda: ordered_by(bela)).clauses_unmet == ("VCH-01",)
    assert Event.objects.filter(topic="payments.voucher_issued").count() == 1


@pytest.mark.parametrize(("_case", "now", "count"), [("its last day", LAST_DAY, 0), ("the day after", DAY_AFTER, 1)])
def test_the_sweep_marks_what_has_expired_once(aiko, voucher, book, _case, now, count):
    redeem(book(aiko, now=NOW), issue(aiko))  # what is in use stays in use
    assert sweeps.expire_vouchers(now=now) == count
    assert sweeps.expire_vouchers(now=now) == 0
    assert state(voucher)[0] == ("expired" if count else "unused")
    assert Event.objects.filter(topic="payments.voucher_expired", subject_id=voucher.id).count() == count
