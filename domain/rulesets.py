"""Operator rules as the core knows them: data, a pure function from facts to truth, and votes.

How rules are written and compiled is the business of ``config.rules``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

Fact: TypeAlias = (
    float | int | str | Mapping[str, float] | Mapping[str, bool] | tuple[Mapping[str, float], ...]
)
Facts: TypeAlias = Mapping[str, Fact]


class Ballot(StrEnum):
    ALLOW = "ALLOW"
    ALERT = "ALERT"
    BLOCK = "BLOCK"  # one is enough to veto


class Scope(StrEnum):
    """What a BLOCK vetoes. Closing, selling and rolling are never vetoed."""

    CONDOR = "condor"  # new condors
    HEDGE = "hedge"  # purchases of calls


@dataclass(frozen=True, slots=True)
class Rule:
    """``vote`` is cast while the condition has held for ``for_s`` seconds, ``unknown`` while it
    cannot be judged, ALLOW otherwise.
    """

    name: str
    row: str  # of the method
    text: str
    when: str  # the condition, as written
    vote: Ballot
    unknown: Ballot
    scope: tuple[Scope, ...] = (Scope.CONDOR, Scope.HEDGE)
    for_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Vote:
    """``known`` is False when data that the rule needs were missing; ``since`` says when its
    condition began to hold, or to be unknown, and is None while it does not.
    """

    rule: Rule
    ballot: Ballot
    known: bool = True
    since: datetime | None = None


class Ruleset(Protocol):
    """Rules compiled once. Equal rules must have equal ``repr``: it goes into the fingerprint."""

    @property
    def rules(self) -> tuple[Rule, ...]: ...

    @property
    def names(self) -> frozenset[str]:
        """The facts that some rule looks at: nothing else need be computed."""

    def judged(self, facts: Facts) -> tuple[bool | None, ...]:
        """Per rule whether its condition holds on ``facts``; None where one that it needs is
        missing. The same facts give the same answer.
        """

    def silent(self) -> tuple[str, ...]:
        """Rules that do not hold on their own examples: empty unless something is broken."""


@dataclass(frozen=True, slots=True)
class NoRules:
    """The empty set."""

    rules: tuple[Rule, ...] = ()
    names: frozenset[str] = frozenset()

    def judged(self, facts: Facts) -> tuple[bool | None, ...]:
        return ()

    def silent(self) -> tuple[str, ...]:
        return ()


NO_RULES: Final = NoRules()
