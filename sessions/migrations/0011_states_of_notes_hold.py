import datetime

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("counseling", "0010_signed_notes_become_final")]

    operations = [
        migrations.AddConstraint(
            model_name="addendum",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cosign_due_at__isnull", False), ("needs_cosign", True)),
                    models.Q(("cosign_due_at", None), ("needs_cosign", False)),
                    _connector="OR",
                ),
                name="addendum_awaiting_cosignature_says_until_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("content_hash", ""),
                        ("signed_at", None),
                        ("signed_by", None),
                        ("state__in", ["draft", "returned", "deleted"]),
                    ),
                    models.Q(
                        ("content_hash__regex", "^[0-9a-f]{64}$"),
                        ("signed_at__isnull", False),
                        ("signed_by__isnull", False),
                        ("state__in", ("needs_cosign", "final", "voided")),
                    ),
                    _connector="OR",
                ),
                name="signed_note_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("stands_for", models.F("session")), models.Q(("state", "deleted"), _negated=True)
                    ),
                    models.Q(("stands_for", None), ("state__in", ["deleted", "voided"])),
                    _connector="OR",
                ),
                name="note_stands_for_its_session_or_none",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "needs_cosign"), _negated=True),
                    ("cosign_due_at__isnull", False),
                    _connector="OR",
                ),
                name="note_awaiting_cosignature_says_until_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state", "voided"),
                        ("voided_at__isnull", False),
                        ("voided_by__isnull", False),
                        models.Q(("void_kind", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "voided"), _negated=True),
                        ("void_kind", ""),
                        ("voided_at", None),
                        ("voided_by", None),
                    ),
                    _connector="OR",
                ),
                name="voided_note_says_when_by_whom_and_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deleted_at__isnull", False), ("state", "deleted")),
                    models.Q(models.Q(("state", "deleted"), _negated=True), ("deleted_at", None)),
                    _connector="OR",
                ),
                name="deleted_draft_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("began_at", None),
                    ("ended_at", None),
                    models.Q(
                        ("ended_at__gt", models.F("began_at")),
                        (
                            "ended_at__lte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("began_at"), "+", models.Value(datetime.timedelta(seconds=43200))
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                name="note_covers_up_to_twelve_hours",
            ),
        ),
    ]
