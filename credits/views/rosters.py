"""A provider's rosters: upload, dry run, report, result."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.access import MemberRequest, provider_member_required
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from credits import tasks
from credits.models import Roster
from credits.reading import roster_pages
from credits.reading.roster_pages import RosterForm
from credits.services import rosters


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@provider_member_required
def roster_list(request: MemberRequest) -> HttpResponse:
    """The provider's rosters, and a form for another; a file that can be read leads to its dry run."""
    sent = request.method == "POST"
    form = RosterForm(request.POST, request.FILES) if sent else RosterForm()
    if sent and form.is_valid():
        roster = _upload(request, form)
        if roster is not None:
            return redirect("credits:roster", key=roster.form_key)
    context = roster_pages.list_page(request.member.provider, request.GET, form)
    return render(request, "credits/provider/rosters.html", context, status=UNPROCESSABLE if form.errors else 200)


def _upload(request: MemberRequest, form: RosterForm) -> Roster | None:
    """Keep the file and have it checked; None where it is refused, which the form then says."""
    key = form.cleaned_data["form_key"]
    try:
        roster = rosters.upload_roster(
            member_id=request.member.pk,
            form_key=key,
            file_name=form.cleaned_data["file"].name,
            content=form.content(),
            now=clock.now(),
        )
    except Refused as refused:
        form.complain(refused.decision)
        return None
    except Roster.DoesNotExist as stranger:
        raise Http404 from stranger
    if roster.form_key != key:
        messages.info(request, _("This very file waits here already; it has been looked at anew."))
    tasks.go_on_with(roster)
    return roster


def _own_roster(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Give a view the roster of the address; those of other providers do not exist."""

    @never_cache
    @provider_member_required
    def with_roster(request: MemberRequest, key: UUID) -> HttpResponseBase:
        roster = roster_pages.find_roster(request.member.provider, key)
        if roster is None:
            raise Http404
        return view(request, roster)

    return with_roster


@require_safe
@_own_roster
def roster_detail(request: MemberRequest, roster: Roster) -> HttpResponse:
    """The dry run, the progress or the result, line by line; in part while work on it goes on."""
    context = roster_pages.detail_page(roster, request.GET)
    partial = request.htmx and not request.htmx.boosted
    return render(request, "credits/provider/roster_body.html" if partial else "credits/provider/roster.html", context)


@require_POST
@_own_roster
def report_roster(request: MemberRequest, roster: Roster) -> HttpResponse:
    """Report every line that can be; asked for twice, it is done once."""
    try:
        started = rosters.report_roster(roster_id=roster.pk, member_id=request.member.pk, now=clock.now())
    except Refused as refused:
        roster.refresh_from_db()
        context = roster_pages.detail_page(roster, request.GET) | {"refusal": explain(refused.decision)}
        return render(request, "credits/provider/roster.html", context, status=CONFLICT)
    tasks.go_on_with(started)
    return redirect("credits:roster", key=roster.form_key)


@require_POST
@_own_roster
def check_roster(_request: MemberRequest, roster: Roster) -> HttpResponse:
    """Make the dry run anew."""
    tasks.go_on_with(rosters.check_again(roster_id=roster.pk))
    return redirect("credits:roster", key=roster.form_key)


@require_POST
@_own_roster
def discard_roster(request: MemberRequest, roster: Roster) -> HttpResponse:
    """Put a dry run aside."""
    if rosters.discard_roster(roster_id=roster.pk, now=clock.now()).status == Roster.Status.DISCARDED:
        messages.success(request, _("The dry run is put aside; nothing of it was reported."))
    return redirect("credits:roster_list")


@require_safe
@_own_roster
def roster_result(_request: MemberRequest, roster: Roster) -> HttpResponseBase:
    """Every line with what it would do or did, as CSV."""
    name = slugify(roster.file_name.rpartition(".")[0]) or "roster"
    return _csv(StreamingHttpResponse(roster_pages.result_csv(roster)), f"{name}-result.csv")


@require_safe
@provider_member_required
def roster_template(_request: MemberRequest) -> HttpResponseBase:
    """An empty roster to fill in."""
    return _csv(StreamingHttpResponse(roster_pages.template_csv()), "roster.csv")


def _csv(response: StreamingHttpResponse, name: str) -> StreamingHttpResponse:
    response["Content-Type"] = "text/csv; charset=utf-8"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
