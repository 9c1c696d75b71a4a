"""Which language a page speaks.

A page speaks its reader's language where all of it is translated (`ceportal.kernel.pages.translated`); the others stay
in English, since half a page in each is worse than one in either. A candidate's language is that of the record, in
which messages are written, too; everybody else's is the one they chose here, or the one their browser asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from candidates import services
from candidates.queries import record_of
from ceportal.kernel import clock


class LanguageMiddleware:
    """Lets translated pages speak their reader's language, and every other page English."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(settings.LANGUAGE_CODE):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
        if hasattr(request, "languages_offered"):
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> None:
        if getattr(view, "speaks_every_language", False):
            translation.activate(language_of(request))
            request.languages_offered = offered()  # type: ignore[attr-defined]  # read by the switch in the footer


def language_of(request: HttpRequest) -> str:
    """The language of whoever asks."""
    record = record_of(request.user)
    if record is None:
        return translation.get_language_from_request(request)
    return record.language if record.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def offered() -> list[tuple[str, str, bool]]:
    """Every language: its code, its name in itself, and whether it is spoken now."""
    spoken = translation.get_language()
    return [
        (code, str(translation.get_language_info(code)["name_local"]).capitalize(), code == spoken)
        for code, _name in settings.LANGUAGES
    ]


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on, and go back to the page; with a candidate in messages, too."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        if (record := record_of(request.user)) is not None:
            services.choose_language(candidate_id=record.pk, language=language, now=clock.now())
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 60 * 60,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
