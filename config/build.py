"""Which code this is: the version of the package and a digest of the sources that decide.

The same wherever the same files are installed, without asking any tool: a journal that names it
says which program made its decisions.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable

PACKAGES = ("bot", "config", "domain", "engine", "risk", "strategies")  # what a daemon runs


@cache  # once: a file that is changed later is not the program that runs
def build_identity() -> str:
    """``0.1.0+src.3f9a0c2b7d41``: twelve digits of the digest are kept."""
    return f"{package_version()}+src.{digest_of(PACKAGES)[:12]}"


@cache
def digest_of(packages: tuple[str, ...]) -> str:
    """Of the sources of ``packages``, whatever their order."""
    sources = [source for package in packages for source in sources_below(files(package), package)]
    return fingerprint(sorted(sources))


def package_version() -> str:
    """As installed; ``0`` for sources that were never installed."""
    try:
        return version("condorbot")
    except PackageNotFoundError:
        return "0"


def sources_below(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    """Every Python source in ``folder`` with its content, named from ``path`` on."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from sources_below(entry, f"{path}/{entry.name}")
        elif entry.name.endswith(".py"):
            yield f"{path}/{entry.name}", entry.read_bytes()


def fingerprint(parts: list[tuple[str, bytes]]) -> str:
    """SHA-256 over names and contents, each with its length."""
    digest = hashlib.sha256()
    for name, content in parts:
        digest.update(f"{name}:{len(content)}:".encode() + content)
    return digest.hexdigest()
