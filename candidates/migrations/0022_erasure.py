"""What is emptied of append-only rows when a person is erased, and the mark of one whom a sanction bars for good."""

from django.db import migrations, models

from ceportal.kernel.operations import AtOnce
from ceportal.kernel.triggers import append_only_but_erasure

ERASED = "SELECT erased_at IS NOT NULL FROM candidates_candidate WHERE id = ($1 ->> 'candidate_id')::bigint"

ERASED_BY_TIP = (
    "SELECT erased_at IS NOT NULL FROM candidates_candidate JOIN candidates_case opened "
    "ON opened.candidate_id = candidates_candidate.id JOIN candidates_tip tip ON tip.case_id = opened.id "
    "WHERE tip.id = ($1 ->> 'tip_id')::bigint"
)


class Migration(migrations.Migration):
    dependencies = [("candidates", "0021_wording_reviews"), ("kernel", "0004_erasure")]

    operations = [
        append_only_but_erasure("candidates_acceptance", erased=ERASED, columns=("ip_address",)),
        append_only_but_erasure("candidates_tipmessage", erased=ERASED_BY_TIP, columns=("words",)),
        append_only_but_erasure("candidates_tipfile", erased=ERASED_BY_TIP, columns=("file", "original_name")),
        append_only_but_erasure("kernel_event", erased=ERASED, columns=("payload",)),
        AtOnce(
            migrations.AlterField(
                model_name="case",
                name="kind",
                field=models.CharField(
                    choices=[
                        ("corrected_result", "corrected result under a later renewal"),
                        ("failed_audit", "failed audit"),
                        ("guessed_codes", "guessed or forged voucher codes"),
                        ("lab_incident", "lab ended by a fault or an event"),
                        ("closed_site", "site closed on days with bookings"),
                        ("disallowed_result", "result that the rules forbid"),
                        ("late_breach", "result in breach of one reported later"),
                        ("barred_returns", "registered again under a sanction"),
                        ("tip", "suspicion reported in confidence"),
                    ],
                    max_length=30,
                ),
            ),
            migrations.AddField(
                model_name="sanction",
                name="person_mark",
                field=models.CharField(blank=True, db_default="", default="", max_length=64),
            ),
        ),
    ]
