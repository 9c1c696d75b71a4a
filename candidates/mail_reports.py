"""What the mail service reports of messages that left: its webhook, read by django-anymail (CE-13).

Only the service that sends the mail is heard, and only with the secret that was agreed on; where it signs, anymail
proves the signature too. Messages that the portal does not know are answered like any other, and change nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.base import AnymailBaseWebhookView
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from candidates import services
from candidates.models import Notice
from ceportal.kernel import clock

REPORTS = {
    EventType.DELIVERED: services.Report.DELIVERED,
    EventType.BOUNCED: services.Report.BOUNCED,
    EventType.REJECTED: services.Report.BOUNCED,  # the service itself knows that the address takes no mail
    EventType.COMPLAINED: services.Report.COMPLAINED,
}
OWN_NAME = re.compile(r"<?notice-(\d{1,18})@")  # the Message-ID of candidates.mail
UNREADABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError)


@csrf_exempt
def mail_report(request: HttpRequest) -> HttpResponse:
    """Take the reports in. 404 where no mail service is set up; 400 for whoever is not it, or is not understood."""
    if not settings.MAIL_SERVICE:
        raise Http404
    answer: HttpResponse = _inbox(settings.MAIL_SERVICE, settings.MAIL_WEBHOOK_SECRET)(request)
    return answer


@lru_cache(maxsize=1)
def _inbox(service: str, secret: str) -> Any:
    """Anymail's view for a service, which hands each report to `record`."""
    module = import_module(f"anymail.webhooks.{service}")
    views = (each for name, each in vars(module).items() if name.endswith("TrackingWebhookView"))
    tracking: type[AnymailBaseWebhookView] = next(view for view in views if view.__module__ == module.__name__)

    class Inbox(tracking):
        webhook_secret = None  # anymail's name for it, to be given by `as_view`

        def parse_events(self, request: HttpRequest) -> Any:
            try:
                return super().parse_events(request)
            except UNREADABLE as error:
                raise SuspiciousOperation("This is no report of the mail service.") from error

        class signal:  # noqa: N801 - anymail's name for where it sends reports
            @staticmethod
            def send(*, event: AnymailTrackingEvent, **_rest: Any) -> None:
                record(event)

    return Inbox.as_view(webhook_secret=[secret])


def record(event: AnymailTrackingEvent) -> None:
    """Note what became of one message; what is no matter of delivery, or not ours, changes nothing."""
    report = REPORTS.get(event.event_type)
    notice = _notice_of(event) if report else None
    if report is None or notice is None:
        return
    now = clock.now()
    services.record_mail_report(
        notice_id=notice.id,
        report=report,
        happened_at=event.timestamp or now,
        words=str(event.mta_response or event.description or ""),
        now=now,
    )


def _notice_of(event: AnymailTrackingEvent) -> Notice | None:
    """The notice a report is about: by what it carried, its name with the service, or its own; and its address."""
    name, carried = str(event.message_id or ""), str((event.metadata or {}).get("notice", ""))
    own = OWN_NAME.match(name)
    number = carried if carried.isdecimal() else own[1] if own else ""
    known = Notice.objects.filter(id=int(number[:18])) if number else Notice.objects.filter(service_id=name)
    notice = known.first() if number or name else None
    if notice and event.recipient and event.recipient.casefold() != notice.address.casefold():
        return None
    return notice
