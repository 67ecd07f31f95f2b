"""Finding a substance by any name that it goes by. Street names are for finding only."""

import unicodedata
from collections.abc import Iterable

from clients.models import Substance


def folded(text: str) -> str:
    """Lower case, without accents: how people type when they search."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()


def names_of(substance: Substance) -> Iterable[str]:
    return (substance.name_en, substance.name_es, *substance.brands, *substance.street_names)


def search(words: str) -> list[Substance]:
    """Active entries with a name, brand or street name that contains the words; all of them for empty words."""
    wanted = folded(words)
    return [
        substance
        for substance in Substance.objects.filter(is_active=True).order_by("name_en")
        if any(wanted in folded(name) for name in names_of(substance))
    ]
