"""The API of the test partner: who may sit an exam, results as they are reported, and their corrections.

A test partner sees and corrects what its own programs reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from candidates.models import Candidate
from ceportal.kernel.answers import DecisionSerializer, Pages, decision_answer
from ceportal.kernel.countries import COUNTRIES
from ceportal.kernel.decisions import Decision, Refused
from ceportal.partner_api.etags import ChangedMeanwhile
from ceportal.partner_api.fields import SparseFields
from ceportal.partner_api.job_views import JobSerializer, accepted
from ceportal.partner_api.jobs import MOST_ROWS, start_job
from ceportal.partner_api.models import Job
from ceportal.partner_api.views import ApiView
from exams.may_sit import may_sit
from exams.models import Attempt, Exam
from exams.services.attempts import NoLongerStandsError, correct_attempt, record_attempt

RESULTS = [choice for choice in Attempt.Result.choices if choice[0] in {Attempt.Result.PASS, Attempt.Result.FAIL}]
ROWS_OF_CHUNK = 50  # each locks its candidate, and may earn a certification
CORRECTIONS = [*RESULTS, (Attempt.Result.ANNULLED.value, Attempt.Result.ANNULLED.label)]
REPORT = {
    "candidate": "CSCO12345678",
    "exam": "350-401",
    "taken_on": "2026-05-04",
    "result": "pass",
    "held_in": "BE",
    "sections": [{"title": "Architecture", "percent": 80}],
}


class TestPartnerView(ApiView):
    """A view for programs of a test partner."""

    @property
    def tenant(self) -> str:
        """The code of the test partner."""
        application = self.caller.application
        assert application is not None  # the scopes of test partners are given to applications only
        return application.tenant


# ── Eligibility ───────────────────────────────────────────────────────────────────────────────────
class EligibilityQuerySerializer(serializers.Serializer[Any]):
    """Who wants to sit an exam, and when and where."""

    candidate = serializers.CharField(max_length=20, help_text="The candidate's number.")
    born = serializers.DateField(help_text="The candidate's day of birth, as the person who registers says it.")
    day = serializers.DateField(help_text="The day of the exam.")
    held_in = serializers.ChoiceField(
        choices=COUNTRIES, required=False, default="", help_text="Where; left out, somewhere that is allowed (CAND-08)."
    )


class EligibilitySerializer(serializers.Serializer[Any]):
    """Whether the exam may be sat on that day, and from when on it could be."""

    exam = serializers.SlugField()
    day = serializers.DateField()
    opens_on = serializers.DateField(
        allow_null=True, help_text="The first possible day from that day on; null where no date opens it."
    )
    decision = DecisionSerializer()


class Eligibility(TestPartnerView):
    """Whether a candidate may sit an exam."""

    scopes = {"GET": "eligibility:read"}

    @extend_schema(
        operation_id="eligibility",
        tags=["exams"],
        parameters=[EligibilityQuerySerializer],
        responses=EligibilitySerializer,
    )
    def get(self, _request: Request, exam: str) -> Response:
        """Everything that speaks for and against sitting the exam on a day (EXAM-03 to EXAM-07, CAND-04 to CAND-08)."""
        values = self.asked(EligibilityQuerySerializer)
        candidate = Candidate.objects.filter(number=values["candidate"].upper(), born=values["born"]).first()
        if candidate is None or not Exam.objects.filter(number=exam).exists():
            # One answer for an unknown number and for a wrong day of birth: whose number it is tells nobody.
            raise NotFound(_("There is no such exam, or no candidate with this number and day of birth."))
        answer = may_sit(candidate_id=candidate.pk, exam_number=exam, day=values["day"], held_in=values["held_in"])
        told = {
            "exam": exam,
            "day": values["day"],
            "opens_on": answer.opens_on,
            "decision": decision_answer(answer.decision),
        }
        return Response(EligibilitySerializer(told).data)


# ── Results ───────────────────────────────────────────────────────────────────────────────────────
class SectionSerializer(serializers.Serializer[Any]):
    """A section of the exam (EXAM-10)."""

    title = serializers.CharField(max_length=80)
    percent = serializers.IntegerField(min_value=0, max_value=100)


class ReportSerializer(serializers.Serializer[Any]):
    """A result to be recorded."""

    candidate = serializers.SlugRelatedField(slug_field="number", queryset=Candidate.objects.all())
    exam = serializers.SlugRelatedField(slug_field="number", queryset=Exam.objects.all())
    taken_on = serializers.DateField()
    result = serializers.ChoiceField(choices=RESULTS)
    held_in = serializers.ChoiceField(
        choices=COUNTRIES, required=False, default="", help_text="Left out, the country of residence."
    )
    accepts = serializers.BooleanField(
        required=False, default=True, help_text="Whether the candidate accepted the agreement there (CAND-01)."
    )
    sections = SectionSerializer(many=True, required=False)


class ResultSerializer(SparseFields, serializers.Serializer[Any]):
    """A result on record."""

    id = serializers.IntegerField()
    candidate = serializers.CharField(source="candidate.number")
    exam = serializers.SlugField(source="exam.number")
    taken_on = serializers.DateField()
    result = serializers.ChoiceField(
        choices=Attempt.Result.choices, help_text="disallowed: kept, and counts for nothing (EXAM-08)."
    )
    reported = serializers.CharField(help_text="Of a disallowed one, the result that was reported.")
    supersedes = serializers.IntegerField(source="supersedes_id", allow_null=True, help_text="The one it corrects.")
    reason = serializers.CharField(help_text="Why it was corrected.")
    recorded_at = serializers.DateTimeField()
    decision = serializers.SerializerMethodField()

    @extend_schema_field(DecisionSerializer(allow_null=True))
    def get_decision(self, attempt: Any) -> Any:
        return decision_answer(Decision.from_json(attempt.decision)) if attempt.decision else None


class ResultsQuerySerializer(serializers.Serializer[Any]):
    """Which results; left out, a parameter asks for nothing."""

    candidate = serializers.CharField(required=False)
    exam = serializers.SlugField(required=False)
    result = serializers.ChoiceField(choices=Attempt.Result.choices, required=False)
    recorded_since = serializers.DateTimeField(required=False)


class LatestRecordedFirst(Pages):
    """The order of results."""

    ordering = ("-recorded_at", "-id")


FILTERS = {
    "candidate": "candidate__number",
    "exam": "exam__number",
    "result": "result",
    "recorded_since": "recorded_at__gte",
}


@extend_schema_view(get=extend_schema(operation_id="results", tags=["exams"], parameters=[ResultsQuerySerializer]))
class Results(TestPartnerView, ListAPIView[Attempt]):
    """The results that this test partner reported, the latest first."""

    scopes = {"GET": "results:read", "POST": "results:write"}
    serializer_class = ResultSerializer
    pagination_class = LatestRecordedFirst

    def get_queryset(self) -> QuerySet[Attempt]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Attempt.objects.none()
        narrowed = {FILTERS[name]: value for name, value in self.asked(ResultsQuerySerializer).items()}
        return Attempt.objects.filter(reported_by=self.tenant, **narrowed).select_related("candidate", "exam")

    @extend_schema(
        operation_id="report_result",
        tags=["exams"],
        request=ReportSerializer,
        responses={201: ResultSerializer},
        examples=[OpenApiExample("a pass", value=REPORT, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Record a result; the same report again changes nothing.

        What the rules forbid is kept as disallowed, with its decision (EXAM-08); what cannot be right as reported is
        refused.
        """
        given = ReportSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        attempt = _record(given.validated_data, tenant=self.tenant, now=self.now)
        return Response(ResultSerializer(attempt).data, status=201)


def _record(values: Mapping[str, Any], *, tenant: str, now: datetime) -> Attempt:
    return record_attempt(
        candidate_id=values["candidate"].pk,
        exam_number=values["exam"].number,
        taken_on=values["taken_on"],
        result=values["result"],
        held_in=values["held_in"],
        accepts=values["accepts"],
        sections=[dict(each) for each in values.get("sections", ())],
        reported_by=tenant,
        now=now,
    )


class CorrectionSerializer(serializers.Serializer[Any]):
    """Another result in the place of one on record."""

    result = serializers.ChoiceField(choices=CORRECTIONS)
    reason = serializers.CharField(max_length=200)
    sections = SectionSerializer(many=True, required=False)


class ResultCorrection(TestPartnerView):
    """The correction of a result."""

    scopes = {"POST": "results:write"}

    @extend_schema(
        operation_id="correct_result",
        tags=["exams"],
        request=CorrectionSerializer,
        responses={201: ResultSerializer},
        examples=[
            OpenApiExample(
                "annulled", value={"result": "annulled", "reason": "The room lost its power."}, request_only=True
            )
        ],
    )
    def post(self, request: Request, result_id: int) -> Response:
        """Put another result in the place of this one, which stays, superseded (EXAM-09).

        412 where it is not the result that stands: one that was corrected meanwhile, or beside which another counts.
        """
        given = CorrectionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        found = Attempt.objects.filter(pk=result_id, reported_by=self.tenant).select_related("exam").first()
        if found is None:
            raise Http404
        values = given.validated_data
        try:
            attempt = correct_attempt(
                candidate_id=found.candidate_id,
                exam_number=found.exam.number,
                taken_on=found.taken_on,
                result=values["result"],
                reason=values["reason"],
                sections=[dict(each) for each in values.get("sections", ())],
                attempt_id=found.pk,
                now=self.now,
            )
        except NoLongerStandsError as error:
            raise ChangedMeanwhile from error
        return Response(ResultSerializer(attempt).data, status=201)


# ── Results in bulk ───────────────────────────────────────────────────────────────────────────────
class ResultBulkSerializer(serializers.Serializer[Any]):
    """Results to be recorded, at most 10,000."""

    rows = serializers.ListField(child=ReportSerializer(), min_length=1, max_length=MOST_ROWS)


class ResultBulk(TestPartnerView):
    """Many results at once."""

    scopes = {"POST": "results:write"}
    in_bulk = True

    @extend_schema(
        operation_id="report_results",
        tags=["exams"],
        request=ResultBulkSerializer,
        responses={202: JobSerializer},
        examples=[OpenApiExample("one of them", value={"rows": [REPORT]}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Hand in results; the answer is a job, whose outcomes say what became of each row.

        An outcome has the result's `id`, and its `result`; where the rules refuse or disallow it, the `decision`; where
        a row is wrong, the `errors` by field. Rows of a candidate are taken in the order of the days.
        """
        rows = request.data.get("rows") if isinstance(request.data, dict) else None
        if not isinstance(rows, list):
            raise serializers.ValidationError({"rows": _("Send a list of results.")})
        job = start_job(
            caller=self.caller,
            kind="results",
            rows=rows,
            now=self.now,
            dry_run=self.dry_run,
            chunk_rows=ROWS_OF_CHUNK,
        )
        return accepted(job, request)


def run_chunk(job: Job, rows: list[Any], *, first_row: int, now: datetime) -> list[dict[str, Any]]:  # noqa: ARG001 - as jobs call it
    """Record some rows of a bulk, each by itself: what is wrong with one is nothing to the others."""
    outcomes: dict[int, dict[str, Any]] = {}
    given = [ReportSerializer(data=row) for row in rows]
    right = [number for number, each in enumerate(given) if each.is_valid()]
    for number in sorted(right, key=lambda number: (given[number].validated_data["taken_on"], number)):
        outcomes[number] = _outcome(given[number].validated_data, tenant=job.application.tenant, now=now)
    return [outcomes.get(number) or _wrong(each) for number, each in enumerate(given)]


def _wrong(given: ReportSerializer) -> dict[str, Any]:
    return {"status": "wrong", "errors": given.errors}


def _outcome(values: Mapping[str, Any], *, tenant: str, now: datetime) -> dict[str, Any]:
    try:
        attempt = _record(values, tenant=tenant, now=now)
    except Refused as refused:
        return {"status": "refused", "decision": decision_answer(refused.decision)}
    outcome: dict[str, Any] = {
        "status": "accepted" if attempt.recorded_at == now else "repeated",
        "id": attempt.pk,
        "result": attempt.result,
    }
    if attempt.result == Attempt.Result.DISALLOWED:
        outcome["decision"] = decision_answer(Decision.from_json(attempt.decision or ()))
    return outcome
