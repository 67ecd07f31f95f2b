from django.db import migrations

from clients.append_only import refuse_changes

# What was learned together stands as it was said. The chain belongs to it, so its links stand with it.
FORWARD = """
CREATE FUNCTION guard_finished_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM relapse_learningreview
        WHERE id IN (COALESCE(NEW.review_id, OLD.review_id), COALESCE(OLD.review_id, NEW.review_id))
          AND state = 'finished'
    ) THEN
        RAISE EXCEPTION '% of a link of a finished review is refused', TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER guard_finished_chain
    BEFORE INSERT OR UPDATE OR DELETE ON relapse_reviewlink
    FOR EACH ROW EXECUTE FUNCTION guard_finished_chain();
"""
BACKWARD = """
DROP TRIGGER guard_finished_chain ON relapse_reviewlink;
DROP FUNCTION guard_finished_chain();
"""


class Migration(migrations.Migration):
    dependencies = [("relapse", "0007_learning_reviews")]

    operations = [
        refuse_changes("relapse_learningreview", when="OLD.state = 'finished'"),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
