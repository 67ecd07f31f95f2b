from django.db import migrations

# Notes signed until now: final, or awaiting a co-signature where their author is in training. Each gets the row that a
# signature is from now on. They keep the spelling of their content (schema 1), so that their hash stays true.
FORWARDS = """
UPDATE counseling_note SET stands_for_id = session_id;
UPDATE counseling_note n SET content_schema = 1,
    began_at = COALESCE(s.started_at, s.starts_at), ended_at = COALESCE(s.ended_at, s.ends_at),
    state = CASE WHEN u.is_trainee THEN 'needs_cosign' ELSE 'final' END,
    cosign_due_at = CASE WHEN u.is_trainee THEN n.signed_at + interval '7 days' END
FROM counseling_session s, staff_user u WHERE s.id = n.session_id AND u.id = n.author_id AND n.state = 'signed';
INSERT INTO counseling_signature
    (uid, note_id, meaning, version, signer_id, signer_name, credential, content_hash, signed_at)
SELECT gen_random_uuid(), id, 'author', version, signed_by_id, signer_name, credential, content_hash, signed_at
FROM counseling_note WHERE signed_at IS NOT NULL;
INSERT INTO counseling_signature
    (uid, note_id, addendum_id, meaning, version, signer_id, signer_name, credential, content_hash, signed_at)
SELECT gen_random_uuid(), a.note_id, a.id, 'author', n.version, a.author_id, a.signer_name, a.credential,
    a.content_hash, a.signed_at
FROM counseling_addendum a JOIN counseling_note n ON n.id = a.note_id;
"""
BACKWARDS = """
DELETE FROM counseling_signature;
UPDATE counseling_note SET state = 'signed', cosign_due_at = NULL WHERE state IN ('final', 'needs_cosign');
"""


class Migration(migrations.Migration):
    dependencies = [("counseling", "0009_note_states"), migrations.swappable_dependency("staff.User")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
