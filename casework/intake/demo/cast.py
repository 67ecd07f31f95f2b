"""Who works at the invented practice, and who comes there. Nobody in it exists."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from casework.local import credentials

PRACTICE = "Oak Street Practice"
ALIAS = "Oak Street"
SITES = ("Oak Street", "Riverside")
PROGRAMMES = ("Outpatient", "Intensive outpatient")


@dataclass(frozen=True)
class Colleague:
    """A member of staff. `team` is one of TEAMS, or empty for those who belong to none."""

    email: str
    name: str
    role: str
    team: str = ""
    credential: str = ""
    language: str = ""
    in_training: bool = False


OAK, RIVER = "Oak Street team", "Riverside team"
TEAMS = {OAK: SITES[0], RIVER: SITES[1]}
_DANA, _SAM, _ADA = credentials.COUNSELOR, credentials.SUPERVISOR, credentials.ADMINISTRATOR
DANA = Colleague(_DANA.email, _DANA.name, _DANA.role, OAK, "LADC I")
MARISOL = Colleague("marisol@demo.example", "Marisol Vega", "counselor", OAK, "LMHC, CADC")
THEO = Colleague("theo@demo.example", "Theo Brandt", "counselor", RIVER, "CADC")
PRIYA = Colleague("priya@demo.example", "Priya Nair", "counselor", OAK, "CADC-T", in_training=True)
SAM = Colleague(_SAM.email, _SAM.name, _SAM.role, "", "LICSW")
ADA = Colleague(_ADA.email, _ADA.name, _ADA.role)
AUDRA = Colleague("audra@demo.example", "Audra Finch", "auditor")
COUNSELORS = (DANA, MARISOL, THEO)
STAFF = (*COUNSELORS, PRIYA, SAM, ADA, AUDRA)

SHE, HE, THEY = "she/her", "he/him", "they/them"


@dataclass(frozen=True)
class Person:
    given: str
    family: str
    pronouns: str = ""
    chosen: str = ""
    language: str = "en"


_ENGLISH = """
Alex Moreno they|Bridget Tran she|Calvin Osei he|Delia Franklin she|Ewan Macleod he|Farah Nasser she|Gwen Pruitt she
Hollis Barker he|Imani Coleman she|Jonah Pike he|Kayla Dunn she|Leon Baptiste he|Mara Lindholm she|Nate Kowalczyk he
Odessa Grant she|Perry Whitlock he|Quinn Abara they|Rosalind Shaw she|Silas Yoder he|Tamsin Kerr she|Umar Siddiqui he
Vera Novak she|Wade Hutchins he|Xenia Petrov she|Yusuf Demir he|Zora Banks she|Andre Mosley he|Bonnie Castellan she
Curtis Lam he|Dorothea Kim she|Emmett Rourke he|Fiona Adeyemi she|Garrett Stone he|Harper Ellison they|Ivy Nakamura she
Jerome Tillman he|Kirsten Vogel she|Lionel Frost he|Monique Duval she|Neil Armitage he|Opal Jennings she|Preston Cho he
Renee Boudreaux she|Stellan Berg he|Tasha Wynn she|Victor Lazar he|Willa Strand she|Zachary Holt he
""".replace("\n", "|")
_SPANISH = """
Adriana Fuentes she|Benito Carrasco he|Carmen Ibarra she|Diego Salinas he|Elena Quiroga she|Felipe Montoya he
Graciela Pineda she|Hector Villalobos he|Ines Arce she|Joaquin Beltran he|Luz Maldonado she|Rafael Ocampo he
""".replace("\n", "|")
_CHOSEN = {
    "Alexander": "Lex",
    "Tamsin": "Tam",
    "Zachary": "Zach",
    "Dorothea": "Dot",
    "Hector": "Tito",
    "Rosalind": "Roz",
}
_PRONOUNS = {"she": SHE, "he": HE, "they": THEY}


def people(rng: random.Random) -> Iterator[Person]:
    """Everybody once, in an order that the seed decides; about one in five speaks Spanish."""
    english, spanish = list(_read(_ENGLISH, "en")), list(_read(_SPANISH, "es"))
    rng.shuffle(english)
    rng.shuffle(spanish)
    while english or spanish:
        yield from (english.pop() for _number in range(min(4, len(english))))
        if spanish:
            yield spanish.pop()


def _read(block: str, language: str) -> Iterator[Person]:
    for line in filter(None, block.split("|")):
        given, family, pronoun = line.split()
        yield Person(given, family, _PRONOUNS[pronoun], _CHOSEN.get(given, ""), language)
