"""Exams and results in the administration."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from candidates.staff import AboutCandidate
from ceportal.kernel import clock
from ceportal.kernel.countries import COUNTRIES
from ceportal.kernel.decisions import Decision
from ceportal.kernel.sheets import Unreadable
from ceportal.kernel.staff import ActForm, LongText, RecordAdmin, StaffAdmin, do_act, findings
from ceportal.kernel.staff_tables import TableForm, as_looked_at
from exams import services
from exams.models import Attempt, Exam
from exams.services import result_files


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
    held_in = forms.ChoiceField(
        label=gettext_lazy("Taken in"),
        choices=[("", gettext_lazy("The country of residence")), *COUNTRIES],
        required=False,
    )
    accepts = forms.BooleanField(
        label=gettext_lazy("The candidate accepted the agreement at the exam"), initial=True, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        recorded = (Attempt.Result.PASS, Attempt.Result.FAIL)
        self.fields["result"].choices = [(each.value, each.label) for each in recorded]  # type: ignore[attr-defined]


def outcome_in_words(attempt: Attempt) -> str:
    """What came of a report, for those who handed it in."""
    if attempt.result != Attempt.Result.DISALLOWED:
        return _("On record for %(candidate)s: %(exam)s, %(result)s.") % {
            "candidate": attempt.candidate,
            "exam": attempt.exam,
            "result": attempt.get_result_display(),
        }
    return _("Disallowed for %(candidate)s: %(exam)s, by %(clauses)s. It counts for nothing, and a case is open.") % {
        "candidate": attempt.candidate,
        "exam": attempt.exam,
        "clauses": ", ".join(Decision.from_json(attempt.decision or ()).clauses_unmet),
    }


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
    exclude = ("decision",)
    readonly_fields = ("why",)
    list_filter = ("result", "exam__kind", "exam")
    list_select_related = ("candidate", "exam", "attempt")
    search_fields = ("candidate__number", "candidate__name", "exam__number")
    date_hierarchy = "taken_on"
    actions_list = ("record_result", "import_results")
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

    @display(description=gettext_lazy("why"))
    def why(self, attempt: Attempt) -> SafeString | str:
        return findings(attempt.decision)

    @action(description=gettext_lazy("Record a result"), url_path="record", permissions=["act"])
    def record_result(self, request: HttpRequest) -> HttpResponse:
        def perform(values: dict[str, Any], now: datetime) -> str:
            attempt = services.record_attempt(
                candidate_id=values["candidate"].pk,
                exam_number=values["exam"].number,
                taken_on=values["taken_on"],
                result=values["result"],
                held_in=values["held_in"],
                accepts=values["accepts"],
                now=now,
            )
            return outcome_in_words(attempt)

        return do_act(
            self,
            request,
            title=_("Record a result"),
            button=_("Record"),
            explanation=_(
                "A pass may earn or renew certifications at once. The same result twice is one result. What the rules "
                "forbid is kept as disallowed, counts for nothing and opens a case (EXAM-08)."
            ),
            form=ResultForm,
            perform=perform,
        )

    @action(description=gettext_lazy("Import the test partner's file"), url_path="import", permissions=["act"])
    def import_results(self, request: HttpRequest) -> HttpResponse:
        posted, committing = request.method == "POST", "record" in request.POST
        form = TableForm(*((request.POST, request.FILES) if posted else ()))
        seen: dict[str, Any] = {}
        if posted and form.is_valid():
            content = form.content()
            try:
                lines = result_files.record_file(content=content, commit=committing, now=clock.now())
            except Unreadable as trouble:
                form.add_error("table", f"{_(trouble.sentence) % trouble.facts} {_(trouble.next_step) % trouble.facts}")
            else:
                good = sum(line.taken for line in lines)
                looked_at = "" if committing else as_looked_at(content)
                seen = {"lines": lines, "committed": committing, "looked_at": looked_at, "good": good}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import the test partner's file"),
            "opts": self.opts,
            "form": form,
            "columns": result_files.COLUMNS.values(),
            "back_url": reverse("admin:exams_attempt_changelist"),
            **seen,
        }
        return render(request, "admin/exams/results_table.html", context)

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
