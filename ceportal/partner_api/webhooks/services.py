"""Webhooks: subscribed, changed, ended, their secrets rotated, and what was not delivered asked for again."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from ceportal.kernel.outbox import emit
from ceportal.kernel.sealing import seal
from ceportal.partner_api import feed
from ceportal.partner_api.models import Webhook, WebhookDelivery, WebhookSecret
from ceportal.partner_api.webhooks import delivering
from ceportal.partner_api.webhooks.addresses import NotAllowed, target_of

MOST = 20  # of one program
OVERLAP = timedelta(days=7)  # how long the secret before goes on signing when a new one is made
SECRET_BYTES = 32

Status, Delivery = Webhook.Status, WebhookDelivery.Status


@transaction.atomic
def subscribe(
    *, application_id: int, url: str, topics: Collection[str], description: str, now: datetime
) -> tuple[Webhook, str]:
    """Deliver what comes from now on to an address; the second value is its secret, told this once.

    ValidationError for an address that is not public, and for more than twenty.
    """
    _check(url)
    if Webhook.objects.filter(application_id=application_id).exclude(status=Status.ENDED).count() >= MOST:
        raise ValidationError({"url": _("A program has at most %(most)d webhooks. End one first.") % {"most": MOST}})
    webhook = Webhook.objects.create(
        application_id=application_id,
        url=url,
        topics=sorted(topics),
        description=description,
        position=feed.newest_position(),
        created_at=now,
    )
    emit("partner_api.webhook_subscribed", webhook, now=now, topics=webhook.topics)
    return webhook, _new_secret(webhook, now=now)


@transaction.atomic
def change(
    *,
    webhook_id: int,
    url: str | None = None,
    topics: Collection[str] | None = None,
    description: str | None = None,
    active: bool | None = None,
    now: datetime,
) -> Webhook:
    """Change what is given, and enable a disabled one again: it goes on where it stopped. ValidationError as above."""
    webhook = _locked(webhook_id)
    if url is not None and url != webhook.url:
        _check(url)
        webhook.url = url
    webhook.topics = webhook.topics if topics is None else sorted(topics)
    webhook.description = webhook.description if description is None else description
    if active and webhook.status == Status.DISABLED:
        webhook.status, webhook.disabled_at, webhook.failing_since = Status.ACTIVE, None, None
        transaction.on_commit(delivering.wake_follower)
    webhook.save()
    emit("partner_api.webhook_changed", webhook, now=now, topics=webhook.topics, status=webhook.status)
    return webhook


@transaction.atomic
def end(*, webhook_id: int, now: datetime) -> Webhook:
    """Deliver nothing more, also of what waits. Twice is once."""
    webhook = _locked(webhook_id)
    if webhook.status != Status.ENDED:
        webhook.status, webhook.ended_at = Status.ENDED, now
        webhook.save(update_fields=["status", "ended_at"])
        webhook.deliveries.filter(status=Delivery.WAITING).update(status=Delivery.WITHHELD, finished_at=now)
        emit("partner_api.webhook_ended", webhook, now=now)
    return webhook


@transaction.atomic
def rotate_secret(*, webhook_id: int, now: datetime, overlap: timedelta = OVERLAP) -> tuple[Webhook, str]:
    """Give a webhook a new secret, told this once; those before sign too until the overlap is over."""
    webhook = _locked(webhook_id)
    still_good = Q(ends_at__isnull=True) | Q(ends_at__gt=now + overlap)
    webhook.secrets.filter(still_good).update(ends_at=now + overlap)
    emit("partner_api.webhook_secret_rotated", webhook, now=now)
    return webhook, _new_secret(webhook, now=now)


@transaction.atomic
def send_test(*, webhook_id: int, now: datetime) -> WebhookDelivery:
    """Send a message that tells nothing, once."""
    return delivering.add_test(_locked(webhook_id), now=now)


@transaction.atomic
def redeliver(*, webhook_id: int, now: datetime, delivery_id: int | None = None, since: datetime | None = None) -> int:
    """Deliver one again, or everything since a moment that was given up; how many there are.

    Each has all its attempts again and the same id, by which a receiver that has it knows. WebhookDelivery.DoesNotExist
    for another webhook's. What waits already is sent now.
    """
    webhook = _locked(webhook_id)
    if delivery_id is not None:
        asked = webhook.deliveries.filter(pk=webhook.deliveries.get(pk=delivery_id).pk)
    else:
        asked = webhook.deliveries.filter(status=Delivery.FAILED, created_at__gte=since)
    return delivering.begin_again(asked, now=now)


# ── Parts ─────────────────────────────────────────────────────────────────────────────────────────
def _locked(webhook_id: int) -> Webhook:
    return Webhook.objects.select_for_update().get(pk=webhook_id)


def _check(url: str) -> None:
    try:
        target_of(url)
    except NotAllowed as error:
        raise ValidationError({"url": str(error)}) from error


def _new_secret(webhook: Webhook, *, now: datetime) -> str:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    WebhookSecret.objects.create(webhook=webhook, sealed=seal(secret), created_at=now)
    return secret
