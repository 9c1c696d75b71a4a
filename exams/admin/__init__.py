"""Exams, sites and bookings in the administration."""

from exams.admin import places, results

__all__ = ["places", "results"]
