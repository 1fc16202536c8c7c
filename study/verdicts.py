"""What a verdict is, and when there is too little to give one."""

from dataclasses import dataclass, replace
from enum import StrEnum
from zlib import crc32

from study.bootstrap import Interval

EPISODES_MIN = 5  # fewer independent spikes than this decide nothing


class Verdict(StrEnum):
    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    UNDECIDABLE = "undecidable"


@dataclass(frozen=True, slots=True)
class Claim:
    """``unit`` says what the numbers are; ``n`` counts what the verdict rests on, in ``of``."""

    code: str
    text: str
    verdict: Verdict
    interval: Interval
    n: int
    of: str
    why: str


def few(claim: Claim) -> Claim:
    """``claim``, its verdict withdrawn when it rests on too few episodes."""
    if claim.verdict is Verdict.UNDECIDABLE or claim.n >= EPISODES_MIN:
        return claim
    text = f"{claim.n} independent {claim.of} are too few to say (at least {EPISODES_MIN})"
    return replace(claim, verdict=Verdict.UNDECIDABLE, why=f"{claim.why}, but {text}")


def seed_of(seed: int, name: str) -> int:
    """A seed of its own for every statistic, so that adding one changes no other."""
    return crc32(f"{seed}/{name}".encode())
