"""Why a file cannot be imported, said so that the person at the keyboard can act on it."""

from pathlib import Path


class BundleError(Exception):
    """One file cannot be read: its path, the reason, and what to do about it."""

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        self.path = path
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{path.name}: {reason} {remedy}")


class MappingError(Exception):
    """The mapping file is missing or wrong; nothing can be imported with it."""
