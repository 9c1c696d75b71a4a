"""What changes exam records, and the calendar of sites."""

from exams.services.attempts import correct_attempt, record_attempt, retire_exam
from exams.services.sittings import close_site, lift_closure, open_sitting, open_sittings

__all__ = [
    "close_site",
    "correct_attempt",
    "lift_closure",
    "open_sitting",
    "open_sittings",
    "record_attempt",
    "retire_exam",
]
