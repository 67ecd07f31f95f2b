from importlib import import_module

from django.db import migrations

# Who stands beside the leader of a meeting is as taken as the leader. Two meetings of which one person leads the one
# and helps in the other are kept apart here too: an exclusion constraint compares one column only.
# What was booked before stays, and may be closed: only a new, moved or revived row is looked at.
BOTH = """
CREATE OR REPLACE FUNCTION guard_meeting_beside_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person bigint;
BEGIN
    FOR person IN SELECT p FROM unnest(ARRAY[NEW.counselor_id, NEW.co_counselor_id]) AS p
                  WHERE p IS NOT NULL ORDER BY p LOOP
        PERFORM pg_advisory_xact_lock(71001, person::int);
        IF EXISTS (SELECT FROM counseling_session s WHERE s.counselor_id = person AND s.meeting_id IS NULL
                   AND s.state IN ('scheduled', 'in_progress', 'attended')
                   AND s.starts_at < NEW.ends_at AND s.ends_at > NEW.starts_at)
           OR EXISTS (SELECT FROM counseling_groupmeeting m WHERE person IN (m.counselor_id, m.co_counselor_id)
                      AND m.id IS DISTINCT FROM NEW.id AND m.state <> 'cancelled'
                      AND m.starts_at < NEW.ends_at AND m.ends_at > NEW.starts_at) THEN
            PERFORM counseling_refuse_taken('counselor', person);
        END IF;
    END LOOP;
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
DROP TRIGGER guard_moved_meeting_beside_sessions ON counseling_groupmeeting;
CREATE TRIGGER guard_moved_meeting_beside_sessions BEFORE UPDATE ON counseling_groupmeeting FOR EACH ROW
    WHEN (NEW.state <> 'cancelled'
          AND (OLD.counselor_id, OLD.co_counselor_id, OLD.room_id, OLD.starts_at, OLD.ends_at,
               OLD.state <> 'cancelled')
              IS DISTINCT FROM
              (NEW.counselor_id, NEW.co_counselor_id, NEW.room_id, NEW.starts_at, NEW.ends_at, true))
    EXECUTE FUNCTION guard_meeting_beside_sessions();

CREATE OR REPLACE FUNCTION guard_session_beside_meetings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(71001, NEW.counselor_id::int);
    IF EXISTS (SELECT FROM counseling_groupmeeting m
               WHERE NEW.counselor_id IN (m.counselor_id, m.co_counselor_id)
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
"""
before = import_module("sessions.migrations.0008_meetings_beside_sessions")


class Migration(migrations.Migration):
    dependencies = [("counseling", "0012_signatures_stand_again")]

    operations = [migrations.RunSQL(BOTH, f"{before.FREE}{before.TAKEN}")]
