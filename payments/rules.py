"""What may be asked, taken, given back and put on paper, and why. Pure: values in, decisions out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from ceportal.kernel.calendar import add_business_days
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.money import tax_cents
from ceportal.kernel.policy import Policy

# What may follow what; the diagrams of the three state machines.
ORDER_TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "open": ("paid", "cancelled"),
    "paid": ("refunded",),  # once all that a card paid is back; given back in part, it stays paid
    "cancelled": (),
    "refunded": (),
}
PAYMENT_TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "open": ("succeeded", "surplus", "expired"),
    "expired": ("succeeded", "surplus"),  # the card service's word counts, however late it comes
    "succeeded": (),
    "surplus": (),
}
REFUND_TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "requested": ("succeeded", "failed"),
    "succeeded": ("failed",),  # the bank sent the money back
    "failed": (),
}


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with its tax (PAY-01). Amounts in cents, the rate in percent.

    `served_in` is the country where the service is given, empty where it is bound to no place; `covered_cents` is what
    a voucher pays of the net (LAB-10).
    """

    description: str
    net_cents: int
    tax_country: str
    tax_percent: Decimal
    tax_cents: int
    kind: str = ""
    served_in: str = ""
    covered_cents: int = 0

    @property
    def total_cents(self) -> int:
        """What is paid of it by card."""
        return self.net_cents - self.covered_cents + self.tax_cents


def tax_percent(country: str, policy: Policy) -> Decimal:
    """The tax rate of a country on the day of the policy; a country not listed has none (PAY-01)."""
    return Decimal(str(policy["tax.rates"].value.get(country, 0)))


def price_line(
    *,
    description: str,
    net_cents: int,
    country: str,
    policy: Policy,
    kind: str = "",
    served_in: str = "",
    covered_cents: int = 0,
) -> PricedLine:
    """A line with the tax of the place of service, else of the billing country, rounded half up by itself (PAY-01).

    Tax is on the whole net, whoever pays it; what a voucher does not cover, tax included, is paid by card (LAB-10).
    """
    taxed_in = served_in or country
    percent = tax_percent(taxed_in, policy)
    tax = tax_cents(net_cents, percent)
    return PricedLine(description, net_cents, taxed_in, percent, tax, kind, served_in, covered_cents)


def explain_tax(country: str, policy: Policy, *, at_place: bool = False) -> Decision:
    """Which country's tax is charged and at which rate (PAY-01): the place of service's, or the billing country's."""
    rates = policy["tax.rates"]
    rate = rates.value.get(country, 0)
    of_country = replace(rates, value={country: rate})
    if at_place:
        some = _("Tax follows the place where the service is given, %(country)s: %(percent)s %%.")
        none = _("Tax follows the place where the service is given, %(country)s, where none is charged.")
    else:
        some = _("Tax follows your billing country, %(country)s: %(percent)s %%.")
        none = _("Tax follows your billing country, %(country)s, where none is charged.")
    facts = {"country": country, "percent": rate}
    return Decision((Finding("PAY-01", True, some if rate else none, facts, (of_country,)),))


def explain_taxes(lines: Iterable[PricedLine], policy: Policy) -> Decision:
    """The same for all lines of an order: each country once."""
    places = dict.fromkeys((line.tax_country, bool(line.served_in)) for line in lines)
    found = [explain_tax(country, policy, at_place=at_place).findings for country, at_place in places]
    return Decision(tuple(each for findings in found for each in findings))


def assess_opening(*, paid_on: date | None) -> Decision:
    """Money can be asked for something that has not been paid yet (PAY-04)."""
    return Decision(
        (
            finding(
                "PAY-04",
                paid_on is None,
                yes=_("This has not been paid yet."),
                no=_("This was paid on %(paid_on)s; money is never taken twice for the same thing."),
                paid_on=paid_on,
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """Where an order stands. `closed_by`: the clause by which the time to pay it is over."""

    status: str
    paid_on: date | None
    closed_by: str = ""


def assess_payment(facts: OrderFacts) -> Decision:
    """An order can be paid while it is open and its time is not over (PAY-04, LAB-06, LAB-07)."""
    in_time = finding(
        facts.closed_by or "PAY-04",
        not facts.closed_by,
        yes=_("There is time left to pay."),
        no=_("The time to pay this is over."),
        next_step=_("Ask for it anew where that is still possible; nothing is taken for this order any more."),
    )
    return assess_opening(paid_on=facts.paid_on) + Decision(
        (
            finding(
                "PAY-04",
                facts.status != "cancelled",
                yes=_("The order has not been cancelled."),
                no=_("The order was cancelled; nothing is owed for it."),
            ),
            in_time,
        )
    )


def assess_agreed(*, shown_cents: int | None, asked_cents: int) -> Decision:
    """What is charged is what was shown and agreed to (LAB-04). `shown_cents` is None where nothing was shown."""
    return Decision(
        (
            finding(
                "LAB-04",
                shown_cents is None or shown_cents == asked_cents,
                yes=_("The amount is the one that was shown."),
                no=_(
                    "The amount has changed since it was shown to you: price and tax are those in force when you pay."
                ),
                next_step=_("Nothing was charged. Look at the new amount, and pay again if you agree."),
            ),
        )
    )


def assess_details(*, invoice: str) -> Decision:
    """Company and address can be given until the invoice is issued; `invoice` is its number, or empty (PAY-03)."""
    return Decision(
        (
            finding(
                "PAY-03",
                not invoice,
                yes=_("The invoice has not been issued."),
                no=_("Invoice %(invoice)s was issued; company and address on it can no longer be changed."),
                next_step=_("They are taken over into your next order, where you can give others."),
                invoice=invoice,
            ),
        )
    )


def assess_cancelling(facts: OrderFacts) -> Decision:
    """An order can be cancelled until it is paid; afterwards money is given back instead (PAY-04)."""
    return Decision(
        (
            finding(
                "PAY-04",
                facts.paid_on is None,
                yes=_("The order has not been paid."),
                no=_("The order was paid on %(paid_on)s and can no longer be cancelled."),
                next_step=_("Ask for a refund instead."),
                paid_on=facts.paid_on,
            ),
        )
    )


def assess_refund(*, paid_by_card: bool) -> Decision:
    """Money that was taken can be given back (PAY-04)."""
    return Decision(
        (
            finding(
                "PAY-04",
                paid_by_card,
                yes=_("The order was paid by card."),
                no=_("No money was taken for this order, so none can be given back."),
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """What an invoice depends on."""

    status: str
    paid_on: date | None
    total_cents: int
    kept_cents: int  # without what is given back
    day: date


def invoice_due_on(paid_on: date, policy: Policy) -> date:
    """The business day after the payment on which its invoice is issued (PAY-02); the payment day's policy."""
    return add_business_days(paid_on, policy["invoice.business_days"].value)


def assess_invoice(facts: InvoiceFacts, policy: Policy) -> Decision:
    """Money that was paid and kept is invoiced when its day has come (PAY-02); the payment day's policy."""
    within = policy["invoice.business_days"]
    paid = facts.status == "paid" and facts.paid_on is not None
    due_on = invoice_due_on(facts.paid_on, policy) if facts.paid_on else None
    return Decision(
        (
            finding("PAY-02", paid, yes=_("The order is paid in full."), no=_("The order is not paid.")),
            finding(
                "PAY-02",
                facts.total_cents > 0,
                yes=_("Money was paid."),
                no=_("Nothing had to be paid, so there is nothing to invoice."),
            ),
            finding(
                "PAY-02",
                facts.total_cents == 0 or facts.kept_cents > 0,
                yes=_("The payment has not been given back."),
                no=_("The payment was given back before an invoice was issued."),
            ),
            finding(
                "PAY-02",
                due_on is not None and due_on <= facts.day,
                yes=_("The invoice was due on %(due_on)s."),
                no=_("The invoice is issued %(days)s business days after the payment."),
                because=(within,),
                due_on=due_on,
                days=within.value,
            ),
        )
    )
