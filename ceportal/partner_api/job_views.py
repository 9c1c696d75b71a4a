"""Jobs as their callers see them: how far one is, and what became of each row."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.http import urlencode
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from ceportal.partner_api.jobs import CHUNK_ROWS
from ceportal.partner_api.models import Job
from ceportal.partner_api.views import ApiView

STATUSES = ("accepted", "repeated", "refused", "wrong")


class JobSerializer(serializers.ModelSerializer[Job]):
    """A bulk of rows, and how far it is."""

    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Rows done, by what became of them.")
    about = serializers.DictField(help_text="What the rows are about.")
    last_error = serializers.SerializerMethodField(help_text="Whether a fault of ours stopped it, in words.")

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "about",
            "dry_run",
            "status",
            "rows_total",
            "rows_done",
            "counts",
            "last_error",
            "created_at",
            "finished_at",
        )

    def get_last_error(self, job: Job) -> str:
        """What it was may name others' rows: that is for staff."""
        if not job.last_error or job.status == Job.Status.DONE:
            return ""
        return gettext(
            "A fault of ours stopped it. What was done is done; tell us the id of the job, we know the rest."
        )


class OutcomeSerializer(serializers.Serializer[Any]):
    """What became of a row. What else it says is described where the rows are handed in."""

    row = serializers.IntegerField(help_text="Counted from 1.")
    status = serializers.ChoiceField(choices=STATUSES)
    errors = serializers.DictField(required=False, help_text="By column, where a row is wrong.")  # type: ignore[assignment]  # the name by which problems list them

    def to_representation(self, instance: Any) -> Any:
        return instance


class OutcomesSerializer(serializers.Serializer[Any]):
    """A page of outcomes."""

    next = serializers.URLField(allow_null=True)
    results = OutcomeSerializer(many=True)


class OutcomeQuerySerializer(serializers.Serializer[Any]):
    """Which outcomes: those after a row."""

    after = serializers.IntegerField(
        required=False, min_value=0, default=0, help_text="How many to pass over, as `next` says it."
    )


def accepted(job: Job, request: Request) -> Response:
    """The answer to a bulk that was handed in: where to see how far it is."""
    response = Response(JobSerializer(job).data, status=202)
    response["Location"] = reverse("api:job", args=[job.pk], request=request)
    return response


class JobView(ApiView):
    """A job of one's own."""

    scopes = {"GET": "jobs:read"}

    @extend_schema(operation_id="job", tags=["jobs"], responses=JobSerializer)
    def get(self, _request: Request, job_id: int) -> Response:
        """How far the job is."""
        return Response(JobSerializer(self.job(job_id)).data)

    def job(self, job_id: int) -> Job:
        """The caller's own job; 404 for any other."""
        job = Job.objects.filter(pk=job_id, application=self.caller.application).first()
        if job is None:
            raise Http404
        return job


class JobOutcomes(JobView):
    """What became of the rows of a job."""

    @extend_schema(
        operation_id="job_outcomes", tags=["jobs"], parameters=[OutcomeQuerySerializer], responses=OutcomesSerializer
    )
    def get(self, request: Request, job_id: int) -> Response:
        """The outcomes of the rows that are done, in the order in which they are done: mostly that of the rows."""
        after = self.asked(OutcomeQuerySerializer)["after"]
        job = self.job(job_id)
        begun = job.chunks.filter(outcomes__isnull=False, first_row__lte=after + 1).last()
        outcomes = [] if begun is None else [*enumerate(begun.outcomes or [], start=begun.first_row)]
        page = [(place, outcome) for place, outcome in outcomes if place > after][:CHUNK_ROWS]
        results = [{"row": place, **outcome} for place, outcome in page]
        last = page[-1][0] if page else after
        here = reverse("api:job_outcomes", args=[job.pk], request=request)
        more = f"{here}?{urlencode({'after': last})}" if results and last < job.rows_done else None
        return Response(OutcomesSerializer({"next": more, "results": results}).data)
