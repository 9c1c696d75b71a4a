"""The feed of events as it is read: after a position, again from any point that is still kept."""

from __future__ import annotations

from collections.abc import Callable
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
EXAMPLE = {
    "events": [
        {
            "id": 4711,
            "position": 5120,
            "type": "credits.claim_submitted",
            "subject": "CL-2026-000123",
            "occurred_at": "2026-05-04T09:12:45Z",
            "data": {
                "claim": "CL-2026-000123",
                "status": "submitted",
                "item": "ilt-64",
                "delivery": "BRU-2026-05",
                "completed_on": "2026-05-01",
                "answer_due_on": "2026-05-18",
            },
        }
    ],
    "after": 5120,
    "more": False,
}


class NotKeptAnyMore(APIException):
    """What is asked for was forgotten, so to go on would leave out something."""

    status_code = HTTPStatus.GONE
    default_detail = _(
        "What came after this position is not kept any more. Read the state of what you follow, "
        "then begin anew without “after”."
    )
    default_code = "gone"


class EventsQuerySerializer(serializers.Serializer[Any]):
    """From where on, how much, and of which topics."""

    after = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=LARGEST,
        help_text="The position that the last answer gave; left out, from the first event that is kept.",
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


def events_schema(**words: Any) -> Callable[[Any], Any]:
    """What the schema says of every feed."""
    example = OpenApiExample("a claim was submitted", value=EXAMPLE, response_only=True)
    decorate: Callable[[Any], Any] = extend_schema(parameters=[EventsQuerySerializer], examples=[example], **words)
    return decorate


class EventsView(ApiView):
    """A read of the feed."""

    def answer(self, reader: feed.Reader) -> Response:
        """What the reader is shown after the position asked for. NotKeptAnyMore where there were some before it."""
        asked = self.asked(EventsQuerySerializer)
        feed.give_positions()  # so that callers see what they have just done
        known = asked.get("after")
        start = feed.horizon() if known is None else known
        read = feed.entries_for(reader, after=start, limit=asked["limit"], topics=asked.get("topic", ()))
        # Looked at after the read: what a sweep forgot meanwhile is noted by then.
        if known is not None and known < feed.horizon():
            raise NotKeptAnyMore
        if self.caller.application is not None:
            feed.note_seen(self.caller.application, read.entries, page=self.request.path, now=self.now)
        return Response(EventsSerializer({"events": read.entries, "after": read.after, "more": read.more}).data)


def event_answer(entry: FeedEntry) -> dict[str, Any]:
    """An entry as the API gives it, wherever it is told."""
    values: Any = EventSerializer(entry).data
    return {**values}


class Events(EventsView):
    """What happened, for a partner's programs."""

    scopes = {"GET": "events:read"}

    @events_schema(operation_id="events", tags=["events"], responses=EventsSerializer)
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
