from django.db import migrations

from clients.append_only import only_insert_for_the_application, refuse_changes

# Of a result only its voiding is ever written, and that once.
RESULT_GUARD = """
CREATE FUNCTION guard_measure_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.voided_at IS NULL
        AND (OLD.id, OLD.uid, OLD.client_id, OLD.session_id, OLD.request_id, OLD.measure, OLD.version, OLD.language,
             OLD.respondent, OLD.mode, OLD.taken_at, OLD.recorded_at, OLD.recorded_by_id, OLD.answers)
            IS NOT DISTINCT FROM
            (NEW.id, NEW.uid, NEW.client_id, NEW.session_id, NEW.request_id, NEW.measure, NEW.version, NEW.language,
             NEW.respondent, NEW.mode, NEW.taken_at, NEW.recorded_at, NEW.recorded_by_id, NEW.answers)
    THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'the result of a measure stands: it can be voided, not changed'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER guard_measure_result BEFORE UPDATE OR DELETE ON measures_measureresult
    FOR EACH ROW EXECUTE FUNCTION guard_measure_result();
CREATE TRIGGER guard_measure_result_truncate BEFORE TRUNCATE ON measures_measureresult
    FOR EACH STATEMENT EXECUTE FUNCTION guard_measure_result();
"""


class Migration(migrations.Migration):
    dependencies = [("measures", "0001_initial")]

    operations = [
        migrations.RunSQL(
            RESULT_GUARD,
            "DROP TRIGGER guard_measure_result ON measures_measureresult;"
            "DROP TRIGGER guard_measure_result_truncate ON measures_measureresult;"
            "DROP FUNCTION guard_measure_result();",
        ),
        refuse_changes("measures_scoring"),
        only_insert_for_the_application("measures_scoring"),
    ]
