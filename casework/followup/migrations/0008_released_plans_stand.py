from django.db import migrations

from clients.append_only import refuse_changes

# A running plan keeps the version it began with, so neither a released version nor a step of one ever changes.
STEPS = """
CREATE FUNCTION guard_steps_of_released_plans() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM followup_templateversion
        WHERE state = 'released'
        AND (id = CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE OLD.template_id END
             OR id = CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE NEW.template_id END)
    ) THEN
        RAISE EXCEPTION '% of a step of a released plan is refused: make a new version', TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER guard_steps_of_released_plans BEFORE INSERT OR UPDATE OR DELETE ON followup_templatestep
    FOR EACH ROW EXECUTE FUNCTION guard_steps_of_released_plans();
"""
NO_STEPS = """
DROP TRIGGER guard_steps_of_released_plans ON followup_templatestep;
DROP FUNCTION guard_steps_of_released_plans();
"""


class Migration(migrations.Migration):
    dependencies = [("followup", "0007_three_default_plans")]

    operations = [
        refuse_changes("followup_templateversion", when="OLD.state = 'released'"),
        migrations.RunSQL(STEPS, NO_STEPS),
    ]
