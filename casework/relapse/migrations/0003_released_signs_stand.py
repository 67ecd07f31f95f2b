from django.db import migrations

# Old assessments are read with the words they were made with: a released sign may be retired, never reworded.
FORWARD = """
CREATE FUNCTION guard_released_signs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of a released sign is refused: add a new version of the catalogue', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER guard_released_signs
    BEFORE DELETE OR UPDATE OF code, stage, label_en, label_es, hard, version ON relapse_stagesign
    FOR EACH ROW EXECUTE FUNCTION guard_released_signs();
"""
BACKWARD = """
DROP TRIGGER guard_released_signs ON relapse_stagesign;
DROP FUNCTION guard_released_signs();
"""


class Migration(migrations.Migration):
    dependencies = [("relapse", "0002_first_catalogue_of_signs")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
