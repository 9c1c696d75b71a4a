"""The papers and logos of a certification, for its holder only (CERT-08, CERT-10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from candidates import documents, queries
from candidates.access import CandidateRequest, candidate_required
from candidates.document_pages import refused_page
from candidates.models import Certification
from candidates.queries import Held
from candidates.rules import assess_document
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused, require


@require_safe
@never_cache
@candidate_required
def certificate(request: CandidateRequest, number: str) -> HttpResponse:
    """A certificate as PDF."""
    return _given(
        request,
        "certificate",
        number,
        "certificate.pdf",
        lambda held, _status, day: documents.certificate(held, day=day),
    )


@require_safe
@never_cache
@candidate_required
def card(request: CandidateRequest, number: str) -> HttpResponse:
    """A card for the wallet as PDF."""
    return _given(request, "card", number, "card.pdf", lambda held, _status, day: documents.card(held, day=day))


@require_safe
@never_cache
@candidate_required
def logos(request: CandidateRequest, number: str) -> HttpResponse:
    """The logos of the present status as a ZIP."""
    return _given(
        request,
        "logo",
        number,
        "logos.zip",
        lambda held, status, day: documents.logo_pack(held, status=status, day=day),
    )


@require_safe
def logo_guidelines(request: HttpRequest) -> HttpResponse:
    """How logos may be used, for anyone."""
    return render(request, "candidates/documents/guidelines.html", {"guidelines": documents.guidelines()})


def _given(
    request: CandidateRequest, kind: str, number: str, name: str, make: Callable[[Held, str, date], bytes]
) -> HttpResponse:
    """A document of one's own certification as a download, or the page that says why not; 404 for anybody else's."""
    day = clock.day_of(clock.now())
    own = Certification.objects.filter(candidate=request.candidate, number=number).select_related("candidate")
    found = queries.held_in(own)
    status = found[0].status_on(day) if found else None
    if status is None:
        raise Http404
    try:
        require(assess_document(kind, status))
    except Refused as refusal:
        return refused_page(request, refusal, found[0].certification)
    content_type = "application/zip" if name.endswith(".zip") else "application/pdf"
    disposition = f'attachment; filename="{number}-{name}"'
    return HttpResponse(
        make(found[0], status, day), content_type=content_type, headers={"Content-Disposition": disposition}
    )
