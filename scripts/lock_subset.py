"""Prints the part of requirements.lock that the product needs at run time, hashes included.

    python3 scripts/lock_subset.py [EXTRA-PACKAGE ...] < requirements.lock

Follows the "via" notes of the lock from the project's own dependencies: one lock serves all.
Standard library only: it runs before anything is installed.
"""

import re
import sys

PROJECT = "condorbot (pyproject.toml)"


def blocks(text: str) -> dict[str, tuple[str, set[str]]]:
    """Package name to its lines and to whom it is installed for; a fork per marker adds up."""
    found: dict[str, tuple[str, set[str]]] = {}
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", text):
        name = re.match(r"[A-Za-z0-9._-]+", block)
        if name is None:
            continue
        notes = block.partition("    # via")[2]
        wanted_by = {note.strip(" #") for note in notes.splitlines() if note.strip(" #")}
        lines, others = found.get(name[0], ("", set()))
        found[name[0]] = (lines + block, others | wanted_by)
    return found


def runtime(found: dict[str, tuple[str, set[str]]], extra: set[str]) -> set[str]:
    """Names reached from the project itself or from ``extra``."""
    names = {name for name, (_, wanted_by) in found.items() if PROJECT in wanted_by} | extra
    while more := {name for name, (_, by) in found.items() if by & names} - names:
        names |= more
    return names


if __name__ == "__main__":
    packages = blocks(sys.stdin.read())
    chosen = runtime(packages, set(sys.argv[1:]))
    missing = set(sys.argv[1:]) - packages.keys()
    if missing:
        sys.exit(f"not in the lock: {', '.join(sorted(missing))}")
    sys.stdout.write("".join(packages[name][0] for name in sorted(chosen)))
