"""A recorded life of the engine, decided again: does the same come out?

The events of a journal, batch by batch as they were folded, through ``engine.step`` with the same
rules. A difference means other rules, another version, or a decision that depends on something
that is not in the record.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from domain.desk import Desk
from domain.effects import Effect
from domain.events import Event
from engine.policy import Policy
from engine.step import step

Batch: TypeAlias = tuple[int, Sequence[Event], Sequence[Effect]]


@dataclass(frozen=True, slots=True)
class Difference:
    """``recorded`` and ``decided`` hold what only one of both has, in order."""

    batch: int
    recorded: tuple[Effect, ...]
    decided: tuple[Effect, ...]


def redecided(batches: Iterable[Batch], desk: Desk, policy: Policy) -> Iterator[Difference]:
    """Every batch whose effects come out differently; the desk goes on as it was decided now."""
    for number, events, effects in batches:
        result = step(desk, events, policy)
        desk = result.desk
        if list(result.effects) != list(effects):
            yield Difference(
                number,
                tuple(each for each in effects if each not in result.effects),
                tuple(each for each in result.effects if each not in effects),
            )
