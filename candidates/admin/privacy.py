"""Requests about personal data, and who looked at what, in the administration (CAND-09)."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from candidates.models import Candidate, DataRequest, StaffAccess
from ceportal.kernel.staff import RecordAdmin


@admin.register(DataRequest)
class DataRequestAdmin(RecordAdmin):
    """Copies and erasures that candidates asked for. The copy itself is the candidate's alone."""

    list_display = ("asked_at", "candidate", "kind", "state", "due_on", "postponed_on", "expires_on", "ended_at")
    list_filter = ("kind", "status", ("postponed_on", admin.EmptyFieldListFilter))
    list_select_related = ("candidate",)
    search_fields = ("candidate__number", "candidate__name")
    date_hierarchy = "asked_at"
    ordering = ("-id",)
    exclude = ("file",)

    @display(
        description=_("state"), ordering="status", label={"waiting": "info", "done": "success", "ready": "success"}
    )
    def state(self, request: DataRequest) -> tuple[str, str]:
        return request.status, request.get_status_display()


@admin.register(StaffAccess)
class StaffAccessAdmin(RecordAdmin):
    """Who of the staff, or which partner's program, saw what about whom.

    For superusers, and a group that is given the permission.
    """

    list_display = ("at", "user", "partner", "record_type", "records", "people", "page")
    list_filter = ("record_type",)
    list_select_related = ("user",)
    search_fields = ("user__email", "partner", "=record_type", "page")
    search_help_text = _("Somebody's address, a kind of record, a page, or the number of a candidate in full.")
    date_hierarchy = "at"
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StaffAccess], search_term: str
    ) -> tuple[QuerySet[StaffAccess], bool]:
        candidate = Candidate.objects.filter(number=search_term.strip().upper()).first() if search_term else None
        if candidate is not None:
            return queryset.filter(candidate_ids__contains=[candidate.pk]), False
        found: tuple[QuerySet[StaffAccess], bool] = super().get_search_results(request, queryset, search_term)
        return found

    @display(description=_("records"))
    def records(self, access: StaffAccess) -> str:
        return _numbers(access.record_ids)

    @display(description=_("numbers of candidates' records"))
    def people(self, access: StaffAccess) -> str:
        return _numbers(access.candidate_ids)


def _numbers(ids: list[int]) -> str:
    shown = ", ".join(map(str, ids[:3]))
    return f"{shown}, … ({len(ids)})" if len(ids) > 3 else shown
