"""From the feed to the addresses of programs: at least once, tried for three days, and each attempt on record.

A delivery is claimed for a while by moving when it is due, sent outside of any transaction, and what came of it is
written in one: a worker that dies in between leaves it to be sent again, under the same id.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from ceportal.kernel.outbox import emit
from ceportal.kernel.sealing import unseal
from ceportal.kernel.tasks import wake
from ceportal.partner_api import feed
from ceportal.partner_api.feed_views import event_answer
from ceportal.partner_api.models import Webhook, WebhookAttempt, WebhookDelivery
from ceportal.partner_api.webhooks.sending import GONE, Answer, send, signed_headers

# After the first attempt; all together three days.
RETRY_AFTER = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=20),
)  # fmt: skip
ATTEMPTS = len(RETRY_AFTER) + 1
SPREAD = 0.1  # so much of a wait is left to chance, so that not all come back at once
CLAIMED_FOR = timedelta(minutes=2)  # longer than a task may take
AT_ONCE = 500
TEST_TYPE = "webhook.test"

Status = WebhookDelivery.Status

log = structlog.get_logger(__name__)


def retry_after(attempts_left: int, *, chance: float) -> timedelta:
    """How long to wait for the next attempt; `chance` between 0 and 1 takes off up to a tenth."""
    return RETRY_AFTER[ATTEMPTS - 1 - attempts_left] * (1 - SPREAD * chance)


# ── What there is to deliver ──────────────────────────────────────────────────────────────────────
def wake_follower() -> None:
    """Ask a worker to read the feed for the webhooks: a follower of the feed."""
    from ceportal.partner_api.tasks import follow_feed as task

    wake(task)


def follow_feed(*, now: datetime) -> int:
    """Make a delivery of each entry that webhooks are to be told and were not yet; how many."""
    active = Webhook.objects.filter(status=Webhook.Status.ACTIVE, application__active=True)
    made = 0
    for webhook_id in list(active.values_list("pk", flat=True)):
        while (count := _follow(webhook_id, now=now)) is not None:
            made += count
    return made


@transaction.atomic
def _follow(webhook_id: int, *, now: datetime) -> int | None:
    """Deliveries made of the next entries; None where there are no more."""
    webhook = Webhook.objects.select_for_update(of=("self",)).select_related("application").get(pk=webhook_id)
    if webhook.status != Webhook.Status.ACTIVE or not feed.acts_still(webhook.application):
        return None
    reader = feed.of_application(webhook.application)
    read = feed.entries_for(reader, after=webhook.position, limit=AT_ONCE, topics=webhook.topics)
    if read.after == webhook.position:
        return None
    webhook.position = read.after
    webhook.save(update_fields=["position"])
    made = WebhookDelivery.objects.bulk_create(
        WebhookDelivery(webhook=webhook, entry=entry, attempts_left=ATTEMPTS, due_at=now, created_at=now)
        for entry in read.entries
    )
    transaction.on_commit(lambda: _wake_all(each.pk for each in made))
    return len(made)


def add_test(webhook: Webhook, *, now: datetime) -> WebhookDelivery:
    """A message that tells nothing, tried once."""
    delivery = WebhookDelivery.objects.create(webhook=webhook, attempts_left=1, due_at=now, created_at=now)
    transaction.on_commit(lambda: _wake_all([delivery.pk]))
    return delivery


def begin_again(deliveries: QuerySet[WebhookDelivery], *, now: datetime) -> int:
    """Give deliveries all their attempts again, from now; how many there were."""
    ids = list(deliveries.values_list("pk", flat=True))
    WebhookDelivery.objects.filter(pk__in=ids).update(
        status=Status.WAITING, attempts_left=ATTEMPTS, due_at=now, finished_at=None
    )
    transaction.on_commit(lambda: _wake_all(ids))
    return len(ids)


def wake_due(*, now: datetime) -> int:
    """Wake what is due, and what a worker that died had begun; how many were woken."""
    due = _sendable().filter(due_at__lte=now).order_by("due_at").values_list("pk", flat=True)[: 10 * AT_ONCE]
    _wake_all(due)
    return len(due)


def _sendable() -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(
        status=Status.WAITING, webhook__status=Webhook.Status.ACTIVE, webhook__application__active=True
    )


def _wake_all(delivery_ids: Iterable[int]) -> None:
    from ceportal.partner_api.tasks import deliver as task

    for delivery_id in delivery_ids:
        wake(task, delivery_id)


# ── One delivery ──────────────────────────────────────────────────────────────────────────────────
def deliver(*, delivery_id: int, clock: Callable[[], datetime]) -> WebhookDelivery | None:
    """Make an attempt at a delivery, if it is due; None where it is not, or somebody else is at it."""
    claimed = _claim(delivery_id, now=clock())
    if claimed is None:
        return None
    delivery, body, secrets = claimed
    answer = send(delivery.webhook.url, body=body, headers=signed_headers(delivery.message_id, body, secrets=secrets))
    return _record(delivery_id, answer, now=clock())


@transaction.atomic
def _claim(delivery_id: int, *, now: datetime) -> tuple[WebhookDelivery, str, list[str]] | None:
    delivery = (
        _sendable()
        .filter(pk=delivery_id, due_at__lte=now)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("webhook__application__responsible", "entry")
        .first()
    )
    if delivery is None:
        return None
    if not _is_shown(delivery):
        delivery.status, delivery.finished_at = Status.WITHHELD, now
        delivery.save(update_fields=["status", "finished_at"])
        return None
    if delivery.entry is not None and not delivery.attempts.exists():
        page = reverse("api:webhook", args=[delivery.webhook_id])
        feed.note_seen(delivery.webhook.application, [delivery.entry], page=page, now=now)
    delivery.due_at = now + CLAIMED_FOR
    delivery.save(update_fields=["due_at"])
    return delivery, _body(delivery), _good_secrets(delivery.webhook, now=now)


def _is_shown(delivery: WebhookDelivery) -> bool:
    """Whether the program is still shown what was to be delivered: its scopes and those who agreed may have changed."""
    application = delivery.webhook.application
    if not application.responsible.is_active or not feed.acts_still(application):
        return False
    return delivery.entry is None or feed.is_shown(feed.of_application(application), delivery.entry)


def _good_secrets(webhook: Webhook, *, now: datetime) -> list[str]:
    """The secrets that sign at a moment, the newest first."""
    good = webhook.secrets.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now))
    return [unseal(each.sealed) for each in good]


def _body(delivery: WebhookDelivery) -> str:
    if delivery.entry is not None:
        told = event_answer(delivery.entry)
    else:
        told = {"id": delivery.pk, "type": TEST_TYPE, "occurred_at": delivery.created_at, "data": {}}
    return json.dumps(told, cls=DjangoJSONEncoder)


@transaction.atomic
def _record(delivery_id: int, answer: Answer, *, now: datetime) -> WebhookDelivery | None:
    """Write down what came of an attempt; the webhook first, so that its deliveries take turns."""
    webhook = Webhook.objects.select_for_update().filter(deliveries=delivery_id).first()
    delivery = WebhookDelivery.objects.select_for_update().filter(pk=delivery_id).first()
    if webhook is None or delivery is None:
        return None  # the feed forgot it meanwhile
    WebhookAttempt.objects.create(
        delivery=delivery,
        at=now,
        milliseconds=answer.milliseconds,
        status_code=answer.status_code,
        error=answer.error[:200],
        answer=answer.text,
    )
    if delivery.status != Status.WAITING:
        return delivery  # ended meanwhile, or made twice
    delivery.attempts_left -= 1
    if answer.arrived:
        delivery.status, delivery.finished_at = Status.DELIVERED, now
        webhook.failing_since = None
    else:
        webhook.failing_since = webhook.failing_since or now
        if delivery.attempts_left:
            delivery.due_at = now + retry_after(delivery.attempts_left, chance=random.random())  # noqa: S311 - no secret
        else:
            delivery.status, delivery.finished_at = Status.FAILED, now
    delivery.save(update_fields=["attempts_left", "status", "finished_at", "due_at"])
    dead = _is_dead(webhook, delivery, answer)
    if dead:
        webhook.status, webhook.disabled_at = Webhook.Status.DISABLED, now
    webhook.save(update_fields=["failing_since", "status", "disabled_at"])
    if dead:
        log.warning("webhook_disabled", webhook=webhook.pk, status=answer.status_code, error=answer.error)
        emit("partner_api.webhook_disabled", webhook, now=now, gone=answer.status_code == GONE)
    return delivery


def _is_dead(webhook: Webhook, delivery: WebhookDelivery, answer: Answer) -> bool:
    """Whether to disable an address: it says it is gone, or nothing came through in a delivery's three days."""
    given_up = (
        delivery.status == Status.FAILED
        and delivery.entry_id is not None
        and webhook.failing_since is not None
        and webhook.failing_since <= delivery.attempts.earliest("at").at
    )
    return webhook.status == Webhook.Status.ACTIVE and (answer.status_code == GONE or given_up)
