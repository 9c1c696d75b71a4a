"""Migration operations for tables whose rows are never changed or removed (CR-07)."""

from __future__ import annotations

from django.db import migrations

FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are never changed or removed; a correction is a new row.', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

create_function = migrations.RunSQL(FUNCTION, "DROP FUNCTION refuse_change()")


def append_only(table: str) -> migrations.RunSQL:
    """Let the database refuse UPDATE and DELETE on a table."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


def never_emptied(table: str) -> migrations.RunSQL:
    """Let the database refuse TRUNCATE on a table, which asks no trigger of single rows, by CASCADE too."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER {table}_never_emptied ON {table}",
    )
