"""Sites, their calendar and their proctors in the administration."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from ceportal.kernel.staff import ActForm, PartInline, RecordAdmin, StaffAdmin, do_act
from exams.models import Closure, Seat, Site, SiteMember, SitePrice, Sitting, SittingPattern
from exams.services import sittings
from payments.amounts import amount_text


class ProctorInline(PartInline):
    """Who proctors at a site."""

    model = SiteMember
    fields = ("user", "active")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "site")


class PatternInline(PartInline):
    """The weekdays of a site, as they hold; changed on pages of their own."""

    model = SittingPattern
    fields = ("weekday", "starts_at", "seats", "open_to", "holds_from", "holds_until")
    readonly_fields = ("open_to",)
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("tracks")

    @display(description=gettext_lazy("open to"))
    def open_to(self, pattern: SittingPattern) -> str:
        return ", ".join(track.code for track in pattern.tracks.all()) or _("every track with a lab")


class PriceInline(PartInline):
    """The prices of a site's own, the latest first; each is a row that stays (LAB-04)."""

    model = SitePrice
    fields = ("kit", "since", "price")
    readonly_fields = ("price",)
    ordering = ("kit", "-since")

    @display(description=gettext_lazy("before tax"))
    def price(self, price: SitePrice) -> str:
        return amount_text(price.net_cents)


@admin.register(Site)
class SiteAdmin(StaffAdmin):
    """Places where labs are held."""

    list_display = ("name", "code", "kind", "country", "time_zone")
    list_filter = ("kind", "country")
    search_fields = ("name", "code", "address")
    inlines = (ProctorInline, PatternInline, PriceInline)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        return ("code",) if obj else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "time_zone":
            names = [(name, name) for name in sorted(available_timezones())]
            return forms.ChoiceField(
                label=gettext_lazy("Time zone"), choices=names, widget=UnfoldAdminSelectWidget(choices=names)
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(SiteMember)
class SiteMemberAdmin(StaffAdmin):
    """Proctors. Whoever leaves is made inactive."""

    list_display = ("user", "site", "active")
    list_filter = ("active", "site")
    list_select_related = ("user", "site")
    search_fields = ("user__email", "user__name", "site__name")
    autocomplete_fields = ("user", "site")
    ordering = ("site__name", "user__email")


@admin.register(SittingPattern)
class SittingPatternAdmin(StaffAdmin):
    """The weekdays on which sites hold sittings."""

    list_display = ("site", "weekday", "starts_at", "seats", "holds_from", "holds_until")
    list_filter = ("site", "weekday")
    list_select_related = ("site",)
    search_fields = ("site__name",)
    ordering = ("site__name", "weekday", "holds_from")


class ClosureForm(ActForm):
    """Days on which a site holds no sittings, and why."""

    site = forms.ModelChoiceField(Site.objects.all(), label=gettext_lazy("Site"))
    first_day = forms.DateField(label=gettext_lazy("First day"))
    last_day = forms.DateField(label=gettext_lazy("Last day"))
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=200, required=False)


@admin.register(Closure)
class ClosureAdmin(RecordAdmin):
    """Days on which sites hold none."""

    list_display = ("site", "first_day", "last_day", "reason")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("site__name", "reason")
    date_hierarchy = "first_day"
    actions_list = ("close",)
    actions_detail = ("lift",)

    @action(description=gettext_lazy("Close a site"), url_path="close", permissions=["act"])
    def close(self, request: HttpRequest) -> HttpResponse:
        def perform(values: dict[str, Any], now: datetime) -> str:
            closure = sittings.close_site(
                site_id=values["site"].pk,
                first_day=values["first_day"],
                last_day=values["last_day"],
                reason=values["reason"],
                now=now,
            )
            return _("%(site)s is closed on these days.") % {"site": closure.site}

        return do_act(
            self,
            request,
            title=_("Close a site"),
            button=_("Close"),
            explanation=_(
                "Sittings that are free are withdrawn. Where somebody has a seat the sitting stays, and a case names "
                "every booking (INC-04)."
            ),
            form=ClosureForm,
            perform=perform,
        )

    @action(description=gettext_lazy("Lift the closure"), url_path="lift", permissions=["act"])
    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        closure: Closure = self.record(request, object_id)

        def perform(_values: dict[str, Any], now: datetime) -> str:
            opened = sittings.lift_closure(closure_id=closure.pk, now=now)
            return _("The site is open again; sittings that can be booked since: %(opened)s.") % {"opened": opened}

        return do_act(
            self,
            request,
            title=_("Lift the closure"),
            button=_("Lift"),
            explanation=_("The sittings of these days come back."),
            form=ActForm,
            perform=perform,
            leads_to=lambda: reverse("admin:exams_closure_changelist"),
        )


@admin.register(SitePrice)
class SitePriceAdmin(StaffAdmin):
    """Prices of a site's own, each from its day on: a new price is a new row (LAB-04)."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        return False

    list_display = ("site", "kit", "since", "net_cents")
    list_filter = ("site", "kit")
    list_select_related = ("site",)
    search_fields = ("site__name",)


@admin.register(Sitting)
class SittingAdmin(RecordAdmin):
    """Days of labs."""

    list_display = ("day", "site", "starts_at", "withdrawn_at", "closed_at")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("site__name",)
    date_hierarchy = "day"


@admin.register(Seat)
class SeatAdmin(RecordAdmin):
    """Seats of sittings."""

    list_display = ("sitting", "number")
    list_filter = ("sitting__site",)
    list_select_related = ("sitting",)
    search_fields = ("sitting__site__name",)
