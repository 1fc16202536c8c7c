"""Which VIX call a layer would buy: its expiration, and the listed strike nearest the target delta.

Methodology 4.4: own Black-76 delta on the forward of the option's own expiration; the quote must
have a bid and a spread of at most max(points, share of mid).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from domain.chain import OptionChain, nearest, spread_out
from domain.desk import Desk
from domain.instruments import VIX, Contract, Right, vix_option
from domain.option_readings import OptionReading
from domain.orders import HEDGE_LAYERS, DenialCode, Layer
from domain.quotes import Quote
from risk.curve import settlement_future
from risk.limits import RiskLimits
from risk.parameters import HedgeParams
from risk.vix_calls import vix_forward, vix_readings

_CANDIDATES = 10
_FINE = 3  # strikes between two candidates that are seen too
_LOWEST, _HIGHEST = 0.95, 2.2  # candidate strikes as multiples of the forward
_CLASS = "VIX"


@dataclass(frozen=True, slots=True)
class CallChoice:
    """A call to buy, or why not yet; ``wanted`` are the contracts to watch in any case."""

    wanted: tuple[Contract, ...]
    reading: OptionReading | None = None
    forward: float | None = None
    reason: str = ""
    denial: DenialCode | None = None


def expirations(desk: Desk, layer: Layer, params: HedgeParams) -> tuple[date, ...]:
    """The expiration nearest the layer's tenor and the adjacent one, both inside its tolerance."""
    chain = desk.chains.get(_CLASS)
    if chain is None:
        return ()
    place = HEDGE_LAYERS.index(layer)
    target, slack = params.dte_target[place], params.dte_tolerance[place]
    return chain.two_nearest_expirations(desk.today, target, target - slack, target + slack)


def choose_call(
    desk: Desk, expiration: date, params: HedgeParams, limits: RiskLimits
) -> CallChoice:
    """The tradable call of ``expiration`` with delta nearest the target; equally near ones: the
    higher strike.
    """
    candidates = _candidates(desk, expiration, limits)
    forward = vix_forward(desk, expiration, limits)
    if forward is None:
        return CallChoice(
            candidates, reason="waiting for a VIX forward", denial=DenialCode.QUOTE_MISSING
        )
    coarse = _readings(desk, candidates, limits)
    between = _between(desk, expiration, coarse, params.delta)
    asked = tuple(dict.fromkeys((*candidates, *between)))
    # A strike that was asked for and is still not quoted is done without.
    unheard = any(desk.quote(c) is None and c not in desk.memory.wanted for c in between)
    deltas = [reading.delta for reading in coarse]
    if unheard or not deltas or not min(deltas) <= params.delta <= max(deltas):
        return CallChoice(
            asked,
            forward=forward,
            reason="waiting for VIX strikes",
            denial=DenialCode.QUOTE_MISSING,
        )
    readings = _readings(desk, asked, limits)
    tradable = [reading for reading in readings if _tradable(desk, reading, params)]
    best = min(
        tradable,
        key=lambda reading: (abs(reading.delta - params.delta), -reading.contract.strike),
        default=None,
    )
    if best is None or abs(best.delta - params.delta) > params.delta_tolerance:
        return CallChoice(asked, forward=forward, reason="no tradable VIX call near the delta")
    return CallChoice(asked, best, forward)


def _candidates(desk: Desk, expiration: date, limits: RiskLimits) -> tuple[Contract, ...]:
    """The future that settles with the series, its calls from the forward up, puts when there is no
    future.
    """
    chain = desk.chains[_CLASS]
    future = settlement_future(desk, expiration)
    guess = vix_forward(desk, expiration, limits) or desk.level(VIX)
    if guess is None:
        return () if future is None else (future,)
    strikes = _listed(desk, chain, expiration)
    chosen = spread_out(strikes, _LOWEST * guess, _HIGHEST * guess, _CANDIDATES)
    calls = [vix_option(expiration, strike) for strike in chosen]
    if future is not None:
        return (future, *calls)
    pairs = nearest(strikes, guess, 2)
    parity = [vix_option(expiration, strike, right) for strike in pairs for right in Right]
    return tuple(dict.fromkeys((*parity, *calls)))


def _between(
    desk: Desk, expiration: date, coarse: Sequence[OptionReading], target: float
) -> tuple[Contract, ...]:
    """The listed calls between the two candidates around the target delta, those nearest to where
    a straight line between both reaches it.
    """
    richer = min((r for r in coarse if r.delta >= target), key=lambda r: r.delta, default=None)
    poorer = max((r for r in coarse if r.delta < target), key=lambda r: r.delta, default=None)
    if richer is None or poorer is None:
        return ()
    low, high = richer.contract.strike, poorer.contract.strike
    share = (richer.delta - target) / (richer.delta - poorer.delta)
    listed = _listed(desk, desk.chains[_CLASS], expiration)
    inside = [strike for strike in listed if low < strike < high]
    chosen = nearest(inside, low + share * (high - low), _FINE)
    return tuple(vix_option(expiration, strike) for strike in chosen)


def _listed(desk: Desk, chain: OptionChain, expiration: date) -> list[float]:
    """Strikes of which the broker has not refused the call of ``expiration``."""
    refused = {(c.strike, c.right) for c in desk.refused if c.expiration == expiration}
    if not refused:
        return list(chain.strikes)
    return [strike for strike in chain.strikes if (strike, Right.CALL) not in refused]


def _readings(desk: Desk, calls: Iterable[Contract], limits: RiskLimits) -> list[OptionReading]:
    """Those of ``calls`` that have a fresh two-sided quote."""
    known = vix_readings(desk, limits)
    return [known[c] for c in calls if c in known and _usable(desk, c, limits) is not None]


def _usable(desk: Desk, contract: Contract, limits: RiskLimits) -> Quote | None:
    quote = desk.quote(contract)
    if contract.right is not Right.CALL or quote is None or quote.mid is None:
        return None
    return quote if quote.age_s(desk.now) <= limits.quote_age_s_max else None


def _tradable(desk: Desk, reading: OptionReading, params: HedgeParams) -> bool:
    quote = desk.quote(reading.contract)
    if quote is None or quote.spread is None or not quote.bid:
        return False
    widest = max(params.spread_max_pts, params.spread_max_share * reading.mid)
    return quote.spread <= widest + 1e-9
