"""What was written to people in the years that the demonstration tells: real notices, but not thousands of e-mails.

Each notice is written as in service. Those to the demonstration's own logins are sent as well, so that their mailboxes
are full; the others are marked as delivered on the day they were written, without a message leaving the house, so that
the worker finds nothing of the past to do.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from candidates.models import Candidate, Notice
from ceportal.kernel import relay
from ceportal.kernel.models import Delivery, Event

# What leaves the house; every other receiver writes a notice.
TO_PROVIDERS = ("provider mail on answers", "provider mail on appeals")
TO_GUARDIANS = "guardian mail"  # sent as well: the links are there to be opened
LEAVING = ("mail", "card refund", TO_GUARDIANS, *TO_PROVIDERS)


def write_what_is_due() -> None:
    """Let the receivers that write notices hear of everything so far, each at the moment it happened."""
    waiting = (
        Delivery.objects.filter(status=Delivery.Status.PENDING)
        .exclude(receiver__in=LEAVING)
        .order_by("id")
        .values_list("id", "event__occurred_at")
    )
    for delivery_id, happened_at in list(waiting):
        relay.deliver(delivery_id=delivery_id, now=happened_at)


@transaction.atomic
def settle(*, send_to: Collection[str]) -> None:
    """Send the waiting notices to these addresses, and mark what went to anybody else as delivered when written."""
    mail = Delivery.objects.filter(status=Delivery.Status.PENDING, receiver="mail")
    theirs = mail.filter(event__subject_id__in=Notice.objects.filter(address__in=send_to).values("id"))
    links = Delivery.objects.filter(status=Delivery.Status.PENDING, receiver=TO_GUARDIANS)
    for delivery_id, happened_at in list((theirs | links).order_by("id").values_list("id", "event__occurred_at")):
        relay.deliver(delivery_id=delivery_id, now=happened_at)
    written = Event.objects.filter(id=OuterRef("event_id")).values("occurred_at")
    others = Delivery.objects.filter(status=Delivery.Status.PENDING, receiver__in=("mail", *TO_PROVIDERS))
    others.update(status=Delivery.Status.DONE, attempts=1, done_at=Subquery(written))
    Notice.objects.filter(status=Notice.Status.QUEUED).update(
        status=Notice.Status.DELIVERED, sent_at=F("created_at"), delivered_at=F("created_at")
    )


def bounce_last(*, candidate: Candidate, now: datetime) -> None:
    """Let the candidate's latest notice come back, as if the mailbox were full (CE-13)."""
    latest = candidate.notices.order_by("-created_at", "-id").first()
    if latest is not None:
        latest.status = Notice.Status.BOUNCED
        latest.sent_at = latest.sent_at or now
        latest.bounced_at, latest.trouble = now, "452 4.2.2 The mailbox is full."
        latest.save(update_fields=["status", "sent_at", "bounced_at", "trouble"])
