"""What verbs do, an area a module; importing this binds them all."""

from ceportal.scenarios.verbs import (
    catalog,
    certifications,
    credits,
    development,
    emeritus,
    events,
    exam_day,
    exams,
    labs,
    payments,
    standing,
    vouchers,
)

__all__ = [
    "catalog",
    "certifications",
    "credits",
    "development",
    "emeritus",
    "events",
    "exam_day",
    "exams",
    "labs",
    "payments",
    "standing",
    "vouchers",
]
