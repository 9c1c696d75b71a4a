"""Sites, their calendar and their proctors in the administration."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from ceportal.kernel.staff import PartInline, RecordAdmin, StaffAdmin
from exams.models import Closure, Seat, Site, SiteMember, SitePrice, Sitting, SittingPattern


class ProctorInline(PartInline):
    """Who proctors at a site."""

    model = SiteMember
    fields = ("user", "active")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "site")


@admin.register(Site)
class SiteAdmin(StaffAdmin):
    """Places where labs are held."""

    list_display = ("name", "code", "kind", "country", "time_zone")
    list_filter = ("kind", "country")
    search_fields = ("name", "code", "address")
    inlines = (ProctorInline,)

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


@admin.register(Closure)
class ClosureAdmin(StaffAdmin):
    """Days on which sites hold none."""

    list_display = ("site", "first_day", "last_day", "reason")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("site__name", "reason")
    date_hierarchy = "first_day"


@admin.register(SitePrice)
class SitePriceAdmin(StaffAdmin):
    """Prices of a site's own (LAB-04)."""

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
