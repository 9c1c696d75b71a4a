"""Sends notices by e-mail: the receiver "mail" of the relay."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from candidates import queries, services
from candidates.models import Notice
from ceportal.kernel.models import Event

DOMAIN_OF_IDS = settings.BASE_URL.split("//")[-1].split(":")[0]


def send_notice(event: Event, now: datetime) -> None:
    """Send the notice that an event announces, unless it was sent before or is held back (CE-13).

    A worker that dies between sending and recording leaves the notice as it was, and it is sent again, by the same
    name, unless the mail service has reported it meanwhile: at least once, as every delivery of the relay.
    """
    told = Notice.objects.select_related("candidate").get(id=event.subject_id)
    if told.candidate.erased_at is not None:
        return  # it says nothing any more, and to nobody (CAND-09)
    if queries.address_trouble(told.candidate) is not None and services.hold_back(notice_id=told.id):
        return
    notice = Notice.objects.select_for_update(of=("self",)).select_related("candidate").get(id=event.subject_id)
    if notice.status != Notice.Status.QUEUED:
        return
    message = message_of(notice, now=now)
    message.send()
    notice.status = Notice.Status.SENT
    notice.sent_at = now
    notice.service_id = (getattr(getattr(message, "anymail_status", None), "message_id", None) or "")[:255]
    notice.save(update_fields=["status", "sent_at", "service_id"])


def message_of(notice: Notice, *, now: datetime) -> EmailMultiAlternatives:
    """A notice as a message: the text as it was written, and the same text as HTML."""
    language = notice.language or notice.candidate.language
    text, html = dress(subject=notice.subject, body=notice.body, language=language)
    message = EmailMultiAlternatives(
        subject=notice.subject,
        body=text,
        to=[notice.address],
        headers={
            "Date": format_datetime(now),  # on the portal's clock, which the demonstration can set
            # A mail service that meets the same identifier twice can tell that it is the same message.
            "Message-ID": f"<notice-{notice.id}@{DOMAIN_OF_IDS}>",
        },
    )
    message.attach_alternative(html, "text/html")
    message.metadata = {"notice": str(notice.id)}  # type: ignore[attr-defined]  # comes back with every report
    return message


def dress(*, subject: str, body: str, language: str) -> tuple[str, str]:
    """The plain text and the HTML of a message, with the line that every message ends with."""
    context = {
        "subject": subject,
        "body": body,
        "language": language,
        "address": settings.BASE_URL + reverse("candidates:notice_list"),
    }
    with override(language):
        return render_to_string("mail/notice.txt", context), render_to_string("mail/notice.html", context)
