"""The waiting list (LAB-15): who asks is offered a seat that opens, first come first told, and it is kept a while."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from candidates.models import Candidate, Track
from candidates.services import compose_notice, lock_candidate
from ceportal.kernel.decisions import Decision, Refused, require
from ceportal.kernel.models import Event
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from exams import booking_notices as notices
from exams import booking_queries as queries
from exams import waiting_queries
from exams.models import Booking, Site, Sitting, WaitingWish
from exams.rules import booking as rules
from exams.rules import waiting as waiting_rules
from exams.services import bookings, holds, paying, seats
from exams.services.states import lock_booking, move_to
from exams.site_time import begin_of, day_at

OPEN = (WaitingWish.Status.WAITING, WaitingWish.Status.OFFERED)


@transaction.atomic
def ask_for_seat(
    *,
    candidate_id: int,
    track_code: str,
    site_codes: Collection[str],
    first_day: date,
    last_day: date,
    now: datetime,
    kit: str = "",
) -> WaitingWish:
    """Put a candidate on the waiting list of some sites for some days, both ends included; one wish a track.

    Refused (LAB-15) without a site, for days that are over or out of order and while another wish stands, and for what
    would refuse any booking on those days, as a wait that lasts longer (EXAM-04). Emits exams.wish_made. A seat that is
    free already is offered by the next sweep.
    """
    candidate = lock_candidate(candidate_id)
    track = Track.objects.get(code=track_code)
    bookings.let_go_of_overdue(candidate, track, now=now)
    sites = list(Site.objects.filter(code__in=site_codes))
    standing = WaitingWish.objects.filter(candidate=candidate, track=track, status__in=OPEN).first()
    require(
        waiting_rules.assess_wish(
            waiting_rules.WishFacts(
                sites=len(sites),
                first_on=first_day,
                last_on=last_day,
                today=max((day_at(now, site.time_zone) for site in sites), default=now.date()),
                waits_already=standing is not None,
            )
        )
        + queries.may_book_between(candidate, track, first_day, last_day, now=now)
    )
    wish = WaitingWish.objects.create(
        candidate=candidate,
        track=track,
        first_day=first_day,
        last_day=last_day,
        kit=kit or rules.FIXED,
        asked_at=now,
    )
    wish.sites.set(sites)
    emit("exams.wish_made", wish, now=now, track=track.code, sites=sorted(site_codes))
    return wish


@transaction.atomic
def withdraw_wish(*, wish_id: int, now: datetime) -> WaitingWish:
    """Take back a wish, or decline the seat that is offered: it is the next one's then. One that has ended stays so.

    Emits exams.wish_ended.
    """
    wish = _locked(wish_id)
    if wish.status == WaitingWish.Status.OFFERED:
        assert wish.offer_id is not None
        offer = lock_booking(wish.offer_id)
        holds.let_go(offer, now=now, given_up=not holds.is_overdue(offer, now=now))
        emit("exams.wish_ended", wish, now=now)
    elif wish.status == WaitingWish.Status.WAITING:
        _end(wish, WaitingWish.Ending.WITHDRAWN, now=now)
    return _locked(wish_id)


@transaction.atomic
def accept_offer(
    *,
    wish_id: int,
    now: datetime,
    accept: bool = False,
    versions: Mapping[str, str] | None = None,
    language: str = "",
    ip_address: str | None = None,
) -> Booking:
    """Book the seat that is offered, judged as any booking is; paid until its deadline, or at once while it is held.

    Refused (LAB-15) once it is no longer kept. Emits exams.seat_booked.
    """
    wish = _locked(wish_id)
    booking = lock_booking(wish.offer_id) if wish.offer_id else None
    require(waiting_rules.assess_offer(kept=_is_kept(wish, booking, now=now)))
    assert booking is not None
    decision = require(_decide(wish, booking.seat.sitting, kit=booking.kit, offer=booking, accepts=accept, now=now))
    if accept:
        bookings.accept_texts(booking.candidate, versions=versions, language=language, ip_address=ip_address, now=now)
    sitting = booking.seat.sitting
    terms = bookings.terms_of_payment(sitting.site, sitting.day, now=now)
    fields = {"booked_at": now, "decision": decision.as_json(), **terms}
    if fields.pop("status") == Booking.Status.RESERVED:
        move_to(booking, Booking.Status.RESERVED, now=now, **fields)
    else:  # held still, now to be paid at once (LAB-06)
        for name, value in fields.items():
            setattr(booking, name, value)
        booking.save(update_fields=list(fields))
    WaitingWish.objects.filter(pk=wish.pk).update(status=WaitingWish.Status.TAKEN, ended_at=now)
    emit(
        "exams.seat_booked",
        booking,
        now=now,
        track=wish.track.code,
        site=sitting.site.code,
        day=str(sitting.day),
        status=booking.status,
    )
    paying.ask_for_money(booking, now=now)
    return queries.booking_with_place(booking.pk)


def assess_accepting(wish: WaitingWish, offer: Booking, *, now: datetime) -> Decision:
    """Whether the seat that is offered can be booked now, and why not; shown before the button."""
    kept = waiting_rules.assess_offer(kept=_is_kept(wish, offer, now=now))
    return kept + _decide(wish, offer.seat.sitting, kit=offer.kit, offer=offer, accepts=False, now=now)


def _is_kept(wish: WaitingWish, offer: Booking | None, *, now: datetime) -> bool:
    offered = offer is not None and offer.is_offer and wish.status == WaitingWish.Status.OFFERED
    return offered and offer is not None and offer.held_until is not None and now < offer.held_until


# ── Offers ────────────────────────────────────────────────────────────────────────────────────────
def on_seat_freed(event: Event, now: datetime) -> None:
    """A seat came free: offer it to whoever waited for it longest. The relay's receiver, after the commit."""
    sitting = Sitting.objects.select_related("site").filter(pk=event.payload["sitting"]).first()
    if sitting is not None:
        offer_sitting(sitting, now=now)


def offer_sitting(sitting: Sitting, *, now: datetime) -> int:
    """Offer the free seats of a sitting to those who wait for them, and count the offers."""
    offered = 0
    for wish_id in waiting_queries.waiting_for(sitting):
        if not queries.free_seats(sitting.pk).exists():
            break
        offered += offer_seat(wish_id=wish_id, sitting=sitting, now=now)
    return offered


@transaction.atomic
def offer_seat(*, wish_id: int, sitting: Sitting, now: datetime) -> bool:
    """Keep a seat of a sitting for somebody who waits, and tell them; False where they may not book it or none is free.

    They keep their place in the list then. Emits exams.seat_offered.
    """
    wish = _locked(wish_id)
    mobile = sitting.site.kind == Site.Kind.MOBILE
    kit = rules.kit_for(mobile=mobile, asked=rules.KIT if mobile and wish.kit == rules.KIT else "")
    if wish.status != WaitingWish.Status.WAITING:
        return False
    decision = _decide(wish, sitting, kit=kit, offer=None, accepts=True, now=now)
    if not decision.granted:
        return False
    place = queries.place_facts(sitting.site, sitting.day, wish.track, kit=kit, now=now)
    try:
        seat = seats.take_seat(place, site=sitting.site, day=sitting.day, track=wish.track)
    except Refused:  # others are taking it at this moment
        return False
    lab = queries.lab_of(wish.track)
    assert lab is not None  # assessed: LAB-03
    hours = BOOK.on(day_at(now, sitting.site.time_zone))["lab.offer_hours"].value
    booking = Booking.objects.create(
        candidate=wish.candidate,
        track=wish.track,
        exam=lab,
        seat=seat,
        kit=kit,
        status=Booking.Status.HELD,
        held_for=Booking.HeldFor.WAITING,
        held_until=min(now + timedelta(hours=hours), begin_of(sitting.day, sitting.site.time_zone)),
        decision=decision.as_json(),
        booked_at=now,
    )
    WaitingWish.objects.filter(pk=wish.pk).update(status=WaitingWish.Status.OFFERED, offer=booking)
    emit("exams.seat_offered", booking, now=now, track=wish.track.code)
    context = notices.context_of(queries.booking_with_place(booking.pk))
    context["address"] = settings.BASE_URL + reverse("exams:wish", args=[wish.pk])
    compose_notice(
        candidate=wish.candidate, kind="seat_offered", key=f"seat_offered:{booking.pk}", context=context, now=now
    )
    return True


@transaction.atomic
def end_wish(*, wish_id: int, now: datetime) -> bool:
    """End a wish whose days are over; False where they are not."""
    wish = _locked(wish_id)
    over = wish.status == WaitingWish.Status.WAITING and waiting_queries.is_over(wish, now=now)
    if over:
        _end(wish, WaitingWish.Ending.OVER, now=now)
    return over


def _decide(
    wish: WaitingWish, sitting: Sitting, *, kit: str, offer: Booking | None, accepts: bool, now: datetime
) -> Decision:
    """Whether somebody who waits may book a seat; that of the offer is kept for them, so it is free to them."""
    place = queries.place_facts(sitting.site, sitting.day, wish.track, kit=kit, now=now)
    if offer is not None:
        place = replace(place, free_seats=place.free_seats + 1)
    country = sitting.site.country
    seat = queries.seat_facts(wish.candidate, wish.track, place, held_in=country, accepts=accepts, now=now)
    facts = queries.booking_facts(wish.candidate, wish.track, seat, now=now, leaving=offer)
    return rules.assess_booking(facts, BOOK)


def _locked(wish_id: int) -> WaitingWish:
    candidate: Candidate = lock_candidate(WaitingWish.objects.values_list("candidate_id", flat=True).get(id=wish_id))
    wish = WaitingWish.objects.select_related("track").get(id=wish_id)
    wish.candidate = candidate
    return wish


def _end(wish: WaitingWish, ending: WaitingWish.Ending, *, now: datetime) -> None:
    WaitingWish.objects.filter(pk=wish.pk).update(status=WaitingWish.Status.ENDED, ended_at=now, ending=ending)
    emit("exams.wish_ended", wish, now=now)
