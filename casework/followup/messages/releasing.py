"""Which values the variables can take at this practice, and what speaks against releasing a text here."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from casework.followup.messages import lint
from casework.followup.messages.letterhead import YOUR_TEAM, Letterhead, helpline
from casework.followup.messages.texts import EMAIL, FOOT, SMS, Texts
from casework.staff.models import User
from clients.access import Role
from clients.jurisdiction import jurisdiction
from clients.links import address_of
from clients.models import Practice
from clients.segments import Size, measure, outside_gsm
from clients.telling import Problem, catalogue_words

LENGTH_OF_A_TOKEN = 22
TYPICAL_FIRST = {"en": "Sam", "es": "Luis"}
# The longest that they can be: two visits on a Wednesday; the address of a link is always as long here.
A_VISIT = {
    "en": {"day": "Wed 30 Sep", "time": "12:30 pm and 12:30 pm"},
    "es": {"day": "el mié 30 sep", "time": "12:30 y 12:30"},
}


def more_of(language: str) -> dict[str, str]:
    """What is filled in beside the letterhead: a visit's day and time, the address of a link."""
    return {**A_VISIT[language], "link": address_of("A" * LENGTH_OF_A_TOKEN)}


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A text as it would arrive, and what a carrier would count."""

    title: str
    body: str
    size: Size

    @classmethod
    def of(cls, title: str, letter: Letterhead, body: str) -> "Sight":
        full = body.format_map({**letter.values(), **more_of(letter.language)})
        return cls(title=title, body=full, size=measure(full))


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the texts of this practice can be filled with, gathered once for a page."""

    practice: Practice
    counselors: tuple[str, ...]
    denied: tuple[str, ...]

    @classmethod
    def here(cls) -> "Names":
        people = User.objects.filter(is_active=True, role__in=[Role.COUNSELOR, Role.SUPERVISOR]).order_by(
            "pk"
        )
        return cls(
            practice=Practice.current(),
            counselors=tuple(person.short_name for person in people),
            denied=catalogue_words(),
        )

    def longest(self, language: str) -> Letterhead:
        """A first name of twelve letters and the longest names and numbers there are here.

        A colleague's name with a letter that texts have no room for is not counted: no wording could make up for it,
        and the text then goes in two (clinical.md §5.4).
        """
        names = [name for name in (*self.counselors, YOUR_TEAM[language]) if not outside_gsm(name)]
        return self._letter(lint.LONGEST["first"], max(names, key=lambda name: measure(name).units), language)

    def typical(self, language: str) -> Letterhead:
        """Somebody with a short name, and the colleague who has been here longest."""
        counselor = self.counselors[0] if self.counselors else YOUR_TEAM[language]
        return self._letter(TYPICAL_FIRST[language], counselor, language)

    def _letter(self, first: str, counselor: str, language: str) -> Letterhead:
        place = jurisdiction(self.practice.jurisdiction)
        return Letterhead(
            first=first,
            counselor=counselor,
            sender=self.practice.sender_alias,
            phone=self.practice.phone,
            emergency=place.emergency_number,
            crisis_line=place.crisis_line,
            helpline=helpline(self.practice, language),
            language=language,
            texts=Texts({}),
            denied=self.denied,
        )

    def problems(self, channel: str, key: str, language: str, body: str) -> list[Problem]:
        """Why a text may not be released here; nothing when it may."""
        found = lint.template_problems(
            key,
            body,
            extra_words=self.denied,
            longest={**self.longest(language).values(), **more_of(language)},
            one_segment=channel == SMS,
        )
        if channel == EMAIL and key == FOOT and "{phone}" not in body:
            found.append(Problem("phone", "{phone}"))
        return found

    def sights(self, key: str, language: str, body: str) -> list[Sight]:
        """The text for a typical client and for the longest names; nothing where it cannot be filled."""
        if lint.shape(key, body):
            return []
        return [
            Sight.of(_("For a client with a short name"), self.typical(language), body),
            Sight.of(_("With the longest names"), self.longest(language), body),
        ]
