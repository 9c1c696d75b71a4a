"""Badges for their holders, and what anybody needs to verify one without asking: keys, status lists, definitions."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from candidates import artwork, badges, issuer, queries, services, status_lists, verification
from candidates.access import CandidateRequest, candidate_required
from candidates.document_pages import refused_page
from candidates.models import Badge, Certification, Track
from candidates.queries import Held
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused

FORMS = {"jwt": issuer.CREDENTIAL_TYPE, "svg": "image/svg+xml", "png": "image/png"}
A_DAY, FIVE_MINUTES = 24 * 60 * 60, int(status_lists.FETCHED_AGAIN.total_seconds())


# ── For holders, and for those whom they show it to ───────────────────────────────────────────────
@require_safe
@never_cache
@candidate_required
def badge(request: CandidateRequest, number: str, form: str) -> HttpResponse:
    """The badge of a certification of one's own: as a credential, or as a picture that carries it."""
    held = queries.held_in(Certification.objects.filter(candidate=request.candidate, number=number))
    try:
        return _badge_file(held, form)
    except Refused as refusal:
        return refused_page(request, refusal, held[0].certification)


@require_safe
@never_cache
def badge_by_link(_request: HttpRequest, token: str, number: str, form: str) -> HttpResponse:
    """The badge of a certification that a holder's link shows; 404 for what it does not show, or has none."""
    shown = verification.certifications_by_token(token=token, day=clock.day_of(clock.now()))
    try:
        return _badge_file(queries.held_in(shown.filter(number=number)), form)
    except Refused:
        raise Http404 from None


def _badge_file(found: list[Held], form: str) -> HttpResponse:
    if not found or form not in FORMS:
        raise Http404
    (held,), now = found, clock.now()
    given = services.issue_badge(certification_id=held.certification.id, now=now)
    day = clock.day_of(now)
    content: str | bytes = (
        badges.token_of(given, held, day=day)
        if form == "jwt"
        else badges.picture_of(given, held, form="svg" if form == "svg" else "png", day=day)
    )
    name = f'attachment; filename="{held.certification.number}.{form}"'
    return HttpResponse(content, content_type=FORMS[form], headers={"Content-Disposition": name})


# ── For everybody ─────────────────────────────────────────────────────────────────────────────────
def _published(content: dict[str, Any], content_type: str = "application/json") -> HttpResponse:
    """JSON that pages of others may read, too: verifiers run in browsers."""
    return _readable_anywhere(JsonResponse(content, content_type=content_type))


def _readable_anywhere(response: HttpResponse) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
@cache_control(public=True, max_age=FIVE_MINUTES)
def key_document(_request: HttpRequest) -> HttpResponse:
    """The portal's keys under its name in credentials (did:web)."""
    return _published(issuer.key_document(), "application/did+json")


@require_safe
@cache_control(public=True, max_age=A_DAY)
def profile(_request: HttpRequest) -> HttpResponse:
    """Who issues the badges."""
    return _published(issuer.profile())


@require_safe
@cache_control(public=True, max_age=FIVE_MINUTES)
def status_list(_request: HttpRequest, list_number: int, purpose: str) -> HttpResponse:
    """Which badges of a list are revoked, or suspended, now: signed."""
    if purpose not in status_lists.PURPOSES or not status_lists.exists(list_number):
        raise Http404
    signed = status_lists.signed_list(list_number, purpose, now=clock.now())
    return _readable_anywhere(HttpResponse(signed, content_type=issuer.CREDENTIAL_TYPE))


@require_safe
@cache_control(public=True, max_age=A_DAY)
def achievement(_request: HttpRequest, track: str, standing: str) -> HttpResponse:
    """What a badge is given for."""
    return _published(badges.achievement(_track(track, standing), standing))


@require_safe
@cache_control(public=True, max_age=A_DAY)
def emblem(_request: HttpRequest, track: str, standing: str, form: str) -> HttpResponse:
    """The picture of a badge, without a credential."""
    if form not in {"svg", "png"}:
        raise Http404
    picture = artwork.emblem(_track(track, standing), standing, form="svg" if form == "svg" else "png")
    return _readable_anywhere(HttpResponse(picture, content_type=FORMS[form]))


def _track(code: str, standing: str) -> Track:
    if standing not in Badge.Standing:
        raise Http404
    return get_object_or_404(Track, code=code)
