"""What the law and the phone book of a place say."""

from datetime import time

import pytest

from clients.jurisdiction import jurisdiction


def test_the_united_states_have_their_numbers_to_call():
    us = jurisdiction("US")
    assert (us.emergency_number, us.crisis_line, us.phone_region) == ("911", "988", "US")
    assert us.helpline.number == "1-800-662-4357"


def test_messages_go_by_day_within_what_the_law_allows():
    hours = jurisdiction("us").quiet_hours
    assert (hours.open, hours.close) == (time(9), time(20))
    assert hours.earliest <= hours.open < hours.close <= hours.latest


def test_the_words_that_stop_messages_are_there_in_both_languages():
    us = jurisdiction()
    assert {"STOP", "UNSUBSCRIBE", "PARAR", "BAJA"} <= us.opt_out_words
    assert {"START", "UNSTOP"} <= us.opt_in_words
    assert not us.opt_out_words & (us.opt_in_words | us.help_words)


def test_a_place_without_a_file_says_which_one_is_missing():
    with pytest.raises(FileNotFoundError, match=r"atlantis\.json"):
        jurisdiction("Atlantis")
