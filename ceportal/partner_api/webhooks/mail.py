"""What whoever answers for a program is told by e-mail: that nothing is delivered any more. A receiver of the relay."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from ceportal.kernel.models import Event
from ceportal.partner_api.models import Webhook


def on_disabled(event: Event, now: datetime) -> None:
    """Say which address is told nothing any more, why, and how to go on from where it stopped."""
    webhook = Webhook.objects.select_related("application__responsible").get(pk=event.subject_id)
    context = {"webhook": webhook, "application": webhook.application, "gone": event.payload["gone"]}
    with translation.override(settings.LANGUAGE_CODE):
        text = render_to_string("partner_api/webhook_disabled.txt", context | {"base_url": settings.BASE_URL})
    subject, _newline, body = text.strip().partition("\n")
    EmailMessage(
        subject=subject.strip(),
        body=body.strip() + "\n",
        to=[webhook.application.responsible.email],
        headers={
            "Date": format_datetime(now),  # on the portal's clock, as notices
            "Message-ID": f"<event-{event.id}@{settings.BASE_URL.split('//')[-1].split(':')[0]}>",
        },
    ).send()
