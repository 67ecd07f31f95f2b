"""The phone page: which phones got what, and a line to answer as the client. Plain HTML, every value escaped."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

ASSETS = {
    "/phones.css": ("text/css", (Path(__file__).parent / "phones.css").read_bytes()),
    "/phones.js": ("text/javascript", (Path(__file__).parent / "phones.js").read_bytes()),
}
KINDS = {
    "sms": ("/phones/", "/", "Phones", "No texts yet. They appear here by themselves."),
    "email": ("/mail/", "/mail", "Mailboxes", "No e-mail yet. It appears here by itself."),
}
QUICK = ("1", "2", "C", "R", "HELP", "STOP")


def page(title: str, body: str, *, here: str) -> str:
    def tab(address: str, name: str) -> str:
        current = ' aria-current="page"' if here == address else ""
        return f'<a href="{address}"{current}>{name}</a>'

    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} · Sandbox phones</title><link rel="stylesheet" href="/phones.css">'
        '<script src="/phones.js" defer></script></head><body>'
        '<header><p class="brand">Sandbox phones</p>'
        f'<nav aria-label="Kinds">{tab("/", "Texts")}{tab("/mail", "E-mail")}</nav>'
        '<p class="note">Nothing leaves this machine.</p></header>'
        f"<main>{body}</main></body></html>"
    )


def _clock(row: Mapping[str, Any]) -> str:
    at = datetime.fromisoformat(row["created_at"])
    return f'<time datetime="{escape(row["created_at"])}">{at.astimezone():%H:%M}</time>'


def overview(rows: Iterable[Mapping[str, Any]], *, kind: str) -> str:
    base, here, heading, empty = KINDS[kind]
    items = "".join(
        f'<li><a href="{base}{quote(row["phone"])}"><span class="who">{escape(row["phone"])}</span>{_clock(row)}'
        f'<span class="last">{"→ " if row["direction"] == "in" else ""}{escape(row["subject"] or row["body"])}</span>'
        "</a></li>"
        for row in rows
    )
    listed = f'<ul class="threads">{items}</ul>' if items else f'<p class="empty">{empty}</p>'
    return page(heading, f'<h1>{heading}</h1><div id="live">{listed}</div>', here=here)


def _bubble(row: Mapping[str, Any]) -> str:
    mine = row["direction"] == "in"
    subject = f'<p class="subject">{escape(row["subject"])}</p>' if row["subject"] else ""
    text = escape(row["body"]).replace("\n", "<br>")
    return (
        f'<li class="{"mine" if mine else "theirs"}">{subject}<p>{text}</p>'
        f'<p class="fate">{_clock(row)} · {escape(row["status"])}</p></li>'
    )


def thread(phone: str, rows: Iterable[Mapping[str, Any]], *, kind: str, said: str = "") -> str:
    bubbles = "".join(map(_bubble, rows))
    listed = f'<ol class="thread">{bubbles}</ol>' if bubbles else '<p class="empty">Nothing here yet.</p>'
    here = KINDS[kind][1]
    note = f'<p class="said" role="status">{escape(said)}</p>' if said else ""
    form = (
        _answer(phone) if kind == "sms" else '<p class="empty">Mail is shown only; replies are not read.</p>'
    )
    return page(
        phone,
        f'<p class="back"><a href="{here}">All</a></p><h1>{escape(phone)}</h1>'
        f'<div class="phone"><div id="live">{listed}</div>{note}{form}</div>',
        here=here,
    )


def _answer(phone: str) -> str:
    quick = "".join(f'<button name="quick" value="{word}">{word}</button>' for word in QUICK)
    return (
        f'<form method="post" action="/phones/{quote(phone)}" autocomplete="off">'
        '<label for="text">Answer as the client</label>'
        '<div class="line"><input id="text" name="text" maxlength="480"><button class="send">Send</button></div>'
        f'<div class="quick" role="group" aria-label="Quick answers">{quick}</div></form>'
    )
