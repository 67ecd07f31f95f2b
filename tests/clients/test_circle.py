"""Whom to call in an emergency, with the consent that names them, and who decides for the client."""

from datetime import timedelta

import pytest
from django.urls import reverse

from casework.followup.actions.pausing import add_guardian
from clients import emergency_contacts as acts
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent, Client, EmergencyContact, Guardian

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
JO = {"name": "Jo Moreno", "relationship": "brother", "phone": "602-555-0188"}


def add(client, by, now, **more):
    return acts.add_emergency_contact(client_id=client.pk, by=by, now=now, **{**JO, **more})


def may_be_called(now):
    return list(EmergencyContact.objects.consented(now))


def test_without_consent_naming_them_nobody_is_called(alex, dana, now):
    jo = add(alex, dana, now)
    assert (jo.may_be_called, may_be_called(now)) == (False, [])
    acts.give_named_consent(contact_id=jo.pk, by=dana, now=now + HOUR)
    assert may_be_called(now + HOUR) == [jo]
    assert may_be_called(now) == []


def test_consent_can_come_with_the_name_and_be_taken_back_at_once(alex, dana, now):
    jo = add(alex, dana, now, consent_given=True)
    assert may_be_called(now) == [jo]
    acts.withdraw_named_consent(contact_id=jo.pk, by=dana, now=now + HOUR)
    assert may_be_called(now + HOUR) == []
    jo.refresh_from_db()
    assert (jo.consent_given_at, jo.consent_withdrawn_at, jo.may_be_called) == (now, now + HOUR, False)
    acts.give_named_consent(contact_id=jo.pk, by=dana, now=now + 2 * HOUR)
    assert may_be_called(now + 2 * HOUR) == [jo]


def test_giving_or_withdrawing_twice_changes_nothing(alex, dana, now):
    jo = add(alex, dana, now)
    acts.withdraw_named_consent(contact_id=jo.pk, by=dana, now=now)
    acts.give_named_consent(contact_id=jo.pk, by=dana, now=now)
    acts.give_named_consent(contact_id=jo.pk, by=dana, now=now + HOUR)
    jo.refresh_from_db()
    assert jo.consent_given_at == now
    assert AuditEvent.objects.filter(verb__startswith="emergency_contact.").count() == 2


def test_whoever_is_off_the_list_stays_on_record_and_is_not_called(alex, dana, now):
    jo = add(alex, dana, now, consent_given=True)
    acts.retire_emergency_contact(contact_id=jo.pk, by=dana, now=now)
    assert may_be_called(now) == []
    assert list(EmergencyContact.objects.of(alex).current()) == []
    for act in (acts.give_named_consent, acts.withdraw_named_consent, acts.retire_emergency_contact):
        with pytest.raises(Conflict):
            act(contact_id=jo.pk, by=dana, now=now)


@pytest.mark.parametrize("missing", JO)
def test_a_name_without_the_rest_is_declined(alex, dana, now, missing):
    with pytest.raises(InvalidInput) as refused:
        add(alex, dana, now, **{missing: "  "})
    assert refused.value.field == missing
    assert not EmergencyContact.objects.exists()


def test_the_trail_knows_no_name(alex, dana, now):
    add(alex, dana, now, consent_given=True)
    row = AuditEvent.objects.get(verb="emergency_contact.added")
    assert (row.client_id, row.detail) == (alex.pk, {"consent": True})


@pytest.mark.parametrize("person", ["ada", "audrey"])
def test_only_those_who_care_for_clients_keep_the_list(request, person, alex, dana, now):
    jo, by = add(alex, dana, now), request.getfixturevalue(person)
    with pytest.raises(NotAllowed):
        add(alex, by, now)
    for act in (acts.give_named_consent, acts.withdraw_named_consent, acts.retire_emergency_contact):
        with pytest.raises(NotAllowed):
            act(contact_id=jo.pk, by=by, now=now)


# --- the pages -------------------------------------------------------------------------------------------------------
def text(answer):
    return " ".join(answer.content.decode().split())


def page(browser, client):
    return text(browser.get(reverse("desk:client", kwargs={"uid": client.uid})))


def test_the_clients_page_says_who_may_be_called(as_dana, alex):
    assert "Nobody to call in an emergency, and no guardian." in page(as_dana, alex)
    new = reverse("clients:emergency_contact_new", kwargs={"uid": alex.uid})
    assert "naming them, nobody calls them" in text(as_dana.get(new))
    as_dana.post(new, JO)
    shown = page(as_dana, alex)
    assert "Jo Moreno" in shown
    assert "No consent: not to be called" in shown
    jo = EmergencyContact.objects.get()
    for what, said in (("agreed", "May be called in an emergency"), ("withdrawn", "No consent")):
        answer = as_dana.post(
            reverse("clients:emergency_contact", kwargs={"uid": jo.uid, "what": what}), follow=True
        )
        assert said in text(answer)
    as_dana.post(reverse("clients:emergency_contact", kwargs={"uid": jo.uid, "what": "retired"}))
    assert "Jo Moreno" not in page(as_dana, alex)


def test_an_act_that_there_is_not_is_not_found(as_dana, alex, dana, now):
    jo = add(alex, dana, now)
    address = reverse("clients:emergency_contact", kwargs={"uid": jo.uid, "what": "called"})
    assert as_dana.post(address).status_code == 404


def test_a_change_of_guardian_stands_on_the_page_until_the_consent_was_gone_through(as_dana, alex):
    new = reverse("followup:guardian_new", kwargs={"uid": alex.uid})
    assert "No message goes out" in text(as_dana.get(new))
    today = Client.objects.get().registered_at.date()
    as_dana.post(new, {"name": "Maria Moreno", "relationship": "parent", "from_on": str(today)})
    shown = page(as_dana, alex)
    assert "Consent to be gone through again" in shown
    assert "Guardian changed: consent to be gone through again" in shown
    assert reverse("followup:resume", kwargs={"uid": alex.uid}) not in shown
    rechecked = reverse("followup:consent_rechecked", kwargs={"uid": alex.uid})
    assert "Messages go on." in text(as_dana.post(rechecked, follow=True))
    assert Client.objects.get().state == "active"
    assert "No change of guardian waits for this." in text(as_dana.post(rechecked, follow=True))


def test_a_guardian_ends_on_a_page_of_their_own(as_dana, alex, dana, now):
    guardian = add_guardian(
        client_id=alex.pk,
        name="Maria Moreno",
        relationship="parent",
        from_on=now.date(),
        by=dana,
        now=now,
        consent_rechecked=True,
    )
    address = reverse("followup:guardian_end", kwargs={"uid": guardian.uid})
    assert "Maria Moreno decides no more" in text(as_dana.get(address))
    early = as_dana.post(address, {"on": "2020-01-01"})
    assert early.context["form"].errors["on"] == ["This day lies before it began."]
    as_dana.post(address, {"on": str(now.date())})
    assert Guardian.objects.get().to_on == now.date()
    assert Client.objects.get().state == "paused"
