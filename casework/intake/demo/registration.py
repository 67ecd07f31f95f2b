"""Invented people come to the practice: registered, reachable, admitted, through the same acts as anybody."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from casework.intake.demo import roster
from casework.intake.demo.diary import Place
from casework.intake.demo.premises import Premises
from casework.intake.demo.roster import Course
from casework.staff.models import User
from clients import actions
from clients.models import Client, Substance


@dataclass(frozen=True)
class Case:
    """A client with the course they take and the counselor who sees them."""

    course: Course
    client: Client
    counselor: User
    place: Place
    began_at: datetime


class Registrar:
    """Registers courses as clients. Zones: those who shall hear from us soon live where it is day."""

    def __init__(self, premises: Premises, awake: list[str], now: datetime, rng: random.Random) -> None:
        self.premises, self.awake, self.now, self.rng = premises, awake, now, rng
        self.home = premises.practice.zone
        self.catalogue = {one.key: one for one in Substance.objects.order_by("key")}

    def register(self, course: Course, place: Place) -> Case:
        """Register, admit and describe one client as of the week in which they came."""
        counselor = self.premises.counselors[course.counselor]
        began_at = self._began(course, place)
        person = course.person
        client = actions.register_client(
            team=self.premises.team_of(course.counselor),
            by=counselor,
            now=began_at,
            given_name=person.given,
            family_name=person.family,
            chosen_name=person.chosen,
            pronouns=person.pronouns,
            language=person.language,
            date_of_birth=date(course.birth_year, self.rng.randint(1, 12), self.rng.randint(1, 28)),
            time_zone=self._zone(course),
            preferred_channel=self._channel(course),
        )
        case = Case(course, client, counselor, place, began_at)
        self._reach(case)
        self._describe(case)
        return case

    def _began(self, course: Course, place: Place) -> datetime:
        """Two days before the first session could be, at a quarter past the hour."""
        today = self.now.astimezone(self.home).date()
        day = today - timedelta(weeks=course.weeks, days=self.rng.randint(0, 4))
        return datetime.combine(day, time(place.hour, 15), self.home).astimezone(UTC)

    def _zone(self, course: Course) -> str:
        """Most live where the practice is; every third elsewhere; all who are due soon where texts may leave now."""
        home = str(self.home)
        if course.story.kind != roster.DUE_NOW:
            return home if course.number % 6 else "America/Phoenix"
        return self.awake[course.number % len(self.awake)] if course.number % 3 == 0 else self.awake[0]

    def _channel(self, course: Course) -> str:
        if course.story.kind != roster.CALM:
            return Client.Channel.SMS
        return {7: Client.Channel.EMAIL, 13: Client.Channel.CALL}.get(course.number % 20, Client.Channel.SMS)

    def _reach(self, case: Case) -> None:
        number = f"555-{201 + case.course.number:03}-{self.rng.randint(1000, 9999)}"
        common: dict[str, Any] = {"client_id": case.client.pk, "by": case.counselor, "now": case.began_at}
        actions.add_contact_point(**common, kind="mobile", value=number, verified=True)
        if case.course.number % 4 == 1:
            name = f"{case.client.given_name}.{case.client.family_name}".lower()
            actions.add_contact_point(**common, kind="email", value=f"{name}@mail.example", verified=True)
            actions.grant_permission(**common, channel="email", language=case.client.language[:2])
        for channel in ("text", "call"):
            actions.grant_permission(**common, channel=channel, language=case.client.language[:2])

    def _describe(self, case: Case) -> None:
        first = True
        for key in case.course.substances:
            prescribed = key == "buprenorphine"
            actions.set_substance(
                client_id=case.client.pk,
                substance=self.catalogue[key],
                by=case.counselor,
                now=case.began_at,
                is_primary=first,
                is_prescribed=prescribed,
                route="oral"
                if key not in ("heroin", "cocaine", "cannabis", "methamphetamine")
                else "unknown",
                first_used_on=date(
                    case.course.birth_year + self.rng.randint(15, 23), self.rng.randint(1, 12), 1
                ),
                last_used_on=None
                if prescribed
                else case.began_at.date() - timedelta(self.rng.randint(3, 40)),
            )
            first = False
        if case.course.story.kind != roster.NEVER_SEEN:
            programmes = self.premises.programmes_of(case.course.counselor)
            actions.admit(
                client_id=case.client.pk,
                on=case.began_at.astimezone(self.home).date(),
                by=case.counselor,
                now=case.began_at,
                programme=programmes[0 if case.course.number % 4 else 1],
            )
