"""Evidence files, served by permission only."""

from __future__ import annotations

from pathlib import PurePath

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from candidates.models import User
from catalog.models import Provider
from credits.models import Claim, Evidence

ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
# What somebody else uploaded may run nothing and load nothing; our own pages may show it in a frame. The browser's
# own viewer of PDFs does not start in a sandbox, so only pictures are put into one.
POLICY = (
    "default-src 'none'; img-src 'self' data:; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
)
POLICY_OF_PICTURES = "sandbox; " + POLICY


@require_safe
@login_required
@xframe_options_sameorigin
@cache_control(private=True, max_age=300)
def evidence_file(request: HttpRequest, evidence_id: int) -> FileResponse:
    """A file of a claim: for its owner, members of the claim's provider once it was handed in, and staff.

    What was handed over for an audit is between the candidate and the programme (CE-12).
    """
    evidence = get_object_or_404(Evidence.objects.filter(_visible_to(request.user)), id=evidence_id)  # type: ignore[arg-type]
    ending = ENDINGS[evidence.kind]
    name = evidence.original_name
    if PurePath(name).suffix.lower() not in {ending, ".jpeg" if ending == ".jpg" else ending}:
        name += ending  # it is what its content says, whatever it was called
    response = FileResponse(evidence.file.open("rb"), content_type=evidence.kind, filename=name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY if evidence.kind == "application/pdf" else POLICY_OF_PICTURES
    return response


def _visible_to(user: User) -> Q:
    if user.is_staff:
        return Q()
    # A subquery, since a join would find the file once for each member of the provider.
    members = Q(claim__provider__in=Provider.objects.filter(members__user=user, members__active=True))
    handed_in = ~Q(claim__status=Claim.Status.DRAFT) & Q(removed_at__isnull=True, audit__isnull=True)
    return Q(claim__candidate__user=user, removed_at__isnull=True) | (members & handed_in)
