"""The API of event organisers: their events, the sessions of each, and its schedule (LIVE-01 to LIVE-08).

An organiser's programs see the organiser's events; another's are not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Gathering, Session, SessionTime
from catalog.services import take_schedule
from ceportal.kernel.answers import Pages
from ceportal.kernel.tables import Row
from ceportal.partner_api.fields import SparseFields
from ceportal.partner_api.views import ApiView

MOST_ROWS = 1000  # taken while somebody waits
LONGEST_MINUTES = 24 * 60
EXAMPLE = {
    "rows": [
        {"code": "BRKSEC-1010", "minutes": 90, "start": "2026-06-01 08:00", "title": "Firewalls", "room": "Hall 2"},
        {"code": "CTFSEC-2001", "minutes": 120, "start": "2026-06-02T14:00:00+02:00", "marked": True},
    ]
}


class OrganiserView(ApiView):
    """A view for programs of an organiser."""

    @property
    def tenant(self) -> str:
        """The code of the organiser."""
        application = self.caller.application
        assert application is not None  # the scopes of organisers are given to applications only
        return application.tenant

    def gathering(self, code: str) -> Gathering:
        """An event of the organiser; 404 for another's."""
        found = Gathering.objects.filter(organiser=self.tenant, code=code).first()
        if found is None:
            raise Http404
        return found


# ── Events ────────────────────────────────────────────────────────────────────────────────────────
class GatheringSerializer(SparseFields, serializers.ModelSerializer[Gathering]):
    """An event of the organiser."""

    class Meta:
        model = Gathering
        fields = ("code", "name", "place", "time_zone", "starts_on", "ends_on")
        read_only_fields = fields


class GatheringsQuerySerializer(serializers.Serializer[Any]):
    """Which events; left out, a parameter asks for nothing."""

    ends_from = serializers.DateField(required=False, help_text="Those that end on this day or later.")


class LatestStartFirst(Pages):
    """The order of events."""

    ordering = ("-starts_on", "-id")


@extend_schema_view(
    get=extend_schema(operation_id="gatherings", tags=["gatherings"], parameters=[GatheringsQuerySerializer])
)
class Gatherings(OrganiserView, ListAPIView[Gathering]):
    """The organiser's events, the latest first."""

    scopes = {"GET": "gatherings:read"}
    serializer_class = GatheringSerializer
    pagination_class = LatestStartFirst

    def get_queryset(self) -> QuerySet[Gathering]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Gathering.objects.none()
        asked = self.asked(GatheringsQuerySerializer)
        found = Gathering.objects.filter(organiser=self.tenant)
        if "ends_from" in asked:
            found = found.filter(ends_on__gte=asked["ends_from"])
        return found


class OneGathering(OrganiserView):
    """One of the organiser's events."""

    scopes = {"GET": "gatherings:read"}

    @extend_schema(operation_id="gathering", tags=["gatherings"], responses=GatheringSerializer)
    def get(self, request: Request, code: str) -> Response:
        """The event; the days and times of its sessions are those of its time zone."""
        return Response(GatheringSerializer(self.gathering(code), context={"request": request}).data)


# ── Sessions ──────────────────────────────────────────────────────────────────────────────────────
class SessionTimeSerializer(serializers.ModelSerializer[SessionTime]):
    """A time at which a session is held."""

    class Meta:
        model = SessionTime
        fields = ("starts_at", "held_on", "room")
        read_only_fields = fields


class SessionSerializer(SparseFields, serializers.ModelSerializer[Session]):
    """A session on the schedule of an event, with its times."""

    times = SessionTimeSerializer(many=True, read_only=True)

    class Meta:
        model = Session
        fields = ("code", "title", "minutes", "marked", "times")
        read_only_fields = fields


class ByCode(Pages):
    """The order of sessions."""

    ordering = ("code", "id")


@extend_schema_view(get=extend_schema(operation_id="gathering_sessions", tags=["gatherings"]))
class GatheringSessions(OrganiserView, ListAPIView[Session]):
    """The sessions on an event's schedule, by their codes."""

    scopes = {"GET": "gatherings:read"}
    serializer_class = SessionSerializer
    pagination_class = ByCode

    def get_queryset(self) -> QuerySet[Session]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Session.objects.none()
        gathering = self.gathering(self.kwargs["code"])
        return Session.objects.filter(gathering=gathering).prefetch_related("times")


# ── The schedule ──────────────────────────────────────────────────────────────────────────────────
class ScheduleRowSerializer(serializers.Serializer[Any]):
    """A session at one of its times."""

    code = serializers.CharField(max_length=20, help_text="The session's code, such as BRKSEC-1010.")
    minutes = serializers.IntegerField(min_value=1, max_value=LONGEST_MINUTES)
    start = serializers.CharField(
        max_length=40, help_text="2026-06-01 08:00, where the event is held; or with its offset from UTC."
    )
    title = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    room = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    marked = serializers.BooleanField(
        required=False, default=False, help_text="Whether it is a mission marked as eligible (LIVE-08)."
    )


class ScheduleSerializer(serializers.Serializer[Any]):
    """Sessions of an event, at most 1,000 rows."""

    rows = serializers.ListField(child=ScheduleRowSerializer(), min_length=1, max_length=MOST_ROWS)


class ScheduleProblemSerializer(serializers.Serializer[Any]):
    """Why a row was not taken."""

    row = serializers.IntegerField(help_text="Counted from 1.")
    column = serializers.CharField(help_text="The field that is wrong; empty: the row as a whole.")
    detail = serializers.CharField(source="text")


class ScheduleReadSerializer(serializers.Serializer[Any]):
    """What became of a schedule."""

    times = serializers.IntegerField(help_text="Times of sessions that the rows name and that are on the schedule now.")
    created = serializers.IntegerField(help_text="How many of them are new.")
    problems = ScheduleProblemSerializer(many=True, help_text="The rows that were not taken.")


class GatheringSchedule(OrganiserView):
    """The schedule of an event."""

    scopes = {"POST": "schedules:write"}

    @extend_schema(
        operation_id="hand_in_schedule",
        tags=["gatherings"],
        request=ScheduleSerializer,
        responses=ScheduleReadSerializer,
        examples=[OpenApiExample("two sessions", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request, code: str) -> Response:
        """Put sessions on the schedule; the same again changes nothing, and what is there already stays.

        A row whose code is not one is listed and not guessed (LIVE-05), as is one outside the event's days or one that
        says otherwise of the same session; the others are taken.
        """
        gathering = self.gathering(code)
        given = ScheduleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        rows = [_row(number, each) for number, each in enumerate(given.validated_data["rows"], start=1)]
        read = take_schedule(gathering_id=gathering.pk, rows=rows, now=self.now)
        return Response(ScheduleReadSerializer(read).data)


def _row(number: int, said: Mapping[str, Any]) -> Row:
    """As a row of the table that staff import."""
    cells = {name: str(value) for name, value in said.items()}
    return Row(number, cells | {"marked": "yes" if said["marked"] else "no"})
