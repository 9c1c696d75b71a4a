"""The API of event organisers: badge scans in bulk, and what became of each (LIVE-01 to LIVE-08, CE-10).

A *scan* is one coming in and going out of a person at a session. The scans of a session by one person add up to an
attendance (LIVE-04), which is kept with its decision whether or not it earns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Gathering
from catalog.organiser_api import OrganiserView
from ceportal.kernel.answers import DecisionSerializer, KeptDecisions, Pages, decision_answer
from ceportal.kernel.tables import Problem, Row
from ceportal.partner_api.callers import Caller
from ceportal.partner_api.fields import SparseFields
from ceportal.partner_api.job_views import JobSerializer, accepted
from ceportal.partner_api.jobs import MOST_ROWS, start_job
from ceportal.partner_api.models import Job
from credits.files.scan_files import OPTIONAL, read_rows
from credits.models import Attendance
from credits.reading.attendance_reading import kept_of
from credits.rules.attending import assess_reporter
from credits.services.attendance import Reported, Seat, record_attendances

Outcome = dict[str, Any]

LONGEST_CELL = 60
ROWS_OF_CHUNK = 500  # they are decided together; a page of one of their people waits for about half a second
EXAMPLE = {
    "rows": [
        {"candidate": "CSCO12345678", "session": "BRKSEC-1010", "in": "09:02", "out": "10:31", "day": "2026-06-01"},
        {"candidate": "CSCO12345678", "session": "LTRSEC-1257", "in": "2026-06-01 13:00", "out": "2026-06-01 16:45"},
        {"candidate": "CSCO87654321", "session": "CTFSEC-2047", "in": "0", "out": "60", "start": "2026-06-02 14:00"},
    ]
}


class ScanSerializer(serializers.Serializer[Any]):
    """A badge that came into a session and went out of it."""

    candidate = serializers.CharField(max_length=LONGEST_CELL, help_text="The candidate's number.")
    session = serializers.CharField(max_length=LONGEST_CELL, help_text="The session's code, such as BRKSEC-1010.")
    day = serializers.CharField(
        max_length=LONGEST_CELL,
        required=False,
        allow_blank=True,
        help_text="Of a session that is held several times, the day that is meant: 2026-06-01.",
    )
    start = serializers.CharField(
        max_length=LONGEST_CELL,
        required=False,
        allow_blank=True,
        help_text="Of a session that is held several times a day, when it began: 14:00, or 2026-06-01 14:00.",
    )

    def get_fields(self) -> dict[str, Any]:
        moment = {
            way: serializers.CharField(
                max_length=LONGEST_CELL,
                help_text=f"When it {went}: minutes from the start of the session (0, 90), a time of its day (09:02), "
                "or a day and time, where the event is held or with its offset from UTC.",
            )
            for way, went in (("in", "came in"), ("out", "went out"))  # one of them is a word of Python's own
        }
        fields: dict[str, Any] = super().get_fields()
        return {name: fields.pop(name) for name in ("candidate", "session")} | moment | fields


class ScansSerializer(serializers.Serializer[Any]):
    """Badge scans of an event, at most 10,000."""

    rows = serializers.ListField(child=ScanSerializer(), min_length=1, max_length=MOST_ROWS)


class GatheringScans(OrganiserView):
    """Badge scans of an event."""

    scopes = {"POST": "scans:write"}
    in_bulk = True

    @extend_schema(
        operation_id="report_scans",
        tags=["gatherings"],
        request=ScansSerializer,
        responses={202: JobSerializer},
        examples=[OpenApiExample("three of them", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request, code: str) -> Response:
        """Hand in badge scans; the answer is a job, whose outcomes say what became of each row.

        Rows are done person by person; each outcome says its `row`. It has `earned` and `minutes_present` of the
        attendance that the scan belongs to, as it stood once its part of the bulk was done, and the `decision` where it
        has not earned: it is kept as refused, and further scans, or the same ones after the candidate enrolled, have it
        decided anew. A row that names nobody, a session that is not on the schedule or a time that is not of it is
        wrong, with `errors` by field; hand in the schedule, then the row again. What is known already is repeated and
        changes nothing.
        """
        gathering = self.gathering(code)
        rows = request.data.get("rows") if isinstance(request.data, dict) else None
        if not isinstance(rows, list):
            raise serializers.ValidationError({"rows": _("Send a list of badge scans.")})
        job = hand_in(rows=rows, gathering=gathering, caller=self.caller, dry_run=self.dry_run, now=self.now)
        return accepted(job, request)


# ── What scans came to ────────────────────────────────────────────────────────────────────────────
class AttendanceSerializer(SparseFields, serializers.ModelSerializer[Attendance]):
    """A person at a session, by the badge scans reported so far, and what was decided (LIVE-01 to LIVE-08)."""

    candidate = serializers.CharField(source="candidate.number", help_text="The candidate's number.")
    session = serializers.CharField(source="session_time.session.code")
    starts_at = serializers.DateTimeField(source="session_time.starts_at")
    badges = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2),
        help_text="Minutes in and out, from the start; those that overlap are merged.",
    )
    credits = serializers.SerializerMethodField(help_text="What it has earned beside the person's others (LIVE-06).")
    decision = serializers.SerializerMethodField()

    class Meta:
        model = Attendance
        fields = (
            "id",
            "candidate",
            "session",
            "starts_at",
            "attended_on",
            "badges",
            "minutes_present",
            "earned",
            "credits",
            "decision",
            "recorded_at",
            "decided_at",
        )
        read_only_fields = fields

    def get_credits(self, attendance: Attendance) -> int:
        kept: int = self.context["kept"].get(attendance.pk, 0)
        return kept

    @extend_schema_field(DecisionSerializer())
    def get_decision(self, attendance: Attendance) -> Any:
        return self.context["decisions"].answer(attendance.decision)


class AttendancesQuerySerializer(serializers.Serializer[Any]):
    """Which attendances; left out, a parameter asks for nothing."""

    candidate = serializers.CharField(required=False, help_text="The candidate's number.")
    session = serializers.CharField(required=False, help_text="The session's code.")
    day = serializers.DateField(required=False, help_text="The day of the session, where the event is held.")
    earned = serializers.BooleanField(required=False, allow_null=True, default=None)
    decided_since = serializers.DateTimeField(required=False, help_text="Decided, for the last time, then or later.")


FILTERS = {
    "candidate": "candidate__number",
    "session": "session_time__session__code",
    "day": "attended_on",
    "earned": "earned",
    "decided_since": "decided_at__gte",
}


class LatestRecordedFirst(Pages):
    """The order of attendances."""

    ordering = ("-id",)


@extend_schema_view(
    get=extend_schema(
        operation_id="gathering_attendances", tags=["gatherings"], parameters=[AttendancesQuerySerializer]
    )
)
class GatheringAttendances(OrganiserView, ListAPIView[Attendance]):
    """Who was at which session of an event by the scans reported, and what that has earned, the latest known first."""

    scopes = {"GET": "scans:read"}
    serializer_class = AttendanceSerializer
    pagination_class = LatestRecordedFirst
    kept: Mapping[int, int] = {}

    def get_queryset(self) -> QuerySet[Attendance]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Attendance.objects.none()
        asked = self.asked(AttendancesQuerySerializer)
        narrowed = {FILTERS[name]: value for name, value in asked.items() if value is not None}
        gathering = self.gathering(self.kwargs["code"])
        found = Attendance.objects.filter(session_time__session__gathering=gathering, **narrowed)
        return found.select_related("candidate", "session_time__session")

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.kept = kept_of(page or [])
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "kept": self.kept, "decisions": KeptDecisions()}


# ── The bulk ──────────────────────────────────────────────────────────────────────────────────────
def hand_in(*, rows: Sequence[Any], gathering: Gathering, caller: Caller, dry_run: bool, now: datetime) -> Job:
    """Keep badge scans of an event to be recorded by a worker. ValidationError for more than a job takes, or none."""
    return start_job(
        caller=caller,
        kind="scans",
        rows=_by_person(rows),
        about={"gathering": gathering.code},
        now=now,
        dry_run=dry_run,
        chunk_rows=ROWS_OF_CHUNK,
    )


def _by_person(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows with their numbers, those of a person together: decided and locked at one go, wherever they stood."""

    def person(numbered: tuple[int, Any]) -> str:
        row = numbered[1]
        return str(row.get("candidate", "")).upper() if isinstance(row, dict) else ""

    return [{"row": number, "said": row} for number, row in sorted(enumerate(rows, start=1), key=person)]


def run_chunk(job: Job, rows: Sequence[Any], *, first_row: int, now: datetime) -> list[Outcome]:  # noqa: ARG001 - as jobs call it
    """Record some scans of a bulk together; what is wrong with one is nothing to the others.

    All are refused where the program does not act for the event's organiser any more (CE-10).
    """
    reporter = assess_reporter(_acts_for_organiser(job))
    if not reporter.granted:
        return [{"row": each["row"], "status": "refused", "decision": decision_answer(reporter)} for each in rows]
    outcomes: dict[int, Outcome] = {}
    shaped = _shaped(rows, gathering=job.about["gathering"], outcomes=outcomes)
    scans: dict[int, Reported] = {}
    for row, scan in read_rows(shaped):
        if isinstance(scan, Problem):
            outcomes[row.number] = {"status": "wrong", "errors": {scan.column: [scan.text]}}
        else:
            scans[row.number] = scan
    recorded = record_attendances(reported=list(scans.values()), now=now, reported_by_id=job.application.responsible_id)
    outcomes |= _outcomes(scans, recorded.attendances, fresh=recorded.decided)
    return [{"row": each["row"], **outcomes[each["row"]]} for each in rows]


def _acts_for_organiser(job: Job) -> bool:
    application = job.application
    return (
        application.active
        and application.responsible.is_active
        and Gathering.objects.filter(code=job.about["gathering"], organiser=application.tenant).exists()
    )


def _shaped(rows: Sequence[Any], *, gathering: str, outcomes: dict[int, Outcome]) -> list[Row]:
    """The rows as those of a table; what is wrong in shape becomes an outcome."""
    shape = ScanSerializer()  # one for all: making it takes longer than reading a row by it
    left_out = dict.fromkeys(OPTIONAL, "")
    shaped = []
    for each in rows:
        try:
            cells = shape.run_validation(each["said"])
        except serializers.ValidationError as wrong:
            outcomes[each["row"]] = {"status": "wrong", "errors": wrong.detail}
        else:
            shaped.append(Row(each["row"], left_out | cells | {"event": gathering}))
    return shaped


def _outcomes(
    scans: Mapping[int, Reported], attendances: Mapping[Seat, Attendance], *, fresh: frozenset[Seat]
) -> dict[int, Outcome]:
    """What became of each scan: of one that stands in the chunk twice, the second is a repetition."""
    decisions = KeptDecisions()
    seen = set()
    outcomes = {}
    for number, scan in scans.items():
        seat = scan.candidate_id, scan.session_time_id
        attendance = attendances[seat]
        outcome: Outcome = {
            "status": "accepted" if attendance.earned else "refused",
            "earned": attendance.earned,
            "minutes_present": attendance.minutes_present,
        }
        if seat not in fresh or (seat, *scan.badges) in seen:
            outcome["status"] = "repeated"
        if not attendance.earned:
            outcome["decision"] = decisions.answer(attendance.decision)
        seen.add((seat, *scan.badges))
        outcomes[number] = outcome
    return outcomes
