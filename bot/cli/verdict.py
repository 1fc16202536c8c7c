"""One check of ``condorbot doctor``: what was looked at, how it stands, how to mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"  # works, but something will be missed or is about to fail
    FAIL = "fail"  # the daemon would not trade, or would be refused


@dataclass(frozen=True, slots=True)
class Verdict:
    """``mend`` is empty for what is fine."""

    name: str
    level: Level
    text: str
    mend: str = ""


def fine(name: str, text: str) -> Verdict:
    return Verdict(name, Level.OK, text)


def warn(name: str, text: str, mend: str) -> Verdict:
    return Verdict(name, Level.WARN, text, mend)


def fail(name: str, text: str, mend: str) -> Verdict:
    return Verdict(name, Level.FAIL, text, mend)
