"""The feed of events as it is read: after a position, again from any point that is still kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from ceportal.partner_api import feed
from ceportal.partner_api.models import FeedEntry
from ceportal.partner_api.views import ApiView

TOPICS: list[str] = sorted((*import_string("ceportal.events.FEED"), *import_string("ceportal.events.FEED_BESIDE")))
AT_MOST, USUALLY = 500, 100
LARGEST = 2**63 - 1
CLAIM = {"claim": "CL-2026-000123", "status": "submitted", "item": "ilt-64"}
Examples = Mapping[str, tuple[str, str, Mapping[str, Any]]]  # by what happened: its topic, its subject, its data

OF_PARTNERS: Examples = {
    "a claim was submitted": (
        "credits.claim_submitted",
        "CL-2026-000123",
        CLAIM | {"delivery": "BRU-2026-05", "completed_on": "2026-05-01", "answer_due_on": "2026-05-18"},
    ),
    "a bulk is done": (
        "partner_api.job_finished",
        "815",
        {
            "job": 815,
            "kind": "rosters",
            "status": "done",
            "dry_run": False,
            "rows_total": 4000,
            "rows_done": 4000,
            "counts": {"accepted": 3998, "refused": 2},
        },
    ),
    "a provider may deliver an item": (
        "catalog.provider_authorised",
        "ilt-64",
        {"item": "ilt-64", "starts_on": "2026-07-01", "ends_on": None},
    ),
    "the board changed what an item is worth": (
        "catalog.item_changed",
        "ilt-64",
        {"item": "ilt-64", "credits": 48, "effective_on": "2026-08-01"},
    ),
    "the board listed what was proposed": (
        "catalog.proposal_listed",
        "77",
        {
            "proposal": 77,
            "code": "routing-in-winter",
            "status": "listed",
            "review": "2026-Q2",
            "listed_as": "routing-in-winter",
            "listed_from": "2026-07-01",
            "listed_credits": 16,
        },
    ),
    "somebody's accepted items were reported": (
        "credits.items_authored",
        "31",
        {
            "record": 31,
            "reference": "SME-2026-0412",
            "candidate": "CSCO12345678",
            "kind": "core",
            "accepted": 5,
            "credits": 10,
            "earned_on": "2026-02-10",
        },
    ),
    "somebody was erased": ("candidates.candidate_erased", "CSCO12345678", {"candidate": "CSCO12345678"}),
    "a webhook was disabled": ("partner_api.webhook_disabled", "12", {"webhook": 12, "status": "disabled"}),
}
OF_CANDIDATES: Examples = {
    "a claim was submitted": ("credits.claim_submitted", "CL-2026-000123", CLAIM | {"credits": 40})
}


class NotKeptAnyMore(APIException):
    """What is asked for was forgotten, so to go on would leave out something."""

    status_code = HTTPStatus.GONE
    default_detail = _(
        "What came after this position is not kept any more. Read the state of what you follow, "
        "then begin anew without “after”."
    )
    default_code = "gone"


class NeverGiven(NotKeptAnyMore):
    """There is no such position yet: it is made up, or from before the portal was set back to a backup."""

    default_detail = _(
        "This position was never given, so nothing can come after it. Read the state of what you follow, "
        "then begin anew without “after”."
    )


class EventsQuerySerializer(serializers.Serializer[Any]):
    """From where on, how much, and of which topics."""

    after = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=LARGEST,
        help_text="The `after` that the last answer gave; left out, from the first event that is kept.",
    )
    topic = serializers.MultipleChoiceField(  # several: topic=…&topic=…
        choices=TOPICS,
        required=False,
        help_text="Only events of this topic, or of these; left out, of all.",
    )
    limit = serializers.IntegerField(required=False, min_value=1, max_value=AT_MOST, default=USUALLY)


class EventSerializer(serializers.Serializer[Any]):
    """Something that happened, as the caller is shown it. It never changes."""

    id = serializers.IntegerField(source="pk", help_text="The event's own: told twice, it is the same.")
    position = serializers.IntegerField(help_text="In the order of reading; it has gaps.")
    type = serializers.ChoiceField(source="topic", choices=TOPICS)
    subject = serializers.CharField(help_text="What it is about, by the name under which the API reads it.")
    occurred_at = serializers.DateTimeField()
    data = serializers.DictField(help_text="What was so then; the documentation lists the names by topic.")  # type: ignore[assignment]  # the name by which events have it


class EventsSerializer(serializers.Serializer[Any]):
    """Some events, and from where to go on."""

    events = EventSerializer(many=True)
    after = serializers.IntegerField(help_text="Send it as `after` next time.")
    more = serializers.BooleanField(help_text="Whether there are more already; otherwise ask again in a while.")


def events_schema(told: Examples, **words: Any) -> Callable[[Any], Any]:
    """What the schema says of every feed, with examples of what is told."""
    examples = [OpenApiExample(name, value=_answer_with(*event), response_only=True) for name, event in told.items()]
    decorate: Callable[[Any], Any] = extend_schema(parameters=[EventsQuerySerializer], examples=examples, **words)
    return decorate


def _answer_with(topic: str, subject: str, data: Mapping[str, Any]) -> dict[str, Any]:
    happened = {"type": topic, "subject": subject, "occurred_at": "2026-05-04T09:12:45Z", "data": data}
    return {"events": [{"id": 4711, "position": 5120, **happened}], "after": 5120, "more": False}


class EventsView(ApiView):
    """A read of the feed."""

    def answer(self, reader: feed.Reader) -> Response:
        """What the reader is shown after the position asked for. NotKeptAnyMore where there were some before it."""
        asked = self.asked(EventsQuerySerializer)
        feed.give_positions()  # so that callers see what they have just done
        known = asked.get("after")
        if known is not None and known > feed.last_given():
            raise NeverGiven
        start = feed.horizon() if known is None else known
        # Asked for before the read, which then sees all that stands before it.
        newest = feed.newest_position()
        read = feed.entries_for(reader, after=start, limit=asked["limit"], topics=asked.get("topic", ()))
        # Looked at after the read: what a sweep forgot meanwhile is noted by then.
        if known is not None and known < feed.horizon():
            raise NotKeptAnyMore
        if self.caller.application is not None:
            feed.note_seen(self.caller.application, read.entries, page=self.request.path, now=self.now)
        # Past what others are shown, too: who is told little would else fall behind what is kept.
        after = read.after if read.more else max(read.after, newest)
        return Response(EventsSerializer({"events": read.entries, "after": after, "more": read.more}).data)


def event_answer(entry: FeedEntry) -> dict[str, Any]:
    """An entry as the API gives it, wherever it is told."""
    values: Any = EventSerializer(entry).data
    return {**values}


class Events(EventsView):
    """What happened, for a partner's programs."""

    scopes = {"GET": "events:read"}

    @events_schema(OF_PARTNERS, operation_id="events", tags=["events"], responses=EventsSerializer)
    def get(self, _request: Request) -> Response:
        """What happened after a position, in order: of the partner's own, what the token's other scopes show.

        Keep the position that the answer gives and go on after it: nothing is missed, and nothing comes twice. 410:
        what came after that position is not kept any more; begin anew without `after`.
        """
        application = self.caller.application
        assert application is not None  # the scope is given to applications only
        if not feed.acts_still(application):
            raise PermissionDenied(
                _("Whoever answers for this program does not act for the partner any more. Ask the programme's staff.")
            )
        return self.answer(feed.of_application(application, scopes=self.caller.scopes))
