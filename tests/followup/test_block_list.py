"""What the provider has blocked counts as a STOP that we never heard (clinical.md §5.3)."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from casework.followup.blocklist import import_blocked
from tests import factories
from tests.followup.making import report, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(alex):
    return alex.contact_points.get().normalized


def test_texting_ends_for_whoever_has_the_number_and_the_plan_follows(alex, dana, number, now):
    report(alex, dana, now - timedelta(days=1))
    assert import_blocked([number, "+15550000000"], now=now) == 1
    permission = alex.permissions.get()
    assert (permission.withdrawn_at, permission.withdrawn_how) == (now, "provider")
    assert statuses(alex) == {"cancelled"}


def test_the_same_list_again_changes_nothing(alex, number, now):
    assert import_blocked([number], now=now) == 1
    assert import_blocked([number], now=now + timedelta(days=1)) == 0
    assert alex.permissions.get().withdrawn_at == now


def test_everybody_on_a_shared_phone_is_stopped(alex, dana, team, number, now):
    partner = factories.client_of(dana, team=team, given_name="Kim")
    partner.contact_points.update(normalized=number)
    assert import_blocked([number], now=now) == 2


def test_a_number_that_was_given_up_stops_nobody(alex, number, now):
    alex.contact_points.update(retired_at=now)
    assert import_blocked([number], now=now) == 0


def imported(path):
    out = StringIO()
    call_command("import_block_list", str(path), stdout=out)
    return out.getvalue()


def test_the_providers_export_is_read_as_it_comes(alex, practice, number, tmp_path):
    digits = number.removeprefix("+1")
    export = tmp_path / "export.csv"
    export.write_text(
        f"number,since\n({digits[:3]}) {digits[3:6]}-{digits[6:]},2026-01-01\n+15550001111\nnobody\n12\n"
    )
    assert imported(export) == "2 numbers read; texting ended for 1 clients.\n"


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        imported(tmp_path / "missing.csv")
