"""How pages of documents say no."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from candidates.models import Certification
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT


def refused_page(request: HttpRequest, refusal: Refused, certification: Certification) -> HttpResponse:
    """Why a document is not given now, and what to do."""
    context = {"refused": explain(refusal.decision), "certification": certification}
    return render(request, "candidates/documents/refused.html", context, status=CONFLICT)
