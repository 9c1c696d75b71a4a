"""Evidence files, served by permission only."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from candidates.models import User
from catalog.models import Provider
from ceportal.kernel.served_files import serve
from credits.models import Claim, Evidence


@require_safe
@login_required
@xframe_options_sameorigin
@cache_control(private=True, max_age=300)
def evidence_file(request: HttpRequest, evidence_id: int) -> FileResponse:
    """A file of a claim: for its owner, members of its provider once it was handed in, and staff who may view evidence.

    What was handed over for an audit is between the candidate and the programme (CE-12).
    """
    kept = Evidence.objects.filter(_visible_to(request.user), destroyed_at__isnull=True)  # type: ignore[arg-type]
    evidence = get_object_or_404(kept, id=evidence_id)
    return serve(evidence.file, kind=evidence.kind, name=evidence.original_name)


def _visible_to(user: User) -> Q:
    if user.is_staff and user.has_perm("credits.view_evidence"):
        return Q()
    # A subquery, since a join would find the file once for each member of the provider.
    members = Q(claim__provider__in=Provider.objects.filter(members__user=user, members__active=True))
    handed_in = ~Q(claim__status=Claim.Status.DRAFT) & Q(removed_at__isnull=True, audit__isnull=True)
    return Q(claim__candidate__user=user, removed_at__isnull=True) | (members & handed_in)
