"""SQL for tables, or rows, that nobody may change once written: not through a form, the ORM or a psql prompt.

A row trigger does not see TRUNCATE, so there is a statement trigger beside it. The application's role also loses the
right itself; the owner, who needs it for migrations, is stopped by the triggers.
"""

from django.conf import settings
from django.db import migrations


def refuse_changes(table: str, *, when: str = "true") -> migrations.RunSQL:
    """A migration operation: UPDATE and DELETE of rows for which `when` (over OLD) holds, and TRUNCATE, raise."""
    guard = f"guard_{table}"
    return migrations.RunSQL(
        sql=f"""
        CREATE FUNCTION {guard}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% on {table} is refused: these rows are only ever added to', TG_OP
                USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER {guard}_rows BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {guard}();
        CREATE TRIGGER {guard}_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION {guard}();
        """,
        reverse_sql=f"""
        DROP TRIGGER {guard}_truncate ON {table};
        DROP TRIGGER {guard}_rows ON {table};
        DROP FUNCTION {guard}();
        """,
    )


def only_insert_for_the_application(table: str) -> migrations.RunSQL:
    """A migration operation: the application's role may read and add rows of `table`, nothing else."""
    role = settings.DATABASE_APP_ROLE
    exists = f"IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN"
    return migrations.RunSQL(
        sql=f"DO $$ BEGIN {exists} REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}; END IF; END $$;",
        reverse_sql=f"DO $$ BEGIN {exists} GRANT UPDATE, DELETE ON {table} TO {role}; END IF; END $$;",
    )
