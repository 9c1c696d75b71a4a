"""What changes exam records."""

from exams.services.attempts import correct_attempt, record_attempt, retire_exam

__all__ = ["correct_attempt", "record_attempt", "retire_exam"]
