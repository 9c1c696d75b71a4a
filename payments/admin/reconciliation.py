"""The daily comparison with the card service in the administration: read only; each difference says what to do next."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from candidates.models import Case
from ceportal.kernel.staff import PartInline, RecordAdmin, record_link
from payments.amounts import amount_text
from payments.models import Reconciliation, ReconciliationDifference
from payments.reconciliation_rules import NEXT_STEPS, Kind

NOTHING = gettext_lazy("nothing")


class _Sides:
    """What both sides say of a difference, as columns."""

    @display(description=gettext_lazy("by the records"))
    def told(self, difference: ReconciliationDifference) -> str:
        return _amount(difference.told_cents, difference.currency)

    @display(description=gettext_lazy("by transfers"))
    def posted(self, difference: ReconciliationDifference) -> str:
        return _amount(difference.posted_cents, difference.currency)

    @display(description=gettext_lazy("at the card service"))
    def stripe(self, difference: ReconciliationDifference) -> str:
        return _amount(difference.stripe_cents, difference.stripe_currency)


class FoundInline(_Sides, PartInline):
    """What a run was the first to find."""

    model = ReconciliationDifference
    fk_name = "found_by"
    verbose_name_plural = gettext_lazy("found first by this run")
    fields = ("subject", "kind", "told", "posted", "stripe", "settled_at")
    readonly_fields = ("told", "posted", "stripe")


class DifferingFilter(admin.SimpleListFilter):
    """The days on which something differed, or nothing."""

    title = gettext_lazy("differing")
    parameter_name = "differing"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [("yes", _("some")), ("no", _("none"))]

    def queryset(self, request: Any, queryset: QuerySet[Reconciliation]) -> QuerySet[Reconciliation]:  # noqa: ARG002
        if self.value() is None:
            return queryset
        return queryset.filter(differing__gt=0) if self.value() == "yes" else queryset.filter(differing=0)


@admin.register(Reconciliation)
class ReconciliationAdmin(RecordAdmin):
    """What was compared day by day, and the sums and fees of the card service (docs/money.md)."""

    list_display = ("day", "state", "compared", "charged", "refunded", "disputed", "fees")
    list_filter = (DifferingFilter,)
    date_hierarchy = "day"
    ordering = ("-day",)
    fields = (
        "day",
        "ran_at",
        "runs",
        "compared",
        "on_their_way",
        "differing",
        "charged",
        "refunded",
        "disputed",
        "fees",
        "paid_out",
    )
    inlines = (FoundInline,)

    @display(description=gettext_lazy("differing"), ordering="differing", label={"0": "success", "some": "danger"})
    def state(self, run: Reconciliation) -> tuple[str, str]:
        return ("some", str(run.differing)) if run.differing else ("0", _("none"))

    @display(description=gettext_lazy("charged"), ordering="charged_cents")
    def charged(self, run: Reconciliation) -> str:
        return amount_text(run.charged_cents, run.currency)

    @display(description=gettext_lazy("refunded"), ordering="refunded_cents")
    def refunded(self, run: Reconciliation) -> str:
        return amount_text(run.refunded_cents, run.currency)

    @display(description=gettext_lazy("disputed"), ordering="disputed_cents")
    def disputed(self, run: Reconciliation) -> str:
        return amount_text(run.disputed_cents, run.currency)

    @display(description=gettext_lazy("fees of the card service"), ordering="fees_cents")
    def fees(self, run: Reconciliation) -> str:
        return amount_text(run.fees_cents, run.currency)

    @display(description=gettext_lazy("paid out"), ordering="paid_out_cents")
    def paid_out(self, run: Reconciliation) -> str:
        return amount_text(run.paid_out_cents, run.currency)


@admin.register(ReconciliationDifference)
class ReconciliationDifferenceAdmin(_Sides, RecordAdmin):
    """Where the portal and the card service do not agree: both sides, and what to do next."""

    list_display = ("found_at", "state", "kind", "order", "told", "posted", "stripe")
    list_filter = (("settled_at", admin.EmptyFieldListFilter), "kind")
    list_select_related = ("order",)
    search_fields = ("order__number", "order__candidate__number", "stripe_id", "subject")
    date_hierarchy = "found_at"
    ordering = ("-found_at", "-id")
    fields = (
        "kind",
        "next_step",
        "told",
        "posted",
        "stripe",
        "order",
        "payment",
        "refund",
        "dispute",
        "key",
        "case",
        "found_by",
        "found_at",
        "seen_by",
        "seen_at",
        "settled_by",
        "settled_at",
    )

    @display(description=gettext_lazy("state"), label={"open": "danger", "settled": "success"})
    def state(self, difference: ReconciliationDifference) -> tuple[str, str]:
        return ("settled", _("settled")) if difference.settled_at else ("open", _("open"))

    @display(description=gettext_lazy("next step"))
    def next_step(self, difference: ReconciliationDifference) -> str:
        if difference.settled_at:
            return _("Both sides agree again. Close the case with how it came about.")
        return _(NEXT_STEPS[Kind(difference.kind)])

    @display(description=gettext_lazy("case"))
    def case(self, difference: ReconciliationDifference) -> SafeString | str:
        key = Case.objects.filter(key=f"money_difference:{difference.pk}").values_list("pk", flat=True).first()
        return record_link("candidates.case", key, _("case %(number)s") % {"number": key})

    @display(description=gettext_lazy("key there"))
    def key(self, difference: ReconciliationDifference) -> str:
        return difference.stripe_id or "-"


def _amount(cents: int | None, currency: str) -> str:
    return str(NOTHING) if cents is None else amount_text(cents, currency)
