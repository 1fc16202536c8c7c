"""Macro shocks (S15), the beta of VX to SPX (S28) and what the VX curve is worth (S41)."""

from datetime import date
from itertools import pairwise
from math import fsum, log, sqrt

from domain.indicators import Beta
from domain.instruments import SPX, VIX
from domain.signals import Reading
from domain.vx_curve import vx_curve
from risk.curve import future_price
from risk.signals.senses import Closes, Senses, missing, values

VX_RETURN = "VX_RETURN"  # series we record: F1 over its own previous settlement, less 1


def macro_shock(senses: Senses) -> Reading:
    """Today's SPX return over the deviation of the returns before it. Stressed when that is large
    either way, or when VIX is up by a fifth in a day.
    """
    params = senses.params
    spx, vix = senses.daily("SPX"), senses.daily("VIX")
    if not spx or not vix:
        return missing("SPX or VIX closes")
    spx_now, vix_now = senses.provisional(spx, SPX), senses.provisional(vix, VIX)
    if len(spx) < params.shock_sessions:
        return missing(f"{params.shock_sessions + 2} SPX closes")
    found = _in_sigmas(senses, spx, None if spx_now is None else spx_now[0])
    if found is None or len(vix) < 2:
        return missing(f"{params.shock_sessions + 2} SPX closes")
    before, last = _last_two(vix, None if vix_now is None else vix_now[0])
    jumped = last >= before * (1.0 + params.shock_vix)
    at = spx_now[1] if spx_now else senses.at(spx)
    source = f"SPX, VIX {last / before - 1.0:+.1%} in a day"
    return Reading(found, at, abs(found) >= params.shock_sigmas or jumped, source)


def _in_sigmas(senses: Senses, spx: Closes, now: float | None) -> float | None:
    """The last daily return of SPX, to ``now`` if there is such a level, over the deviation of
    those before it.
    """
    sessions = senses.params.shock_sessions
    levels = values(spx[-sessions - 2 :])
    if now is None:
        return senses.once("shock", (spx,), lambda: last_return_in_sigmas(levels, sessions))
    deviation = senses.once("spx deviation", (spx,), lambda: _deviation(levels, sessions))
    return log(now / levels[-1]) / deviation if deviation else None


def last_return_in_sigmas(levels: list[float], sessions: int) -> float | None:
    """The last return over the deviation (n - 1) of the ``sessions`` returns before it."""
    if len(levels) < 2:
        return None
    deviation = _deviation(levels[:-1], sessions)
    return log(levels[-1] / levels[-2]) / deviation if deviation else None


def _deviation(levels: list[float], sessions: int) -> float | None:
    """Of the last ``sessions`` returns (n - 1); None with fewer, or when nothing has moved."""
    returns = [log(new / old) for old, new in pairwise(levels[-sessions - 1 :])]
    deviation = stdev(returns) if len(returns) == sessions else 0.0
    return deviation if deviation > 0 else None


def stdev(series: list[float]) -> float:
    """Standard deviation (n - 1) of two or more values."""
    mean = fsum(series) / len(series)
    return sqrt(fsum([(value - mean) ** 2 for value in series]) / (len(series) - 1))


def vx_beta(senses: Senses) -> Reading:
    """Exponentially weighted beta of the front VX future's daily returns to those of SPX; VIXY, a
    constant mix of the two front months, stands in until 60 of our own are recorded. Informs only.
    """
    params = senses.params
    spx, recorded, vixy = senses.daily("SPX"), senses.daily(VX_RETURN), senses.daily("VIXY")
    if not spx:
        return missing("SPX closes")

    def made() -> tuple[float, Closes, str] | None:
        start = Beta(params.beta_decay, params.beta_sessions)
        own = beta_of(spx, dict(recorded), start).value
        if own is not None:
            return own, recorded, "F1, recorded"
        stand_in = beta_of(spx, _returns(vixy), start).value
        return None if stand_in is None else (stand_in, vixy, "VIXY")

    found = senses.once("beta", (spx, recorded, vixy), made)
    if found is None:
        return missing(f"{params.beta_sessions} VX returns or VIXY closes")
    value, closes, source = found
    return Reading(value, senses.at(closes), None, source)


def beta_of(spx: Closes, asset: dict[date, float], start: Beta) -> Beta:
    """``start`` after every day on which both SPX and ``asset`` have a return."""
    both = [(market, asset[day]) for day, market in _returns(spx).items() if day in asset]
    return start.after(both)


def curve_value(senses: Senses) -> Reading:
    """Sum of the steps of the VX curve, each discounted to its nearer month: what holding the
    curve pays to roll, in VIX points. Informs only; ``source`` says how many steps were quoted.
    """
    desk, params = senses.desk, senses.params
    until: list[float] = []
    prices: list[float] = []
    for contract in desk.futures:
        assert contract.expiration is not None
        days = (contract.expiration - senses.today).days
        if days < senses.regime.front_days_min:
            continue
        price = future_price(desk, contract, senses.regime.quiet_s_max)
        if price is None or len(until) > params.curve_terms:
            break
        until.append(days)
        prices.append(price)
    if len(until) < 2:
        return missing("VX quotes")
    value = vx_curve(until, prices).roll_value(params.curve_rate, len(until) - 1)
    return Reading(value, desk.now, None, f"{len(until) - 1} steps of the VX curve")


def _returns(closes: Closes) -> dict[date, float]:
    return {day: close / before - 1.0 for (_, before), (day, close) in pairwise(closes)}


def _last_two(closes: Closes, now: float | None) -> tuple[float, float]:
    levels = [close for _, close in closes[-2:]]
    *_, before, last = levels if now is None else (*levels, now)
    return before, last
