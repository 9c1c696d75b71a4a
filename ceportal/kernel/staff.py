"""What the pages of programme staff stand on: records that are read, and acts that call one service each.

A *record* page shows a row and changes nothing. An *act* is a form over one service: it says what was done, or shows
the refusal with its reasons and keeps what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold import widgets
from unfold.admin import ModelAdmin, TabularInline

from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT
from ceportal.kernel.uploads import KINDS_IN_FORMS

WIDGETS: Mapping[type[forms.Field], type[forms.Widget]] = {
    forms.DateField: widgets.UnfoldAdminSingleDateWidget,
    forms.ModelChoiceField: widgets.UnfoldAdminSelectWidget,
    forms.TypedChoiceField: widgets.UnfoldAdminSelectWidget,
    forms.ChoiceField: widgets.UnfoldAdminSelectWidget,
    forms.IntegerField: widgets.UnfoldAdminIntegerFieldWidget,
    forms.EmailField: widgets.UnfoldAdminEmailInputWidget,
    forms.CharField: widgets.UnfoldAdminTextInputWidget,
    forms.SlugField: widgets.UnfoldAdminTextInputWidget,
}


class ActForm(forms.Form):
    """The form of an act, in the look of the administration."""

    required_css_class = "required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            widget = WIDGETS.get(type(field))
            if widget is None or isinstance(field.widget, forms.Textarea | forms.CheckboxInput):
                continue
            field.widget = self._dressed(field, widget)

    @staticmethod
    def _dressed(field: forms.Field, widget: type[forms.Widget]) -> forms.Widget:
        dressed = widget()
        dressed.is_required = field.required
        dressed.attrs.update(field.widget_attrs(dressed))
        if isinstance(field, forms.ChoiceField):
            dressed.choices = field.choices  # type: ignore[attr-defined]
        return dressed


class LongText(widgets.UnfoldAdminTextareaWidget):
    """Some lines of text in an act."""

    def __init__(self, rows: int = 4) -> None:
        super().__init__(attrs={"rows": rows})


class SeveralFiles(widgets.UnfoldAdminFileFieldWidget):
    """A control for several files in an act. Unfold's own, since its script looks for the line that this one has."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(attrs={"accept": KINDS_IN_FORMS})


class Stored:
    """What records and their parts share: nobody adds, changes or deletes them here."""

    def has_add_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False

    def has_change_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False

    def has_delete_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False


class StaffAdmin(ModelAdmin):
    """A page of staff: nothing is deleted here, and lists ask for no more than they show."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:  # noqa: ARG002 - unfold's
        """Whether this person may use the acts on these records."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """The page that adds a record: by an act where there is one. 403 for those who may not."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self.add_by_act(request) or super().add_view(request, form_url, extra_context)

    def add_by_act(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 - for those that override it
        """The act that adds a record; None where staff write it by a form."""
        return None

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, models.URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def record(self, request: HttpRequest, object_id: str) -> Any:
        """The record an act is about; 404 where there is none."""
        found = self.get_object(request, unquote(object_id))
        if found is None:
            raise Http404
        return found


class RecordAdmin(Stored, StaffAdmin):
    """A record: read, searched and filtered, changed by services only."""


class PartInline(Stored, TabularInline):
    """Parts of a record, read with it."""

    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True


def who(request: HttpRequest) -> int:
    """The key of the staff member who acts."""
    assert request.user.pk is not None  # staff are signed in
    return int(request.user.pk)


def findings(stored: Sequence[Mapping[str, Any]] | None) -> SafeString | str:
    """A stored decision as people read it: every finding with its clause and the parameters behind it."""
    if not stored:
        return "-"
    decision = explain(Decision.from_json(stored))
    return render_to_string("admin/findings.html", {"findings": decision.findings, "user": {"is_staff": True}})


def record_link(label: str, pk: int | None, text: str = "") -> SafeString | str:
    """A link to the page of a record by its model's label ("credits.claim"); plain text where there is none."""
    if pk is None:
        return "-"
    words = text or f"{label} {pk}"
    try:
        url = reverse(f"admin:{label.replace('.', '_')}_change", args=[pk])
    except NoReverseMatch:
        return words
    return format_html('<a href="{}">{}</a>', url, words)


def do_act(
    admin: BaseModelAdmin[Any],
    request: HttpRequest,
    *,
    title: str,
    button: str,
    form: type[ActForm],
    perform: Callable[[dict[str, Any], datetime], str],
    back: models.Model | None = None,
    initial: Mapping[str, Any] | None = None,
    explanation: str = "",
    leads_to: Callable[[], str] | None = None,
) -> HttpResponse:
    """Show an act's form, or do it: `perform(values, now)` calls one service and says what happened.

    A refusal is shown with its reasons above the form, which keeps what was typed; so is a ValidationError, by which
    `perform` says what else stood in the way. `leads_to` gives the page to go on to, where it is what was made.
    """
    opts = admin.opts
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    if back is not None:
        url = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[back.pk])
    handed_in = (request.POST, request.FILES) if request.method == "POST" else ()
    bound = form(*handed_in, initial=dict(initial or {}))
    refusal = None
    if request.method == "POST" and bound.is_valid():
        try:
            said = perform(bound.cleaned_data, clock.now())
        except Refused as refused:
            refusal = explain(refused.decision)
        except forms.ValidationError as trouble:
            bound.add_error(None, trouble)
        else:
            messages.success(request, said)
            return redirect(leads_to() if leads_to else url)
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "button": button,
        "explanation": explanation,
        "form": bound,
        "media": admin.media + bound.media,
        "refusal": refusal,
        "back_url": url,
        "opts": opts,
        "original": back,
    }
    return render(request, "admin/act.html", context, status=CONFLICT if refusal else 200)
