"""The pages around notes: one's own, several at once, second signatures, voiding, one's own words."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client as Browser
from django.urls import reverse

from sessions import actions
from sessions.models import Addendum, Note, NoteReturn, Snippet
from tests import factories
from tests.sessions.conftest import PASSWORD, WORDS, drafted, held, signed

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _at_that_moment(time_machine, now):
    time_machine.move_to(now, tick=False)


def url(name, record=None, *more):
    return reverse(f"counseling:{name}", args=[*([record.uid] if record else []), *more])


def signed_in(person) -> Browser:
    browser = Browser()
    browser.force_login(person)
    return browser


def text_of(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.fixture
def as_sam(sam) -> Browser:
    return signed_in(sam)


@pytest.fixture
def tess(team):
    return factories.counselor("Tess Imani", team=team, is_trainee=True)


@pytest.fixture
def casey(tess, team):
    return factories.client_of(tess, team=team, given_name="Casey", family_name="Lund")


@pytest.fixture
def waiting(casey, tess, now) -> Note:
    return signed(held(casey, tess, ended_at=now - HOUR), now=now)


# --- the editor ---


def test_the_editor_shows_the_header_as_the_session_fills_it(as_dana, session_held):
    page = as_dana.get(url("session", session_held))
    words = text_of(page)
    assert "Individual counseling" in words
    assert "50 min" in words
    assert page.context["header"]["roles"].value() == ["client", "counselor"]


def header_fields(page):
    header = page.context["header"]
    return {name: header[name].value() for name in header.fields if header[name].value() is not None} | {
        name: header[name].value().strftime("%Y-%m-%dT%H:%M") for name in ("began_at", "ended_at")
    }


def test_the_header_is_saved_with_the_words_and_follows_the_session_where_untouched(as_dana, session_held):
    page = as_dana.get(url("session", session_held))
    fields = header_fields(page) | WORDS | {"version": "0", "format": "dap", "place": "On a walk"}
    as_dana.post(url("save_note", session_held), fields)
    note = Note.objects.get()
    assert (note.place, note.began_at, note.ended_at) == ("On a walk", None, None)


def test_a_header_that_cannot_be_is_said_and_the_words_stay_on_the_device(as_dana, session_held):
    fields = WORDS | {"version": "0", "format": "dap", "header": "1", "ended_at": "2026-03-11T09:00"}
    fields |= {"began_at": "2026-03-11T10:00"}
    answer = as_dana.post(url("save_note", session_held), fields, headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert "after the beginning" in answer.json()["message"]
    nonsense = fields | {"ended_at": "soon"}
    answer = as_dana.post(url("save_note", session_held), nonsense, headers={"accept": "application/json"})
    assert answer.status_code == 422


def test_a_button_whose_save_was_refused_keeps_what_was_typed(as_dana, session_held):
    fields = WORDS | {"version": "0", "format": "dap", "header": "1", "ended_at": "soon", "who": "his sister"}
    answer = as_dana.post(url("save_note", session_held), fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert WORDS["data"] in page
    assert 'value="his sister"' in page
    assert not Note.objects.exists()


def test_a_stale_tab_gets_the_other_header_too(as_dana, session_held):
    page = as_dana.get(url("session", session_held))
    fields = header_fields(page) | WORDS | {"version": "0", "format": "dap"}
    as_dana.post(url("save_note", session_held), fields | {"place": "On a walk"})
    answer = as_dana.post(
        url("save_note", session_held), fields | {"data": "Other"}, headers={"accept": "application/json"}
    )
    assert answer.status_code == 409
    told = answer.json()["fields"]
    assert (told["place"], told["roles"]) == ("On a walk", ["client", "counselor"])
    assert len(told["began_at"]) == 16


@pytest.mark.parametrize("chosen", ["soap", "birp", "girp", "narrative"])
def test_every_format_can_be_chosen_and_what_saves_itself_changes_none(as_dana, draft, chosen):
    fields = WORDS | {"version": "1", "format": "dap", "to": chosen}
    as_dana.post(url("save_note", draft.session), fields, headers={"accept": "application/json"})
    draft.refresh_from_db()
    assert draft.format == "dap"
    as_dana.post(url("save_note", draft.session), fields | {"version": str(draft.version)})
    draft.refresh_from_db()
    assert draft.format == chosen


def test_a_new_note_begins_in_the_format_written_last(as_dana, alex, dana, session_held, now):
    other = held(alex, dana, ended_at=now - 3 * DAY)
    actions.save_draft(session_id=other.pk, version=0, sections={}, format="birp", by=dana, now=now)
    page = as_dana.get(url("session", session_held))
    assert page.context["layout"].key == "birp"


def test_a_part_of_the_last_note_is_taken_over_by_a_button(as_dana, alex, dana, session_held, now):
    signed(held(alex, dana, ended_at=now - 7 * DAY), now=now - 7 * DAY, data="Last week was calm.")
    page = as_dana.get(url("session", session_held))
    assert 'name="carry" value="data"' in page.content.decode()
    fields = {"version": "0", "format": "dap", "plan": "Typed", "carry": "data"}
    answer = as_dana.post(url("save_note", session_held), fields, follow=True)
    assert "Taken over" in text_of(answer)
    assert 'class="carried"' in answer.content.decode()
    note = Note.objects.get(session=session_held)
    assert note.sections == {"data": "Last week was calm.", "plan": "Typed"}
    review = as_dana.get(url("sign", session_held))
    assert [key for key, _label in review.context["unedited"]] == ["data"]
    answer = as_dana.post(
        url("save_note", session_held), fields | {"version": str(note.version), "carry": "risk"}, follow=True
    )
    assert "nothing to take over" in text_of(answer)


def test_a_template_fills_the_empty_parts_and_leaves_the_typed_ones(as_dana, dana, session_held, now):
    mine = actions.save_template(
        word="intake", format="soap", sections={"objective": "Seen:", "plan": "Next:"}, by=dana, now=now
    )
    fields = {"version": "0", "format": "dap", "plan": "Typed", "then": "template", "template": str(mine.uid)}
    as_dana.post(url("save_note", session_held), fields)
    note = Note.objects.get()
    assert (note.format, note.sections) == ("soap", {"objective": "Seen:", "plan": "Typed"})


def test_anothers_template_fills_nothing(as_dana, sam, session_held, now):
    theirs = actions.save_template(word="x", format="soap", sections={"plan": "Secret"}, by=sam, now=now)
    fields = {"version": "0", "format": "dap", "then": "template", "template": str(theirs.uid), "data": "d"}
    as_dana.post(url("save_note", session_held), fields)
    assert Note.objects.get().sections == {"data": "d"}


def test_a_deleted_draft_is_offered_back(as_dana, draft, session_held):
    answer = as_dana.post(url("delete_draft", draft), follow=True)
    assert "The draft is deleted" in text_of(answer)
    assert "Take it back" in text_of(answer)
    answer = as_dana.post(url("restore_draft", draft), follow=True)
    assert WORDS["data"] in answer.content.decode()


def test_the_editor_asks_a_bounded_number_of_queries(
    as_dana, alex, dana, session_held, now, django_assert_max_num_queries
):
    for days in range(1, 4):
        signed(held(alex, dana, ended_at=now - days * 7 * DAY), now=now - days * 7 * DAY)
    drafted(session_held, now=now)
    with django_assert_max_num_queries(12):
        as_dana.get(url("session", session_held))


# --- signing ---


def test_without_the_password_nothing_is_signed(as_dana, draft):
    for wrong in ("", "nonsense"):
        answer = as_dana.post(url("sign", draft.session), {"version": "1", "password": wrong})
        assert "password" in answer.context["form"].errors
    assert Note.objects.get().state == "draft"


def test_a_trainee_is_told_that_a_second_name_is_asked_for(casey, tess, now):
    note = drafted(held(casey, tess, ended_at=now - HOUR), now=now)
    browser = signed_in(tess)
    assert "co-sign it within 7 days" in text_of(browser.get(url("sign", note.session)))
    answer = browser.post(url("sign", note.session), {"version": "1", "password": PASSWORD}, follow=True)
    assert "Awaits co-signature" in text_of(answer)


def test_mine_lists_what_still_needs_something(as_dana, alex, dana, team, now):
    kim = factories.client_of(dana, team=team, given_name="Kim", family_name="Sato")
    drafted(held(alex, dana, ended_at=now - HOUR), now=now)
    held(kim, dana, ended_at=now - 5 * HOUR)
    signed(held(kim, dana, ended_at=now - DAY), now=now)
    found = as_dana.get(url("my_notes")).context["found"]
    assert [len(found.drafts), len(found.unwritten), len(found.returned), len(found.waiting)] == [1, 1, 0, 0]


def test_several_are_signed_at_once_after_each_was_ticked(as_dana, alex, dana, now):
    first = drafted(held(alex, dana, ended_at=now - HOUR), now=now, data="The first one")
    second = drafted(held(alex, dana, ended_at=now - 4 * HOUR), now=now, data="The second one")
    late = drafted(held(alex, dana, ended_at=now - 4 * DAY), now=now, data="The late one")
    empty = drafted(held(alex, dana, ended_at=now - 7 * HOUR), now=now, plan="")
    page = as_dana.get(url("sign_several"))
    words = text_of(page)
    for told in ("The first one", "The second one", "The late one", "Not ready: Plan"):
        assert told in words
    data = {f"version-{note.uid}": "1" for note in (first, second, late, empty)} | {
        "read": [str(first.uid), str(late.uid)],
        f"late-{late.uid}": "Power cut",
        "password": PASSWORD,
    }
    as_dana.post(url("sign_several"), data)
    states = dict(Note.objects.values_list("pk", "state"))
    assert states == {first.pk: "final", second.pk: "draft", late.pk: "final", empty.pk: "draft"}


def test_one_that_is_declined_keeps_none_of_the_others_back(as_dana, alex, dana, now):
    first = drafted(held(alex, dana, ended_at=now - HOUR), now=now)
    late = drafted(held(alex, dana, ended_at=now - 4 * DAY), now=now)
    data = {f"version-{note.uid}": "1" for note in (first, late)}
    data |= {"read": [str(first.uid), str(late.uid)], "password": PASSWORD}
    page = as_dana.post(url("sign_several"), data)
    assert "Say why it is late" in text_of(page)
    assert Note.objects.get(pk=first.pk).state == "final"
    assert Note.objects.get(pk=late.pk).state == "draft"


def test_several_need_the_password_a_tick_and_the_version_that_was_read(as_dana, draft, dana, now):
    data = {"read": [str(draft.uid)], f"version-{draft.uid}": "1"}
    as_dana.post(url("sign_several"), data | {"password": "nonsense"})
    as_dana.post(url("sign_several"), {"password": PASSWORD})
    as_dana.post(url("sign_several"), data | {f"version-{draft.uid}": "x", "password": PASSWORD})
    actions.save_draft(
        session_id=draft.session_id, version=1, sections={**WORDS, "data": "More"}, by=dana, now=now
    )
    as_dana.post(url("sign_several"), data | {"password": PASSWORD})
    assert Note.objects.get().state == "draft"


def test_anothers_draft_is_not_among_them(as_sam, draft):
    assert as_sam.get(url("sign_several")).context["rows"] == []
    data = {"read": [str(draft.uid)], f"version-{draft.uid}": "1", "password": PASSWORD}
    as_sam.post(url("sign_several"), data)
    assert Note.objects.get().state == "draft"


# --- a second name ---


def test_the_queue_leads_to_the_note_and_the_note_to_the_signature(as_sam, waiting):
    page = as_sam.get(url("cosign_queue"))
    assert url("note", waiting) in page.content.decode()
    words = text_of(as_sam.get(url("note", waiting)))
    assert "asks for your name" in words
    assert WORDS["data"] in words
    wrong = as_sam.post(url("cosign", waiting), {"cosign-version": "1", "cosign-password": "nonsense"})
    assert "not your password" in text_of(wrong)
    answer = as_sam.post(
        url("cosign", waiting), {"cosign-version": "1", "cosign-password": PASSWORD}, follow=True
    )
    assert "The note is final" in text_of(answer)
    words = text_of(as_sam.get(url("note", waiting)))
    assert "Co-signer Sam Ortiz" in words


def test_a_note_is_returned_with_a_comment_that_its_author_reads(as_sam, waiting, tess):
    empty = as_sam.post(url("return_note", waiting), {"return-version": "1", "return-comment": ""})
    assert "comment" in empty.context["return_form"].errors
    as_sam.post(url("return_note", waiting), {"return-version": "1", "return-comment": "Say who was there."})
    assert NoteReturn.objects.get().comment == "Say who was there."
    assert as_sam.get(url("note", waiting)).status_code == 404
    browser = signed_in(tess)
    assert "Sent back" in text_of(browser.get(url("my_notes")))
    page = text_of(browser.get(url("session", waiting.session)))
    assert "Say who was there." in page
    assert "Sam Ortiz sent this note back" in page
    assert "not changed since" in text_of(browser.get(url("sign", waiting.session)))


def test_who_may_not_sees_no_button_and_no_way(as_dana, waiting, alex, dana, casey):
    factories.assign(casey, dana, role="covering")
    page = as_dana.get(url("note", waiting))
    assert page.context["cosign_form"] is None
    assert as_dana.post(url("cosign", waiting), {}).status_code == 403


def test_a_note_signed_by_the_other_supervisor_meanwhile_is_said(as_sam, waiting, team, now):
    other = factories.supervisor("Ola Berg", team=team)
    actions.cosign(note_id=waiting.pk, version=1, by=other, now=now, proven_at=now)
    for name, data in (
        ("cosign", {"cosign-version": "1", "cosign-password": PASSWORD}),
        ("return_note", {"return-version": "1", "return-comment": "x"}),
    ):
        answer = as_sam.post(url(name, waiting), data)
        assert "does not await a co-signature" in text_of(answer)


def test_an_addendum_of_a_trainee_is_co_signed_under_the_note(as_sam, waiting, tess, sam, now):
    actions.cosign(note_id=waiting.pk, version=1, by=sam, now=now, proven_at=now)
    data = {"addendum-text": "More.", "addendum-reason": "Left out", "addendum-password": PASSWORD}
    answer = signed_in(tess).post(url("add_addendum", waiting), data, follow=True)
    assert "awaits its co-signature" in text_of(answer)
    added = Addendum.objects.get()
    assert url("note", waiting) in as_sam.get(url("cosign_queue")).content.decode()
    answer = as_sam.post(url("cosign_addendum", added), {"password": "nonsense"}, follow=True)
    assert "not your password" in text_of(answer)
    answer = as_sam.post(url("cosign_addendum", added), {"password": PASSWORD}, follow=True)
    assert "Co-signed by Sam Ortiz" in text_of(answer)


# --- out of use, and gone ---


def test_a_note_is_voided_and_written_anew_where_it_belongs(as_sam, as_dana, signed_note, dana, team, now):
    kim = factories.client_of(dana, team=team, given_name="Kim", family_name="Sato")
    right = held(kim, dana, ended_at=now - 5 * HOUR)
    assert "Void…" in text_of(as_sam.get(url("note", signed_note)))
    assert "Void…" not in text_of(as_dana.get(url("note", signed_note)))
    empty = as_sam.post(url("void", signed_note), {"kind": "wrong_client", "reason": ""})
    assert "reason" in empty.context["form"].errors
    as_sam.post(url("void", signed_note), {"kind": "wrong_client", "reason": "Meant for Kim"})
    assert as_sam.get(url("void", signed_note)).status_code == 302
    words = text_of(as_dana.get(url("note", signed_note)))
    assert "Voided: written under the wrong client" in words
    assert "Voided" in text_of(as_dana.get(url("session", signed_note.session)))
    page = as_dana.get(url("write_anew", signed_note))
    assert [one.pk for one in page.context["choices"]] == [signed_note.session_id, right.pk]
    assert as_dana.post(url("write_anew", signed_note), {"session": "nonsense"}).status_code == 404
    answer = as_dana.post(url("write_anew", signed_note), {"session": str(right.uid)}, follow=True)
    assert "here as a draft" in text_of(answer)
    assert Note.objects.get(session=right).sections == WORDS
    again = as_dana.post(url("write_anew", signed_note), {"session": str(right.uid)})
    assert again.status_code == 200
    assert as_sam.get(url("write_anew", signed_note)).status_code == 404


def test_a_supervisor_closes_the_book_on_a_draft_of_who_left(as_sam, draft, dana):
    assert as_sam.get(url("author_unavailable", draft)).status_code == 404
    dana.is_active = False
    dana.save()
    queue = as_sam.get(url("cosign_queue"))
    assert url("author_unavailable", draft) in queue.content.decode()
    assert WORDS["data"] not in queue.content.decode()
    page = as_sam.get(url("author_unavailable", draft))
    assert WORDS["data"] not in page.content.decode()
    data = {"addendum-text": "Nothing more is known.", "addendum-reason": "Author unavailable"}
    wrong = as_sam.post(url("author_unavailable", draft), data | {"addendum-password": "nonsense"})
    assert "password" in wrong.context["form"].errors
    as_sam.post(url("author_unavailable", draft), data | {"addendum-password": PASSWORD})
    assert Addendum.objects.get().author_unavailable
    assert as_sam.get(url("cosign_queue")).context["orphans"] == []


# --- one's own words ---


def test_a_phrase_is_kept_changed_and_removed(as_dana, dana):
    as_dana.post(url("phrase_new"), {"word": "sleep", "text": "Slept through the night."})
    phrase = Snippet.objects.get()
    assert (phrase.owner, phrase.kind, phrase.word) == (dana, "phrase", "sleep")
    twice = as_dana.post(url("phrase_new"), {"word": "sleep", "text": "Other"})
    assert "already" in str(twice.context["form"].errors)
    as_dana.post(url("snippet", phrase), {"word": "sleeps", "text": "Slept."})
    phrase.refresh_from_db()
    assert (phrase.word, phrase.content) == ("sleeps", "Slept.")
    assert "sleeps" in text_of(as_dana.get(url("snippets")))
    as_dana.post(url("snippet_remove", phrase))
    assert not Snippet.objects.exists()


def test_a_template_is_kept_changed_and_stands_in_the_editor(as_dana, session_held):
    as_dana.post(reverse("counseling:template_new", args=["soap"]), {"word": "intake", "objective": "Seen:"})
    mine = Snippet.objects.get()
    assert (mine.kind, mine.format, mine.sections) == ("template", "soap", {"objective": "Seen:"})
    as_dana.post(url("snippet", mine), {"word": "intake", "plan": "Next:"})
    mine.refresh_from_db()
    assert mine.sections == {"plan": "Next:"}
    assert "intake (SOAP)" in text_of(as_dana.get(url("session", session_held)))
    nothing = as_dana.post(reverse("counseling:template_new", args=["dap"]), {"word": "x"})
    assert "at least one part" in str(nothing.context["form"].errors)


def test_phrases_lie_in_the_page_for_the_keyboard(as_dana, dana, session_held, now):
    actions.save_phrase(word="sleep", text="Slept <well>.", by=dana, now=now)
    page = as_dana.get(url("session", session_held)).content.decode()
    assert 'data-word="sleep" data-text="Slept &lt;well&gt;."' in page


@pytest.mark.parametrize("name", ["my_notes", "sign_several", "snippets"])
def test_the_pages_speak_spanish(as_dana, dana, name):
    dana.language = "es"
    dana.save()
    as_dana.cookies["django_language"] = "es"
    assert 'lang="es"' in as_dana.get(url(name)).content.decode()
