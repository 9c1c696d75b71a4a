"""Tells a reporter who left an address that a message waits (CAND-03): a receiver of the relay.

The mail says neither what was reported nor its reference, since others may read it.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from candidates.models import Tip
from ceportal.kernel.models import Event


def on_told(event: Event, now: datetime) -> None:
    """Send word to the address; with the outcome the address has done its duty and is forgotten."""
    tip = Tip.objects.select_for_update(no_key=True).get(id=event.subject_id)
    if not tip.address:
        return
    address = settings.BASE_URL + reverse("tips:follow")
    with override(tip.language):
        text = render_to_string("candidates/tips/mail.txt", {"tip": tip, "address": address})
    subject, _newline, body = text.strip().partition("\n")
    EmailMessage(
        subject=subject.strip(),
        body=body.strip() + "\n",
        to=[tip.address],
        headers={
            "Date": format_datetime(now),  # on the portal's clock, as notices
            "Message-ID": f"<event-{event.id}@{settings.BASE_URL.split('//')[-1].split(':')[0]}>",
        },
    ).send()
    if tip.status == Tip.Status.CLOSED:
        tip.address = ""
        tip.save(update_fields=["address"])
