"""List the optional packs of measures, and switch one on or off."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from casework.measures import packs
from casework.measures.models import PackInUse
from clients.errors import DomainError

USES = ", ".join(PackInUse.Use.values)


class Command(BaseCommand):
    help = (
        "List the optional packs of measures; “on NAME” shows a pack's licence and asks what you use it for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act")
        on = acts.add_parser("on", help="take a pack into use")
        on.add_argument("name")
        on.add_argument("--use", choices=PackInUse.Use.values, help="without it, you are asked")
        acts.add_parser("off", help="give nothing of a pack from now on").add_argument("name")

    def handle(
        self, *args: Any, act: str | None = None, name: str = "", use: str | None = None, **more: Any
    ) -> None:
        try:
            if act == "on":
                self._switch_on(name, use)
            elif act == "off":
                packs.switch_off(name=name, by=None, now=timezone.now())
                self.stdout.write(f"{name} is off. Results on record stay.")
            else:
                self._list()
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _switch_on(self, name: str, use: str | None) -> None:
        found = packs.installed().get(name)
        if found is not None:
            self.stdout.write(f"{found.title} {found.version}\n\n{found.licence}")
            use = use or input(f"What do you use it for ({USES})? ").strip().lower()
        row = packs.switch_on(name=name, use=use or "", by=None, now=timezone.now())
        self.stdout.write(f"{name} is on, for: {row.get_use_display()}.")

    def _list(self) -> None:
        used = {one.name: one for one in PackInUse.objects.filter(until=None)}
        for name, pack in packs.installed().items():
            state = f"on, for {used[name].get_use_display()}" if name in used else "off"
            self.stdout.write(f"{name}  {pack.title} {pack.version}  {state}")
        if not packs.installed():
            self.stdout.write("No pack is installed. See docs/operator.md.")
