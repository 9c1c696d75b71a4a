"""People, certifications, notices, cases, sanctions and what is shown to others in the administration."""

from candidates.admin import (
    agreements,
    candidates,
    cases,
    certifications,
    notices,
    partners,
    people,
    privacy,
    sharing,
    standing,
    tips,
    wordings,
)

__all__ = [
    "agreements",
    "candidates",
    "cases",
    "certifications",
    "notices",
    "partners",
    "people",
    "privacy",
    "sharing",
    "standing",
    "tips",
    "wordings",
]
