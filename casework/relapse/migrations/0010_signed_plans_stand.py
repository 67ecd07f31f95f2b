from django.db import migrations

from clients.append_only import only_insert_for_the_application, refuse_changes

# A version counts as signed only with both signatures under exactly these words.
BOTH = """
CREATE FUNCTION guard_signing_of_prevention_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM relapse_plansignature
        WHERE plan_id = NEW.id AND content_hash = NEW.content_hash) <> 2 THEN
        RAISE EXCEPTION 'this version lacks a signature under its present words'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_signing_of_prevention_plan BEFORE INSERT OR UPDATE ON relapse_preventionplan FOR EACH ROW
    WHEN (NEW.state = 'signed') EXECUTE FUNCTION guard_signing_of_prevention_plan();
"""
BACK = """
DROP TRIGGER guard_signing_of_prevention_plan ON relapse_preventionplan;
DROP FUNCTION guard_signing_of_prevention_plan();
"""


class Migration(migrations.Migration):
    dependencies = [("relapse", "0009_versions_of_the_prevention_plan")]

    operations = [
        refuse_changes("relapse_preventionplan", when="OLD.state = 'signed'"),
        refuse_changes("relapse_plansignature"),
        only_insert_for_the_application("relapse_plansignature"),
        migrations.RunSQL(BOTH, BACK),
    ]
