"""What one bundle tells us, as plain facts."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

STAY = "stay"
COUNSELING = "counseling"


@dataclass(frozen=True)
class Moment:
    """A FHIR date or instant: the local day, how precise it is (day, month, year), the instant when known."""

    on: date
    precision: str
    at: datetime | None = None


@dataclass(frozen=True)
class Telecom:
    kind: str  # mobile, landline or email
    value: str


@dataclass(frozen=True)
class Person:
    """Who the bundle is about. `system` and `external_id` name the person in the sending system."""

    system: str
    external_id: str
    given_name: str
    family_name: str
    chosen_name: str
    birth_date: date | None
    language: str
    telecoms: tuple[Telecom, ...]
    deceased: bool
    deceased_on: date | None


@dataclass(frozen=True)
class SubstanceFact:
    """A condition that names a substance, and since when the sending system has known of it."""

    external_id: str
    substance: str
    noted_on: date | None


@dataclass(frozen=True)
class UseFact:
    """One overdose: the emergency encounter, or a condition of its own without one."""

    external_id: str
    when: Moment
    substance: str
    use_type: str


@dataclass(frozen=True)
class EpisodeFact:
    """A time in care, with the resources it was merged from. `ended_on` is None while it goes on."""

    kind: str
    started_on: date
    ended_on: date | None
    external_ids: tuple[str, ...]
    reason: str = ""

    @property
    def external_id(self) -> str:
        return self.external_ids[0]


@dataclass
class BundleFacts:
    """All we take from one file, and a count of what we leave."""

    path: Path
    person: Person
    substances: list[SubstanceFact] = field(default_factory=list)
    uses: list[UseFact] = field(default_factory=list)
    episodes: list[EpisodeFact] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
