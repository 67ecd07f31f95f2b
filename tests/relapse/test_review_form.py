"""The look back as it is typed: read the same way for the draft and for finishing (clinical.md §1.8)."""

from datetime import timedelta

import pytest
from django.utils.datastructures import MultiValueDict

from casework.relapse.actions.reviews import save_review
from casework.relapse.forms import ReviewForm
from casework.relapse.forms.review import initial_of, told_in
from casework.relapse.learning import CHOICES, LISTS, WORDS, YES_NO, Link, Told, told_of
from casework.relapse.models import LearningReview
from casework.relapse.models.review import MOST_LINKS, RATINGS
from tests.relapse.test_learning import WHOLE

TYPED = {
    "vulnerabilities": ["sleep", "pain"],
    "event": "A row",
    "shame": "0",
    "guilt": "",
    "confidence": "ten",
    "update_plan": "no",
    "safety_check_done": "",
    "link_text_2": "Heart racing",
    "link_kind_2": "body",
    "link_text_5": "  ",
    "link_kind_5": "thought",
}


def posted(**typed):
    data = MultiValueDict()
    for name, value in {**TYPED, **typed}.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def test_what_is_typed_is_read_as_it_was_meant():
    told = told_in(posted())
    assert told.vulnerabilities == ("sleep", "pain")
    assert told.links == (Link("body", "Heart racing"),)  # an empty link is none
    assert (told.ratings["shame"], told.ratings["guilt"], told.ratings["confidence"]) == (0, None, None)
    assert told.answers == {"update_plan": False, "safety_check_done": None}


@pytest.mark.parametrize("odd", ["-1", "1.5", "1e3", "٣", "9999", " 5"])
def test_what_is_no_small_number_is_none(odd):
    assert told_in(posted(shame=odd)).ratings["shame"] is None


def test_every_field_of_the_form_is_read_and_every_answer_has_a_field():
    named = {*WORDS, *LISTS, *CHOICES, *RATINGS, *YES_NO, "vulnerabilities"}
    links = {f"link_{part}_{n}" for part in ("kind", "text") for n in range(1, MOST_LINKS + 1)}
    assert set(ReviewForm().fields) == named | links


def test_every_kept_answer_has_a_column():
    columns = {field.name for field in LearningReview._meta.get_fields()}
    assert {*WORDS, *LISTS, *CHOICES, *RATINGS, *YES_NO, "vulnerabilities", "links"} <= columns


@pytest.mark.django_db
def test_the_draft_comes_back_as_it_was_typed(report, dana, now):
    told = Told(
        vulnerabilities=("sleep",),
        words={**dict.fromkeys((*WORDS, *LISTS, *CHOICES), ""), **WHOLE.words},
        links=(Link("body", "Heart racing"), Link("", "Something")),
        ratings={**WHOLE.ratings, "shame": None},
        answers={"update_plan": None, "safety_check_done": False},
    )
    kept = save_review(report_id=report().report.pk, version=0, told=told, by=dana, now=now)
    again = LearningReview.objects.get(pk=kept.pk)
    form = ReviewForm(initial_of(again))
    assert form.told() == told_of(again, again.links.all()) == told


def test_the_chain_shows_what_is_there_and_room_for_more():
    assert len(ReviewForm().chain) == 4
    assert len(ReviewForm().more_chain) == MOST_LINKS - 4
    form = ReviewForm(initial={"link_text_9": "Late"})
    assert [row.number for row in form.chain] == list(range(1, 10))
    assert not ReviewForm(initial={"link_text_12": "Last"}).more_chain


def test_what_is_missing_is_said_at_a_field_that_can_be_seen():
    form = ReviewForm(posted())
    form.add_missing({"links": "Name one.", "people": "Name somebody."})
    assert form.errors["link_text_1"] == ["Name one."]
    assert form.errors["people"] == ["Name somebody."]


@pytest.mark.django_db
def test_a_review_is_due_by_the_instant_not_by_the_day(report, dana, now):
    told = report()
    review = save_review(report_id=told.report.pk, version=0, told=WHOLE, by=dana, now=now)
    assert review.due_at - told.report.reported_at == timedelta(days=7)
