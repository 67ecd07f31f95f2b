"""Every text a client can receive, per language (clinical.md §5.5), from texts.LANGUAGE.json. Nothing else is sent.

A key is a purpose and, where a series would repeat itself, a number. Spanish is written with *usted* and, in text
messages, without the letters that would turn a text to UCS-2; a native speaker reviews it before a practice goes live.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FALLBACK = "en"
LANGUAGES = ("en", "es")
_FILES: Mapping[str, Any] = {
    language: json.loads(Path(__file__).with_name(f"texts.{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
}
SMS: Mapping[str, Mapping[str, str]] = {language: _FILES[language]["sms"] for language in LANGUAGES}
EMAIL: Mapping[str, Mapping[str, str]] = {language: _FILES[language]["email"] for language in LANGUAGES}
EMAIL_SUBJECT: Mapping[str, str] = {language: _FILES[language]["email_subject"] for language in LANGUAGES}
EMAIL_FOOT: Mapping[str, str] = {language: _FILES[language]["email_foot"] for language in LANGUAGES}


def language_for(language: str) -> str:
    """The client's language where we have texts in it, else English."""
    short = (language or FALLBACK).split("-")[0].lower()
    return short if short in SMS else FALLBACK


def sms(key: str, language: str) -> str:
    """The template of a text message. Raises KeyError for a key that does not exist."""
    return SMS[language_for(language)][key]


def email(key: str, language: str) -> tuple[str, str]:
    """Subject and body templates of an e-mail; the foot says that replies are not read and whom to call."""
    spoken = language_for(language)
    return EMAIL_SUBJECT[spoken], f"{EMAIL[spoken][key]}\n\n{EMAIL_FOOT[spoken]}"
