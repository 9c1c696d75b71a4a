"""The API of the exam team: accepted exam items and workshops of exam development (XDEV-01 to XDEV-03, CE-10).

The exam team is one, and its people are staff: its programs act for `exam-team`, in the name of somebody who may do
the same in the administration, for as long as they may. What was reported is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from candidates.models import Candidate, Track
from candidates.services.accesses import note_access
from ceportal.kernel.answers import DecisionSerializer, KeptDecisions, Pages
from ceportal.partner_api.fields import SparseFields
from ceportal.partner_api.views import ApiView
from credits.exam_team import EXAM_TEAM, may
from credits.models import AuthoredItems, Workshop
from credits.services.development import record_authored_items, record_workshop
from credits.services.development_files import LONGEST_REFERENCE, MOST_DAYS, MOST_ITEMS

ITEMS_EXAMPLE = {
    "candidate": "CSCO12345678",
    "reference": "SME-2026-0412",
    "kind": "core",
    "accepted": 5,
    "accepted_on": "2026-02-10",
    "direct": True,
}
WORKSHOP_EXAMPLE = {
    "candidate": "CSCO12345678",
    "reference": "JTA-2026-03-17",
    "kind": "jta",
    "level": "professional",
    "days": 2,
    "held_on": "2026-03-18",
}


class ExamTeamView(ApiView):
    """A view for programs of the exam team; what is seen by it is written down as what staff see (CAND-09)."""

    about: ClassVar[type[Model]]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        application = self.caller.application
        assert application is not None  # the scopes of organisers are given to applications only
        act = "add" if request.method == "POST" else "view"
        if application.tenant != EXAM_TEAM or not may(application.responsible, act, self.about):
            raise PermissionDenied(
                _(
                    "This is the exam team's. The program does not act for it, or whoever answers for the program does "
                    "not belong to it any more. The programme's staff name somebody else."
                )
            )

    @property
    def responsible_id(self) -> int:
        """The member of the exam team in whose name the program acts."""
        application = self.caller.application
        assert application is not None
        return application.responsible_id

    def note_seen(self, seen: list[Any]) -> None:
        """Write down whose records are about to be told."""
        note_access(
            user_id=self.responsible_id,
            candidate_ids=[each.candidate_id for each in seen],
            record_type=self.about._meta.label_lower,
            record_ids=[each.pk for each in seen],
            page=self.request.path,
            now=self.now,
        )

    def one(self, record_id: int) -> Any:
        """A record, noted as seen; 404 where there is none."""
        found = self.about._default_manager.filter(pk=record_id).select_related("candidate").first()
        if found is None:
            raise Http404
        self.note_seen([found])
        return found


class LatestFirst(Pages):
    """The order of what was reported."""

    ordering = ("-id",)


class ReportsView(ExamTeamView, ListAPIView[Any]):
    """What the exam team reported, the latest first."""

    scopes = {"GET": "authored-items:read", "POST": "authored-items:write"}
    pagination_class = LatestFirst
    query: ClassVar[type[serializers.Serializer[Any]]]
    filters: ClassVar[Mapping[str, str]]

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return self.about._default_manager.none()
        narrowed = {self.filters[name]: value for name, value in self.asked(self.query).items()}
        return self.about._default_manager.filter(**narrowed).select_related("candidate")

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.note_seen(page or [])
        return page

    def given(self, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """What the service asks for. ValidationError, by field, for what is no report."""
        read = shape(data=self.request.data)
        read.is_valid(raise_exception=True)
        values = dict(read.validated_data)
        return {"candidate_id": values.pop("candidate").pk, "staff_id": self.responsible_id, "now": self.now, **values}

    def created(self, record: Any, *, address: str) -> Response:
        """The answer to a report, the first one or the same again."""
        record.refresh_from_db(fields=["decision"])  # told in the order of words in which it will be told again
        response = Response(self.get_serializer(record).data, status=201)
        response["Location"] = reverse(address, args=[record.pk], request=self.request)
        return response


class _Reported(SparseFields, serializers.ModelSerializer[Any]):
    candidate = serializers.CharField(source="candidate.number", help_text="The candidate's number.")
    decision = serializers.SerializerMethodField()

    @extend_schema_field(DecisionSerializer())
    def get_decision(self, record: Any) -> Any:
        decisions = self.context.setdefault("decisions", KeptDecisions())
        return decisions.answer(record.decision)


class _Report(serializers.Serializer[Any]):
    candidate = serializers.SlugRelatedField(
        slug_field="number", queryset=Candidate.objects.all(), help_text="The candidate's number."
    )
    reference = serializers.CharField(
        max_length=LONGEST_REFERENCE,
        help_text="The exam team's own, one for each report; the same report under the same reference counts once.",
    )


class _ReportsQuery(serializers.Serializer[Any]):
    candidate = serializers.CharField(required=False, help_text="The candidate's number.")
    reference = serializers.CharField(required=False)
    reported_since = serializers.DateTimeField(required=False)


FILTERS = {"candidate": "candidate__number", "reference": "reference", "reported_since": "reported_at__gte"}


# ── Accepted items ────────────────────────────────────────────────────────────────────────────────
class AuthoredItemsSerializer(_Reported):
    """Accepted items of one kind by one author, with the credits they have earned and why (XDEV-01, XDEV-02)."""

    class Meta:
        model = AuthoredItems
        fields = (
            "id",
            "reference",
            "candidate",
            "kind",
            "accepted",
            "accepted_on",
            "credits",
            "reported_at",
            "decision",
        )
        read_only_fields = fields


class AuthoredItemsReportSerializer(_Report):
    """Accepted items to be reported."""

    kind = serializers.ChoiceField(choices=AuthoredItems.Kind.choices)
    accepted = serializers.IntegerField(min_value=1, max_value=MOST_ITEMS, help_text="How many were accepted.")
    accepted_on = serializers.DateField()
    direct = serializers.BooleanField(
        help_text="Whether they were authored directly in the programme's scheme for subject-matter experts."
    )


class AuthoredItemsQuerySerializer(_ReportsQuery):
    """Which items; left out, a parameter asks for nothing."""

    kind = serializers.ChoiceField(choices=AuthoredItems.Kind.choices, required=False)
    accepted_from = serializers.DateField(required=False, help_text="Those accepted on this day or later.")


@extend_schema_view(
    get=extend_schema(
        operation_id="authored_items", tags=["exam development"], parameters=[AuthoredItemsQuerySerializer]
    )
)
class AuthoredItemsReports(ReportsView):
    """Accepted exam items, as they were reported by the exam team, the latest first."""

    about = AuthoredItems
    serializer_class = AuthoredItemsSerializer
    query = AuthoredItemsQuerySerializer
    filters = {**FILTERS, "kind": "kind", "accepted_from": "accepted_on__gte"}

    @extend_schema(
        operation_id="report_authored_items",
        tags=["exam development"],
        request=AuthoredItemsReportSerializer,
        responses={201: AuthoredItemsSerializer},
        examples=[OpenApiExample("five items", value=ITEMS_EXAMPLE, request_only=True)],
    )
    def post(self, _request: Request) -> Response:
        """Report accepted items: they earn their credits at once, as of the day of acceptance, or are refused.

        The same report again changes nothing; something else under its reference is refused (XDEV-01).
        """
        items = record_authored_items(**self.given(AuthoredItemsReportSerializer))
        return self.created(items, address="api:authored_items_report")


class OneAuthoredItems(ExamTeamView):
    """Accepted items that were reported together."""

    scopes = {"GET": "authored-items:read"}
    about = AuthoredItems

    @extend_schema(operation_id="authored_items_report", tags=["exam development"], responses=AuthoredItemsSerializer)
    def get(self, request: Request, record_id: int) -> Response:
        """The items, with the credits they have earned."""
        return Response(AuthoredItemsSerializer(self.one(record_id), context={"request": request}).data)


# ── Workshops ─────────────────────────────────────────────────────────────────────────────────────
class WorkshopSerializer(_Reported):
    """Somebody's days in a workshop of exam development, with the credits they have earned and why (XDEV-03)."""

    class Meta:
        model = Workshop
        fields = (
            "id",
            "reference",
            "candidate",
            "kind",
            "level",
            "days",
            "held_on",
            "credits",
            "reported_at",
            "decision",
        )
        read_only_fields = fields


class WorkshopReportSerializer(_Report):
    """Days in a workshop to be reported."""

    kind = serializers.ChoiceField(choices=Workshop.Kind.choices)
    level = serializers.ChoiceField(choices=Track.Level.choices, help_text="That of the certification it was about.")
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, help_text="How many days they took part.")
    held_on = serializers.DateField(help_text="Its last day.")


class WorkshopsQuerySerializer(_ReportsQuery):
    """Which workshops; left out, a parameter asks for nothing."""

    kind = serializers.ChoiceField(choices=Workshop.Kind.choices, required=False)
    level = serializers.ChoiceField(choices=Track.Level.choices, required=False)
    held_from = serializers.DateField(required=False, help_text="Those whose last day is this day or later.")


@extend_schema_view(
    get=extend_schema(operation_id="workshops", tags=["exam development"], parameters=[WorkshopsQuerySerializer])
)
class WorkshopReports(ReportsView):
    """Days in workshops of exam development, as they were reported by the exam team, the latest first."""

    about = Workshop
    serializer_class = WorkshopSerializer
    query = WorkshopsQuerySerializer
    filters = {**FILTERS, "kind": "kind", "level": "level", "held_from": "held_on__gte"}

    @extend_schema(
        operation_id="report_workshop",
        tags=["exam development"],
        request=WorkshopReportSerializer,
        responses={201: WorkshopSerializer},
        examples=[OpenApiExample("two days", value=WORKSHOP_EXAMPLE, request_only=True)],
    )
    def post(self, _request: Request) -> Response:
        """Report somebody's days in a workshop: they earn their credits as of its last day, or are refused.

        The same report again changes nothing; something else under its reference is refused (XDEV-03).
        """
        workshop = record_workshop(**self.given(WorkshopReportSerializer))
        return self.created(workshop, address="api:workshop")


class OneWorkshop(ExamTeamView):
    """Somebody's days in a workshop."""

    scopes = {"GET": "authored-items:read"}
    about = Workshop

    @extend_schema(operation_id="workshop", tags=["exam development"], responses=WorkshopSerializer)
    def get(self, request: Request, record_id: int) -> Response:
        """The days, with the credits they have earned."""
        return Response(WorkshopSerializer(self.one(record_id), context={"request": request}).data)
