"""The feed: entries that are never changed but to be given their position, and forgotten only by who says so."""

from django.db import migrations, models

from ceportal.kernel.operations import AtOnce
from ceportal.kernel.triggers import never_emptied

# A position is given once; what goes, goes in a transaction that set out to forget (ceportal.partner_api.feed).
REFUSE = """
CREATE FUNCTION refuse_feed_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('ceportal.feed_forgets', true) = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.position IS NULL THEN
        OLD.position := NEW.position;
        IF OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'Entries of the feed are never changed, nor removed but by what forgets.'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER partner_api_feedentry_append_only BEFORE UPDATE OR DELETE ON partner_api_feedentry
    FOR EACH ROW EXECUTE FUNCTION refuse_feed_change();
"""
LET = """
DROP TRIGGER partner_api_feedentry_append_only ON partner_api_feedentry;
DROP FUNCTION refuse_feed_change();
"""


class Migration(migrations.Migration):
    dependencies = [("partner_api", "0001_initial"), ("kernel", "0002_append_only")]

    operations = [
        AtOnce(
            migrations.CreateModel(
                name="FeedEntry",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("provider", "content provider"),
                                ("test_partner", "test partner"),
                                ("organiser", "event organiser or exam team"),
                                ("verifier", "channel partner or verifier"),
                                ("candidate", "candidate"),
                            ],
                            max_length=20,
                        ),
                    ),
                    ("tenant", models.CharField(max_length=50)),
                    ("scope", models.CharField(max_length=40)),
                    ("topic", models.CharField(max_length=80)),
                    ("subject", models.CharField(max_length=80)),
                    ("candidate_id", models.BigIntegerField(blank=True, null=True)),
                    ("data", models.JSONField(default=dict)),
                    ("occurred_at", models.DateTimeField()),
                    ("position", models.BigIntegerField(blank=True, null=True, unique=True)),
                ],
                options={
                    "verbose_name_plural": "feed entries",
                    "ordering": ["position", "id"],
                    "indexes": [
                        models.Index(fields=["kind", "tenant", "position"], name="feed_entry_by_audience"),
                        models.Index(
                            condition=models.Q(("position__isnull", True)), fields=["id"], name="feed_entry_waiting"
                        ),
                        models.Index(
                            condition=models.Q(("candidate_id__isnull", False)),
                            fields=["candidate_id"],
                            name="feed_entry_by_candidate",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("kind__in", ["provider", "test_partner", "organiser", "verifier", "candidate"])
                            ),
                            name="feed_entry_known_kind",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("tenant", ""), _negated=True), models.Q(("scope", ""), _negated=True)
                            ),
                            name="feed_entry_has_an_audience",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="FeedHorizon",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("position", models.BigIntegerField()),
                    ("forgotten_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="feed_horizon_single")],
                },
            ),
        ),
        migrations.RunSQL("CREATE SEQUENCE partner_api_feed_position", "DROP SEQUENCE partner_api_feed_position"),
        migrations.RunSQL(REFUSE, LET),
        never_emptied("partner_api_feedentry"),
    ]
