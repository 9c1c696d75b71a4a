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


# The first argument asks, of the row as JSON ($1), whether the person it is about was erased; the others are columns.
FUNCTION_BUT_ERASURE = """
CREATE FUNCTION refuse_change_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb;
    erased boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        after := to_jsonb(NEW);
        FOR place IN 1 .. TG_NARGS - 1 LOOP
            IF after -> TG_ARGV[place] IN ('null'::jsonb, '""'::jsonb, '"erased"'::jsonb, '{}'::jsonb, '[]'::jsonb) THEN
                before := before - TG_ARGV[place];
                after := after - TG_ARGV[place];
            END IF;
        END LOOP;
        IF before = after THEN
            EXECUTE TG_ARGV[0] INTO erased USING to_jsonb(OLD);
            IF erased THEN
                RETURN NEW;
            END IF;
        END IF;
    END IF;
    RAISE EXCEPTION 'Rows of % are never changed or removed; a correction is a new row.', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

create_function_but_erasure = migrations.RunSQL(FUNCTION_BUT_ERASURE, "DROP FUNCTION refuse_change_but_erasure()")


def append_only_but_erasure(table: str, *, erased: str, columns: tuple[str, ...]) -> migrations.RunSQL:
    """Let an append-only table have some columns emptied, of a person who was erased, and nothing else (CAND-09).

    `erased` asks whether the person was: a query on the row as it was, which it knows as JSON by the name $1.
    """
    arguments = ", ".join("'" + each.replace("'", "''") + "'" for each in (erased, *columns))
    return migrations.RunSQL(
        f"DROP TRIGGER {table}_append_only ON {table};"
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure({arguments})",
        f"DROP TRIGGER {table}_append_only ON {table};"
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    )
