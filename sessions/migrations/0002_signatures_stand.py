from django.db import migrations

from clients.append_only import only_insert_for_the_application, refuse_changes

# What a signature vouches for stays: the note, its addenda, and the session's facts. Addenda need a signed note.
SESSION_GUARD = """
CREATE FUNCTION guard_session_of_signed_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM counseling_note WHERE session_id = OLD.id AND state = 'signed') THEN
        RAISE EXCEPTION 'the note of this session is signed: its facts stay as they are'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_session_of_signed_note BEFORE UPDATE ON counseling_session FOR EACH ROW
    WHEN ((OLD.client_id, OLD.counselor_id, OLD.kind, OLD.modality, OLD.starts_at,
           OLD.ends_at, OLD.state, OLD.started_at, OLD.ended_at)
        IS DISTINCT FROM
          (NEW.client_id, NEW.counselor_id, NEW.kind, NEW.modality, NEW.starts_at,
           NEW.ends_at, NEW.state, NEW.started_at, NEW.ended_at))
    EXECUTE FUNCTION guard_session_of_signed_note();
"""
ADDENDUM_GUARD = """
CREATE FUNCTION guard_addendum_of_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM counseling_note WHERE id = NEW.note_id AND state = 'signed') THEN
        RAISE EXCEPTION 'addenda come after signing' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_addendum_of_draft BEFORE INSERT ON counseling_addendum FOR EACH ROW
    EXECUTE FUNCTION guard_addendum_of_draft();
"""


class Migration(migrations.Migration):
    dependencies = [("counseling", "0001_initial")]

    operations = [
        refuse_changes("counseling_note", when="OLD.state = 'signed'"),
        refuse_changes("counseling_addendum"),
        only_insert_for_the_application("counseling_addendum"),
        migrations.RunSQL(
            SESSION_GUARD,
            "DROP TRIGGER guard_session_of_signed_note ON counseling_session;"
            "DROP FUNCTION guard_session_of_signed_note();",
        ),
        migrations.RunSQL(
            ADDENDUM_GUARD,
            "DROP TRIGGER guard_addendum_of_draft ON counseling_addendum;"
            "DROP FUNCTION guard_addendum_of_draft();",
        ),
    ]
