"""Reads of changes of bookings: what they depend on, and what they cost."""

from __future__ import annotations

from datetime import date, datetime

from ceportal.kernel import clock, money
from ceportal.kernel.policy import BOOK
from exams import booking_queries as queries
from exams.models import Booking, Remedy, Reschedule, Site
from exams.rules import changes as rules
from exams.site_time import day_at
from payments.models import OrderLine, Voucher
from payments.queries import voucher_of
from payments.rules import tax_percent


def reschedule_with_places(reschedule_id: int) -> Reschedule:
    """A change with both its bookings and their places."""
    both = [f"{side}__{path}" for side in ("old", "new") for path in queries.WITH_PLACE]
    return Reschedule.objects.select_related("order", "voucher", *both).get(id=reschedule_id)


def lines_of(reschedule: Reschedule) -> list[rules.QuoteLine]:
    """A quote, line by line."""
    return [rules.QuoteLine(**line) for line in reschedule.quote]


def remedy_of(booking: Booking) -> Remedy | None:
    """The free change that an incident left, and that was not used yet (INC-03)."""
    return Remedy.objects.filter(booking=booking, kind=Remedy.Kind.RESCHEDULE, used_at__isnull=True).first()


def voucher_on(booking: Booking) -> Voucher | None:
    """The voucher that paid the fee of a booking."""
    return voucher_of(booking.order_id) if booking.order_id else None


def leaving_facts(old: Booking, site: Site, day: date, *, now: datetime) -> rules.LeavingFacts:
    """The booking to be left for a seat of a site on a day."""
    sitting = old.seat.sitting
    return rules.LeavingFacts(
        status=old.status,
        exam_on=sitting.day,
        today=day_at(now, sitting.site.time_zone),
        elsewhere=(site.pk, day) != (sitting.site_id, sitting.day),
        by_remedy=remedy_of(old) is not None,
    )


def voucher_facts(
    old: Booking, *, now: datetime, another_given: bool = False, instead_by_card: bool = False
) -> rules.VoucherFacts:
    """What vouchers have to do with a change."""
    voucher = voucher_on(old)
    return rules.VoucherFacts(
        expires_on=voucher.expires_on if voucher else None,
        day=clock.day_of(now),
        another_given=another_given,
        instead_by_card=instead_by_card,
    )


def quote(old: Booking, new: Booking, vouchers: rules.VoucherFacts, *, now: datetime) -> rules.Quote:
    """What a change costs at today's prices and rates (LAB-04, PAY-01); a remedy's costs nothing (INC-03)."""
    if remedy_of(old) is not None:
        return rules.Quote(())
    policy = BOOK.on(clock.day_of(now))
    left, taken = old.seat.sitting, new.seat.sitting
    paid = OrderLine.objects.get(order=old.order_id, kind=OrderLine.Kind.LAB_FEE)
    leaving = leaving_facts(old, taken.site, taken.day, now=now)
    acting = BOOK.on(day_at(now, left.site.time_zone))
    late = money.cents(acting["lab.reschedule_fee"].value) if rules.is_late(leaving, acting) else 0
    return rules.quote_change(
        rules.MoneyFacts(
            old_fee_cents=paid.net_cents,
            old_covered_cents=paid.covered_cents,
            old_tax_cents=paid.tax_cents,
            new_fee_cents=queries.price_of(taken.site, new.kit, clock.day_of(now)).net_cents,
            tax_percent=tax_percent(taken.site.country, policy),
            late_fee_cents=late,
            voucher_pays=vouchers.pays,
            voucher_comes_along=vouchers.comes_along,
        )
    )
