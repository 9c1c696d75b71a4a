"""Wordings of official messages in the administration: every kind in every language, with previews, reviewed by staff.

The templates are files; changing them is a change of the portal, and what was changed waits for a review again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from candidates import services, wordings
from candidates.mail import dress
from candidates.models import WordingReview
from candidates.wordings import Wording
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT
from ceportal.kernel.staff import RecordAdmin, who

# A message as mailboxes show it: styled by itself, and in a frame of our own pages only.
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A wording with its latest review, if it has one, and whether that is of the version of now."""

    wording: Wording
    language: str
    url: str
    review: WordingReview | None
    current: bool


def reviewed() -> dict[str, list[Reviewed]]:
    """Every kind with its wordings."""
    reviews = list(WordingReview.objects.select_related("reviewed_by").order_by("reviewed_at", "id"))
    by_version = {(each.kind, each.language, each.digest): each for each in reviews}
    latest = {(each.kind, each.language): each for each in reviews}

    def state(kind: str, code: str, language: str) -> Reviewed:
        wording = wordings.wording_of(kind, code)
        now = by_version.get((kind, code, wording.digest))
        url = reverse("admin:candidates_wording", args=[kind, code])
        return Reviewed(wording, language, url, now or latest.get((kind, code)), current=now is not None)

    return {kind: [state(kind, *each) for each in wordings.LANGUAGES] for kind in wordings.kinds()}


@admin.register(WordingReview)
class WordingAdmin(RecordAdmin):
    """Every kind of message with its wordings, and who has reviewed them (CE-13)."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("of/<slug:kind>/<slug:language>/", wrap(self.wording), name="candidates_wording"),
            path("of/<slug:kind>/<slug:language>/<int:number>.html", wrap(self.html), name="candidates_wording_html"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, _extra_context: Any = None) -> HttpResponse:
        """All wordings by kind."""
        self._may_view(request)
        found = reviewed()
        waiting = sum(not each.current for row in found.values() for each in row)
        languages = dict(wordings.LANGUAGES)
        context = {"title": _("Wordings of messages"), "kinds": found, "waiting": waiting, "languages": languages}
        return self._page(request, "admin/candidates/wordings.html", context)

    def wording(self, request: HttpRequest, kind: str, language: str) -> HttpResponse:
        """One wording: every sample as plain text and as HTML; a POST reviews it."""
        self._may_view(request)
        if kind not in wordings.kinds() or language not in dict(wordings.LANGUAGES):
            raise Http404
        refusal = None
        if request.method == "POST":
            if not self.has_act_permission(request):
                raise PermissionDenied
            try:
                self._review(request, kind, language)
            except Refused as refused:
                refusal = explain(refused.decision)
            else:
                return redirect(request.path)
        row = reviewed()[kind]
        context = {
            "title": kind,
            "state": next(each for each in row if each.wording.language == language),
            "row": row,
            "samples": [
                (number, sample.case, *_plain(kind, language, sample.context))
                for number, sample in enumerate(wordings.samples(kind))
            ],
            "history": WordingReview.objects.filter(kind=kind, language=language).select_related("reviewed_by"),
            "may_review": self.has_act_permission(request),
            "refusal": refusal,
        }
        return self._page(request, "admin/candidates/wording.html", context, status=CONFLICT if refusal else 200)

    @staticmethod
    def _review(request: HttpRequest, kind: str, language: str) -> None:
        digest = request.POST.get("digest", "")
        services.review_wording(kind=kind, language=language, digest=digest, staff_id=who(request), now=clock.now())
        messages.success(request, _("The wording is noted as reviewed by you."))

    @staticmethod
    @xframe_options_sameorigin
    def _framed(_request: HttpRequest, html: str) -> HttpResponse:
        return HttpResponse(html, headers={"Content-Security-Policy": POLICY})

    def html(self, request: HttpRequest, kind: str, language: str, number: int) -> HttpResponse:
        """A sample as the HTML of a message."""
        self._may_view(request)
        found = wordings.samples(kind) if kind in wordings.kinds() and language in dict(wordings.LANGUAGES) else []
        if number >= len(found):
            raise Http404
        subject, body = wordings.render(kind, language, found[number].context)
        return self._framed(request, dress(subject=subject, body=body, language=language)[1])

    def _may_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        frame = self.admin_site.each_context(request) | {"opts": self.opts}
        return TemplateResponse(request, template, frame | context, status=status)


def _plain(kind: str, language: str, context: Any) -> tuple[str, str]:
    subject, body = wordings.render(kind, language, context)
    return subject, dress(subject=subject, body=body, language=language)[0]
