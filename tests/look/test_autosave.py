"""Nothing typed is lost: not by a slow server, a closed tab, a sign-in that timed out, or a second writer."""

from typing import Any

import pytest
from django.template import Context, Template
from playwright.sync_api import Page, expect

NOTE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Note</title>
<script defer src="/static/js/dialogs.js"></script><script defer src="/static/js/autosave.js"></script></head>
<body data-user="{user}" data-zone="America/Phoenix">
<form method="post" action="/sign" data-autosave="/save" data-autosave-key="note-7">
<input type="hidden" name="csrfmiddlewaretoken" value="token"><input type="hidden" name="version" value="{version}">
<p data-autosave-state role="status"></p>
<textarea name="data" aria-label="Data">{data}</textarea><textarea name="plan" aria-label="Plan"></textarea>
<label><input type="checkbox" name="risk" value="yes">Risk asked</label><button>Sign</button></form>
<form method="post" action="/out" data-signs-out><button>Sign out</button></form>{words}</body></html>"""

MOODS = {"away": None, "broken": (500, {}), "signed out": (302, {}), "locked": (423, {"message": "Signed."})}
SAVED = "2026-11-14T15:42:00Z"


def note(data: str = "", version: int = 1, user: int = 5) -> str:
    words = Template("{% include 'components/words.html' %}").render(Context({}))
    return NOTE.format(data=data, version=version, user=user, words=words)


class Server:
    """Keeps the one note as the real one would: by version."""

    def __init__(self, version: int = 1) -> None:
        self.version, self.fields, self.mood = version, {}, "well"

    def __call__(self, fields: dict[str, str]) -> tuple[int, Any] | None:
        if self.mood != "well":
            return MOODS[self.mood]
        if fields.get("version") != str(self.version):
            return 409, {"version": self.version, "saved_at": SAVED, "fields": self.fields}
        self.version += 1
        self.fields = {name: value for name, value in fields.items() if name in {"data", "plan", "risk"}}
        return 200, {"version": self.version, "saved_at": SAVED}


@pytest.fixture
def server(desk):
    desk.answer = Server()
    return desk.answer


def state(page: Page):
    return page.get_by_role("status")


def later(page: Page) -> None:
    """The moment passes after which the page acts by itself."""
    page.clock.fast_forward(3100)
    page.wait_for_timeout(60)


def kept(page: Page) -> list[str]:
    return page.evaluate("Object.keys(localStorage)")


def test_what_is_typed_is_saved_by_itself_and_says_when(desk, server):
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("Slept well.")
    later(page)
    expect(state(page)).to_have_text("Saved 08:42")  # in the practice's zone, wherever the laptop is
    assert server.fields["data"] == "Slept well."
    assert page.locator("[name=version]").input_value() == "2"
    assert kept(page) == []
    assert desk.posted[0]["csrfmiddlewaretoken"] == "token"
    assert desk.complaints == []


def test_a_page_only_looked_at_posts_nothing(desk, server):
    page = desk.open("/note", note("Here already."))
    later(page)
    assert desk.posted == []


def test_a_server_that_is_away_is_tried_again_until_it_is_back(desk, server):
    server.mood = "away"
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("Call at noon.")
    later(page)
    expect(state(page)).to_contain_text("Not saved – retrying")
    assert kept(page) == ["turnaround:5:note-7"]
    server.mood = "well"
    later(page)
    expect(state(page)).to_contain_text("Saved")
    assert server.fields["data"] == "Call at noon."
    assert kept(page) == []


def test_a_fault_of_the_server_is_tried_again_too(desk, server):
    server.mood = "broken"
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("x")
    later(page)
    expect(state(page)).to_contain_text("Not saved – retrying")


def test_a_closed_tab_loses_nothing(desk, server):
    server.mood = "away"
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("Half a sent")
    page.get_by_label("Risk asked").check()
    page.close(run_before_unload=False)
    server.mood = "well"
    again = desk.open("/note")
    expect(again.get_by_label("Data")).to_have_value("Half a sent")
    expect(again.get_by_label("Risk asked")).to_be_checked()
    later(again)
    expect(state(again)).to_contain_text("Saved")
    assert server.fields == {"data": "Half a sent", "plan": "", "risk": "yes"}


def test_a_sign_in_that_timed_out_keeps_the_text_and_saves_on_return(desk, server):
    server.mood = "signed out"
    page = desk.open("/note", note())
    page.get_by_label("Plan").fill("See on Friday.")
    later(page)
    expect(state(page)).to_contain_text("Signed out – kept on this device")
    server.mood = "well"
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(state(page)).to_contain_text("Saved")
    assert server.fields["plan"] == "See on Friday."


def test_after_signing_in_again_the_new_token_is_sent(desk, server):
    page = desk.open("/note", note())
    page.evaluate("document.cookie = 'csrftoken=fresh'")
    page.get_by_label("Data").fill("Back again.")
    later(page)
    expect(state(page)).to_contain_text("Saved")
    assert desk.posted[0]["csrfmiddlewaretoken"] == "fresh"


def test_a_refusal_is_told_in_the_servers_words_and_not_repeated(desk, server):
    server.mood = "locked"
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("Too late.")
    later(page)
    expect(state(page)).to_have_text("Signed.")
    later(page)
    assert len(desk.posted) == 1
    assert kept(page)


@pytest.mark.parametrize(("choice", "result"), [("Keep mine", "Mine."), ("Take the other", "Theirs.")])
def test_two_writers_see_both_texts_and_choose(desk, server, choice, result):
    page = desk.open("/note", note())
    server.version, server.fields = 4, {"data": "Theirs.", "plan": ""}
    page.get_by_label("Data").fill("Mine.")
    later(page)
    both = page.get_by_role("alert")
    expect(both).to_contain_text("Mine.")
    expect(both).to_contain_text("Theirs.")
    page.get_by_role("button", name=choice).click()
    expect(page.get_by_label("Data")).to_have_value(result)
    expect(state(page)).not_to_contain_text("Not saved")
    assert page.locator("[name=version]").input_value() in {"4", "5"}
    page.get_by_label("Plan").fill("And on.")
    later(page)
    expect(state(page)).to_contain_text("Saved")
    assert server.fields["data"] == result
    assert server.fields["plan"] == "And on."


def test_both_texts_can_be_put_together_to_be_gone_through(desk, server):
    page = desk.open("/note", note())
    server.version, server.fields = 4, {"data": "Theirs.", "plan": ""}
    page.get_by_label("Data").fill("Mine.")
    later(page)
    page.get_by_role("button", name="Put both together").click()
    expect(page.get_by_label("Data")).to_have_value("Mine.\n\nTheirs.")
    later(page)
    expect(state(page)).to_contain_text("Saved")
    assert server.fields["data"] == "Mine.\r\n\r\nTheirs." or server.fields["data"] == "Mine.\n\nTheirs."


def test_whoever_types_without_a_pause_is_saved_all_the_same(desk, server):
    page = desk.open("/note", note())
    for word in range(9):
        page.get_by_label("Data").fill(f"Word {word}")
        page.clock.fast_forward(1000)
    page.wait_for_timeout(60)
    assert desk.posted


def test_a_box_that_was_unticked_comes_back_unticked(desk, server):
    page = desk.open("/note", note().replace('value="yes"', 'value="yes" checked'))
    server.mood = "away"
    page.get_by_label("Risk asked").uncheck()
    page.close(run_before_unload=False)
    again = desk.open("/note", note().replace('value="yes"', 'value="yes" checked'))
    expect(again.get_by_label("Risk asked")).not_to_be_checked()


def test_a_kept_text_meets_a_newer_one_on_the_server_and_both_are_shown(desk, server):
    server.mood = "away"
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("Mine.")
    page.close()
    again = desk.open("/note", note("Theirs.", version=3))
    expect(again.get_by_role("alert")).to_contain_text("Theirs.")
    expect(again.get_by_label("Data")).to_have_value("Mine.")


def test_what_this_device_keeps_is_nobody_elses(desk, server):
    server.mood = "away"
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("Dana's own.")
    page.close()
    robin = desk.open("/note", note(user=6))
    expect(robin.get_by_label("Data")).to_have_value("")


def test_signing_out_leaves_nothing_on_the_device_once_it_was_asked_again(desk, server):
    server.mood = "away"
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("Secret.")
    page.evaluate("document.forms[1].addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_role("button", name="Sign out").click()
    expect(state(page)).to_contain_text("Not saved – retrying")
    assert kept(page)
    page.get_by_role("button", name="Sign out").click()
    assert kept(page) == []


def test_signing_out_waits_until_the_last_word_is_saved(desk, server):
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("The last word.")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/out")
    assert server.fields["data"] == "The last word."
    assert [fields.get("data") for fields in desk.posted] == ["The last word.", None]
    assert kept(page) == []


def test_one_tab_that_saves_leaves_what_another_could_not(desk, server):
    first, second = desk.open("/note", note()), desk.open("/note")
    first.get_by_label("Data").fill("From the first.")
    later(first)
    second.get_by_label("Data").fill("From the second.")
    later(second)
    expect(second.get_by_role("alert")).to_contain_text("From the first.")
    first.get_by_label("Data").fill("From the first, and on.")
    second.get_by_label("Data").fill("From the second, and on.")
    later(first)
    expect(state(first)).to_contain_text("Saved")
    second.close()
    again = desk.open("/note", note("From the first, and on.", version=3))
    expect(again.get_by_label("Data")).to_have_value("From the second, and on.")
    expect(again.get_by_role("alert")).to_contain_text("From the first, and on.")


def test_words_of_a_part_that_is_gone_meanwhile_come_back_in_the_first_one(desk, server):
    server.mood = "away"
    page = desk.open("/note", note())
    page.get_by_label("Plan").fill("Call at noon.")
    page.get_by_label("Data").fill("Slept well.")
    page.close()
    changed = note("Seen today.", version=2).replace('name="plan"', 'name="response"')
    again = desk.open("/note", changed.replace('name="data"', 'name="behaviour"'))
    expect(again.get_by_role("alert")).to_contain_text("Seen today.")
    expect(again.get_by_label("Data")).to_have_value("Seen today.\n\nSlept well.\n\nCall at noon.")


def test_what_lay_here_for_longer_than_three_days_is_gone(desk, server):
    page = desk.open("/note", note())
    old = '{"fields": {"data": "Old."}, "version": "1", "at": 1000}'
    page.evaluate(f"localStorage.setItem('turnaround:5:note-7', '{old}')")
    again = desk.open("/note")
    expect(again.get_by_label("Data")).to_have_value("")
    assert kept(again) == []


def test_signing_waits_until_the_last_word_is_saved(desk, server):
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("The last word.")
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_url("**/sign")
    assert [fields["version"] for fields in desk.posted[:1]] == ["1"]
    assert server.fields["data"] == "The last word."


def test_without_a_save_nothing_is_signed(desk, server):
    server.mood = "away"
    page = desk.open("/note", note())
    page.get_by_label("Data").fill("The last word.")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(state(page)).to_contain_text("Not saved – retrying")
    assert page.url.endswith("/note")
