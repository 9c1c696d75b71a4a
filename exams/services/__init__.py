"""What changes exam records, the calendar of sites, and lab bookings."""

from exams.services.attempts import correct_attempt, record_attempt, retire_exam
from exams.services.bookings import assess_cancelling, book_seat, cancel_booking, confirm_again, drop_booking
from exams.services.paying import assess_paying, find_payable_order, redeem_code, start_booking_payment
from exams.services.rescheduling import (
    assess_reschedule,
    confirm_reschedule,
    quote_reschedule,
    start_reschedule_payment,
    withdraw_reschedule,
)
from exams.services.sittings import close_site, lift_closure, open_sitting, open_sittings
from exams.services.waiting import accept_offer, ask_for_seat, withdraw_wish

__all__ = [
    "accept_offer",
    "ask_for_seat",
    "assess_cancelling",
    "assess_paying",
    "assess_reschedule",
    "book_seat",
    "cancel_booking",
    "close_site",
    "confirm_again",
    "confirm_reschedule",
    "correct_attempt",
    "drop_booking",
    "find_payable_order",
    "lift_closure",
    "open_sitting",
    "open_sittings",
    "quote_reschedule",
    "record_attempt",
    "redeem_code",
    "retire_exam",
    "start_booking_payment",
    "start_reschedule_payment",
    "withdraw_reschedule",
    "withdraw_wish",
]
