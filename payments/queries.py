"""Reads of orders, payments and invoices."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum

from candidates.models import Candidate, User
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from payments import rules
from payments.models import CreditNote, Invoice, Order, OrderLine, Payment, Refund, Transfer, Voucher
from payments.rules import InvoiceFacts, OrderFacts, PricedLine
from payments.voucher_rules import VoucherFacts

# A line of which a card paid something that is not given back, nor asked to be; what the bank sent back is kept, too.
KEPT = (Q(covered_cents__lt=F("net_cents")) | Q(tax_cents__gt=0)) & (
    Q(refund__isnull=True) | Q(refund__status=Refund.Status.FAILED)
)


def orders_of(candidate: Candidate) -> QuerySet[Order]:
    """A candidate's orders, the latest first, with their invoices and what took them back."""
    orders = Order.objects.filter(candidate=candidate)
    return orders.select_related("invoice").prefetch_related("invoice__credit_notes")


def order_for_owner(*, candidate: Candidate, number: str) -> Order:
    """A candidate's own order with lines, payments and refunds; Order.DoesNotExist for anybody else's."""
    refunds = Prefetch("refunds", Refund.objects.order_by("-id"))
    payments = Prefetch("payments", Payment.objects.prefetch_related(refunds))
    orders = orders_of(candidate).select_related("invoice", "voucher", "arriving_voucher")
    return orders.prefetch_related("lines", payments).get(number=number)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands, for its page: the payment that tells the story, what is given back, and the papers.

    `refunds` are those that are made or under way, the latest first; one that failed and is not asked for anew is seen
    to by staff.
    """

    order: Order
    payment: Payment | None
    refunds: tuple[Refund, ...]
    credit_notes: tuple[CreditNote, ...]
    voucher: Voucher | None
    closed_by: str  # the clause by which the time to pay is over, empty while there is time

    @property
    def can_be_paid(self) -> bool:
        """Whether the button that pays makes sense."""
        return self.order.status == Order.Status.OPEN and not self.closed_by

    @property
    def decline(self) -> str:
        """Why the card was declined last, in the card service's words (PAY-05)."""
        return self.payment.last_decline if self.payment and self.can_be_paid else ""

    @property
    def may_be_settled_soon(self) -> bool:
        """Whether waiting makes sense: a card page is open and no card was declined on it."""
        payment = self.payment
        return bool(self.can_be_paid and payment and payment.status == payment.Status.OPEN and not self.decline)

    @property
    def invoice_due_on(self) -> date | None:
        """The day on which the invoice is issued, while it is awaited (PAY-02)."""
        order = self.order
        if order.status != Order.Status.PAID or not order.paid_on or not self.kept_cents:
            return None
        return rules.invoice_due_on(order.paid_on, BOOK.on(order.paid_on))

    @property
    def stuck(self) -> tuple[Refund, ...]:
        """Refunds that failed and were not asked for anew: a case is open about each."""
        if self.payment is None:
            return ()
        failed = [each for each in self.payment.refunds.all() if each.status == Refund.Status.FAILED]
        newest = max((each.pk for each in self.refunds), default=0)
        return tuple(each for each in failed if each.pk > newest)

    @property
    def arrival(self) -> tuple[int, int]:
        """The business days, from and to, within which banks show what was given back."""
        return refund_arrival(max((each.done_at or each.requested_at for each in self.refunds), default=clock.now()))

    @property
    def kept_cents(self) -> int:
        """What a card paid and is not given back."""
        return self.order.total_cents - sum(refund.amount_cents for refund in self.refunds)


def standing_of(order: Order, *, now: datetime) -> Standing:
    """How an order from `order_for_owner` stands at a moment; the payment that took money, else the latest."""
    payments = list(order.payments.all())
    taken = [payment for payment in payments if payment.paid_at]
    payment = next(iter(taken or payments), None)
    refunds = tuple(each for each in payment.refunds.all() if each.status != Refund.Status.FAILED) if payment else ()
    notes = tuple(order.invoice.credit_notes.all()) if hasattr(order, "invoice") else ()
    voucher = getattr(order, "voucher", None) or getattr(order, "arriving_voucher", None)
    return Standing(order, payment, refunds, notes, voucher, order_facts(order, now=now).closed_by)


def refund_arrival(at: datetime) -> tuple[int, int]:
    """The business days, from and to, within which banks show a refund of a moment; the book of its day governs."""
    first, last = BOOK.on(clock.day_of(at))["refund.arrival_business_days"].value
    return first, last


def invoice_for(*, user: User | AnonymousUser, number: str) -> Invoice:
    """An invoice that this user may read: its owner, and staff who may in the administration; else DoesNotExist."""
    may_all = user.is_staff and user.has_perm("payments.view_invoice")
    invoices = Invoice.objects.all() if may_all else Invoice.objects.filter(candidate__user_id=user.pk or 0)
    return invoices.get(number=number)


def credit_note_for(*, user: User | AnonymousUser, number: str) -> CreditNote:
    """A credit note that this user may read: its owner, and staff who may in the administration; else DoesNotExist."""
    may_all = user.is_staff and user.has_perm("payments.view_creditnote")
    notes = CreditNote.objects.all() if may_all else CreditNote.objects.filter(candidate__user_id=user.pk or 0)
    return notes.get(number=number)


def priced_lines(order: Order) -> list[PricedLine]:
    """An order's lines as the rules price them."""
    return [
        PricedLine(
            line.description,
            line.net_cents,
            line.tax_country,
            line.tax_percent,
            line.tax_cents,
            line.kind,
            line.served_in,
            line.covered_cents,
        )
        for line in OrderLine.objects.filter(order=order)
    ]


def order_facts(order: Order, *, now: datetime) -> OrderFacts:
    """Where an order stands at a moment."""
    late = order.paid_at is None and order.pay_before is not None and order.pay_before <= now
    return OrderFacts(order.status, order.paid_on, closed_by=order.pay_before_clause if late else "")


def invoice_facts(order: Order, *, day: date) -> InvoiceFacts:
    """What an order's invoice depends on, on a day."""
    return InvoiceFacts(
        status=order.status,
        paid_on=order.paid_on,
        total_cents=order.total_cents,
        kept_cents=sum(line.total_cents for line in kept_lines(order)),
        day=day,
    )


def kept_lines(order: Order) -> QuerySet[OrderLine]:
    """The lines of which a card paid something that is not given back, nor asked to be."""
    return OrderLine.objects.filter(KEPT, order=order)


def voucher_of(order_id: int) -> Voucher | None:
    """The voucher that pays for an order, or comes along once the order is paid."""
    return Voucher.objects.filter(Q(order_id=order_id) | Q(moving_to_id=order_id)).first()


def vouchers_of(candidate: Candidate) -> QuerySet[Voucher]:
    """A candidate's vouchers, the latest first, with what they pay."""
    return Voucher.objects.filter(candidate=candidate).select_related("order")


def usable_vouchers(candidate_id: int, *, day: date) -> QuerySet[Voucher]:
    """What a candidate can pay with on a day, what expires first first."""
    unused = Voucher.objects.filter(candidate_id=candidate_id, status=Voucher.Status.UNUSED, expires_on__gte=day)
    return unused.order_by("expires_on", "id")


def voucher_facts(voucher: Voucher, *, day: date) -> VoucherFacts:
    """What the use of a voucher depends on, on a day."""
    return VoucherFacts(
        status=voucher.status,
        expires_on=voucher.expires_on,
        used_for=voucher.order.number if voucher.order else "",
        day=day,
    )


def orders_to_invoice(*, day: date) -> list[int]:
    """The orders whose invoice is due on a day, the earliest payment first (PAY-02)."""
    kept = OrderLine.objects.filter(KEPT, order=OuterRef("pk"))
    waiting = (
        Order.objects.filter(Exists(kept), status=Order.Status.PAID, total_cents__gt=0, invoice=None)
        .order_by("paid_at", "id")
        .values_list("id", "paid_at")
    )
    paid = [(order_id, clock.day_of(paid_at)) for order_id, paid_at in waiting if paid_at]
    # The book of each payment day governs.
    return [order_id for order_id, paid_on in paid if rules.invoice_due_on(paid_on, BOOK.on(paid_on)) <= day]


@dataclass(frozen=True, slots=True)
class Balance:
    """How an account stands: what was debited to it less what was credited, in cents."""

    account: str
    currency: str
    cents: int


def balances(*, before: datetime | None = None, order_id: int | None = None) -> list[Balance]:
    """How the accounts stand, by name: all that moved, or only before a moment, or for one order (PAY-04)."""
    rows = Transfer.objects.order_by()
    if before is not None:
        rows = rows.filter(moved_at__lt=before)
    if order_id is not None:
        rows = rows.filter(order_id=order_id)
    sums: Counter[tuple[str, str]] = Counter()
    for side, sign in (("debit", 1), ("credit", -1)):
        for account, currency, cents in rows.values_list(side, "currency").annotate(cents=Sum("amount_cents")):
            sums[account, currency] += sign * cents
    return [Balance(account, currency, cents) for (account, currency), cents in sorted(sums.items())]
