"""Exams and results in the administration."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from candidates.staff import AboutCandidate
from ceportal.kernel.staff import ActForm, LongText, RecordAdmin, StaffAdmin, do_act
from exams import services
from exams.models import Attempt, Exam


@admin.register(Exam)
class ExamAdmin(StaffAdmin):
    """Exams by their numbers."""

    list_display = ("number", "name", "kind", "earns", "retires_on")
    list_filter = ("kind", "earns")
    list_select_related = ("earns",)
    search_fields = ("number", "name")
    date_hierarchy = "retires_on"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's
        # Results, and the renewals that rest on them, name the exam by these.
        return ("number", "kind", "earns") if obj else ()


class ResultForm(AboutCandidate):
    """A result as the test partner reports it."""

    exam = forms.ModelChoiceField(Exam.objects.all(), label=gettext_lazy("Exam"))
    taken_on = forms.DateField(label=gettext_lazy("Taken on"))
    result = forms.ChoiceField(label=gettext_lazy("Result"), choices=[("pass", "pass"), ("fail", "fail")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        recorded = (Attempt.Result.PASS, Attempt.Result.FAIL)
        self.fields["result"].choices = [(each.value, each.label) for each in recorded]  # type: ignore[attr-defined]


class CorrectionForm(ActForm):
    """What the result is instead, and why."""

    result = forms.ChoiceField(label=gettext_lazy("Result"))
    reason = forms.CharField(
        label=gettext_lazy("Why the result was wrong"), max_length=200, required=False, widget=LongText()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        possible = (Attempt.Result.PASS, Attempt.Result.FAIL, Attempt.Result.ANNULLED)
        self.fields["result"].choices = [(each.value, each.label) for each in possible]  # type: ignore[attr-defined]


@admin.register(Attempt)
class AttemptAdmin(RecordAdmin):
    """Results of exams. A result is never changed; a correction supersedes it (EXAM-09)."""

    list_display = ("taken_on", "candidate", "exam", "outcome", "superseded", "recorded_at")
    list_filter = ("result", "exam__kind", "exam")
    list_select_related = ("candidate", "exam", "attempt")
    search_fields = ("candidate__number", "candidate__name", "exam__number")
    date_hierarchy = "taken_on"
    actions_list = ("record_result",)
    actions_detail = ("correct_result",)

    @display(
        description=gettext_lazy("result"),
        ordering="result",
        label={"pass": "success", "fail": "warning", "disallowed": "danger", "annulled": "danger"},
    )
    def outcome(self, attempt: Attempt) -> tuple[str, str]:
        return attempt.result, attempt.get_result_display()

    @display(description=gettext_lazy("superseded"), boolean=True)
    def superseded(self, attempt: Attempt) -> bool:
        return hasattr(attempt, "attempt")

    @action(description=gettext_lazy("Record a result"), url_path="record", permissions=["act"])
    def record_result(self, request: HttpRequest) -> HttpResponse:
        def perform(values: dict[str, Any], now: datetime) -> str:
            attempt = services.record_attempt(
                candidate_id=values["candidate"].pk,
                exam_number=values["exam"].number,
                taken_on=values["taken_on"],
                result=values["result"],
                now=now,
            )
            return _("On record for %(candidate)s: %(exam)s, %(result)s.") % {
                "candidate": values["candidate"],
                "exam": values["exam"],
                "result": attempt.get_result_display(),
            }

        return do_act(
            self,
            request,
            title=_("Record a result"),
            button=_("Record"),
            explanation=_("A pass may earn or renew certifications at once. The same result twice is one result."),
            form=ResultForm,
            perform=perform,
        )

    @action(description=gettext_lazy("Correct the result"), url_path="correct", permissions=["act"])
    def correct_result(self, request: HttpRequest, object_id: str) -> HttpResponse:
        attempt: Attempt = self.record(request, object_id)

        def perform(values: dict[str, Any], now: datetime) -> str:
            corrected = services.correct_attempt(
                candidate_id=attempt.candidate_id,
                exam_number=attempt.exam.number,
                taken_on=attempt.taken_on,
                result=values["result"],
                reason=values["reason"],
                now=now,
            )
            return _("The result that counts is now: %(result)s.") % {"result": corrected.get_result_display()}

        return do_act(
            self,
            request,
            title=_("Correct the result"),
            button=_("Correct"),
            explanation=_(
                "The old result stays on record. What it had renewed or earned is taken back at once; where a later "
                "renewal stands on that, nothing is taken back, and a case is opened (EXAM-09)."
            ),
            form=CorrectionForm,
            perform=perform,
            back=attempt,
        )
