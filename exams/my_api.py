"""What candidates read of their exams and labs: results, which exams they may sit, and bookings."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from candidates.api import CandidateView
from ceportal.kernel import clock
from ceportal.kernel.answers import DecisionSerializer, Pages, decision_answer
from ceportal.kernel.countries import COUNTRIES
from ceportal.partner_api.fields import SparseFields
from exams.api import LatestRecordedFirst, ResultSerializer
from exams.models import Attempt, Booking, Exam
from exams.reading import exam_answers


@extend_schema_view(get=extend_schema(operation_id="my_results", tags=["me"]))
class MyResults(CandidateView, ListAPIView[Attempt]):
    """One's own exam results, the latest first; corrections stand beside what they correct (EXAM-09)."""

    scopes = {"GET": "me:exams"}
    serializer_class = ResultSerializer
    pagination_class = LatestRecordedFirst

    def get_queryset(self) -> QuerySet[Attempt]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a candidate
            return Attempt.objects.none()
        return Attempt.objects.filter(candidate=self.candidate).select_related("candidate", "exam")


class MaySitQuerySerializer(serializers.Serializer[Any]):
    """When and where, and which kind of exam."""

    day = serializers.DateField(required=False, help_text="Left out, today.")
    held_in = serializers.ChoiceField(
        choices=COUNTRIES, required=False, default="", help_text="Left out, somewhere that is allowed (CAND-08)."
    )
    kind = serializers.ChoiceField(choices=Exam.Kind.choices, required=False, default="")


class MaySitSerializer(SparseFields, serializers.Serializer[Any]):
    """Whether an exam may be sat on the day, and from when on it could be."""

    exam = serializers.SlugField()
    name = serializers.CharField()
    opens_on = serializers.DateField(
        allow_null=True, help_text="The first possible day from that day on; null where no date opens it."
    )
    decision = DecisionSerializer()


class MyOpenExams(CandidateView):
    """Which exams one may sit."""

    scopes = {"GET": "me:exams"}

    @extend_schema(
        operation_id="my_open_exams",
        tags=["me"],
        parameters=[MaySitQuerySerializer],
        responses=MaySitSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Every exam offered on a day, with everything that speaks for and against sitting it then."""
        values = self.asked(MaySitQuerySerializer)
        answers = exam_answers(
            self.candidate.pk,
            day=values.get("day", clock.day_of(self.now)),
            held_in=values["held_in"],
            kind=values["kind"],
        )
        told = [
            {
                "exam": each.exam.number,
                "name": each.exam.name,
                "opens_on": each.may.opens_on,
                "decision": decision_answer(each.may.decision),
            }
            for each in answers
        ]
        return Response(MaySitSerializer(told, many=True, context={"request": request}).data)


@extend_schema_field({"type": "string", "examples": ["08:30:00"]})  # OpenAPI's "time" has a zone
class LocalTimeField(serializers.TimeField):
    """A time by the clock of a place."""


class BookingSerializer(SparseFields, serializers.Serializer[Any]):
    """A lab booking."""

    id = serializers.IntegerField()
    exam = serializers.SlugField(source="exam.number")
    track = serializers.SlugField(source="track.code")
    site = serializers.SlugField(source="seat.sitting.site.code")
    site_name = serializers.CharField(source="seat.sitting.site.name")
    day = serializers.DateField(source="seat.sitting.day")
    starts_at = LocalTimeField(source="seat.sitting.starts_at", help_text="By the site's clock.")
    time_zone = serializers.CharField(source="seat.sitting.site.time_zone", help_text="Of the site.")
    status = serializers.ChoiceField(choices=Booking.Status.choices)
    pay_before = serializers.DateTimeField(allow_null=True, help_text="From this moment on it cannot be paid (LAB-07).")
    booked_at = serializers.DateTimeField()


class LatestBookedFirst(Pages):
    """The order of bookings."""

    ordering = ("-booked_at", "-id")


class BookingsQuerySerializer(serializers.Serializer[Any]):
    """Which bookings; left out, all of them."""

    status = serializers.ChoiceField(choices=Booking.Status.choices, required=False)


@extend_schema_view(get=extend_schema(operation_id="my_bookings", tags=["me"], parameters=[BookingsQuerySerializer]))
class MyBookings(CandidateView, ListAPIView[Booking]):
    """One's own lab bookings, the latest booked first."""

    scopes = {"GET": "me:bookings"}
    serializer_class = BookingSerializer
    pagination_class = LatestBookedFirst

    def get_queryset(self) -> QuerySet[Booking]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a candidate
            return Booking.objects.none()
        asked = self.asked(BookingsQuerySerializer)
        return Booking.objects.filter(candidate=self.candidate, **asked).select_related(
            "exam", "track", "seat__sitting__site"
        )
