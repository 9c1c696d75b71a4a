"""The API of people: what a candidate can read about themselves. Read-only."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from candidates import queries
from candidates.models import Candidate, Certification, Track
from candidates.queries import Held
from candidates.rules import COUNTING
from ceportal.kernel import clock


class IsCandidate(IsAuthenticated):
    """Lets users through who are linked to a candidate's record, with it as `view.candidate`."""

    message = _("No certification record is linked to your account. Link it first, in the portal.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        candidate = Candidate.objects.filter(user_id=request.user.pk).first()  # type: ignore[misc]  # signed in, so saved
        view.candidate = candidate  # type: ignore[attr-defined]  # every view it guards has one
        return candidate is not None


class CandidateView(APIView):
    """A read of the signed-in candidate's own records."""

    permission_classes = [IsCandidate]
    candidate: Candidate


class CertificationSerializer(serializers.Serializer[Any]):
    """A certification as it stands today."""

    number = serializers.CharField()
    track = serializers.SlugField(help_text="The track's code.")
    track_name = serializers.CharField()
    level = serializers.ChoiceField(choices=Track.Level.choices)
    status = serializers.ChoiceField(choices=Certification.Status.choices)
    counts = serializers.BooleanField(
        help_text="Whether it counts as active, toward partner levels too: Emeritus and grace do not (EMR-15)."
    )
    first_certified_on = serializers.DateField()
    active_ends_on = serializers.DateField(allow_null=True, help_text="Null: valid for life.")
    inactive_on = serializers.DateField(allow_null=True, help_text="Null: never by itself.")


def _answer(held: Held) -> dict[str, Any]:
    certification = held.certification
    standing = held.standing_on(clock.day_of(clock.now()))
    return {
        "number": certification.number,
        "track": certification.track.code,
        "track_name": certification.track.name,
        "level": certification.track.level,
        "status": standing.status,
        "counts": standing.status in COUNTING,
        "first_certified_on": certification.first_certified_on,
        "active_ends_on": standing.active_ends_on,
        "inactive_on": standing.inactive_on,
    }


class MyCertifications(CandidateView):
    """The signed-in candidate's certifications."""

    @extend_schema(operation_id="my_certifications", tags=["me"], responses=CertificationSerializer(many=True))
    def get(self, _request: Request) -> Response:
        """Every certification ever held, with its status today, by the name of its track."""
        held = queries.held_by(self.candidate.pk)
        return Response(CertificationSerializer([_answer(each) for each in held], many=True).data)
