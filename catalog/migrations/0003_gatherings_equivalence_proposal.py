import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from ceportal.kernel.operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AtOnce(
            migrations.CreateModel(
                name="Gathering",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("code", models.SlugField(max_length=40, unique=True)),
                    ("name", models.CharField(max_length=120)),
                    ("place", models.CharField(blank=True, max_length=120)),
                    ("time_zone", models.CharField(default="UTC", max_length=50)),
                    ("starts_on", models.DateField()),
                    ("ends_on", models.DateField()),
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "ordering": ["-starts_on"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                            name="gathering_ends_after_start",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Session",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("code", models.CharField(max_length=20)),
                    ("title", models.CharField(blank=True, max_length=200)),
                    ("minutes", models.PositiveSmallIntegerField()),
                    ("marked", models.BooleanField(default=False)),
                    (
                        "gathering",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="sessions", to="catalog.gathering"
                        ),
                    ),
                ],
                options={
                    "ordering": ["code"],
                    "constraints": [
                        models.UniqueConstraint(fields=("gathering", "code"), name="session_code_once_per_gathering"),
                        models.CheckConstraint(condition=models.Q(("minutes__gt", 0)), name="session_lasts"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="SessionTime",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("starts_at", models.DateTimeField()),
                    ("held_on", models.DateField()),
                    ("room", models.CharField(blank=True, max_length=60)),
                    (
                        "session",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="times", to="catalog.session"
                        ),
                    ),
                ],
                options={
                    "verbose_name": "session time",
                    "ordering": ["starts_at"],
                    "constraints": [
                        models.UniqueConstraint(fields=("session", "starts_at"), name="session_time_once"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Equivalence",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("reason", models.CharField(blank=True, max_length=300)),
                    ("decided_at", models.DateTimeField()),
                    (
                        "decided_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "item",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="equivalences", to="catalog.item"
                        ),
                    ),
                    (
                        "review",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="equivalences",
                            to="catalog.boardreview",
                        ),
                    ),
                    (
                        "same_as",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="equivalences_from",
                            to="catalog.item",
                        ),
                    ),
                ],
                options={
                    "ordering": ["-decided_at"],
                    "constraints": [
                        models.UniqueConstraint(fields=("item", "same_as"), name="equivalence_once"),
                        models.CheckConstraint(
                            condition=models.Q(("item__lt", models.F("same_as"))), name="equivalence_of_two_items"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Proposal",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("form_key", models.UUIDField(unique=True)),
                    ("code", models.SlugField(max_length=60)),
                    ("title", models.CharField(max_length=200)),
                    ("summary", models.TextField(blank=True)),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("instructor_led", "Instructor-led"),
                                ("virtual", "Virtual instructor-led"),
                                ("digital", "Digital with labs"),
                                ("digital_lite", "Digital without labs"),
                                ("learning_path", "Learning path"),
                                ("custom", "Custom instructor-led"),
                                ("workshop", "Workshop"),
                                ("bootcamp", "Bootcamp"),
                                ("other", "Other, pre-approved"),
                            ],
                            max_length=20,
                        ),
                    ),
                    ("technology", models.CharField(blank=True, max_length=60)),
                    ("language", models.CharField(default="en", max_length=10)),
                    ("hours", models.PositiveSmallIntegerField(blank=True, null=True)),
                    ("credits", models.PositiveSmallIntegerField()),
                    ("registration_number", models.CharField(blank=True, max_length=40)),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("open", "waiting for the board"),
                                ("withdrawn", "withdrawn"),
                                ("listed", "listed"),
                                ("declined", "declined"),
                            ],
                            default="open",
                            max_length=10,
                        ),
                    ),
                    ("proposed_at", models.DateTimeField()),
                    ("answered_at", models.DateTimeField(blank=True, null=True)),
                    ("answer", models.TextField(blank=True)),
                    (
                        "decision",
                        models.OneToOneField(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="proposal",
                            to="catalog.boarddecision",
                        ),
                    ),
                    (
                        "proposed_by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="proposals",
                            to="catalog.providermember",
                        ),
                    ),
                    (
                        "provider",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="proposals", to="catalog.provider"
                        ),
                    ),
                ],
                options={
                    "ordering": ["-proposed_at"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("status__in", ["open", "withdrawn", "listed", "declined"])),
                            name="proposal_known_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("answered_at__isnull", True), ("status", "open")),
                                models.Q(models.Q(("status", "open"), _negated=True), ("answered_at__isnull", False)),
                                _connector="OR",
                            ),
                            name="proposal_answered_has_when",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("decision__isnull", False), ("status", "listed")),
                                models.Q(models.Q(("status", "listed"), _negated=True), ("decision__isnull", True)),
                                _connector="OR",
                            ),
                            name="proposal_listed_has_decision",
                        ),
                    ],
                },
            ),
        ),
    ]
