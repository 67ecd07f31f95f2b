import re
from datetime import UTC, datetime

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string

from casework.desk.templatetags.look import direction, initials, stage_change
from clients.stage import Stage

NOW = datetime(2026, 11, 14, 15, 30, tzinfo=UTC)


def show(source: str, **context) -> str:
    return Template("{% load look %}" + source).render(Context({"now": NOW} | context))


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


class Contact(forms.Form):
    name = forms.CharField(label="Name", help_text="As they like to be called")
    channel = forms.ChoiceField(label="Channel", choices=[("sms", "Text")], widget=forms.RadioSelect)
    shared = forms.BooleanField(label="Shared phone", required=False)
    token = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, str]:
        raise forms.ValidationError("Give a phone or an e-mail.")


# --- stage mark ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", list(Stage))
def test_a_stage_is_a_shape_and_a_word_not_a_colour_alone(stage):
    html = show("{% stage_mark stage %}", stage=stage)
    assert text(html) == stage.label
    assert re.search(r'<svg[^>]*aria-hidden="true"', html)


def test_every_stage_has_a_shape_of_its_own():
    drawn = {
        re.search(r"<svg.*</svg>", show("{% stage_mark stage %}", stage=stage)).group() for stage in Stage
    }
    assert len(drawn) == len(Stage)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_client_without_a_stage_is_not_assessed(nothing):
    assert text(show("{% stage_mark stage %}", stage=nothing)) == "Not assessed"


@pytest.mark.parametrize(
    ("before", "stage", "said"),
    [
        ("emotional", "mental", "up from emotional"),
        ("physical", "mental", "down from physical"),
        ("mental", "mental", ""),
        ("", "mental", ""),
        ("indeterminate", "mental", ""),
        ("mental", "indeterminate", ""),
    ],
)
def test_a_change_is_said_in_words_only_where_two_stages_can_be_compared(before, stage, said):
    assert stage_change(before, stage) == said
    assert bool(direction(before, stage)) == bool(said)
    assert (said in show("{% stage_mark stage before=before %}", stage=stage, before=before)) or not said


# --- small parts --------------------------------------------------------------------------------------------------


def test_a_number_opens_its_list():
    assert 'href="/todos/?late=1"' in show("{% number 4 'Overdue' '/todos/?late=1' %}")


def test_a_number_without_a_list_is_no_link():
    assert "<a" not in show("{% number 0 'Unsigned notes' %}")


def test_a_pill_of_an_unknown_tone_is_plain():
    assert "pill-plain" in show("{% pill 'Held' 'purple' %}")


def test_a_page_head_has_one_title_and_one_primary_action():
    html = show("{% page_head 'Alex Moreno' sub='T-1001' action_url='/assess/' action_label='Assess' %}")
    assert html.count("<h1>") == 1
    assert html.count("primary") == 1


def test_an_empty_state_says_what_why_and_one_thing_to_do():
    html = show("{% empty 'No to-dos' 'Nothing is due.' '/new/' 'Add one' %}")
    assert text(html) == "No to-dos Nothing is due. Add one"


def test_progress_says_its_share_in_words_even_of_nothing():
    assert "12 of 26" in text(show("{% progress 12 26 'Signs' %}"))
    assert 'max="1"' in show("{% progress 0 0 'Signs' %}")


@pytest.mark.parametrize(
    ("name", "letters"), [("Dana Reyes", "DR"), ("Sam", "S"), ("", ""), ("Ana de la Vega", "AV")]
)
def test_initials_are_those_of_the_first_and_last_name(name, letters):
    assert initials(name) == letters


def test_a_row_tells_whose_button_it_is():
    row = {"who": "Alex Moreno", "action_url": "/call/", "action_label": "Log the call", "when": NOW}
    assert "Log the call – Alex Moreno" in text(render_to_string("components/row.html", row))


def test_a_row_that_acts_posts_with_a_token(rf):
    row = {"who": "Alex", "action_url": "/done/", "action_label": "Done", "action_post": True}
    html = render_to_string("components/row.html", row, request=rf.get("/"))
    assert 'method="post"' in html
    assert "csrfmiddlewaretoken" in html


def test_parts_hold_what_is_written_between_their_tags():
    assert "<p>Held</p>" in show("{% banner 'attention' title='Not sent' %}<p>Held</p>{% endbanner %}")
    assert "<p>Sure</p>" in show("{% dialog 'd' 'Discharge?' %}<p>Sure</p>{% enddialog %}")
    assert "<p>Text</p>" in show(
        "{% timeline_entry at 'Session' %}<p>Text</p>{% endtimeline_entry %}", at=NOW
    )


def test_a_dialog_is_native_and_named_by_its_title():
    html = show("{% dialog 'gone' 'Discharge Alex?' %}{% enddialog %}")
    assert '<dialog class="dialog" id="gone" aria-labelledby="gone-title">' in html


def test_only_a_danger_interrupts():
    assert 'role="alert"' in show("{% banner 'danger' %}{% endbanner %}")
    assert 'role="alert"' not in show("{% banner 'done' %}{% endbanner %}")


@pytest.mark.parametrize("source", ["{% pill x %}", "{% number 1 x %}", "{% empty x %}", "{% page_head x %}"])
def test_parts_escape_what_people_wrote(source):
    assert "<b>" not in show(source, x="<b>bold</b>")


# --- forms --------------------------------------------------------------------------------------------------------


def test_a_field_has_its_label_above_and_its_help_tied_to_it():
    html = str(Contact()["name"].as_field_group())
    assert html.index("<label") < html.index("<input") < html.index("As they like")
    assert 'aria-describedby="id_name_helptext"' in html


def test_an_error_stands_beside_its_field_and_is_tied_to_it():
    html = str(Contact({"channel": "sms"})["name"].as_field_group())
    assert 'id="id_name_error"' in html
    assert re.search(r'aria-describedby="[^"]*id_name_error', html)
    assert 'aria-invalid="true"' in html


def test_what_may_be_left_out_says_so():
    class Note(forms.Form):
        more = forms.CharField(required=False)

    assert "optional" in str(Note()["more"].as_field_group())
    assert "optional" not in str(Contact()["name"].as_field_group())


def test_several_choices_share_a_legend():
    html = str(Contact()["channel"].as_field_group())
    assert re.search(r"<fieldset[^>]*><legend>Channel", html)


def test_a_tick_has_its_word_beside_it():
    html = str(Contact()["shared"].as_field_group())
    assert html.index("<input") < html.index("Shared phone")


def test_the_summary_links_to_every_field_and_tells_general_errors_too():
    html = show("{% error_summary form %}", form=Contact({}))
    assert 'href="#id_name"' in html
    assert 'href="#id_channel_field"' in html
    assert "Give a phone or an e-mail." in html
    assert "4 things to put right" in text(html)  # name, channel, the form itself, the hidden token


def test_a_form_without_errors_has_no_summary():
    assert show("{% error_summary form %}", form=Contact()).strip() == ""


def test_the_summary_covers_formsets_too():
    rows = forms.formset_factory(Contact, extra=0, min_num=1)(
        {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 0}
    )
    sets = [rows]
    assert 'href="#id_form-0-name"' in show("{% error_summary form sets %}", form=forms.Form({}), sets=sets)


def test_a_four_way_choice_starts_with_nothing_chosen():
    html = show("{% four_way 'sign-E01' 'Tension' %}")
    assert html.count('type="radio"') == 4
    assert "checked" not in html


@pytest.mark.parametrize("value", [0, 1, 2, 3, "2"])
def test_a_four_way_choice_shows_what_was_chosen_and_absent_is_a_choice(value):
    assert f'value="{value}" checked' in show("{% four_way 'sign-E01' 'Tension' value=value %}", value=value)
