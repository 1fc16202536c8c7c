"""Which four legs: short strikes by our own delta, wings a fixed width away. Methodology 4.2.

Works in two looks, to spare data lines. A coarse row of strikes around the index gives the parity
forward and the smile; from it follows where the target delta lies, and then a few listed strikes
around that spot and their wings are asked for. A strike the broker refused for this expiration is
passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

import numpy as np

from domain.chain import OptionChain, nearest, spread_out
from domain.combos import IronCondor
from domain.desk import Desk
from domain.instruments import SPX, VIX, Contract, Right, spxw_option
from domain.option_readings import OptionReading, read_options, read_parity
from domain.orders import DenialCode
from domain.parity import Parity
from domain.quotes import Quote
from strategies.iron_condor.parameters import IronCondorParams

_COARSE_GRID = 25.0  # strikes on this grid are listed for nearly every expiration
_COARSE_PUTS = (8, -2.4)  # how many, and how many standard deviations down
_COARSE_CALLS = (6, 1.7)
_FINE = 3
_WING_SLACK = 25.0  # a wing may be this much wider when the exact strike is not listed
_QUOTE_AGE_S_MAX = 300.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Either a condor, or why not yet; ``wanted`` are the contracts to watch in any case."""

    wanted: tuple[Contract, ...]
    condor: IronCondor | None = None
    reason: str = ""
    denial: DenialCode | None = None
    inputs: tuple[tuple[str, float], ...] = ()


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
    listed = _Listed(desk, chain, expiration)
    coarse = _coarse(desk, listed, spx, vix)
    parity = _parity(desk, listed, coarse)
    if parity is None:
        return Choice(coarse, reason="waiting for a forward", denial=DenialCode.QUOTE_MISSING)
    forward = parity.forward
    readings = _readings(desk, listed, parity)
    width = wing_width(spx, params)
    wanted, picks = list(coarse), []
    for right in (Right.PUT, Right.CALL):
        side = [reading for reading in readings if reading.contract.right is right]
        spot = _strike_at(side, target)
        if spot is None:
            continue
        shorts = nearest(listed.shorts(right, forward), spot, _FINE)
        wanted += listed.with_wings(shorts, right, width)
        picks.append(_pick(listed, side, right, width, target, nearest(shorts, spot)))
    found = tuple(dict.fromkeys(wanted))
    if len(picks) < 2 or any(pick is None for pick in picks):
        return Choice(found, reason="waiting for strikes", denial=DenialCode.QUOTE_MISSING)
    put, call = picks
    assert put is not None
    assert call is not None
    inputs = (
        ("forward", forward),
        ("width", width),
        ("target_delta", target),
        ("put_delta", put[0].delta),
        ("call_delta", call[0].delta),
        ("put_vol", put[0].vol),
        ("call_vol", call[0].vol),
    )
    if max(abs(abs(side[0].delta) - target) for side in (put, call)) > params.delta_tolerance:
        return Choice(found, reason="no strike near the target delta", inputs=inputs)
    condor = IronCondor(put[1], put[0].contract, call[0].contract, call[1])
    return Choice(found, condor, inputs=inputs)


class _Listed:
    """The strikes of one expiration that can be had: listed, not refused, not colliding with the
    book.
    """

    def __init__(self, desk: Desk, chain: OptionChain, expiration: date) -> None:
        self._desk = desk
        self._expiration = expiration
        self._refused = {(c.strike, c.right) for c in desk.refused if c.expiration == expiration}
        self._held = _committed(desk)
        self.strikes = chain.strikes

    def option(self, strike: float, right: Right) -> Contract:
        return spxw_option(self._expiration, strike, right)

    def exists(self, strike: float, right: Right) -> bool:
        return (strike, right) not in self._refused

    def quote(self, contract: Contract) -> Quote | None:
        """A fresh two-sided quote, or None."""
        quote = self._desk.quote(contract)
        if quote is None or quote.mid is None or quote.age_s(self._desk.now) > _QUOTE_AGE_S_MAX:
            return None
        return quote

    def coarse(self, low: float, high: float, count: int, right: Right) -> list[Contract]:
        strikes = [s for s in self.strikes if self.exists(s, right)]
        round_ones = [strike for strike in strikes if strike % _COARSE_GRID == 0]
        return [self.option(s, right) for s in spread_out(round_ones or strikes, low, high, count)]

    def shorts(self, right: Right, forward: float) -> list[float]:
        """Out-of-the-money strikes that may be sold, ascending."""
        return [
            strike
            for strike in self.strikes
            if (strike < forward if right is Right.PUT else strike > forward)
            and self.exists(strike, right)
            and self._held.get(self.option(strike, right), 0) <= 0
        ]

    def wing(self, short: float, right: Right, width: float) -> Contract | None:
        """The first strike at least ``width`` further out that may be bought."""
        if right is Right.PUT:
            beyond = [s for s in self.strikes if short - width - _WING_SLACK <= s <= short - width]
            beyond.reverse()
        else:
            beyond = [s for s in self.strikes if short + width <= s <= short + width + _WING_SLACK]
        for strike in beyond:
            option = self.option(strike, right)
            if self.exists(strike, right) and self._held.get(option, 0) >= 0:
                return option
        return None

    def with_wings(self, shorts: Sequence[float], right: Right, width: float) -> list[Contract]:
        wings = [self.wing(strike, right, width) for strike in shorts]
        return [self.option(strike, right) for strike in shorts] + [
            w for w in wings if w is not None
        ]


def _coarse(desk: Desk, listed: _Listed, spx: float, vix: float) -> tuple[Contract, ...]:
    """Out-of-the-money options on a coarse grid, and puts beside the lowest calls for parity."""
    sample = listed.option(listed.strikes[0], Right.PUT) if listed.strikes else None
    if sample is None:
        return ()
    deviation = spx * vix / 100.0 * sqrt(desk.calendar.years_to_settlement(sample, desk.now))
    puts = listed.coarse(spx + _COARSE_PUTS[1] * deviation, spx, _COARSE_PUTS[0], Right.PUT)
    calls = listed.coarse(spx, spx + _COARSE_CALLS[1] * deviation, _COARSE_CALLS[0], Right.CALL)
    middle = nearest([c.strike for c in (*puts, *calls)], spx, 2)
    at_the_money = [listed.option(strike, right) for strike in middle for right in Right]
    existing = [c for c in at_the_money if c.right and listed.exists(c.strike, c.right)]
    return tuple(dict.fromkeys((*existing, *puts, *calls)))


def _parity(desk: Desk, listed: _Listed, coarse: tuple[Contract, ...]) -> Parity | None:
    if not coarse:
        return None
    return read_parity(desk.quotes, listed.quote, coarse[0], desk.calendar, desk.now)


def _readings(desk: Desk, listed: _Listed, parity: Parity) -> list[OptionReading]:
    """Every quoted out-of-the-money option of the expiration."""
    forward, options = parity.forward, []
    for contract in desk.quotes:
        if (
            contract.trading_class != "SPXW"
            or contract.expiration != listed.option(1.0, Right.PUT).expiration
        ):
            continue
        outside = (
            contract.strike < forward if contract.right is Right.PUT else contract.strike > forward
        )
        quote = listed.quote(contract) if outside else None
        if quote is not None and quote.mid is not None:
            options.append((contract, quote.mid))
    options.sort(key=lambda option: option[0].strike)
    return read_options(options, forward, desk.calendar, desk.now, parity.discount)


def _strike_at(side: list[OptionReading], target: float) -> float | None:
    """Where |delta| would be ``target``, by a straight line between quoted strikes; None outside
    them.
    """
    by_delta = sorted((abs(reading.delta), reading.contract.strike) for reading in side)
    if len(by_delta) < 2 or not by_delta[0][0] <= target <= by_delta[-1][0]:
        return None
    deltas, strikes = zip(*by_delta, strict=True)
    return float(np.interp(target, deltas, strikes))


def _pick(
    listed: _Listed,
    side: list[OptionReading],
    right: Right,
    width: float,
    target: float,
    needed: Sequence[float],
) -> tuple[OptionReading, Contract] | None:
    """Short reading and wing; None until the strike nearest the spot and its wing are quoted.

    Of two equally close deltas the strike further out of the money wins.
    """
    allowed = set(
        listed.shorts(right, side[0].contract.strike if not side else _inside(side, right))
    )
    found = []
    for reading in side:
        strike = reading.contract.strike
        wing = listed.wing(strike, right, width) if strike in allowed else None
        if wing is not None and listed.quote(wing) is not None:
            found.append((reading, wing))
    if not found or not set(needed) <= {reading.contract.strike for reading, _ in found}:
        return None
    outward = -1.0 if right is Right.CALL else 1.0
    return min(
        found,
        key=lambda pick: (abs(abs(pick[0].delta) - target), outward * pick[0].contract.strike),
    )


def _inside(side: list[OptionReading], right: Right) -> float:
    """A level just inside the innermost reading, so that all of ``side`` is out of the money."""
    strikes = [reading.contract.strike for reading in side]
    return max(strikes) + 1.0 if right is Right.PUT else min(strikes) - 1.0


def _committed(desk: Desk) -> dict[Contract, int]:
    """Signed contracts held or being traded, so that no leg of ours is ever on both sides."""
    net = desk.book.positions()
    for order in desk.working:
        for leg in order.intent.legs:
            net[leg.contract] = net.get(leg.contract, 0) + leg.ratio * order.remaining
    return net
