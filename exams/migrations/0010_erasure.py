"""What is emptied of append-only rows when a person is erased (CAND-09)."""

from django.db import migrations

from ceportal.kernel.triggers import append_only_but_erasure

ERASED = "SELECT erased_at IS NOT NULL FROM candidates_candidate WHERE id = ($1 ->> 'candidate_id')::bigint"
ERASED_BY_BOOKING = (
    "SELECT erased_at IS NOT NULL FROM candidates_candidate JOIN exams_booking booking "
    "ON booking.candidate_id = candidates_candidate.id WHERE booking.id = ($1 ->> 'booking_id')::bigint"
)


class Migration(migrations.Migration):
    dependencies = [("exams", "0009_waiting_wish_endings"), ("candidates", "0022_erasure")]

    operations = [
        append_only_but_erasure("exams_attempt", erased=ERASED, columns=("reason",)),
        append_only_but_erasure("exams_logentry", erased=ERASED_BY_BOOKING, columns=("text",)),
    ]
