from django.db import migrations

# Nobody leads a meeting and holds a session at once, and no room has both. Each table keeps itself by its exclusion
# constraints; between the two this looks, one person or room at a time, so that two who book at once both count.
TAKEN = """
CREATE FUNCTION counseling_refuse_taken(what text, who bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'one_booking_at_a_time_per_%: % is taken then', what, who
        USING ERRCODE = 'exclusion_violation';
END $$;

CREATE FUNCTION guard_meeting_beside_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(71001, NEW.counselor_id::int);
    IF EXISTS (SELECT FROM counseling_session s WHERE s.counselor_id = NEW.counselor_id AND s.meeting_id IS NULL
               AND s.state IN ('scheduled', 'in_progress', 'attended')
               AND s.starts_at < NEW.ends_at AND s.ends_at > NEW.starts_at) THEN
        PERFORM counseling_refuse_taken('counselor', NEW.counselor_id);
    END IF;
    IF NEW.room_id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(71002, NEW.room_id::int);
        IF EXISTS (SELECT FROM counseling_session s WHERE s.room_id = NEW.room_id AND s.meeting_id IS NULL
                   AND s.state IN ('scheduled', 'in_progress', 'attended')
                   AND s.starts_at < NEW.ends_at AND s.ends_at > NEW.starts_at) THEN
            PERFORM counseling_refuse_taken('room', NEW.room_id);
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_new_meeting_beside_sessions BEFORE INSERT ON counseling_groupmeeting FOR EACH ROW
    WHEN (NEW.state <> 'cancelled') EXECUTE FUNCTION guard_meeting_beside_sessions();
CREATE TRIGGER guard_moved_meeting_beside_sessions BEFORE UPDATE ON counseling_groupmeeting FOR EACH ROW
    WHEN (NEW.state <> 'cancelled' AND (OLD.counselor_id, OLD.room_id, OLD.starts_at, OLD.ends_at, OLD.state)
          IS DISTINCT FROM (NEW.counselor_id, NEW.room_id, NEW.starts_at, NEW.ends_at, NEW.state))
    EXECUTE FUNCTION guard_meeting_beside_sessions();

CREATE FUNCTION guard_session_beside_meetings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(71001, NEW.counselor_id::int);
    IF EXISTS (SELECT FROM counseling_groupmeeting m WHERE m.counselor_id = NEW.counselor_id
               AND m.state <> 'cancelled' AND m.starts_at < NEW.ends_at AND m.ends_at > NEW.starts_at) THEN
        PERFORM counseling_refuse_taken('counselor', NEW.counselor_id);
    END IF;
    IF NEW.room_id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(71002, NEW.room_id::int);
        IF EXISTS (SELECT FROM counseling_groupmeeting m WHERE m.room_id = NEW.room_id
                   AND m.state <> 'cancelled' AND m.starts_at < NEW.ends_at AND m.ends_at > NEW.starts_at) THEN
            PERFORM counseling_refuse_taken('room', NEW.room_id);
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_new_session_beside_meetings BEFORE INSERT ON counseling_session FOR EACH ROW
    WHEN (NEW.meeting_id IS NULL AND NEW.state IN ('scheduled', 'in_progress', 'attended'))
    EXECUTE FUNCTION guard_session_beside_meetings();
CREATE TRIGGER guard_moved_session_beside_meetings BEFORE UPDATE ON counseling_session FOR EACH ROW
    WHEN (NEW.meeting_id IS NULL AND NEW.state IN ('scheduled', 'in_progress', 'attended')
          AND (OLD.counselor_id, OLD.room_id, OLD.starts_at, OLD.ends_at, OLD.meeting_id,
               OLD.state IN ('scheduled', 'in_progress', 'attended'))
              IS DISTINCT FROM (NEW.counselor_id, NEW.room_id, NEW.starts_at, NEW.ends_at, NEW.meeting_id, true))
    EXECUTE FUNCTION guard_session_beside_meetings();
"""
FREE = """
DROP TRIGGER guard_moved_session_beside_meetings ON counseling_session;
DROP TRIGGER guard_new_session_beside_meetings ON counseling_session;
DROP FUNCTION guard_session_beside_meetings();
DROP TRIGGER guard_moved_meeting_beside_sessions ON counseling_groupmeeting;
DROP TRIGGER guard_new_meeting_beside_sessions ON counseling_groupmeeting;
DROP FUNCTION guard_meeting_beside_sessions();
DROP FUNCTION counseling_refuse_taken(text, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("counseling", "0007_groups")]

    operations = [migrations.RunSQL(TAKEN, FREE)]
