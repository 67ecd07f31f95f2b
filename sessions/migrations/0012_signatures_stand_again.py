from django.db import migrations

from clients.append_only import only_insert_for_the_application, refuse_changes

# A note under a signature may only go on along its lifecycle: to its co-signature, back to its author, or void. All
# else about it stays, whoever asks and however. What was signed must have its row among the signatures.
NOTE_GUARD = """
CREATE FUNCTION guard_counseling_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved text[] := ARRAY[]::text[];
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% on counseling_note is refused: notes are voided or set aside, never removed', TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state IN ('needs_cosign', 'final', 'voided') THEN
        IF NEW.state = 'voided' AND OLD.state <> 'voided' THEN
            moved := ARRAY['state', 'voided_at', 'voided_by_id', 'void_kind', 'void_reason'];
        ELSIF OLD.state = 'voided' AND NEW.stands_for_id IS NULL THEN
            moved := ARRAY['stands_for_id'];
        ELSIF OLD.state = 'needs_cosign' AND NEW.state = 'final' AND EXISTS (
            SELECT FROM counseling_signature s WHERE s.note_id = OLD.id AND s.addendum_id IS NULL
                AND s.meaning = 'cosigner' AND s.version = OLD.version AND s.content_hash = OLD.content_hash
                AND s.signer_id <> OLD.author_id) THEN
            moved := ARRAY['state'];
        ELSIF OLD.state = 'needs_cosign' AND NEW.state = 'returned' AND EXISTS (
            SELECT FROM counseling_notereturn r WHERE r.note_id = OLD.id AND r.version = OLD.version) THEN
            moved := ARRAY['state', 'version', 'signed_at', 'signed_by_id', 'signer_name', 'credential',
                           'content_hash', 'late_reason', 'cosign_due_at'];
        END IF;
        IF to_jsonb(NEW) - moved IS DISTINCT FROM to_jsonb(OLD) - moved THEN
            RAISE EXCEPTION 'UPDATE on counseling_note is refused: a signature stands under it'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF NEW.state IN ('needs_cosign', 'final', 'voided') AND NOT EXISTS (
        SELECT FROM counseling_signature s WHERE s.note_id = OLD.id AND s.addendum_id IS NULL
            AND s.meaning = 'author' AND s.version = NEW.version AND s.content_hash = NEW.content_hash) THEN
        RAISE EXCEPTION 'a signed note needs its signature' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_counseling_note_rows BEFORE UPDATE OR DELETE ON counseling_note
    FOR EACH ROW EXECUTE FUNCTION guard_counseling_note();
CREATE TRIGGER guard_counseling_note_truncate BEFORE TRUNCATE ON counseling_note
    FOR EACH STATEMENT EXECUTE FUNCTION guard_counseling_note();
"""
NO_NOTE_GUARD = """
DROP TRIGGER guard_counseling_note_truncate ON counseling_note;
DROP TRIGGER guard_counseling_note_rows ON counseling_note;
DROP FUNCTION guard_counseling_note();
"""
# The goals that a signed note names are part of it.
GOALS_GUARD = """
CREATE FUNCTION guard_goals_of_signed_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.note_id ELSE OLD.note_id END;
BEGIN
    IF EXISTS (SELECT FROM counseling_note WHERE id = named AND state IN ('needs_cosign', 'final', 'voided')) THEN
        RAISE EXCEPTION '% on counseling_note_goals is refused: a signature stands under the note', TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_goals_of_signed_note BEFORE INSERT OR UPDATE OR DELETE ON counseling_note_goals
    FOR EACH ROW EXECUTE FUNCTION guard_goals_of_signed_note();
"""
NO_GOALS_GUARD = """
DROP TRIGGER guard_goals_of_signed_note ON counseling_note_goals;
DROP FUNCTION guard_goals_of_signed_note();
"""
SESSION_GUARD = """
CREATE OR REPLACE FUNCTION guard_session_of_signed_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM counseling_note
               WHERE session_id = OLD.id AND state IN ({states})) THEN
        RAISE EXCEPTION 'the note of this session is signed: its facts stay as they are'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
# Addenda come after the last signature; but a supervisor may close the book on a draft whose author is gone.
ADDENDUM_GUARD = """
CREATE OR REPLACE FUNCTION guard_addendum_of_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM counseling_note WHERE id = NEW.note_id AND {allowed}) THEN
        RAISE EXCEPTION 'addenda come after signing' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("counseling", "0011_states_of_notes_hold")]

    operations = [
        migrations.RunSQL(NOTE_GUARD, NO_NOTE_GUARD),
        migrations.RunSQL(GOALS_GUARD, NO_GOALS_GUARD),
        migrations.RunSQL(
            SESSION_GUARD.format(states="'needs_cosign', 'final', 'voided'"),
            SESSION_GUARD.format(states="'signed'"),
        ),
        migrations.RunSQL(
            ADDENDUM_GUARD.format(
                allowed="(state = 'final' OR (NEW.author_unavailable AND state IN ('draft', 'returned')))"
            ),
            ADDENDUM_GUARD.format(allowed="state = 'signed'"),
        ),
        refuse_changes("counseling_signature"),
        only_insert_for_the_application("counseling_signature"),
        refuse_changes("counseling_notereturn"),
        only_insert_for_the_application("counseling_notereturn"),
    ]
