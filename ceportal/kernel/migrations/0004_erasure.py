"""Append-only tables may have personal text emptied, of a person who was erased (CAND-09)."""

from django.db import migrations

from ceportal.kernel.triggers import create_function_but_erasure


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_privacy")]

    operations = [create_function_but_erasure]
