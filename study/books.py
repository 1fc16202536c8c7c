"""The shadow books: named variants of one policy, all of them replayed over the same market.

A variant changes parameters and nothing else; every rule stays the engine's. What the engine cannot
express as parameters is no book here: the report lists it as missing.
"""

from dataclasses import dataclass, replace

from engine.policy import Policy
from risk.limits import CapBasis

UNHEDGED, HEDGED = "U", "Hd"
PHASES = (5, 10, 15)  # sessions: one, two and three weeks, of a cycle of about five


@dataclass(frozen=True, slots=True)
class BookSpec:
    """``meaning`` is one line for the reader of the report."""

    name: str
    meaning: str
    policy: Policy
    hedge_after: int = 0  # sessions without hedge at the start: shifts every later roll


def shadow_books(base: Policy) -> tuple[BookSpec, ...]:
    """Every book of the study, the unhedged one first."""
    off = replace(base, hedge=replace(base.hedge, ratio=(0.0, 0.0, 0.0)))
    return (
        BookSpec(UNHEDGED, "condors alone", off),
        BookSpec(HEDGED, "condors and the hedge as configured", base),
        BookSpec("Hd-half", "half of the hedge", _static(base, 0.5)),
        BookSpec("Hd-more", "one and a half times the hedge", _static(base, 1.5)),
        BookSpec("Hd-premium", "the cap measured in premium instead of delta", _premium(base)),
        BookSpec("U-ungated", "condors alone, entered up to VIX 30", _ungated(off)),
        BookSpec("Hd-ungated", "hedged, condors entered up to VIX 30", _ungated(base)),
    )


def phase_books(base: Policy) -> tuple[BookSpec, ...]:
    """The hedged book, its hedge begun one to three weeks later: luck with the roll's day."""
    return tuple(
        BookSpec(f"Hd+{late}", f"the hedge begun {late} sessions later", base, late)
        for late in PHASES
    )


def _static(base: Policy, ratio: float) -> Policy:
    return replace(base, hedge=replace(base.hedge, static_ratio=ratio))


def _premium(base: Policy) -> Policy:
    return replace(base, limits=replace(base.limits, cap_basis=CapBasis.PREMIUM))


def _ungated(base: Policy) -> Policy:
    """ELEVATED shrinks to nothing below HIGH, so that every rule for HIGH stays as it is."""
    high = base.regime.vix_high
    regime = replace(base.regime, vix_elevated=high - 0.01)
    return replace(base, regime=regime, condor=replace(base.condor, vix_ceiling=high - 0.01))
