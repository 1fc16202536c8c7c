"""Which four legs: short strikes by delta on the fitted smile, wings further out. Methodology 4.2.

Works in two looks, to spare data lines. A coarse row of strikes around the index gives the parity
forward and the smile; from it follows where the target delta lies, and then a few listed strikes
around that spot and their wings are asked for. A strike the broker refused for this expiration is
passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import sqrt

from domain.chain import OptionChain, nearest
from domain.combos import IronCondor
from domain.desk import Desk
from domain.instruments import SPX, VIX, Contract, Right
from domain.option_readings import OptionReading
from domain.orders import DenialCode
from strategies.iron_condor.expiry import Expiry, read_expiry
from strategies.iron_condor.listed import Listed
from strategies.iron_condor.parameters import IronCondorParams, Wing

_COARSE_PUTS = (8, -2.4)  # how many, and how many standard deviations down
_COARSE_CALLS = (6, 1.7)
_FINE = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """Either a condor, or why not yet; ``wanted`` are the contracts to watch in any case."""

    wanted: tuple[Contract, ...]
    condor: IronCondor | None = None
    reason: str = ""
    denial: DenialCode | None = None
    inputs: tuple[tuple[str, float], ...] = ()
    expiry: Expiry | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """Short reading and wing of one side of the money."""

    short: OptionReading
    wing: Contract


def wing_width(spx: float, params: IronCondorParams) -> float:
    """1 % of the index, rounded half up to 5 points, at least 5: 2776 gives 30, 2740 gives 25."""
    return max(5.0, 5.0 * float(int(params.wing_width_share * spx / 5.0 + 0.5)))


def choose(
    desk: Desk, chain: OptionChain, expiration: date, target: float, params: IronCondorParams
) -> Choice:
    """The condor with short deltas closest to ``target``, once enough strikes are quoted."""
    spx, vix = desk.level(SPX), desk.level(VIX)
    if spx is None or vix is None:
        return Choice((), reason="no index level", denial=DenialCode.QUOTE_MISSING)
    wings = _Wings(
        params.wing,
        params.wing_points or wing_width(spx, params),
        params.wing_delta,
        params.wing_residual_strikes,
    )
    listed = Listed(desk, chain, expiration)
    return _chosen(listed, spx, vix, target, params.delta_tolerance, wings)


@dataclass(frozen=True, slots=True)
class _Wings:
    """What the parameters say of wings; ``width`` in points, ``around`` in strikes."""

    by: Wing
    width: float
    delta: float
    around: int


@lru_cache(maxsize=16)  # books that see and hold the same choose the same
def _chosen(
    listed: Listed, spx: float, vix: float, target: float, tolerance: float, wings: _Wings
) -> Choice:
    coarse = coarse_row(listed, spx, vix)
    expiry = read_expiry(listed, coarse[0]) if coarse else None
    if expiry is None:
        return Choice(coarse, reason="waiting for a forward", denial=DenialCode.QUOTE_MISSING)
    wanted, sides = list(coarse), []
    for right in (Right.PUT, Right.CALL):
        spot = expiry.strike_at(right, target, listed.strikes)
        if spot is None:
            continue
        look = _Look(listed, expiry, right, wings)
        shorts = nearest(listed.shorts(right, expiry.forward), spot, _FINE)
        wanted += look.contracts(shorts)
        sides.append(look.pick(target, nearest(shorts, spot)))
    found = tuple(dict.fromkeys(wanted))
    if len(sides) < 2 or any(side is None for side in sides):
        why = DenialCode.QUOTE_MISSING
        return Choice(found, reason="waiting for strikes", denial=why, expiry=expiry)
    put, call = sides
    assert put is not None
    assert call is not None
    inputs = (("target_delta", target), *measures(expiry, put, call))
    off = max(abs(abs(side.short.delta) - target) for side in (put, call))
    if off > tolerance:
        why, reason = DenialCode.NO_STRIKE, "no strike near the target delta"
        return Choice(found, None, reason, why, inputs, expiry)
    condor = IronCondor(put.wing, put.short.contract, call.short.contract, call.wing)
    return Choice(found, condor, inputs=inputs, expiry=expiry)


def coarse_row(listed: Listed, spx: float, vix: float) -> tuple[Contract, ...]:
    """Out-of-the-money options on a coarse grid, and puts beside the lowest calls for parity."""
    if not listed.strikes:
        return ()
    deviation = spx * vix / 100.0 * sqrt(listed.years)
    puts = listed.coarse(spx + _COARSE_PUTS[1] * deviation, spx, _COARSE_PUTS[0], Right.PUT)
    calls = listed.coarse(spx, spx + _COARSE_CALLS[1] * deviation, _COARSE_CALLS[0], Right.CALL)
    middle = nearest([c.strike for c in (*puts, *calls)], spx, 2)
    at_the_money = [listed.option(strike, right) for strike in middle for right in Right]
    existing = [c for c in at_the_money if c.right and listed.exists(c.strike, c.right)]
    return tuple(dict.fromkeys((*existing, *puts, *calls)))


def measures(expiry: Expiry, put: Side, call: Side) -> tuple[tuple[str, float], ...]:
    """What was read of the two short strikes; ``smile`` is 1 when the deltas are of a fitted
    smile, 0 when each is of its own quote.
    """
    return (
        ("forward", expiry.forward),
        ("put_delta", put.short.delta),
        ("call_delta", call.short.delta),
        ("put_vol", put.short.vol),
        ("call_vol", call.short.vol),
        ("smile", float(expiry.smile is not None)),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One side of the money: which strikes to see, and which of them to take."""

    listed: Listed
    expiry: Expiry
    right: Right
    preferred: _Wings

    def contracts(self, shorts: Sequence[float]) -> list[Contract]:
        """``shorts`` and every wing that might go with them."""
        wings = [wing for strike in shorts for wing in self._wings(strike)]
        return [self.listed.option(strike, self.right) for strike in shorts] + wings

    def pick(self, target: float, needed: Sequence[float]) -> Side | None:
        """None until the strike nearest the spot and its wing are quoted.

        Of two equally close deltas the strike further out of the money wins.
        """
        if any(self._wing(strike) is None for strike in needed):
            return None
        allowed = set(self.listed.shorts(self.right, self.expiry.forward))
        outward = -1.0 if self.right is Right.CALL else 1.0
        nearest_first = sorted(
            (r for r in self.expiry.side(self.right) if r.contract.strike in allowed),
            key=lambda r: (abs(abs(r.delta) - target), outward * r.contract.strike),
        )
        if not set(needed) <= {reading.contract.strike for reading in nearest_first}:
            return None
        for reading in nearest_first:
            wing = self._wing(reading.contract.strike)
            if wing is not None:
                return Side(reading, wing)
        return None

    def _wing(self, short: float) -> Contract | None:
        """The wing of ``short``; None until it and every alternative to it are quoted.

        Of the strikes around the right one the cheapest against the smile, when that is asked for
        (S22): residuals are in half-spreads, and where there are none the right one is taken.
        """
        wings = self._wings(short)
        if not wings or any(self.listed.quote(wing) is None for wing in wings):
            return None
        residual = self.expiry.residual
        if any(wing not in residual for wing in wings):
            return wings[0]
        return min(wings, key=lambda wing: residual[wing])

    def _wings(self, short: float) -> list[Contract]:
        """The wing of ``short`` and then its neighbours, as far as preferences may go."""
        longs = self.listed.longs(self.right, short)
        if self.preferred.by is Wing.DELTA:
            spot = self.expiry.strike_at(self.right, self.preferred.delta, longs)
            right_one = None if spot is None or not longs else nearest(longs, spot)[0]
        else:
            wing = self.listed.wing(short, self.right, self.preferred.width)
            right_one = None if wing is None else wing.strike
        if right_one is None:
            return []
        place, around = longs.index(right_one), self.preferred.around
        beside = longs[max(0, place - around) : place + around + 1]
        ordered = [right_one, *(strike for strike in beside if strike != right_one)]
        return [self.listed.option(strike, self.right) for strike in ordered]
