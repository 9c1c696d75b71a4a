"""The API of people: what a candidate can read about themselves. Read-only."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from candidates import queries
from candidates.models import Candidate, Certification, Track
from candidates.queries import Held
from candidates.rules import COUNTING
from ceportal.kernel import clock
from ceportal.partner_api.feed import of_candidate
from ceportal.partner_api.feed_views import OF_CANDIDATES, EventsSerializer, EventsView, events_schema
from ceportal.partner_api.fields import SparseFields
from ceportal.partner_api.views import ApiView


class CandidateView(ApiView):
    """A read of one's own records: by a token of one's own, or signed in to the portal."""

    candidate: Candidate

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        candidate = queries.record_of(request.user)
        if candidate is None:
            raise PermissionDenied(
                _("No certification record is linked to your account. Link it first, in the portal.")
            )
        self.candidate = candidate


class DayQuerySerializer(serializers.Serializer[Any]):
    """Of which day something is asked."""

    as_of = serializers.DateField(required=False, help_text="A day up to today; left out, today.")

    def validate_as_of(self, as_of: date) -> date:
        if as_of > clock.day_of(clock.now()):
            raise serializers.ValidationError(_("What will stand on a day to come is not known yet."))
        return as_of


class CertificationSerializer(SparseFields, serializers.Serializer[Any]):
    """A certification as it stood on a day."""

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


def _answer(held: Held, *, day: date) -> dict[str, Any]:
    certification = held.certification
    standing = held.standing_on(day)
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
    """One's own certifications."""

    scopes = {"GET": "me:certifications"}

    @extend_schema(
        operation_id="my_certifications",
        tags=["me"],
        parameters=[DayQuerySerializer],
        responses=CertificationSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Every certification held by a day, with its status then, by the name of its track (CERT-10)."""
        asked = self.asked(DayQuerySerializer)
        day = asked.get("as_of", clock.day_of(self.now))
        held = queries.held_by(self.candidate.pk)
        return Response(
            CertificationSerializer(
                [_answer(each, day=day) for each in held if each.certification.first_certified_on <= day],
                many=True,
                context={"request": request},
            ).data
        )


class MyEvents(CandidateView, EventsView):
    """What happened to one's own records."""

    scopes = {"GET": "me:events"}

    @events_schema(OF_CANDIDATES, operation_id="my_events", tags=["me"], responses=EventsSerializer)
    def get(self, _request: Request) -> Response:
        """What happened after a position, in order, of all that the token's other scopes show.

        Keep the position that the answer gives and go on after it: nothing is missed, and nothing comes twice. 410:
        what came after that position is not kept any more; begin anew without `after`.
        """
        return self.answer(of_candidate(self.candidate.pk, scopes=self.caller.scopes))
