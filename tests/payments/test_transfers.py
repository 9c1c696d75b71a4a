"""Every movement of money is a transfer, in the transaction that brings it about (PAY-04)."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from payments import services
from payments.gateway import GatewayRefund
from payments.models import Dispute, Order, OrderLine, Transfer
from payments.queries import balances
from payments.services.refunds import record_refund
from payments.verification import verify
from tests import factories
from tests.credits.ledger_world import as_superuser
from tests.factories import day, noon
from tests.payments.conftest import change_lines, pay_at, session, topics

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY, THURSDAY = noon("2026-03-02"), noon("2026-03-03"), noon("2026-03-05")
FEE, TAX = 160000, 33600


@pytest.fixture(autouse=True)
def sound():
    """Whatever a test tells, the money adds up in the end."""
    yield
    assert verify(every=True).differences == ()


def standing(order):
    """How the accounts stand for an order, those that are zero left out."""
    return {each.account: each.cents for each in balances(order_id=order.pk) if each.cents}


def answer(refund, status, now):
    return record_refund(refund_id=refund.pk, answer=GatewayRefund(f"re_{refund.pk}", status, 0), now=now)


def with_voucher(book, candidate, *, country="BE"):
    voucher = services.issue_voucher(candidate_id=candidate.id, expires_on=day("2026-12-31"), now=MONDAY)
    return voucher, book(candidate, country=country, voucher_id=voucher.id, now=MONDAY)


@pytest.fixture
def paid(book):
    """A lab in Brussels, paid on a Monday."""
    order = book(factories.CandidateFactory.create(country="US"), now=MONDAY)
    pay_at(order, MONDAY)
    return order


class TestPaying:
    def test_an_open_order_moves_nothing(self, order):
        assert standing(order) == {}

    def test_a_card_pays_revenue_and_tax(self, paid):
        assert standing(paid) == {"card": FEE + TAX, "revenue:lab_fee": -FEE, "tax:BE": -TAX}
        line = paid.lines.get()
        assert list(Transfer.objects.order_by("id").values_list("cause", "debit", "credit", "line_id")) == [
            ("payment", "card", "candidate", None),
            ("sale", "candidate", "revenue:lab_fee", line.id),
            ("sale", "candidate", "tax:BE", line.id),
        ]
        assert set(Transfer.objects.values_list("moved_at", "recorded_at")) == {(MONDAY, MONDAY)}

    def test_heard_of_late_it_moved_when_the_card_was_charged(self, ask):
        order = ask(now=MONDAY)
        payment = order.payments.create(
            amount_cents=36300, session_id="cs_1", created_at=MONDAY, expires_at=TUESDAY, next_check_at=TUESDAY
        )
        services.record_checkout(payment_id=payment.id, session=session(charged_at=MONDAY), now=THURSDAY)
        assert set(order.transfers.values_list("moved_at", "recorded_at")) == {(MONDAY, THURSDAY)}

    def test_told_twice_it_is_posted_once(self, paid):
        payment = paid.payments.get()
        again = session(charged_at=MONDAY, amount_cents=FEE + TAX)
        services.record_checkout(payment_id=payment.id, session=again, now=TUESDAY)
        assert Transfer.objects.count() == 3

    def test_what_is_not_owed_is_owed_back_until_it_arrives(self, order):
        services.cancel_order(order_id=order.id, now=MONDAY)
        pay_at(order, MONDAY)
        assert standing(order) == {"card": 36300, "candidate": -36300}
        answer(order.payments.get().refunds.get(), "succeeded", TUESDAY)
        assert standing(order) == {}

    def test_a_voucher_pays_when_the_order_is_complete(self, book):
        voucher, order = with_voucher(book, factories.CandidateFactory.create(country="US"))
        assert standing(order) == {}
        pay_at(order, MONDAY)
        assert standing(order) == {"card": TAX, "voucher": FEE, "revenue:lab_fee": -FEE, "tax:BE": -TAX}
        assert Transfer.objects.get(cause="voucher").voucher == voucher


class TestGivingBack:
    def test_the_sale_is_taken_back_at_once_and_the_money_owed_until_it_arrives(self, paid):
        refund = services.request_refund(order_id=paid.id, reason="Changed.", now=TUESDAY)
        assert standing(paid) == {"card": FEE + TAX, "candidate": -FEE - TAX}
        taken_back = Transfer.objects.filter(reverses__isnull=False)
        assert set(taken_back.values_list("refund_id", "cause", "moved_at")) == {(refund.id, "sale", TUESDAY)}
        answer(refund, "succeeded", THURSDAY)
        answer(refund, "succeeded", THURSDAY)
        assert standing(paid) == {}

    def test_one_that_fails_leaves_the_money_owed(self, paid):
        refund = services.request_refund(order_id=paid.id, reason="Changed.", now=TUESDAY)
        answer(refund, "succeeded", TUESDAY)
        answer(refund, "failed", THURSDAY)  # the bank sent it back
        assert standing(paid) == {"card": FEE + TAX, "candidate": -FEE - TAX}
        again = services.repeat_refund(refund_id=refund.id, now=THURSDAY)
        answer(again, "succeeded", THURSDAY)
        assert standing(paid) == {}
        assert Transfer.objects.filter(cause="refund").count() == 3

    def test_what_is_asked_for_anew_is_only_what_was_not_asked_for_since(self, book):
        """Of a refund of two lines that failed, one is asked for by itself, and then the failed one again."""
        order = book(factories.CandidateFactory.create(country="US"), lines=change_lines(country="BE"), now=MONDAY)
        pay_at(order, MONDAY)
        both = services.request_refund(order_id=order.id, reason="Changed.", now=MONDAY)
        answer(both, "failed", MONDAY)
        fee = services.request_refund(order_id=order.id, kinds={"lab_fee"}, reason="Changed.", now=TUESDAY)
        change = services.repeat_refund(refund_id=both.id, now=TUESDAY)
        assert (fee.amount_cents, change.amount_cents) == (193600, 60500)
        assert services.repeat_refund(refund_id=both.id, now=TUESDAY) == change
        for refund in (fee, change):
            answer(refund, "succeeded", THURSDAY)
        assert standing(order) == {}

    def test_invoiced_while_its_refund_had_failed_it_gets_its_credit_note_pay_03(self, paid):
        refund = services.request_refund(order_id=paid.id, reason="Changed.", now=MONDAY)
        answer(refund, "failed", TUESDAY)
        invoice = services.issue_invoice(order_id=paid.id, now=THURSDAY)
        again = services.repeat_refund(refund_id=refund.id, now=THURSDAY)
        note = invoice.credit_notes.get()
        assert (note.refund, note.content["total_cents"]) == (again, FEE + TAX)

    def test_what_a_voucher_paid_stays_with_the_voucher(self, book):
        _voucher, order = with_voucher(book, factories.CandidateFactory.create(country="US"))
        pay_at(order, MONDAY)
        refund = services.request_refund(order_id=order.id, reason="Asked.", now=TUESDAY)
        answer(refund, "succeeded", TUESDAY)
        assert standing(order) == {"voucher": FEE, "revenue:lab_fee": -FEE}

    @pytest.mark.parametrize("country", ["BE", "US"])
    def test_a_voucher_takes_what_it_paid_along_rsch_05(self, book, country):
        candidate = factories.CandidateFactory.create(country="US")
        voucher, left = with_voucher(book, candidate, country=country)
        if left.total_cents:
            pay_at(left, MONDAY)
        new = book(
            candidate,
            reference="2",
            purpose=Order.Purpose.LAB_RESCHEDULE,
            lines=change_lines(country="JP"),
            voucher_id=voucher.id,
            left_order_id=left.id,
            now=TUESDAY,
        )
        assert standing(left)["voucher"] == FEE
        pay_at(new, TUESDAY)
        assert "voucher" not in standing(left)
        assert (standing(new)["voucher"], standing(new)["revenue:lab_fee"]) == (FEE, -FEE)


class TestForfeits:
    def forfeit(self, order, now=TUESDAY):
        return services.forfeit_fee(order_id=order.id, kinds={OrderLine.Kind.LAB_FEE}, now=now)

    def test_the_fee_is_kept_for_nothing_and_the_tax_stays_lab_14(self, paid):
        assert self.forfeit(paid) == FEE
        assert standing(paid) == {"card": FEE + TAX, "forfeits": -FEE, "tax:BE": -TAX}
        event = Event.objects.get(topic="payments.fee_forfeited")
        assert (event.subject_id, event.payload) == (paid.id, {"amount_cents": FEE})

    def test_once(self, paid):
        self.forfeit(paid)
        assert self.forfeit(paid, THURSDAY) == 0
        assert topics(paid).count("fee_forfeited") == 1

    def test_of_a_late_change_the_fee_of_the_exam_only(self, book):
        order = book(factories.CandidateFactory.create(country="US"), lines=change_lines(country="BE"), now=MONDAY)
        pay_at(order, MONDAY)
        assert self.forfeit(order) == FEE
        assert standing(order)["revenue:reschedule_fee"] == -50000

    def test_nothing_of_what_is_not_paid_or_was_given_back(self, order, paid):
        services.request_refund(order_id=paid.id, reason="Changed.", now=MONDAY)
        assert [self.forfeit(each) for each in (order, paid)] == [0, 0]
        assert not Event.objects.filter(topic="payments.fee_forfeited").exists()

    def test_prevented_by_an_event_it_is_restored_once_inc_04(self, paid):
        self.forfeit(paid)
        assert [services.restore_fee(order_id=paid.id, now=THURSDAY) for _twice in range(2)] == [FEE, 0]
        assert standing(paid)["revenue:lab_fee"] == -FEE
        assert topics(paid).count("fee_restored") == 1
        assert self.forfeit(paid, THURSDAY) == FEE

    def test_given_back_by_staff_all_the_same(self, book):
        """What a card paid is given back; what a voucher paid stays forfeited."""
        _voucher, covered = with_voucher(book, factories.CandidateFactory.create(country="US"))
        by_card = book(factories.CandidateFactory.create(country="US"), reference="2", now=MONDAY)
        for order in (covered, by_card):
            pay_at(order, MONDAY)
            self.forfeit(order)
            services.request_refund(order_id=order.id, reason="Goodwill.", now=TUESDAY)
        assert standing(by_card) == {"card": FEE + TAX, "candidate": -FEE - TAX}
        assert standing(covered) == {"card": TAX, "candidate": -TAX, "voucher": FEE, "forfeits": -FEE}


def test_what_is_refused_posts_nothing(paid):
    before = Transfer.objects.count()
    with pytest.raises(Refused):
        services.cancel_order(order_id=paid.id, now=TUESDAY)
    assert Transfer.objects.count() == before


def test_balances_of_a_past_moment(paid):
    services.request_refund(order_id=paid.id, reason="Changed.", now=THURSDAY)
    assert {each.account: each.cents for each in balances(before=THURSDAY)}["revenue:lab_fee"] == -FEE
    assert {each.account: each.cents for each in balances()}["revenue:lab_fee"] == 0
    assert sum(each.cents for each in balances()) == 0
    assert balances(before=MONDAY - timedelta(days=1)) == []


def test_what_was_paid_before_there_were_transfers_is_posted_the_same(book, order):
    """The migration gives the rows that the services would have written; again it gives none."""
    candidate = factories.CandidateFactory.create(country="US")
    voucher, left = with_voucher(book, candidate)
    pay_at(left, MONDAY)
    change = {"purpose": Order.Purpose.LAB_RESCHEDULE, "voucher_id": voucher.id, "left_order_id": left.id}
    new = book(candidate, reference="2", lines=change_lines(), now=TUESDAY, **change)
    pay_at(new, TUESDAY)
    tax = services.request_refund(order_id=left.id, kinds={"lab_fee"}, reason="Changed.", now=TUESDAY)
    answer(tax, "succeeded", THURSDAY)
    fee = services.request_refund(order_id=new.id, kinds={"reschedule_fee"}, reason="Goodwill.", now=TUESDAY)
    answer(fee, "failed", THURSDAY)
    services.cancel_order(order_id=order.id, now=MONDAY)
    pay_at(order, MONDAY)
    posted = _posted()
    with as_superuser():
        Transfer.objects.all()._raw_delete("default")
    migration = import_module("payments.migrations.0012_transfers_of_before")
    for _twice in range(2):
        with connection.cursor() as cursor:
            for operation in migration.Migration.operations:
                cursor.execute(operation.sql)
        assert _posted() == posted


def test_what_banks_had_taken_before_is_posted_once_and_can_be_undone(paid):
    payment = paid.payments.get()
    for status, stage in (
        ("lost", "lost"),
        ("open", "under_review"),
        ("open", "warning_needs_response"),
        ("won", "won"),
    ):
        Dispute.objects.create(
            payment=payment,
            stripe_id=f"du_{stage}",
            status=status,
            stage=stage,
            reason="general",
            amount_cents=1000,
            opened_at=TUESDAY,
            closed_at=None if status == "open" else THURSDAY,
        )
    lost_before = import_module("payments.migrations.0014_disputes_of_before").Migration.operations
    for _twice in range(2):
        with connection.cursor() as cursor:
            for operation in lost_before:
                cursor.execute(operation.sql)
        taken = Transfer.objects.filter(cause="dispute").order_by("id")
        assert list(taken.values_list("dispute__stripe_id", "debit", "credit", "amount_cents", "moved_at")) == [
            ("du_lost", "disputes", "card", 1000, TUESDAY),
            ("du_under_review", "disputes", "card", 1000, TUESDAY),
        ]
        assert verify(every=True).differences == ()
    with connection.cursor() as cursor:
        cursor.execute(lost_before[1].reverse_sql)
    assert not taken.all()
    Dispute.objects.all().delete()


def _posted():
    names = ("debit", "credit", "amount_cents", "cause", "order_id", "line_id", "payment_id", "refund_id", "moved_at")
    rows = Transfer.objects.values_list(*names, "voucher_id", "reverses__cause", "reverses__debit")
    return sorted(rows, key=repr)
