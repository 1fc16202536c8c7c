"""One expiration as entry reads it: forward, smile, and the delta of every strike.

Deltas are those of the fitted smile. Where it cannot be fitted, each quote's own implied
volatility stands in, and the reading says so. Refuses to know which strikes are wanted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from domain.instruments import Contract, Right
from domain.option_readings import OptionReading, read_options, read_parity
from domain.pricing import Floats, greeks
from domain.recalled import Same, recalled
from domain.smile_fit import Smile, SmileReason, fit_smile
from strategies.iron_condor.listed import Listed

_SAME_FORWARD = 0.02  # a smile is of about the same market while its forward is that near


@dataclass(frozen=True, slots=True)
class Expiry:
    """``readings`` are the quoted out-of-the-money options by increasing strike.

    ``smile`` is None where each reading has the volatility of its own quote. ``residual`` is mid
    less model in half-spreads, by contract; the most negative is the cheapest (S22).
    """

    forward: float
    discount: float
    years: float
    readings: tuple[OptionReading, ...]
    smile: Smile | None = None
    residual: dict[Contract, float] = field(default_factory=dict)

    @property
    def volatility_at_the_money(self) -> float | None:
        """Annual volatility at the forward; of the nearest quote without a smile, None without
        any.
        """
        return _at_the_money(self)

    def side(self, right: Right) -> list[OptionReading]:
        return [reading for reading in self.readings if reading.contract.right is right]

    def reading(self, contract: Contract) -> OptionReading | None:
        return next((one for one in self.readings if one.contract == contract), None)

    def strike_at(self, right: Right, target: float, strikes: Sequence[float]) -> float | None:
        """Where |delta| would be ``target``; None outside the quoted strikes.

        With a smile it is read off the listed ``strikes``, else off a straight line between quotes.
        """
        return _strike_at(self, right, target, strikes)

    def deltas(self, strikes: Floats, right: Right) -> Floats:
        """Of the smile, which there must be."""
        assert self.smile is not None
        call = right is Right.CALL
        return greeks(self.forward, strikes, self.years, self.smile.vol(strikes), call).delta


def read_expiry(listed: Listed, like: Contract) -> Expiry | None:
    """What the quotes of the expiration of ``like`` say; None without a forward."""
    parity = read_parity(listed.quotes, listed.quote, like, listed.calendar, listed.now)
    if parity is None:
        return None
    quotes = _out_of_the_money(listed, parity.forward)
    options = [(contract, 0.5 * (bid + ask)) for contract, bid, ask in quotes]
    readings = read_options(options, parity.forward, listed.calendar, listed.now, parity.discount)
    plain = Expiry(parity.forward, parity.discount, listed.years, tuple(readings))
    warm = Same(_warm(listed.smile, plain.forward))
    return _fitted(plain.readings, plain.forward, plain.discount, plain.years, tuple(quotes), warm)


@recalled("readings", "smile", "forward", looks=4)  # books that agree
def _at_the_money(expiry: Expiry) -> float | None:
    if expiry.smile is not None:
        return float(expiry.smile.vol(expiry.forward))
    near = min(expiry.readings, key=lambda r: abs(r.contract.strike - expiry.forward), default=None)
    return None if near is None else near.vol


@recalled("readings", "smile", "forward", "years", looks=4)  # two sides, and books that agree
def _strike_at(
    expiry: Expiry, right: Right, target: float, strikes: Sequence[float]
) -> float | None:
    side = expiry.side(right)
    if len(side) < 2:
        return None
    by_delta = sorted((abs(reading.delta), reading.contract.strike) for reading in side)
    if not by_delta[0][0] <= target <= by_delta[-1][0]:
        return None
    quoted, at = (np.array(column) for column in zip(*by_delta, strict=True))
    low, high = float(at.min()), float(at.max())
    inside = np.array([s for s in strikes if low <= s <= high])
    if expiry.smile is None or inside.size < 2:
        return float(np.interp(target, quoted, at))
    deltas = np.abs(expiry.deltas(inside, right))
    return float(inside[np.argmin(np.abs(deltas - target))])


def _out_of_the_money(listed: Listed, forward: float) -> list[tuple[Contract, float, float]]:
    """Contract, bid and ask of every quoted out-of-the-money option, by strike."""
    found: list[tuple[Contract, float, float]] = []
    for contract, quote in listed.quotes.items():
        put = contract.right is Right.PUT
        outside = contract.strike < forward if put else contract.strike > forward
        if outside and quote.bid is not None and quote.ask is not None:
            found.append((contract, quote.bid, quote.ask))
    return sorted(found, key=lambda row: row[0].strike)


def _warm(last: Smile | None, forward: float) -> Smile | None:
    """The last smile when it is of about this market."""
    if last is None or abs(forward / last.forward - 1.0) >= _SAME_FORWARD:
        return None
    return last


@lru_cache(maxsize=16)  # books that hear the same quotes share the fit
def _fitted(
    plain_readings: tuple[OptionReading, ...],
    forward: float,
    discount: float,
    years: float,
    quotes: tuple[tuple[Contract, float, float], ...],
    warm: Same,
) -> Expiry:
    """With the volatilities and deltas of the smile, where one can be fitted."""
    plain = Expiry(forward, discount, years, plain_readings)
    strikes = [contract.strike for contract, _, _ in quotes]
    fit = fit_smile(
        strikes,
        [bid for _, bid, _ in quotes],
        [ask for _, _, ask in quotes],
        [contract.right is Right.CALL for contract, _, _ in quotes],
        plain.forward,
        plain.discount,
        plain.years,
        warm=warm.value,
    )
    if fit.smile is None or fit.reason is not SmileReason.OK:
        return plain
    vols = fit.smile.vol([reading.contract.strike for reading in plain.readings])
    calls = np.array([reading.contract.right is Right.CALL for reading in plain.readings])
    at = np.array([reading.contract.strike for reading in plain.readings])
    deltas = greeks(plain.forward, at, plain.years, vols, calls).delta
    readings = tuple(
        OptionReading(reading.contract, reading.mid, float(vol), float(delta))
        for reading, vol, delta in zip(plain.readings, vols, deltas, strict=True)
        if np.isfinite(delta)
    )
    residual = {
        contract: float(value)
        for (contract, _, _), value in zip(quotes, fit.residual, strict=True)
        if np.isfinite(value)
    }
    return replace(plain, readings=readings, smile=fit.smile, residual=residual)
