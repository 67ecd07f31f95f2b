"""The starter catalogue as it is shipped (clinical.md §3.7)."""

import pytest

from clients.catalogue import MOUD, starter_catalogue
from clients.models import Substance

ENTRIES = {row["key"]: row for row in starter_catalogue()}


def test_every_entry_has_a_key_of_its_own_and_a_name_in_both_languages():
    assert len(ENTRIES) == len(starter_catalogue()) >= 28
    assert all(row["name_en"] and row["name_es"] for row in ENTRIES.values())


def test_every_class_is_one_that_the_program_knows():
    assert {row["klass"] for row in ENTRIES.values()} <= set(Substance.Klass.values)


def test_clonazepam_carries_the_code_that_public_sources_agree_on():
    clonazepam = ENTRIES["clonazepam"]
    assert (clonazepam["rxcui"], clonazepam["atc"], clonazepam["icd_prefix"]) == ("2598", "N03AE01", "F13")
    assert "Klonopin" in clonazepam["brands"]
    assert "k-pin" in clonazepam["street_names"]


def test_what_is_dangerous_to_stop_and_where_tolerance_is_lost_follows_from_the_class():
    for row in ENTRIES.values():
        assert row["sudden_stop_danger"] is (row["klass"] in {"sedative", "alcohol"})
        assert row["tolerance_loss_danger"] is (row["klass"] in {"sedative", "alcohol", "opioid"})
        assert row["counts_as_moud"] is (row["key"] in MOUD)


def test_only_the_unknown_may_be_named_in_a_message():
    assert [key for key, row in ENTRIES.items() if not row["lint_block"]] == ["other"]


@pytest.mark.django_db
def test_the_migration_loads_what_the_file_says():
    assert set(Substance.objects.values_list("key", flat=True)) == set(ENTRIES)
