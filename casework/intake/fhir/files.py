"""From paths to parsed bundles: finding, unpacking and refusing files."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .errors import BundleError
from .version import foreign_version

SUFFIXES = (".json", ".json.gz")
MAX_BYTES = 200_000_000
BUNDLE_TYPES = frozenset({"transaction", "batch", "collection", "searchset", "document"})
GZIP_MAGIC = b"\x1f\x8b"
EXPORT_AGAIN = "Export it again from the sending system."


def bundle_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files to import, each once: named files as they are, folders searched for .json and .json.gz.

    Raises BundleError for a path that does not exist and for a folder without any bundle in it.
    """
    seen: set[Path] = set()
    for path in paths:
        for file in _expand(path):
            resolved = file.resolve()
            if resolved not in seen:
                seen.add(resolved)
                yield file


def _expand(path: Path) -> list[Path]:
    if not path.exists():
        raise BundleError(path, "There is no such file or folder.", "Check the spelling of the path.")
    if not path.is_dir():
        return [path]
    found = sorted(
        file for file in path.rglob("*") if file.is_file() and file.name.lower().endswith(SUFFIXES)
    )
    if not found:
        raise BundleError(
            path, "The folder holds no .json or .json.gz file.", "Name the folder with the bundles."
        )
    return found


def load_bundle(path: Path, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Parse one file as an R4 bundle with at least one entry. Raises BundleError naming what is wrong."""
    bundle = _as_bundle(path, _parse(path, _text(path, max_bytes)))
    foreign = foreign_version(bundle)
    if foreign:
        raise BundleError(
            path,
            f"The bundle is FHIR {foreign.version}, not R4 ({foreign.sign}).",
            "Ask the sending system for an R4 (4.0.1) export.",
        )
    return bundle


def _text(path: Path, max_bytes: int) -> str:
    content = _content(path, max_bytes)
    if not content.strip():
        raise BundleError(path, "The file is empty.", EXPORT_AGAIN)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BundleError(path, f"The file is not UTF-8 text (byte {error.start}).", EXPORT_AGAIN) from error


def _content(path: Path, max_bytes: int) -> bytes:
    """The unpacked bytes, reading at most one byte beyond the limit so that a small bomb cannot grow."""
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == GZIP_MAGIC
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            content = stream.read(max_bytes + 1)
    except EOFError as error:
        raise BundleError(path, "The gzip file is cut off before its end.", "Copy it again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BundleError(path, "The gzip file is damaged.", "Copy it again.") from error
    except OSError as error:
        raise BundleError(
            path, f"The file cannot be read ({error.strerror}).", "Check its permissions."
        ) from error
    if len(content) > max_bytes:
        megabytes = max_bytes // 1_000_000
        raise BundleError(
            path,
            f"The file unpacks to more than {megabytes} MB.",
            "Split it, one person a file, or raise --max-mb.",
        )
    return content


def _parse(path: Path, text: str) -> object:
    if text.lstrip().startswith("<"):
        raise BundleError(path, "The file is XML.", "Ask for the JSON form of the export.")
    try:
        parsed: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise _json_error(path, text, error) from error
    except RecursionError as error:
        raise BundleError(path, "The JSON is nested too deeply to be a FHIR bundle.", EXPORT_AGAIN) from error
    return parsed


def _json_error(path: Path, text: str, error: json.JSONDecodeError) -> BundleError:
    if error.msg == "Extra data" and text.lstrip().startswith("{"):
        return BundleError(
            path,
            "The file holds several JSON documents, as bulk exports (NDJSON) do.",
            "Import one bundle a person instead.",
        )
    rest = text[error.pos :].strip()
    if not rest or error.msg.startswith("Unterminated string"):
        return BundleError(path, f"The JSON is cut off at line {error.lineno}.", "Copy it again.")
    return BundleError(
        path, f"The JSON is broken at line {error.lineno}, column {error.colno}.", EXPORT_AGAIN
    )


def _as_bundle(path: Path, parsed: object) -> dict[str, Any]:
    kind = parsed.get("resourceType") if isinstance(parsed, dict) else None
    if not isinstance(parsed, dict) or not isinstance(kind, str):
        raise BundleError(path, "The JSON is not FHIR: it names no resourceType.", "Choose a FHIR R4 bundle.")
    if kind != "Bundle":
        raise BundleError(
            path, f"The file is a single {kind}, not a Bundle.", "Export the person as a bundle."
        )
    if parsed.get("type") not in list(BUNDLE_TYPES):
        raise BundleError(
            path,
            f"A bundle of type {parsed.get('type')!r} cannot be imported.",
            f"Use one of: {', '.join(sorted(BUNDLE_TYPES))}.",
        )
    entries = parsed.get("entry")
    if not isinstance(entries, list) or not entries:
        raise BundleError(path, "The bundle has no entries.", EXPORT_AGAIN)
    for number, entry in enumerate(entries, start=1):
        _check_entry(path, number, entry)
    return parsed


def _check_entry(path: Path, number: int, entry: object) -> None:
    resource = entry.get("resource", {}) if isinstance(entry, dict) else None
    if not isinstance(resource, dict) or (resource and not isinstance(resource.get("resourceType"), str)):
        raise BundleError(path, f"Entry {number} of the bundle is not a FHIR resource.", EXPORT_AGAIN)
