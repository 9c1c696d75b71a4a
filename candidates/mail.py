"""Sends notices by e-mail: the receiver "mail" of the relay."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from candidates.models import Notice
from ceportal.kernel.models import Event


def send_notice(event: Event, now: datetime) -> None:
    """Send the notice that an event announces, unless it was sent before."""
    notice = Notice.objects.select_for_update(of=("self",)).select_related("candidate").get(id=event.subject_id)
    if notice.status != Notice.Status.QUEUED:
        return
    with override(notice.candidate.language):
        footer = _("You can read all official messages in the portal: %(address)s") % {
            "address": settings.BASE_URL + reverse("candidates:notice_list")
        }
    EmailMessage(
        subject=notice.subject,
        body=f"{notice.body}\n-- \n{footer}\n",
        to=[notice.address],
        headers={
            "Date": format_datetime(now),  # on the portal's clock, which the demonstration can set
            # A mail service that meets the same identifier twice can tell that it is the same message.
            "Message-ID": f"<notice-{notice.id}@{settings.BASE_URL.split('//')[-1].split(':')[0]}>",
        },
    ).send()
    notice.status = Notice.Status.SENT
    notice.sent_at = now
    notice.save(update_fields=["status", "sent_at"])
