"""Optional packs of measures: installed as packages of their own, off until the operator says for which use.

A pack is data: a folder with pack.toml, LICENCE and measures/*.toml, found through an entry point. None of its code
is called. Its licence is its own and never becomes ours (docs/adr/0015, clinical.md §2.0 tier B).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from casework.measures.definitions import BadDefinition, Instrument, own, read
from casework.measures.models import PackInUse
from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput

GROUP = "turnaround.measures"
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pack:
    """An installed pack, in use or not."""

    name: str
    title: str
    version: str
    prohibits_commercial: bool
    licence: str
    instruments: Mapping[str, Instrument]


def _load(name: str, folder: Any) -> Pack:
    """The pack of a folder. Raises BadDefinition for one that is broken or claims what is ours."""
    try:
        told = tomllib.loads((folder / "pack.toml").read_text(encoding="utf-8"))
        licence = (folder / "LICENCE").read_text(encoding="utf-8")
        paths = sorted((one for one in (folder / "measures").iterdir()), key=lambda one: one.name)
        found = [read(one, pack=name) for one in paths if one.name.endswith(".toml")]
        pack = Pack(
            name=name,
            title=told["title"],
            version=told["version"],
            prohibits_commercial=told["prohibits_commercial"],
            licence=licence,
            instruments={one.key: one for one in found},
        )
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadDefinition(f"{name}: {error!r}") from error
    if set(pack.instruments) & set(own()) or any(one.tier != "B" for one in found):
        raise BadDefinition(f"{name}: a pack brings measures of tier B under keys of its own")
    return pack


@cache
def installed() -> Mapping[str, Pack]:
    """Every pack that is installed and whole, by name. A broken one is left out and named in the log."""
    found = {}
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = _load(point.name, files(point.value))
        except (BadDefinition, ImportError) as error:
            log.warning("pack_is_broken", pack=point.name, kind=type(error).__name__)
    return found


def usable(at: datetime) -> dict[str, Instrument]:
    """What may be given at that instant: our own measures, and those of the packs in use."""
    found = dict(own())
    for name in sorted(PackInUse.names(at)):
        found |= installed()[name].instruments if name in installed() else {}
    return found


def known(key: str) -> Instrument | None:
    """The measure of a result on record, also of a pack that is not in use any more; None when it is gone."""
    brought = (one.instruments[key] for one in installed().values() if key in one.instruments)
    return own().get(key) or next(brought, None)


@transaction.atomic
def switch_on(*, name: str, use: str, by: Any, now: datetime) -> PackInUse:
    """Take a pack into use. Raises InvalidInput for one not installed or a use that its licence forbids."""
    require(by, Verb.MANAGE_PRACTICE)
    pack = installed().get(name)
    if pack is None:
        raise InvalidInput(_("No pack called “%(name)s” is installed here.") % {"name": name}, field="name")
    if use not in PackInUse.Use.values:
        raise InvalidInput(
            _("Say what it is used for: clinical, research, education or commercial."), field="use"
        )
    if use == PackInUse.Use.COMMERCIAL and pack.prohibits_commercial:
        raise InvalidInput(_("The licence of this pack forbids commercial use."), field="use")
    if PackInUse.objects.select_for_update().filter(name=name, until=None).exists():
        raise Conflict(_("This pack is in use already. Switch it off first to name another use."))
    row = PackInUse.objects.create(name=name, version=pack.version, use=use, since=now)
    audit.record("measure_pack.switched_on", by=by, at=now, target=row, pack=name, use=use)
    return row


@transaction.atomic
def switch_off(*, name: str, by: Any, now: datetime) -> PackInUse:
    """Give nothing of the pack from now on; what was given stays on record. Raises Conflict when it is off."""
    require(by, Verb.MANAGE_PRACTICE)
    row = PackInUse.objects.select_for_update().filter(name=name, until=None).first()
    if row is None:
        raise Conflict(_("This pack is not in use."))
    row.until = now
    row.save(update_fields=["until"])
    audit.record("measure_pack.switched_off", by=by, at=now, target=row, pack=name)
    return row
