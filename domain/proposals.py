"""What a rule may plan with, and what it answers when it is asked: orders it wants, reasons why
not, changes it noticed.
"""

from dataclasses import dataclass

from domain.effects import CancelOrder, RecordDecision
from domain.instruments import Contract
from domain.orders import DenialCode, Layer, OrderIntent
from domain.smile_fit import LastSmile


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the risk limits leave to plan with; their home is ``[limits]``, a strategy only reads.

    Shares are fractions of net liquidation.
    """

    condors_max: int
    max_loss_share_entry: float
    max_loss_share_total: float
    excess_liquidity_min: float
    liquidity_for_s: float = 30.0  # a leg thin for so many seconds pauses entries


@dataclass(frozen=True, slots=True)
class Skip:
    """A rule looked and does not trade. ``reason`` holds no changing numbers: those are
    ``inputs``.
    """

    topic: str
    rule: str
    reason: str
    denial: DenialCode | None = None
    layer: Layer | None = None
    inputs: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """``wanted`` are contracts the rule needs quotes of before it can decide, most important
    first; ``smile`` the last one fitted, from which the next fit starts; ``legs`` those of the
    condor that would be opened.
    """

    intents: tuple[OrderIntent, ...] = ()
    skips: tuple[Skip, ...] = ()
    changes: tuple[RecordDecision, ...] = ()
    wanted: tuple[Contract, ...] = ()
    cancels: tuple[CancelOrder, ...] = ()
    smile: LastSmile | None = None
    legs: tuple[Contract, ...] = ()

    def __add__(self, other: "Proposal") -> "Proposal":
        if other == _NOTHING:  # most rules have nothing to say
            return self
        return Proposal(
            self.intents + other.intents,
            self.skips + other.skips,
            self.changes + other.changes,
            self.wanted + other.wanted,
            self.cancels + other.cancels,
            other.smile or self.smile,
            other.legs or self.legs,
        )


_NOTHING = Proposal()
