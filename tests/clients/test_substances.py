"""The substances of a client, and finding one in the catalogue."""

from datetime import date

import pytest

from clients import actions
from clients.errors import InvalidInput, NotAllowed
from clients.models import AuditEvent, Substance
from clients.substance_search import search

pytestmark = pytest.mark.django_db


def of(key):
    return Substance.objects.get(key=key)


def recorded(by, client, key, now, **facts):
    return actions.set_substance(client_id=client.pk, substance=of(key), by=by, now=now, **facts)


def test_a_client_has_several_and_one_is_primary(dana, alex, now):
    recorded(dana, alex, "clonazepam", now, is_primary=True, is_prescribed=True)
    recorded(dana, alex, "alcohol", now, is_primary=True, route="oral")
    held = {one.substance.key: (one.is_primary, one.is_prescribed) for one in alex.substances.all()}
    assert held == {"clonazepam": (False, True), "alcohol": (True, False)}


def test_saying_it_again_corrects_the_row(dana, alex, now):
    first = recorded(dana, alex, "heroin", now, source="import", last_used_on=date(2026, 1, 5))
    again = recorded(dana, alex, "heroin", now, last_used_on=date(2026, 2, 5))
    assert again.pk == first.pk
    again.refresh_from_db()
    assert (again.source, again.last_used_on) == ("import", date(2026, 2, 5))


def test_last_use_is_not_before_first_use(dana, alex, now):
    with pytest.raises(InvalidInput) as declined:
        recorded(dana, alex, "heroin", now, first_used_on=date(2026, 2, 1), last_used_on=date(2026, 1, 1))
    assert declined.value.field == "last_used_on"
    assert not alex.substances.exists()


def test_one_recorded_by_mistake_goes_and_the_trail_keeps_that_it_was_there(dana, alex, now):
    row = recorded(dana, alex, "ghb", now)
    actions.remove_substance(client_substance_id=row.pk, by=dana, now=now)
    assert not alex.substances.exists()
    assert AuditEvent.objects.get(verb="substance.removed").detail == {"substance": of("ghb").pk}


@pytest.mark.parametrize("person", ["ada", "audrey"])
def test_others_record_no_substance(request, person, dana, alex, now):
    by = request.getfixturevalue(person)
    row = recorded(dana, alex, "alcohol", now)
    with pytest.raises(NotAllowed):
        recorded(by, alex, "heroin", now)
    with pytest.raises(NotAllowed):
        actions.remove_substance(client_substance_id=row.pk, by=by, now=now)
    assert list(alex.substances.all()) == [row]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("K-Pin", "clonazepam"),
        ("rivotril", "clonazepam"),
        ("heroina", "heroin"),
        ("HEROÍNA", "heroin"),
        ("barbitúricos", "barbiturate"),
        ("fetty", "fentanyl"),
        ("crack", "cocaine"),
    ],
)
def test_it_is_found_by_name_brand_or_street_name_with_or_without_accents(words, key):
    assert key in [one.key for one in search(words)]


def test_no_words_show_the_whole_catalogue_and_strange_words_nothing():
    assert len(search("  ")) == Substance.objects.filter(is_active=True).count()
    assert search("blue unicorn") == []


def test_a_retired_entry_is_not_found():
    Substance.objects.filter(key="kratom").update(is_active=False)
    assert search("kratom") == []


def test_the_starter_catalogue_is_there_and_knows_what_is_dangerous_to_stop():
    assert Substance.objects.count() >= 28
    dangerous = set(Substance.objects.filter(sudden_stop_danger=True).values_list("klass", flat=True))
    assert dangerous == {"sedative", "alcohol"}
    assert set(Substance.objects.filter(counts_as_moud=True).values_list("key", flat=True)) == {
        "methadone",
        "buprenorphine",
    }


def test_a_substance_has_a_name_in_the_language_of_the_page():
    from django.utils import translation

    heroin = of("heroin")
    assert str(heroin) == "Heroin"
    with translation.override("es"):
        assert str(heroin) == "Heroína"
