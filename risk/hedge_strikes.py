"""Which VIX call a layer would buy: its expiration, and the listed strike nearest the target delta.

Methodology 4.4: own Black-76 delta on the forward of the option's own expiration; the quote must
have a bid and a spread of at most max(points, share of mid).
"""

from dataclasses import dataclass
from datetime import date

from domain.chain import nearest, spread_out
from domain.desk import Desk
from domain.instruments import VIX, Contract, Right, vix_option
from domain.option_readings import OptionReading, read_options
from domain.orders import HEDGE_LAYERS, DenialCode, Layer
from domain.quotes import Quote
from risk.curve import settlement_future
from risk.exposure import vix_forward
from risk.limits import RiskLimits
from risk.parameters import HedgeParams

_CANDIDATES = 10
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
    quoted = []
    for contract in candidates:
        quote = _usable(desk, contract, limits)
        if quote is not None and quote.mid is not None:
            quoted.append((contract, quote.mid))
    readings = read_options(quoted, forward, desk.calendar, desk.now)
    deltas = [reading.delta for reading in readings]
    if not deltas or not min(deltas) <= params.delta <= max(deltas):
        return CallChoice(
            candidates,
            forward=forward,
            reason="waiting for VIX strikes",
            denial=DenialCode.QUOTE_MISSING,
        )
    tradable = [reading for reading in readings if _tradable(desk, reading, params)]
    best = min(
        tradable,
        key=lambda reading: (abs(reading.delta - params.delta), -reading.contract.strike),
        default=None,
    )
    if best is None or abs(best.delta - params.delta) > params.delta_tolerance:
        return CallChoice(candidates, forward=forward, reason="no tradable VIX call near the delta")
    return CallChoice(candidates, best, forward)


def _candidates(desk: Desk, expiration: date, limits: RiskLimits) -> tuple[Contract, ...]:
    """The future that settles with the series, its calls from the forward up, puts when there is no
    future.
    """
    chain = desk.chains[_CLASS]
    future = settlement_future(desk, expiration)
    guess = vix_forward(desk, expiration, limits) or desk.level(VIX)
    if guess is None:
        return () if future is None else (future,)
    refused = {(c.strike, c.right) for c in desk.refused if c.expiration == expiration}
    strikes = [s for s in chain.strikes if (s, Right.CALL) not in refused]
    chosen = spread_out(strikes, _LOWEST * guess, _HIGHEST * guess, _CANDIDATES)
    calls = [vix_option(expiration, strike) for strike in chosen]
    if future is not None:
        return (future, *calls)
    pairs = nearest(strikes, guess, 2)
    parity = [vix_option(expiration, strike, right) for strike in pairs for right in Right]
    return tuple(dict.fromkeys((*parity, *calls)))


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
