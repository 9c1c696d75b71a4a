"""Sends a parent or guardian the link by which they sign (CAND-05): a receiver of the relay.

It is no notice: those are the candidate's to read, and the link is not.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import override

from candidates import guardians, rules
from candidates.mail import DOMAIN_OF_IDS
from candidates.models import GuardianRequest
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK


def on_guardian_asked(event: Event, now: datetime) -> None:
    """Send the link in the language it was asked in, unless it was sent, withdrawn or has expired meanwhile."""
    asked = (
        GuardianRequest.objects.select_for_update(of=("self",))
        .select_related("candidate", "consent")
        .get(id=event.subject_id)
    )
    waits = rules.state_of(guardians.times_of(asked), now=now) == rules.LinkState.WAITS
    if asked.sent_at is not None or not waits:
        return
    context = {
        "asked": asked,
        "candidate": asked.candidate,
        "address": guardians.address_of(asked),
        # The book of the day it is sent governs.
        "years": BOOK.on(clock.day_of(now))["age.adult"].value,
    }
    with override(asked.language):
        text = render_to_string("candidates/guardian/mail.txt", context)
    subject, _newline, body = text.strip().partition("\n")
    EmailMessage(
        subject=subject.strip(),
        body=body.strip() + "\n",
        to=[asked.email],
        headers={
            "Date": format_datetime(now),  # on the portal's clock, as notices
            "Message-ID": f"<guardian-{asked.id}@{DOMAIN_OF_IDS}>",
        },
    ).send()
    asked.sent_at = now
    asked.save(update_fields=["sent_at"])
