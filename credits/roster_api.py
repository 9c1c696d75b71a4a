"""The API of content providers: rosters, handed in by the thousand, and what became of each row (CE-10).

A roster that a program hands in is one of the provider's, as those that its members upload.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Delivery
from catalog.provider_api import ProviderView
from ceportal.kernel.answers import DecisionSerializer, Pages, decision_answer
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import explain_finding
from ceportal.partner_api.fields import SparseFields
from ceportal.partner_api.job_views import JobSerializer, accepted
from ceportal.partner_api.jobs import MOST_ROWS, Outcome, start_job
from ceportal.partner_api.models import Job
from credits.models import Roster, RosterRow
from credits.reading.roster_pages import find_roster, rosters_of, summaries_of
from credits.rules.rosters import COLUMNS, WHOLE_LINE, Problem, assess_start
from credits.services import roster_bulks

ROW = {"candidate": "CSCO12345678", "name": "Alice Okafor", "completed_on": "2026-05-08"}
ROWS_OF_CHUNK = 500  # whose people nobody else changes meanwhile: for half a second
WHOLE_ROW = "row"  # by which errors name what concerns no single column


# ── Handing in ────────────────────────────────────────────────────────────────────────────────────
class RosterRowSerializer(serializers.Serializer[Any]):
    """A completion to be reported."""

    candidate = serializers.CharField(max_length=20, help_text="The candidate's number.")
    name = serializers.CharField(
        required=False, allow_null=True, max_length=200, help_text="Compared with the record; a difference is remarked."
    )
    completed_on = serializers.DateField(help_text="From the first day of the delivery on.")


class RosterBulkSerializer(serializers.Serializer[Any]):
    """The roster of a delivery, at most 10,000 rows."""

    rows = serializers.ListField(child=RosterRowSerializer(), min_length=1, max_length=MOST_ROWS)


class DeliveryRosters(ProviderView):
    """Rosters of a delivery."""

    scopes = {"POST": "rosters:write"}
    in_bulk = True

    @extend_schema(
        operation_id="hand_in_roster",
        tags=["rosters"],
        request=RosterBulkSerializer,
        responses={202: JobSerializer},
        examples=[OpenApiExample("one of the rows", value={"rows": [ROW]}, request_only=True)],
    )
    def post(self, request: Request, delivery_id: int) -> Response:
        """Hand in who completed the delivery; every row that can be is reported, which is its approval (CE-10).

        The answer is a job, whose `about` names the `roster`. Rows are taken in the order of the days, each by itself.
        An outcome has the `effect`: `earns` credits, `approves` a claim, or `counted` already, with the `credits` and
        the number of the `claim`; where the rules refuse a row the `decision`, and as where it is wrong the `errors` by
        column; in `remarks` what does not stand in the way.
        """
        rows = request.data.get("rows") if isinstance(request.data, dict) else None
        if not isinstance(rows, list) or not 0 < len(rows) <= MOST_ROWS:
            raise serializers.ValidationError({"rows": _("Send between 1 and %(most)d rows.") % {"most": MOST_ROWS}})
        if not Delivery.objects.filter(pk=delivery_id, provider=self.member.provider_id).exists():
            raise Http404
        start = self._try if self.dry_run else self._hand_in
        return accepted(start(delivery_id, rows), request)

    def _hand_in(self, delivery_id: int, rows: list[Any]) -> Job:
        roster, lines = roster_bulks.hand_in_roster(
            member_id=self.member.pk, delivery_id=delivery_id, rows=rows, now=self.now
        )
        return start_job(
            caller=self.caller,
            kind="rosters",
            rows=[{"row": line} for line in lines],
            about={"delivery": delivery_id, "roster": str(roster.form_key)},
            now=self.now,
            chunk_rows=ROWS_OF_CHUNK,
        )

    def _try(self, delivery_id: int, rows: list[Any]) -> Job:
        return start_job(
            caller=self.caller,
            kind="rosters",
            # As text, which holds whatever was sent.
            rows=[{"row": json.dumps(row)} for row in rows],
            about={"delivery": delivery_id, "member": self.member.pk},
            now=self.now,
            dry_run=True,
            chunk_rows=MOST_ROWS,  # a training counts once in all of them
        )


def run_chunk(job: Job, rows: Sequence[Any], *, first_row: int, now: datetime) -> list[Outcome]:  # noqa: ARG001 - as jobs call it
    """Report some rows of a roster, which come in the order of the days; or look at all of them, to be taken back."""
    if job.dry_run:
        tried = [json.loads(each["row"]) for each in rows]
        roster = roster_bulks.try_roster(
            member_id=job.about["member"], delivery_id=job.about["delivery"], rows=tried, now=now
        )
        lines = list(range(1, len(rows) + 1))
    else:
        lines = [each["row"] for each in rows]
        roster = Roster.objects.get(form_key=job.about["roster"])
        roster = roster_bulks.report_chunk(roster_id=roster.pk, lines=lines, now=now)
    kept = {row.line: row for row in roster.rows.filter(line__in=lines).select_related("claim")}
    telling = Telling(roster)
    return [{"row": line, **telling.outcome(kept[line])} for line in lines]


class Telling:
    """Says what became of lines of a roster; what is said of many is put into words once."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._said: dict[str, dict[str, Any]] = {}

    def outcome(self, row: RosterRow) -> Outcome:
        """What became of a row handed in, or would in a dry run."""
        told = self.effect(row)
        put_aside = self._roster.status == Roster.Status.DISCARDED
        if row.outcome != RosterRow.Outcome.REFUSED and put_aside:  # by a member, on the page, before it was reported
            decision = decision_answer(assess_start(status=self._roster.status, to_report=1))
            return {"status": "refused", "decision": decision}
        if row.outcome == RosterRow.Outcome.REFUSED:
            as_read = [each for each in row.problems if each["as_read"] and each["column"] != WHOLE_LINE]
            return {"status": "wrong" if as_read else "refused", **told}
        return {"status": "repeated" if row.outcome == RosterRow.Outcome.COUNTED else "accepted", **told}

    def effect(self, row: RosterRow) -> dict[str, Any]:
        """What a line does or did, and why not where it does nothing."""
        told: dict[str, Any] = {"effect": row.outcome}
        if row.outcome in {RosterRow.Outcome.EARNS, RosterRow.Outcome.APPROVES}:
            told["credits"] = row.credits
        if row.claim is not None and row.claim.provider_id == self._roster.provider_id:
            told["claim"] = row.claim.number
        if row.problems:
            told |= self._in_words(row.problems)
        if row.remarks:
            told["remarks"] = self._in_words(row.remarks)["errors"]
        return told

    def _in_words(self, kept: list[dict[str, Any]]) -> dict[str, Any]:
        key = json.dumps(kept, sort_keys=True)
        if key not in self._said:
            problems = [Problem.from_json(each) for each in kept]
            said: dict[str, Any] = {"errors": _by_column(problems)}
            if not any(each.as_read and each.column != WHOLE_LINE for each in problems):
                said["decision"] = decision_answer(Decision(tuple(each.finding for each in problems)))
            self._said[key] = said
        return self._said[key]


def _by_column(problems: Iterable[Problem]) -> dict[str, list[str]]:
    by_column: dict[str, list[str]] = {}
    for each in problems:
        readable = explain_finding(each.finding)
        sentence = f"{readable.text} {readable.next_step_text}".strip()
        by_column.setdefault(each.column or WHOLE_ROW, []).append(sentence)
    return by_column


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────
class SummarySerializer(serializers.Serializer[Any]):
    """A roster in numbers: of lines by what they do or did, and of credits."""

    lines = serializers.IntegerField()
    earns = serializers.IntegerField(help_text="Earn credits.")
    approves = serializers.IntegerField(help_text="Approve a claim.")
    counted = serializers.IntegerField(help_text="Have counted already.")
    refused = serializers.IntegerField()
    done = serializers.IntegerField(help_text="Reported, or refused as they were.")
    credits = serializers.IntegerField()


class RosterSerializer(SparseFields, serializers.Serializer[Any]):
    """A roster: handed in by a program, or uploaded by a member."""

    id = serializers.UUIDField(source="form_key")
    name = serializers.CharField(source="file_name", help_text="That of the file, or the code of the delivery.")
    status = serializers.ChoiceField(choices=Roster.Status.choices)
    handed_in_at = serializers.DateTimeField(source="uploaded_at")
    handed_in_by = serializers.CharField(source="uploaded_by.user.name", help_text="The member, or who answers for it.")
    reported_by = serializers.CharField(source="reported_by.user.name", allow_null=True, default=None)
    checked_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    summary = serializers.SerializerMethodField()

    @extend_schema_field(SummarySerializer)
    def get_summary(self, roster: Any) -> Any:
        return SummarySerializer(self.context["summaries"][roster.pk]).data


class RostersQuerySerializer(serializers.Serializer[Any]):
    """Which rosters; left out, a parameter asks for nothing."""

    status = serializers.ChoiceField(choices=Roster.Status.choices, required=False)
    handed_in_since = serializers.DateTimeField(required=False)


class LatestHandedInFirst(Pages):
    """The order of rosters."""

    ordering = ("-uploaded_at", "-id")


@extend_schema_view(get=extend_schema(operation_id="rosters", tags=["rosters"], parameters=[RostersQuerySerializer]))
class Rosters(ProviderView, ListAPIView[Roster]):
    """The provider's rosters, the latest first."""

    scopes = {"GET": "rosters:read"}
    serializer_class = RosterSerializer
    pagination_class = LatestHandedInFirst

    def get_queryset(self) -> QuerySet[Roster]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return Roster.objects.none()
        asked = self.asked(RostersQuerySerializer)
        found = rosters_of(self.member.provider)
        if "status" in asked:
            found = found.filter(status=asked["status"])
        if "handed_in_since" in asked:
            found = found.filter(uploaded_at__gte=asked["handed_in_since"])
        return found

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """With the numbers of all that are given, read at once."""
        if args and isinstance(args[0], list):
            kwargs["context"] = {**self.get_serializer_context(), "summaries": summaries_of(args[0])}
        return super().get_serializer(*args, **kwargs)


class OneRoster(ProviderView):
    """One of the provider's rosters."""

    scopes = {"GET": "rosters:read"}

    @extend_schema(operation_id="roster", tags=["rosters"], responses=RosterSerializer)
    def get(self, request: Request, key: UUID) -> Response:
        """How far the roster is, and what it comes to."""
        roster = self.roster(key)
        context = {"request": request, "summaries": summaries_of([roster])}
        return Response(RosterSerializer(roster, context=context).data)

    def roster(self, key: UUID) -> Roster:
        """A roster of the provider; 404 for another's."""
        found = find_roster(self.member.provider, key)
        if found is None:
            raise Http404
        return found


class RosterLineSerializer(serializers.Serializer[Any]):
    """A line of a roster: what it says, and what it does; from `reported_at` on, what it did."""

    line = serializers.IntegerField(help_text="From 1; in a file the first line holds the names of the columns.")
    candidate = serializers.CharField()
    name = serializers.CharField()
    item = serializers.CharField()
    delivery = serializers.CharField()
    completed_on = serializers.CharField(help_text="As it was given.")
    effect = serializers.ChoiceField(choices=[("", _("not looked at yet")), *RosterRow.Outcome.choices])
    credits = serializers.IntegerField(required=False)
    claim = serializers.CharField(required=False, help_text="The number of the claim that it approves.")
    errors = serializers.DictField(required=False, help_text="By column, why it is refused.")  # type: ignore[assignment]  # the name by which problems list them
    decision = DecisionSerializer(required=False, help_text="What the rules refuse.")
    remarks = serializers.DictField(required=False, help_text="By column, what does not stand in the way.")
    reported_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Any) -> Any:
        given = {name: instance.given.get(name, "") for name in COLUMNS}
        effect = self.context["telling"].effect(instance)
        reported_at = serializers.DateTimeField().to_representation(instance.done_at) if instance.done_at else None
        return {"line": instance.line, **given, **effect, "reported_at": reported_at}


class LinesQuerySerializer(serializers.Serializer[Any]):
    """Which lines; left out, a parameter asks for nothing."""

    effect = serializers.ChoiceField(choices=RosterRow.Outcome.choices, required=False)


class InTheirOrder(Pages):
    """The order of lines."""

    ordering = ("line",)


@extend_schema_view(get=extend_schema(operation_id="roster_lines", tags=["rosters"], parameters=[LinesQuerySerializer]))
class RosterLines(ProviderView, ListAPIView[RosterRow]):
    """The lines of one of the provider's rosters, in their order."""

    scopes = {"GET": "rosters:read"}
    serializer_class = RosterLineSerializer
    pagination_class = InTheirOrder

    def get_queryset(self) -> QuerySet[RosterRow]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a caller
            return RosterRow.objects.none()
        asked = self.asked(LinesQuerySerializer)
        found = self.roster.rows.select_related("claim")
        return found.filter(outcome=asked["effect"]) if "effect" in asked else found

    @cached_property
    def roster(self) -> Roster:
        """The roster of the address; 404 for another provider's."""
        found = find_roster(self.member.provider, self.kwargs["key"])
        if found is None:
            raise Http404
        return found

    def get_serializer_context(self) -> dict[str, Any]:
        context = {**super().get_serializer_context()}
        return context if getattr(self, "swagger_fake_view", False) else {**context, "telling": Telling(self.roster)}
