"""Which provider may deliver an item, and the runs it schedules (CAT-07)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from catalog import provider_rules as rules
from catalog import queries
from catalog.models import Authorisation, Delivery
from catalog.services.board import lock_item
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused, require
from ceportal.kernel.outbox import emit


@transaction.atomic
def authorise_provider(
    *, provider_id: int, item_id: int, starts_on: date, ends_on: date | None = None, now: datetime
) -> Authorisation:
    """Let a provider deliver an item from a day on, up to and not on its end (CAT-07).

    Refused where an authorisation stands at that time.
    """
    item = lock_item(item_id)
    standing = Authorisation.objects.filter(provider_id=provider_id, item=item)
    if ends_on is not None:
        standing = standing.filter(starts_on__lt=ends_on)
    overlaps = standing.exclude(ends_on__isnull=False, ends_on__lte=starts_on).exists()
    require(
        rules.assess_authorisation(rules.AuthorisationFacts(starts_on=starts_on, ends_on=ends_on, overlaps=overlaps))
    )
    authorisation = Authorisation.objects.create(
        provider_id=provider_id, item=item, starts_on=starts_on, ends_on=ends_on
    )
    emit(
        "catalog.provider_authorised",
        authorisation,
        now=now,
        item=item.code,
        provider=authorisation.provider.code,
        starts_on=starts_on.isoformat(),
        ends_on=ends_on.isoformat() if ends_on else None,
    )
    return authorisation


@transaction.atomic
def withdraw_authorisation(*, provider_id: int, item_id: int, ends_on: date, now: datetime) -> Authorisation:
    """Let a provider's authorisation end on a day: what ends before it still counts (CAT-07).

    Refused where none runs that could end then.
    """
    item = lock_item(item_id)
    running = (
        Authorisation.objects.filter(queries.running_on(ends_on), provider_id=provider_id, item=item)
        .select_related("provider")
        .first()
    )
    decision = rules.assess_withdrawal(starts_on=running.starts_on if running else None, ends_on=ends_on)
    if running is None or not decision.granted:
        raise Refused(decision)
    running.ends_on = ends_on
    running.save(update_fields=["ends_on"])
    emit(
        "catalog.authorisation_withdrawn",
        running,
        now=now,
        item=item.code,
        provider=running.provider.code,
        ends_on=ends_on.isoformat(),
    )
    return running


@transaction.atomic
def schedule_delivery(
    *, provider_id: int, item_id: int, code: str, place: str, starts_on: date, ends_on: date, now: datetime
) -> Delivery:
    """Schedule a run of an item by a provider who is authorised for it on the day it ends (CAT-07)."""
    item = lock_item(item_id)
    require(
        rules.assess_delivery(
            rules.DeliveryFacts(
                starts_on=starts_on,
                ends_on=ends_on,
                authorised=queries.is_authorised(provider_id, item_id, ends_on),
                code_is_free=not Delivery.objects.filter(provider_id=provider_id, code=code).exists(),
            )
        )
    )
    delivery = Delivery.objects.create(
        provider_id=provider_id,
        item=item,
        code=code,
        place=place,
        starts_on=starts_on,
        ends_on=ends_on,
        created_at=now,
    )
    emit(
        "catalog.delivery_scheduled",
        delivery,
        now=now,
        item=item.code,
        code=code,
        ends_on=ends_on.isoformat(),
    )
    return delivery


@transaction.atomic
def cancel_delivery(*, delivery_id: int, now: datetime) -> Delivery:
    """Cancel a run that has not ended: candidates no longer find it, and its code stays taken (CAT-07).

    Refused from its last day on, since claims and rosters may rest on it. Cancelled twice is cancelled once.
    """
    delivery = lock_delivery(delivery_id)
    if delivery.cancelled_at is not None:
        return delivery
    require(rules.assess_cancellation(rules.CancellationFacts(ends_on=delivery.ends_on, day=clock.day_of(now))))
    delivery.cancelled_at = now
    delivery.save(update_fields=["cancelled_at"])
    emit("catalog.delivery_cancelled", delivery, now=now, code=delivery.code)
    return delivery


def lock_delivery(delivery_id: int) -> Delivery:
    """The delivery, as it is and stays until the caller's transaction ends."""
    return Delivery.objects.select_for_update(no_key=True).get(pk=delivery_id)
