"""Exams, sites, bookings and the exam day in the administration."""

from exams.admin import bookings, laboratory, places, results, sharing

__all__ = ["bookings", "laboratory", "places", "results", "sharing"]
