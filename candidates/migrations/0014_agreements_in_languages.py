"""Versions of agreements have translations, and are drafts until they are published (CE-05, CAND-01, LAB-02)."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ceportal.kernel.operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("candidates", "0013_tips"),
    ]

    operations = [
        AtOnce(
            migrations.AddField(
                model_name="acceptance",
                name="language",
                field=models.CharField(
                    blank=True, db_default="en", default="", max_length=10, verbose_name="language read"
                ),
            ),
            migrations.AddField(
                model_name="agreement",
                name="published_at",
                field=models.DateTimeField(
                    blank=True,
                    db_default=django.db.models.functions.datetime.Now(),
                    null=True,
                    verbose_name="published",
                ),
            ),
            migrations.AddField(
                model_name="agreement",
                name="published_by",
                field=models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            migrations.AlterField(
                model_name="agreement",
                name="effective_on",
                field=models.DateField(verbose_name="in force from"),
            ),
            migrations.AlterField(
                model_name="agreement",
                name="kind",
                field=models.CharField(
                    choices=[
                        ("terms", "programme terms"),
                        ("agreement", "certification and confidentiality agreement"),
                        ("recording", "recording on camera"),
                    ],
                    max_length=20,
                    verbose_name="kind",
                ),
            ),
            migrations.AlterField(
                model_name="agreement",
                name="text",
                field=models.TextField(verbose_name="text in English"),
            ),
            migrations.AlterField(
                model_name="agreement",
                name="title",
                field=models.CharField(max_length=200, verbose_name="title in English"),
            ),
            migrations.AlterField(
                model_name="agreement",
                name="version",
                field=models.CharField(
                    max_length=20,
                    validators=[django.core.validators.RegexValidator("^[0-9A-Za-z][0-9A-Za-z.-]*$")],
                    verbose_name="version",
                ),
            ),
            migrations.CreateModel(
                name="AgreementTranslation",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("language", models.CharField(max_length=10, verbose_name="language")),
                    ("title", models.CharField(max_length=200, verbose_name="title")),
                    ("text", models.TextField(verbose_name="text")),
                    (
                        "agreement",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="translations",
                            to="candidates.agreement",
                        ),
                    ),
                ],
                options={
                    "ordering": ["agreement", "language"],
                    "constraints": [
                        models.UniqueConstraint(fields=("agreement", "language"), name="agreement_translation_once"),
                        models.CheckConstraint(
                            condition=models.Q(("language", "en"), _negated=True),
                            name="agreement_translation_not_english",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("title", ""), _negated=True), models.Q(("text", ""), _negated=True)
                            ),
                            name="agreement_translation_has_words",
                        ),
                    ],
                },
            ),
        ),
    ]
