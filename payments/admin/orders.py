"""Orders, payments and refunds in the administration, and the messages of the card service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from ceportal.kernel.staff import ActForm, LongText, PartInline, RecordAdmin, do_act, findings
from payments import services
from payments.amounts import amount_text
from payments.models import Dispute, Order, OrderLine, Payment, Refund, StripeEvent

CARD_SERVICE_SILENT = gettext_lazy("The card service does not answer. Try again later; nothing was changed.")


class LineInline(PartInline):
    """What an order is for."""

    model = OrderLine
    fields = ("position", "kind", "description", "net", "covered", "tax_country", "tax_percent", "tax", "papers")
    readonly_fields = ("net", "covered", "tax", "papers")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        lines: QuerySet[OrderLine] = super().get_queryset(request)
        return lines.select_related("refund", "invoice", "credit_note")

    @display(description=gettext_lazy("net"))
    def net(self, line: OrderLine) -> str:
        return amount_text(line.net_cents)

    @display(description=gettext_lazy("by voucher"))
    def covered(self, line: OrderLine) -> str:
        return amount_text(line.covered_cents) if line.covered_cents else "-"

    @display(description=gettext_lazy("tax"))
    def tax(self, line: OrderLine) -> str:
        return amount_text(line.tax_cents)

    @display(description=gettext_lazy("papers and refund"))
    def papers(self, line: OrderLine) -> str:
        papers = [str(paper) for paper in (line.invoice, line.credit_note) if paper]
        if line.refund:
            papers.append(_("refund: %(status)s") % {"status": line.refund.get_status_display()})
        return ", ".join(papers) or "-"


class PaymentInline(PartInline):
    """How it was paid, or tried to be."""

    model = Payment
    fields = ("status", "amount", "card_brand", "card_last4", "last_decline", "created_at", "paid_at")
    readonly_fields = ("amount",)

    @display(description=gettext_lazy("amount"))
    def amount(self, payment: Payment) -> str:
        return amount_text(payment.amount_cents)


class RefundForm(ActForm):
    """What is given back, and why."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What is given back"),
        choices=OrderLine.Kind.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        required=False,
        help_text=gettext_lazy("Nothing chosen: all that a card paid and that is not back yet."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, widget=LongText(rows=2))


def _refund_form(order: Order) -> type[RefundForm]:
    """The form with the kinds of lines that the order has."""
    names = dict(OrderLine.Kind.choices)
    kinds = [(kind, names[kind]) for kind in dict.fromkeys(order.lines.values_list("kind", flat=True))]

    class OfOrder(RefundForm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fields["kinds"].choices = kinds  # type: ignore[attr-defined]  # it is a field of choices

    return OfOrder


class NothingForm(ActForm):
    """An act that asks for nothing but a yes."""


@admin.register(Order)
class OrderAdmin(RecordAdmin):
    """What candidates owe or paid, and why this much."""

    list_display = ("number", "candidate", "purpose", "total", "state", "created_at", "paid_at")
    list_filter = ("status", "purpose")
    list_select_related = ("candidate",)
    search_fields = ("number", "candidate__number", "candidate__name", "reference")
    date_hierarchy = "created_at"
    inlines = (LineInline, PaymentInline)
    fields = (
        "number",
        "candidate",
        "purpose",
        "reference",
        "status",
        "net",
        "covered",
        "tax",
        "total",
        "pay_before",
        "pay_before_clause",
        "created_at",
        "paid_at",
        "why",
    )
    readonly_fields = ("net", "covered", "tax", "total", "why")
    actions_detail = ("request_refund", "cancel_order")

    @display(
        description=gettext_lazy("status"),
        ordering="status",
        label={"open": "info", "paid": "success", "refunded": "warning"},
    )
    def state(self, order: Order) -> tuple[str, str]:
        return order.status, order.get_status_display()

    @display(description=gettext_lazy("net"))
    def net(self, order: Order) -> str:
        return amount_text(order.net_cents, order.currency)

    @display(description=gettext_lazy("by voucher"))
    def covered(self, order: Order) -> str:
        return amount_text(order.covered_cents, order.currency)

    @display(description=gettext_lazy("tax"))
    def tax(self, order: Order) -> str:
        return amount_text(order.tax_cents, order.currency)

    @display(description=gettext_lazy("total"), ordering="total_cents")
    def total(self, order: Order) -> str:
        return amount_text(order.total_cents, order.currency)

    @display(description=gettext_lazy("why this amount"))
    def why(self, order: Order) -> SafeString | str:
        return findings(order.decision)

    @action(description=gettext_lazy("Request a refund"), url_path="refund", permissions=["act"])
    def request_refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            refund = services.request_refund(
                order_id=order.pk, kinds=values["kinds"] or None, reason=values["reason"], now=now
            )
            if refund is None:
                raise forms.ValidationError(_("A card paid nothing of this, so nothing can be given back."))
            return _("%(amount)s will be given back.") % {"amount": amount_text(refund.amount_cents, order.currency)}

        return do_act(
            self,
            request,
            title=_("Request a refund"),
            button=_("Give back"),
            explanation=_("The card paid %(amount)s. What an invoice names gets a credit note at once (PAY-03).")
            % {"amount": amount_text(order.total_cents, order.currency)},
            form=_refund_form(order),
            perform=perform,
            back=order,
        )

    @action(description=gettext_lazy("Cancel the order"), url_path="cancel", permissions=["act"])
    def cancel_order(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            services.cancel_order(order_id=order.pk, now=now)
            return _("The order is cancelled.")

        return do_act(
            self,
            request,
            title=_("Cancel the order"),
            button=_("Cancel the order"),
            explanation=_("Its money is no longer asked for. A paid order cannot be cancelled, only refunded."),
            form=NothingForm,
            perform=perform,
            back=order,
        )


@admin.register(OrderLine)
class OrderLineAdmin(RecordAdmin):
    """The lines of all orders."""

    list_display = ("order", "position", "kind", "description", "net", "covered", "tax_country", "tax_percent", "tax")
    list_filter = ("kind", "tax_country")
    list_select_related = ("order",)
    search_fields = ("order__number", "description")
    date_hierarchy = "order__created_at"
    ordering = ("-order__created_at", "position")
    net, covered, tax = LineInline.net, LineInline.covered, LineInline.tax


class RefundInline(PartInline):
    """What of a payment was given back."""

    model = Refund
    fields = ("status", "amount", "reason", "requested_at", "done_at")
    readonly_fields = ("amount",)

    @display(description=gettext_lazy("amount"))
    def amount(self, refund: Refund) -> str:
        return amount_text(refund.amount_cents)


@admin.register(Payment)
class PaymentAdmin(RecordAdmin):
    """Attempts to pay on the hosted card page."""

    list_display = ("order", "amount", "state", "card", "last_decline", "created_at", "paid_at")
    list_filter = ("status", "card_brand")
    list_select_related = ("order",)
    search_fields = ("order__number", "session_id", "intent_id", "order__candidate__number")
    date_hierarchy = "created_at"
    inlines = (RefundInline,)
    actions_detail = ("refresh",)

    @display(description=gettext_lazy("amount"), ordering="amount_cents")
    def amount(self, payment: Payment) -> str:
        return amount_text(payment.amount_cents, payment.order.currency)

    @display(
        description=gettext_lazy("status"),
        ordering="status",
        label={"open": "info", "succeeded": "success", "surplus": "warning"},
    )
    def state(self, payment: Payment) -> tuple[str, str]:
        return payment.status, payment.get_status_display()

    @display(description=gettext_lazy("card"))
    def card(self, payment: Payment) -> str:
        return f"{payment.card_brand} ···· {payment.card_last4}" if payment.card_last4 else "-"

    @action(description=gettext_lazy("Ask the card service"), url_path="refresh", permissions=["act"])
    def refresh(self, request: HttpRequest, object_id: str) -> HttpResponse:
        payment: Payment = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            try:
                asked = services.refresh_payment(payment_id=payment.pk, now=now)
            except services.CardServiceUnavailable as silent:
                raise forms.ValidationError(CARD_SERVICE_SILENT) from silent
            return _("The payment stands at: %(status)s.") % {"status": asked.get_status_display()}

        return do_act(
            self,
            request,
            title=_("Ask the card service how it stands"),
            button=_("Ask"),
            form=NothingForm,
            perform=perform,
            back=payment,
        )


@admin.register(Refund)
class RefundAdmin(RecordAdmin):
    """Money given back."""

    list_display = ("payment", "amount", "state", "reason", "requested_at", "done_at")
    list_filter = ("status",)
    list_select_related = ("payment__order",)
    search_fields = ("payment__order__number", "stripe_id", "reason")
    date_hierarchy = "requested_at"
    ordering = ("-id",)
    actions_detail = ("repeat",)

    @action(description=gettext_lazy("Ask for it again"), url_path="repeat", permissions=["act"])
    def repeat(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund: Refund = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            asked = services.repeat_refund(refund_id=refund.pk, now=now)
            return _("The refund stands at: %(status)s.") % {"status": asked.get_status_display()}

        return do_act(
            self,
            request,
            title=_("Ask again for a refund that failed"),
            button=_("Ask again"),
            explanation=_(
                "What of it was not asked for since goes to the same card. One that did not fail is left alone."
            ),
            form=NothingForm,
            perform=perform,
            back=refund,
        )

    @display(description=gettext_lazy("amount"), ordering="amount_cents")
    def amount(self, refund: Refund) -> str:
        return amount_text(refund.amount_cents, refund.payment.order.currency)

    @display(
        description=gettext_lazy("status"),
        ordering="status",
        label={"requested": "info", "succeeded": "success", "failed": "danger"},
    )
    def state(self, refund: Refund) -> tuple[str, str]:
        return refund.status, refund.get_status_display()


@admin.register(Dispute)
class DisputeAdmin(RecordAdmin):
    """What banks were asked to take back, and how it ended; each has a case."""

    list_display = ("payment", "amount", "state", "reason", "opened_at", "respond_by", "closed_at")
    list_filter = ("status", "reason")
    list_select_related = ("payment__order",)
    search_fields = ("payment__order__number", "stripe_id", "reason")
    date_hierarchy = "opened_at"
    ordering = ("-opened_at",)

    @display(description=gettext_lazy("amount"), ordering="amount_cents")
    def amount(self, dispute: Dispute) -> str:
        return amount_text(dispute.amount_cents, dispute.payment.order.currency)

    @display(
        description=gettext_lazy("status"),
        ordering="status",
        label={"open": "warning", "won": "success", "lost": "danger"},
    )
    def state(self, dispute: Dispute) -> tuple[str, str]:
        return dispute.status, dispute.get_status_display()


@admin.register(StripeEvent)
class StripeEventAdmin(RecordAdmin):
    """Messages of the card service, kept as they came."""

    list_display = ("received_at", "kind", "object_id", "processed_at", "outcome")
    list_filter = (("processed_at", admin.EmptyFieldListFilter), "kind")
    search_fields = ("stripe_id", "object_id", "kind", "outcome")
    date_hierarchy = "received_at"
    actions_detail = ("process",)

    @action(description=gettext_lazy("Follow it up now"), url_path="process", permissions=["act"])
    def process(self, request: HttpRequest, object_id: str) -> HttpResponse:
        event: StripeEvent = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            try:
                done = services.process_event(event_id=event.pk, now=now)
            except services.CardServiceUnavailable as silent:
                raise forms.ValidationError(CARD_SERVICE_SILENT) from silent
            return _("Followed up: %(outcome)s") % {"outcome": done.outcome}

        return do_act(
            self,
            request,
            title=_("Follow up a message of the card service"),
            button=_("Follow up"),
            explanation=_("A message that was followed up already is left alone."),
            form=NothingForm,
            perform=perform,
            back=event,
        )
