"""The catalog in the administration: providers, items, and what the board decides about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from catalog import admin_board, admin_gatherings, queries, services
from catalog.admin_board import ItemDecisionForm
from catalog.models import (
    Authorisation,
    BoardDecision,
    Delivery,
    Item,
    Listing,
    Provider,
    ProviderMember,
)
from catalog.rules import KINDS, Needs
from ceportal.kernel import clock
from ceportal.kernel.staff import ActForm, PartInline, RecordAdmin, StaffAdmin, do_act, record_link

__all__ = ["admin_board", "admin_gatherings"]  # their pages are registered with these


class DatedAdmin(StaffAdmin):
    """Rows that staff write themselves and that keep the moment they were made."""

    exclude = ("created_at",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
        super().save_model(request, obj, form, change)


class MemberInline(PartInline):
    """Who acts for a provider."""

    model = ProviderMember
    fields = ("user", "role", "active")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "provider")


@admin.register(Provider)
class ProviderAdmin(DatedAdmin):
    """Organisations that deliver trainings and decide claims."""

    list_display = ("name", "code", "website", "created_at")
    search_fields = ("name", "code")
    date_hierarchy = "created_at"
    inlines = (MemberInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        return ("code",) if obj else ()


@admin.register(ProviderMember)
class ProviderMemberAdmin(StaffAdmin):
    """Users who act for a provider. Whoever leaves is made inactive: their decisions stay theirs."""

    list_display = ("user", "provider", "role", "active")
    list_filter = ("active", "role", "provider")
    list_select_related = ("user", "provider")
    search_fields = ("user__email", "user__name", "provider__name", "provider__code")
    autocomplete_fields = ("user", "provider")
    ordering = ("provider__name", "user__email")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        return ("user", "provider") if obj else ()


class ListingInline(PartInline):
    """What an item was and is worth."""

    model = Listing
    fields = ("credits", "starts_on", "ends_on", "decision")


class BoardDecisionInline(PartInline):
    """What the board decided about an item."""

    model = BoardDecision
    fields = ("review", "outcome", "credits", "effective_on", "reason", "decided_by")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("review", "decided_by")


class AuthorisationInline(PartInline):
    """Who may deliver an item."""

    model = Authorisation
    fields = ("provider", "starts_on", "ends_on")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("provider")


class AuthorisationForm(ActForm):
    """Who may deliver an item, and when (CAT-07)."""

    provider = forms.ModelChoiceField(Provider.objects.all(), label=gettext_lazy("Provider"))
    starts_on = forms.DateField(label=gettext_lazy("From"))
    ends_on = forms.DateField(
        label=gettext_lazy("Up to, and not on"), required=False, help_text=gettext_lazy("Left empty: without end.")
    )


class ItemForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """A training; while it is listed it keeps what it was listed with (CAT-04, CAT-06)."""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        needs = KINDS.get(values.get("kind") or self.instance.kind, Needs())
        listed = self.instance.pk and self.instance.listings.filter(ends_on__isnull=True).exists()
        if needs.registration and not values.get("registration_number", self.instance.registration_number):
            self.add_error("registration_number", _("A custom training has its number in the derivative-works tool."))
        if needs.approval and listed and not values.get("approval_number", self.instance.approval_number):
            self.add_error("approval_number", _("It is listed, and other training needs the committee's approval."))
        return values


@admin.register(Item)
class ItemAdmin(DatedAdmin):
    """Trainings. What one is worth is decided by the board, with a date, and never edited (CAT-02)."""

    list_display = ("code", "title", "kind", "worth_today", "technology", "language", "sample")
    list_display_links = ("code", "title")
    list_filter = ("kind", "sample", "language", "technology")
    search_fields = ("code", "title", "summary")
    date_hierarchy = "created_at"
    inlines = (ListingInline, BoardDecisionInline, AuthorisationInline)
    actions_detail = ("decide_listing", "authorise_provider")

    def get_queryset(self, request: HttpRequest) -> Any:
        return queries.with_credits_on(super().get_queryset(request), clock.day_of(clock.now()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        # Claims, reports and the board's decisions name the item by these.
        return ("code", "kind", "counts_as") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=ItemForm, **kwargs)

    @display(description=gettext_lazy("counts as the same training as"))
    def counts_as(self, item: Item) -> SafeString | str:
        """CR-04; marked on the page of a review."""
        others = queries.counts_as(item.pk)
        return (
            format_html_join(", ", "{}", ((record_link("catalog.item", each.pk, str(each)),) for each in others)) or "-"
        )

    @display(description=gettext_lazy("credits today"), ordering="credits_today")
    def worth_today(self, item: Any) -> str:
        return _("not listed") if item.credits_today is None else str(item.credits_today)

    @action(description=gettext_lazy("Record a decision of the board"), url_path="decide", permissions=["act"])
    def decide_listing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        item: Item = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            review = values.pop("review")
            decision = services.decide_listing(
                item_id=item.pk, review_id=review.pk, decided_by_id=request.user.pk, now=now, **values
            )
            return _("Recorded: %(outcome)s.") % {"outcome": decision.get_outcome_display()}

        return do_act(
            self,
            request,
            title=_("Record a decision of the board"),
            button=_("Record"),
            explanation=_("It holds from its day on and is never edited; a later decision changes it."),
            form=ItemDecisionForm,
            perform=perform,
            back=item,
        )

    @action(description=gettext_lazy("Authorise a provider"), url_path="authorise", permissions=["act"])
    def authorise_provider(self, request: HttpRequest, object_id: str) -> HttpResponse:
        item: Item = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            provider = values.pop("provider")
            services.authorise_provider(provider_id=provider.pk, item_id=item.pk, now=now, **values)
            return _("%(provider)s may deliver it.") % {"provider": provider}

        return do_act(
            self,
            request,
            title=_("Authorise a provider"),
            button=_("Authorise"),
            form=AuthorisationForm,
            perform=perform,
            back=item,
        )


@admin.register(Listing)
class ListingAdmin(RecordAdmin):
    """What was worth how much, and when."""

    list_display = ("item", "credits", "starts_on", "ends_on", "decision")
    list_filter = (("ends_on", admin.EmptyFieldListFilter), "item__kind")
    list_select_related = ("item", "decision")
    search_fields = ("item__code", "item__title")
    date_hierarchy = "starts_on"


class WithdrawalForm(ActForm):
    """When an authorisation ends."""

    ends_on = forms.DateField(
        label=gettext_lazy("Ends on"), help_text=gettext_lazy("What ends before this day still counts.")
    )


@admin.register(Authorisation)
class AuthorisationAdmin(RecordAdmin):
    """Who may deliver what (CAT-07); a new one is made on the item's page."""

    list_display = ("item", "provider", "starts_on", "ends_on")
    list_filter = (("ends_on", admin.EmptyFieldListFilter), "provider")
    list_select_related = ("item", "provider")
    search_fields = ("item__code", "item__title", "provider__name", "provider__code")
    date_hierarchy = "starts_on"
    ordering = ("-id",)
    actions_detail = ("withdraw",)

    @action(description=gettext_lazy("Let it end"), url_path="withdraw", permissions=["act"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        authorisation: Authorisation = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            services.withdraw_authorisation(
                provider_id=authorisation.provider_id,
                item_id=authorisation.item_id,
                ends_on=values["ends_on"],
                now=now,
            )
            return _("The authorisation ends then.")

        return do_act(
            self,
            request,
            title=_("Let an authorisation end"),
            button=_("Let it end"),
            form=WithdrawalForm,
            perform=perform,
            back=authorisation,
        )


class DeliveryForm(ActForm):
    """A run of an item (CAT-07)."""

    provider = forms.ModelChoiceField(Provider.objects.all(), label=gettext_lazy("Provider"))
    item = forms.ModelChoiceField(Item.objects.all(), label=gettext_lazy("Item"))
    code = forms.CharField(label=gettext_lazy("Code"), max_length=40)
    place = forms.CharField(label=gettext_lazy("Place"), max_length=120, required=False)
    starts_on = forms.DateField(label=gettext_lazy("Starts on"))
    ends_on = forms.DateField(label=gettext_lazy("Ends on"))


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    """Runs of items by their providers."""

    list_display = ("code", "provider", "item", "place", "starts_on", "ends_on")
    list_filter = ("provider",)
    list_select_related = ("provider", "item")
    search_fields = ("code", "place", "item__code", "item__title", "provider__name")
    date_hierarchy = "ends_on"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.add_delivery")

    def add_by_act(self, request: HttpRequest) -> HttpResponse:
        def perform(values: dict[str, Any], now: datetime) -> str:
            provider, item = values.pop("provider"), values.pop("item")
            delivery = services.schedule_delivery(provider_id=provider.pk, item_id=item.pk, now=now, **values)
            return _("%(code)s is scheduled.") % {"code": delivery.code}

        return do_act(
            self,
            request,
            title=_("Schedule a delivery"),
            button=_("Schedule"),
            form=DeliveryForm,
            perform=perform,
        )
