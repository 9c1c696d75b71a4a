"""Random lives of lab bookings: two candidates, four sites, and all that can be done, through the services of pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import payments.services
from exams import sweeps
from exams.models import Booking, Closure, Incident, Reread, Reschedule, Site, WaitingWish
from exams.rules.desk import IdentityFacts
from exams.services import bookings, exam_day, incidents, paying, rereads, rescheduling, results, sittings, waiting
from exams.services.attempts import correct_attempt
from exams.site_time import moment_of
from payments.models import Order
from tests.exams import lab_world
from tests.exams.lab_life import DAY, TRACKS, Life

SHOWN = IdentityFacts("passport", "bank_card", photographed=True, signed=True)


class LabLife(Life):
    """All that can be done with lab bookings, each as often as the steps say."""

    # ── Bookings ──────────────────────────────────────────────────────────────────────────────────
    def _book(self) -> None:
        code = self._code() if self.step.how % 3 == 0 else ""
        booking = self._try(
            bookings.book_seat,
            candidate_id=self.candidate.pk,
            track_code=TRACKS[self.step.which % 3],
            voucher_code=code,
            accept=True,
            keeps=bool(code),  # the tries of codes
            **self._seat(),
        )
        if booking is not None and self.step.how % 5 > 1:
            self._pay(booking)

    def _pay(self, booking: Booking | None = None) -> None:
        booking = booking or self._booking("reserved", "held")
        if booking is not None:
            self._card(self._try(paying.find_payable_order, booking_id=booking.pk))

    def _give(self) -> None:
        """Give a voucher on the page of a change's order."""
        orders = Order.objects.filter(candidate=self.candidate, purpose="lab_reschedule").order_by("-id")
        if (order := orders.filter(status="open").first() or orders.first()) is not None:
            about = {"order_id": order.pk, "candidate_id": self.candidate.pk}
            self._try(payments.services.redeem_voucher, code=self._code(), **about)

    def _redeem(self) -> None:
        booking = self._booking("reserved", "held")
        if booking is not None:
            # A card page that is open is closed first, whatever comes of the code.
            self._try(paying.redeem_code, booking_id=booking.pk, code=self._code(), keeps=True)

    def _drop(self) -> None:
        if (booking := self._booking("reserved", "held")) is not None:
            self._try(bookings.drop_booking, booking_id=booking.pk)

    def _cancel(self) -> None:
        if (booking := self._booking("paid")) is not None:
            self._try(bookings.cancel_booking, booking_id=booking.pk)

    # ── Changes ───────────────────────────────────────────────────────────────────────────────────
    def _quote(self) -> None:
        booking = self._booking("paid", "incident")
        if booking is None:
            return
        quoted = self._try(
            rescheduling.quote_reschedule,
            booking_id=booking.pk,
            voucher_code=self._code() if self.step.how % 6 == 5 else "",
            instead_by_card=self.step.how % 3 == 0,
            accept=True,
            **self._seat(),
        )
        if quoted is not None and self.step.how % 5:
            self._confirm(quoted)

    def _confirm(self, quoted: Reschedule | None = None) -> None:
        quoted = quoted or Reschedule.objects.filter(old__candidate=self.candidate).first()
        if quoted is not None:
            confirmed = self._try(rescheduling.confirm_reschedule, reschedule_id=quoted.pk)
            self._card(confirmed.order if confirmed else None)

    def _withdraw(self) -> None:
        for quoted in Reschedule.objects.filter(old__candidate=self.candidate)[:1]:
            self._try(rescheduling.withdraw_reschedule, reschedule_id=quoted.pk)

    # ── The waiting list ──────────────────────────────────────────────────────────────────────────
    def _wish(self) -> None:
        wish = self._try(
            waiting.ask_for_seat,
            candidate_id=self.candidate.pk,
            track_code=TRACKS[self.step.which % 3],
            site_codes=list(lab_world.SITES)[self.step.how % 4 :][:2],
            first_day=self.now.date(),
            last_day=(self.now + 45 * DAY).date(),
        )
        if wish is not None:
            self._try(sweeps.offer_seats)

    def _answer(self) -> None:
        """Take the seat that is offered, or decline it."""
        for wish in WaitingWish.objects.filter(candidate=self.candidate).order_by("-id")[:1]:
            if self.step.how % 4 == 0:
                self._try(waiting.withdraw_wish, wish_id=wish.pk)
            elif (booking := self._try(waiting.accept_offer, wish_id=wish.pk, accept=True)) and self.step.how % 2:
                self._pay(booking)

    # ── The exam day and after it ─────────────────────────────────────────────────────────────────
    def _on_the_day(self, *statuses: str) -> Booking | None:
        """A booking whose exam is now, as time has passed until then; one time in four it has not."""
        booking = self._booking(*statuses)
        if booking is not None and self.step.how % 4 != 2:
            sitting = booking.seat.sitting
            start = moment_of(sitting.day, sitting.starts_at, sitting.site.time_zone)
            self.now = max(self.now, start + timedelta(minutes=130))
            self.run_sweeps()
        return booking

    def _arrive(self) -> None:
        booking = self._on_the_day("paid")
        if booking is not None:
            late = (0, 30, 120, 121)[self.step.which % 4]
            shown = replace(SHOWN, signed=self.step.how % 6 != 5)
            self._try(
                exam_day.check_in,
                booking_id=booking.pk,
                minutes_late=late,
                identity=shown,
                proctor_id=self.proctor_id,
                keeps=late == 121,
            )

    def _absent(self) -> None:
        if (booking := self._on_the_day("paid")) is not None:
            self._try(exam_day.mark_absent, booking_id=booking.pk, proctor_id=self.proctor_id)

    def _close(self) -> None:
        if (booking := self._on_the_day("paid", "sat")) is not None:
            self._try(exam_day.close_sitting, sitting_id=booking.seat.sitting_id, proctor_id=self.proctor_id)

    def _known(self) -> dict[str, Any]:
        """What is known of a fault, most often what a remedy needs."""
        caused = (False, False, False, True, None)[self.step.which % 5]
        return {"caused_by_candidate": caused, "modules_passed": self.step.how % 5 != 4, "proctor_id": self.proctor_id}

    def _incident(self) -> None:
        booking = self._booking("sat", "paid", "no_show")
        if booking is not None:
            minutes = (30, 119, 120, 300)[self.step.which % 4]
            event = {"unavoidable": booking.status != "sat", "description": "As it was."}
            self._try(incidents.record_incident, booking_id=booking.pk, minutes=minutes, **event, **self._known())

    def _clock(self) -> None:
        """Start the clock of a fault or an event, or stop the one that is running."""
        running = Incident.objects.filter(booking__candidate=self.candidate, ended_at=None).first()
        if running is not None:
            long = self.step.how % 2 == 1
            self._try(incidents.end_incident, incident_id=running.pk, too_long=long, **self._known())
        elif (booking := self._booking("sat", "paid", "no_show")) is not None:
            event = {"unavoidable": booking.status != "sat", "description": "As it was."}
            self._try(incidents.begin_incident, booking_id=booking.pk, proctor_id=self.proctor_id, **event)

    def _remedy(self) -> None:
        if (booking := self._booking("incident")) is not None:
            kind = ("reschedule", "reschedule", "voucher")[self.step.which % 3]
            self._try(incidents.grant_remedy, booking_id=booking.pk, kind=kind, staff_id=None)

    def _result(self) -> None:
        if (booking := self._booking("sat")) is not None:
            result = ("fail", "fail", "pass")[self.step.which % 3]
            rereadable = self.step.how % 4 != 3
            self._try(
                results.publish_result,
                booking_id=booking.pk,
                result=result,
                rereadable=rereadable,
                publisher_id=None,
                keeps=True,  # what is disallowed
            )

    def _correct(self) -> None:
        booking = self._booking("passed", "failed")
        if booking is not None:
            result = ("fail", "pass", "annulled")[self.step.which % 3]
            about = {"exam_number": booking.exam.number, "taken_on": booking.seat.sitting.day, "reason": "As it was."}
            self._try(correct_attempt, candidate_id=booking.candidate_id, result=result, **about)

    def _reread(self) -> None:
        """Ask for a re-read, pay for it, or tell what came of it, as far as it is."""
        booking = self._booking("failed")
        if booking is None:
            return
        reread = Reread.objects.filter(booking=booking).first()
        if reread is None or reread.status == "lapsed":
            reread = self._try(rereads.request_reread, booking_id=booking.pk)
        if reread is not None and reread.status == "requested":
            self._card(self._try(rereads.find_payable_order, reread_id=reread.pk))
        elif reread is not None:
            result = ("pass", "fail")[self.step.which % 2]
            self._try(rereads.decide_reread, booking_id=booking.pk, result=result, staff_id=None)

    # ── The house ─────────────────────────────────────────────────────────────────────────────────
    def _shut(self) -> None:
        """Close a site for some days, or open it again."""
        closure = Closure.objects.order_by("-id").first()
        if closure is not None and self.step.how % 2:
            self._try(sittings.lift_closure, closure_id=closure.pk)
            return
        seat = self._seat()
        site = Site.objects.get(code=seat["site_code"])
        days = {"first_day": seat["day"], "last_day": seat["day"] + DAY}
        self._try(sittings.close_site, site_id=site.pk, reason="A flood.", **days)
