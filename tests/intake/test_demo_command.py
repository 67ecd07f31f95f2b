"""manage.py demo_practice, and a practice made in the small hours."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from casework.followup.models import Message
from casework.intake.demo import cast, generate
from casework.intake.management.commands.demo_practice import sample_bundles
from clients.models import Client, Practice

from .bundles import bundle, write

NIGHT = datetime(2026, 3, 12, 9, 40, tzinfo=UTC)  # 05:40 in New York, 19:40 in Guam, 09:40 in London
pytestmark = pytest.mark.django_db


def test_in_the_small_hours_messages_still_leave() -> None:
    made = generate.generate(now=NIGHT, step=lambda what: None)
    due = Message.objects.waiting().filter(due_at__lt=NIGHT + timedelta(minutes=11))
    assert due.count() == len(made.due_soon) >= 18
    for message in due:
        assert 9 <= message.due_at.astimezone(ZoneInfo(message.tz)).hour < 20
    for user in made.premises.counselors:
        assert user.sessions.filter(state="scheduled", starts_at__gt=NIGHT).count() >= 3


class TestCommand:
    @pytest.fixture
    def quick(self, monkeypatch: pytest.MonkeyPatch, team: Any, sam: Any) -> None:
        """A generator that makes hardly anything, so that only the command is looked at."""
        premises = generate.Premises(team.site.practice, {cast.RIVER: team}, {}, {cast.SAM.email: sam}, {})
        monkeypatch.setattr(
            "casework.intake.management.commands.demo_practice.generate",
            lambda **asked: generate.Demo(premises),
        )

    def said(self, **options: Any) -> str:
        out = io.StringIO()
        call_command("demo_practice", stdout=out, stderr=out, **options)
        return out.getvalue()

    def test_it_refuses_where_no_demo_is_allowed(self, settings: Any) -> None:
        settings.DEBUG = settings.DEMO = False
        with pytest.raises(CommandError, match="only where DEMO=1 or DEBUG=1"):
            self.said()
        assert not Practice.objects.exists()

    def test_where_a_practice_is_it_says_so_and_does_nothing(self, settings: Any, practice: Practice) -> None:
        settings.DEMO = True
        assert self.said() == "There is a practice already: nothing was changed.\n"

    def test_it_adds_the_bundles_that_the_environment_names(
        self, settings: Any, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.DEMO = True
        write(tmp_path, bundle(), "a.json")
        write(tmp_path, "{", "b.json")
        monkeypatch.setenv("TURNAROUND_SAMPLE_BUNDLES", str(tmp_path))
        said = self.said()
        assert "1 of 2 sample bundles imported." in said
        assert "b.json: not imported." in said
        assert Client.objects.count() == 1

    def test_without_bundles_it_makes_do(
        self, settings: Any, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.DEMO = True
        monkeypatch.setenv("TURNAROUND_SAMPLE_BUNDLES", str(tmp_path / "nowhere"))
        assert "bundles" not in self.said()

    def test_the_bundles_beside_the_checkout_are_found(
        self, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TURNAROUND_SAMPLE_BUNDLES", raising=False)
        settings.BASE_DIR = tmp_path / "checkout"
        assert sample_bundles() is None
        beside = tmp_path / "shared" / "data" / "synthea-r4"
        beside.mkdir(parents=True)
        assert sample_bundles() == beside
