"""How a text is folded before it is compared: case, accents, width, apostrophes, edges and spaces. Pure."""

import re
import unicodedata

_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ`´＇′"), "'")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")  # punctuation and pictures
_QUOTES = re.compile(r"(?<![A-Z0-9])'|'(?![A-Z0-9])")  # not the apostrophe within a word


def normalise(body: str) -> str:
    """Upper case without accents, punctuation or pictures at the edges, or doubled spaces; every apostrophe is '."""
    text = unicodedata.normalize("NFKC", body).translate(_APOSTROPHES)
    text = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return bare(re.sub(r"\s+", " ", text)).upper()


def bare(text: str) -> str:
    """Without punctuation and pictures at the edges."""
    return _EDGES.sub("", text)


def spaced(text: str) -> str:
    """A normalised text as words with one space between: punctuation around words is gone, apostrophes within stay."""
    return re.sub(r"\s+", " ", re.sub(r"[^A-Z0-9' ]", " ", _QUOTES.sub(" ", text)))
