"""Named variants of one policy, for whoever runs several books over the same market.

A variant changes parameters and nothing else; every rule stays the engine's. The study replays them
over history, the daemon runs some of them beside its own book.
"""

from dataclasses import dataclass, replace

from engine.policy import Policy
from risk.limits import CapBasis
from risk.parameters import RatioMode

UNHEDGED, HEDGED = "U", "Hd"
STATIC, PREMIUM, UNGATED = "Hd-static", "Hd-premium", "U-ungated"
DYNAMIC = "Hd-dynamic"


@dataclass(frozen=True, slots=True)
class BookSpec:
    """``meaning`` is one line for the reader of the report."""

    name: str
    meaning: str
    policy: Policy
    hedge_after: int = 0  # sessions without hedge at the start: shifts every later roll


def study_books(base: Policy) -> tuple[BookSpec, ...]:
    """Every book of the study, the unhedged one first."""
    return (
        BookSpec(UNHEDGED, "condors alone", unhedged(base)),
        BookSpec(HEDGED, "condors and the hedge as configured", base),
        BookSpec("Hd-half", "half of the hedge", static(base, 0.5)),
        BookSpec("Hd-more", "one and a half times the hedge", static(base, 1.5)),
        BookSpec(DYNAMIC, "the hedge sized anew at every roll, for least variance", dynamic(base)),
        BookSpec(PREMIUM, "the cap measured in premium instead of delta", premium_cap(base)),
        BookSpec(UNGATED, "condors alone, entered up to VIX 30", ungated(unhedged(base))),
        BookSpec("Hd-ungated", "hedged, condors entered up to VIX 30", ungated(base)),
    )


def live_books(base: Policy) -> tuple[BookSpec, ...]:
    """What can run beside the live book, which is the hedged one itself; most telling first."""
    return (
        BookSpec(UNHEDGED, "condors alone", unhedged(base)),
        BookSpec(HEDGED, "the live rules, filled on paper", base),
        BookSpec(STATIC, "the hedge at a fixed ratio of one", static(base, 1.0)),
        BookSpec(PREMIUM, "the cap measured in premium instead of delta", premium_cap(base)),
        BookSpec(UNGATED, "condors alone, entered up to VIX 30", ungated(unhedged(base))),
    )


def unhedged(base: Policy) -> Policy:
    return replace(base, hedge=replace(base.hedge, ratio=(0.0, 0.0, 0.0)))


def static(base: Policy, ratio: float) -> Policy:
    """The hedge ratio h fixed at ``ratio``, whatever method the base estimates it by."""
    hedge = replace(base.hedge, ratio_mode=RatioMode.STATIC, static_ratio=ratio)
    return replace(base, hedge=hedge)


def dynamic(base: Policy) -> Policy:
    """The ratio estimated at every roll: the one of least variance, between 0.5 and 1.5 (S28, S38).

    A base that estimates h by another method keeps its own.
    """
    if base.hedge.ratio_mode is not RatioMode.STATIC:
        return base
    return replace(base, hedge=replace(base.hedge, ratio_mode=RatioMode.MIN_VARIANCE))


def premium_cap(base: Policy) -> Policy:
    return replace(base, limits=replace(base.limits, cap_basis=CapBasis.PREMIUM))


def ungated(base: Policy) -> Policy:
    """ELEVATED shrinks to nothing below HIGH, so that every rule for HIGH stays as it is."""
    high = base.regime.vix_high
    regime = replace(base.regime, vix_elevated=high - 0.01)
    return replace(base, regime=regime, condor=replace(base.condor, vix_ceiling=high - 0.01))
