"""The pages of the prevention plan: read, written, signed, printed."""

import pytest
from django.urls import reverse

from casework.relapse.models import PreventionPlan
from casework.relapse.prevention import actions, queries
from casework.relapse.prevention.content import Content, Person
from clients.models import Client

WORDS = Content(
    emotional=("I skip breakfast",),
    helps=("Call Rosa",),
    people=(Person("Rosa", "sister", "602-555-0188", printed=True), Person("Mr. Hidden")),
    reasons=("My daughter",),
)
TYPED = {
    "emotional": "I skip breakfast\r\n\r\nI stop answering",
    "mental": "",
    "physical": "I drive past the store",
    "helps": "Call Rosa",
    "places": "",
    "reasons": "My daughter",
    "person_0_name": "Rosa",
    "person_0_relation": "sister",
    "person_0_phone": "602-555-0188",
    "person_0_printed": "on",
    "person_1_name": "",
}
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def draft(alex, dana, now):
    plan = actions.begin_draft(client_id=alex.pk, by=dana, now=now)
    return actions.save_draft(plan_id=plan.pk, revision=1, content=WORDS, by=dana, now=now)


@pytest.fixture
def signed(draft, dana, now):
    return actions.sign_together(
        plan_id=draft.pk, revision=draft.revision, counselor=True, way="aloud", by=dana, now=now
    )


def at(name, record, **more):
    return reverse(f"relapse:prevention_{name}", kwargs={"uid": record.uid, **more})


def discharged(client):
    Client.objects.filter(pk=client.pk).update(state=Client.State.DISCHARGED)


class TestThePlan:
    def test_where_there_is_none_it_says_how_to_begin(self, as_dana, alex):
        page = as_dana.get(at("plan", alex)).content.decode()
        assert "no prevention plan yet" in page
        assert "Write the plan together" in page

    def test_writing_begins_with_one_click_and_lands_in_the_draft(self, as_dana, alex):
        answer = as_dana.post(at("begin", alex))
        assert answer["Location"] == at("edit", PreventionPlan.objects.get())

    def test_the_signed_plan_is_shown_with_its_signatures_and_its_paper(self, as_dana, alex, signed):
        page = as_dana.get(at("plan", alex)).content.decode()
        for said in ("I skip breakfast", "Call Rosa", "602-555-0188", "agreed aloud before Dana Reyes"):
            assert said in page
        assert at("paper", signed, language="es") in page
        assert "Write the next version" in page

    def test_a_draft_beside_it_says_whose_signature_it_waits_for(self, as_dana, alex, draft, dana, now):
        actions.sign_as_counselor(plan_id=draft.pk, revision=draft.revision, by=dana, now=now)
        assert "Waits for Alex's signature" in as_dana.get(at("plan", alex)).content.decode()

    def test_the_languages_begin_with_the_clients_own(self, as_dana, alex, signed):
        Client.objects.filter(pk=alex.pk).update(language="es")
        page = as_dana.get(at("plan", alex)).content.decode()
        assert page.index(at("paper", signed, language="es")) < page.index(at("paper", signed, language="en"))

    def test_of_somebody_discharged_it_is_read_and_printed_only(self, as_dana, alex, draft, signed):
        discharged(alex)
        page = as_dana.get(at("plan", alex)).content.decode()
        assert "I skip breakfast" in page
        assert "Write the next version" not in page
        assert as_dana.post(at("begin", alex))["Location"] == at("plan", alex)
        assert not PreventionPlan.objects.drafts().exists()

    def test_the_auditor_reads_without_buttons(self, browser, audrey, alex, signed):
        browser.force_login(audrey)
        page = browser.get(at("plan", alex)).content.decode()
        assert "I skip breakfast" in page
        assert "next version" not in page

    def test_reading_takes_as_many_queries_for_one_version_as_for_five(
        self, as_dana, alex, dana, now, signed, django_assert_max_num_queries
    ):
        for _more in range(4):
            plan = actions.begin_draft(client_id=alex.pk, by=dana, now=now)
            actions.sign_together(
                plan_id=plan.pk, revision=plan.revision, counselor=True, way="aloud", by=dana, now=now
            )
        as_dana.get(at("plan", alex))
        with django_assert_max_num_queries(20):
            as_dana.get(at("plan", alex))


class TestWriting:
    def test_the_form_holds_the_draft_and_saves_itself(self, as_dana, draft):
        page = as_dana.get(at("edit", draft)).content.decode()
        assert f'data-autosave="{at("edit", draft)}"' in page
        assert "I skip breakfast</textarea>" in page
        assert 'name="person_5_name"' in page

    def test_autosave_keeps_what_was_typed(self, as_dana, draft):
        answer = as_dana.post(at("edit", draft), TYPED | {"version": draft.revision}, **JSON)
        assert answer.status_code == 200
        assert answer.json()["version"] == draft.revision + 1
        draft.refresh_from_db()
        assert draft.words.emotional == ("I skip breakfast", "I stop answering")
        assert draft.words.people == (Person("Rosa", "sister", "602-555-0188", printed=True),)

    def test_who_saves_later_sees_both_texts(self, as_dana, draft):
        answer = as_dana.post(at("edit", draft), TYPED | {"version": draft.revision - 1}, **JSON)
        assert answer.status_code == 409
        told = answer.json()
        assert told["version"] == draft.revision
        assert told["fields"]["emotional"] == "I skip breakfast"
        assert (told["fields"]["person_0_printed"], told["fields"]["person_1_printed"]) == ("on", "")
        draft.refresh_from_db()
        assert draft.words == WORDS

    def test_without_scripts_both_texts_are_on_the_page(self, as_dana, draft):
        answer = as_dana.post(at("edit", draft), TYPED | {"version": draft.revision - 1})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "I drive past the store" in page
        assert "Mr. Hidden" in page
        assert f'name="version" value="{draft.revision}"' in page

    def test_a_wrong_entry_is_named_and_what_was_typed_is_kept(self, as_dana, draft):
        typed = TYPED | {"version": draft.revision, "places": "x" * 301}
        answer = as_dana.post(at("edit", draft), typed)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "One line is too long" in page
        assert "x" * 301 in page
        assert as_dana.post(at("edit", draft), typed, **JSON).status_code == 422

    def test_an_error_about_people_stands_beside_the_first_name(self, as_dana, draft):
        typed = TYPED | {"version": draft.revision, "person_1_phone": "555"}
        page = as_dana.post(at("edit", draft), typed).content.decode()
        assert "Give the person a name" in page

    @pytest.mark.parametrize("version", ["", "x", "999999999999", "-1"])
    def test_a_version_that_is_no_number_is_an_old_one(self, as_dana, draft, version):
        assert as_dana.post(at("edit", draft), TYPED | {"version": version}, **JSON).status_code == 409

    def test_saving_leads_on_to_signing_when_asked(self, as_dana, draft):
        typed = TYPED | {"version": draft.revision}
        assert as_dana.post(at("edit", draft), typed | {"then": "sign"})["Location"] == at("sign", draft)
        draft.refresh_from_db()
        again = typed | {"version": draft.revision}
        assert as_dana.post(at("edit", draft), again)["Location"] == at("edit", draft)

    def test_what_is_signed_is_not_opened_for_writing(self, as_dana, signed):
        assert as_dana.get(at("edit", signed))["Location"] == at("version", signed)
        answer = as_dana.post(at("edit", signed), TYPED | {"version": signed.revision})
        assert answer["Location"] == at("version", signed)
        assert as_dana.post(at("edit", signed), TYPED, **JSON).status_code == 409

    def test_it_warns_when_the_page_is_full(self, as_dana, draft, dana, now):
        long = Content(helps=tuple(f"{n} " + "walk " * 55 for n in range(20)))
        actions.save_draft(plan_id=draft.pk, revision=draft.revision, content=long, by=dana, now=now)
        assert "shorten it first" in as_dana.get(at("edit", draft)).content.decode()


class TestSigning:
    def test_both_sign_on_one_page(self, as_dana, draft, alex):
        page = as_dana.get(at("sign", draft)).content.decode()
        assert "I sign as Dana Reyes LADC" in page
        answer = as_dana.post(
            at("sign", draft),
            {"revision": draft.revision, "counselor": "on", "way": "typed", "name": "Alex M."},
        )
        assert answer["Location"] == at("plan", alex)
        draft.refresh_from_db()
        assert draft.is_signed
        assert draft.signatures.get(party="client").name == "Alex M."

    def test_who_has_signed_is_not_asked_again(self, as_dana, draft, dana, now):
        as_dana.post(at("sign", draft), {"revision": draft.revision, "counselor": "on", "way": ""})
        page = as_dana.get(at("sign", draft)).content.decode()
        assert 'name="counselor"' not in page
        assert "Signed already:" in page
        as_dana.post(at("sign", draft), {"revision": draft.revision, "way": "aloud"})
        draft.refresh_from_db()
        assert draft.is_signed

    def test_the_counselor_can_sign_after_the_client(self, as_dana, draft, dana, now):
        actions.sign_for_client(plan_id=draft.pk, revision=draft.revision, way="aloud", by=dana, now=now)
        assert 'name="way"' not in as_dana.get(at("sign", draft)).content.decode()
        as_dana.post(at("sign", draft), {"revision": draft.revision, "counselor": "on"})
        draft.refresh_from_db()
        assert draft.is_signed

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"way": "typed", "counselor": "on"}, "The client types their name here."),
            ({"way": ""}, "Choose who signs now."),
        ],
    )
    def test_what_is_missing_is_said_and_nobody_has_signed(self, as_dana, draft, sent, said):
        page = as_dana.post(at("sign", draft), {"revision": draft.revision, **sent}).content.decode()
        assert said in page
        assert not draft.signatures.exists()

    def test_words_changed_meanwhile_are_read_again_before_they_are_signed(self, as_dana, draft):
        answer = as_dana.post(
            at("sign", draft), {"revision": draft.revision - 1, "counselor": "on", "way": "aloud"}
        )
        assert "saved elsewhere" in answer.content.decode()
        assert not draft.signatures.exists()

    def test_an_unfinished_plan_says_what_to_fill_and_shows_no_button(self, as_dana, alex, dana, now):
        plan = actions.begin_draft(client_id=alex.pk, by=dana, now=now)
        page = as_dana.get(at("sign", plan)).content.decode()
        assert "Still to be filled before signing" in page
        assert 'name="counselor"' not in page

    def test_a_plan_with_letters_that_paper_lacks_says_so(self, as_dana, draft, dana, now):
        content = Content(emotional=("x",), helps=("Позвонить",), people=(Person("Rosa"),))
        actions.save_draft(plan_id=draft.pk, revision=draft.revision, content=content, by=dana, now=now)
        assert "It does not fit on paper yet" in as_dana.get(at("sign", draft)).content.decode()

    def test_a_signed_version_leads_to_reading(self, as_dana, signed):
        assert as_dana.get(at("sign", signed))["Location"] == at("version", signed)

    def test_a_draft_is_set_aside_with_one_click(self, as_dana, draft, alex):
        assert as_dana.post(at("set_aside", draft))["Location"] == at("plan", alex)
        assert queries.open_draft(alex) is None


class TestVersions:
    def test_a_version_shows_what_it_changed(self, as_dana, signed, alex, dana, now):
        change = actions.apply_changes(
            client_id=alex.pk,
            additions={"helps": ["Walk the dog"]},
            removals={"reasons": ["My daughter"]},
            by=dana,
            now=now,
        )
        page = as_dana.get(at("version", change.plan)).content.decode()
        assert "<ins>Walk the dog</ins>" in page
        assert "<del>My daughter</del>" in page

    def test_the_first_version_has_nothing_to_be_compared_with(self, as_dana, signed):
        page = as_dana.get(at("version", signed)).content.decode()
        assert "What changed" not in page
        assert signed.content_hash[:12] in page

    def test_words_that_are_not_what_was_signed_raise_an_alarm(self, as_dana, signed, monkeypatch):
        monkeypatch.setattr(PreventionPlan, "fingerprint", lambda self: "0" * 64)
        assert "not what was signed" in as_dana.get(at("version", signed)).content.decode()


class TestPaper:
    @pytest.mark.parametrize(
        ("language", "name"), [("en", "my-plan.pdf"), ("es", "mi-plan.pdf"), ("xx", "my-plan.pdf")]
    )
    def test_the_file_has_a_name_that_tells_nothing(self, as_dana, signed, language, name):
        answer = as_dana.get(at("paper", signed, language=language))
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"] == f'inline; filename="{name}"'
        assert answer["Cache-Control"] == "no-store"
        assert answer.content.startswith(b"%PDF")

    def test_what_does_not_fit_says_so_instead(self, as_dana, draft, dana, now):
        long = Content(helps=tuple(f"{n} " + "walk " * 55 for n in range(20)))
        actions.save_draft(plan_id=draft.pk, revision=draft.revision, content=long, by=dana, now=now)
        answer = as_dana.get(at("paper", draft, language="en"), follow=True)
        assert "too long for one page" in answer.content.decode()

    def test_a_stranger_gets_nothing(self, browser, robin, signed, alex):
        browser.force_login(robin)
        for name in ("version", "edit", "sign"):
            assert browser.get(at(name, signed)).status_code == 404
        assert browser.get(at("paper", signed, language="en")).status_code == 404
        assert browser.get(at("plan", alex)).status_code == 404
