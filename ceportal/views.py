"""Pages of no single app: the first page, the way home, and what the machinery asks."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from http import HTTPStatus
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from candidates.models import Track, User
from ceportal import health, people
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What the programme is, in one screen."""
    return render(request, "ceportal/landing.html", {"levels": level_rows(clock.day_of(clock.now()))})


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Each to their own home; who has none yet links a certification record first."""
    return redirect(home_of(request.user))


def home_of(user: User | AnonymousUser) -> str:
    """The name of the page on which someone starts."""
    if isinstance(user, AnonymousUser):
        return "account_login"
    roles = people.roles_of(user)
    if roles.candidate:
        return "credits:dashboard"
    if roles.member:
        return "credits:review_queue"
    if roles.proctor:
        return "exams:desk"
    if roles.partner:
        return "partner:people"
    return "admin:index" if user.is_staff else "candidates:link"


def level_rows(day: date) -> list[dict[str, Any]]:
    """Per level: the credits of the path that takes nothing but credits, and for how many months a term lasts."""
    # The book of the day shown governs: a visitor asks what renewal takes now.
    policy = BOOK.on(day)
    paths, months = policy["recert.paths"].value, policy["cert.active_months"]
    return [
        {
            "level": level,
            "label": label,
            "credits": next((path["credits"] for path in paths.get(level, ()) if "exams" not in path), None),
            "months": months.for_key(level),
        }
        for level, label in Track.Level.choices
    ]


@require_safe
def favicon(_request: HttpRequest) -> HttpResponse:
    """Where browsers look for the icon of what names none: the administration, evidence in a frame."""
    return redirect(static("img/favicon.svg"))


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """The process runs."""
    return JsonResponse({"alive": True})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """The portal can do its work; 503 and which part is missing where it cannot."""
    checks = health.readiness(now=clock.now())
    ready = all(check.ok for check in checks.values())
    return JsonResponse(
        {"ready": ready, "checks": {name: asdict(check) for name, check in checks.items()}},
        status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE,
    )
