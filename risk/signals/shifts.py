"""Daily shifts of the volatility surface (S8): at-the-money volatility, skew, slope, VVIX.

Each is the z-score of the last daily change among those of the window. What the broker keeps no
history of is recorded by us every session; until that is long enough, an index stands in.
"""

from itertools import pairwise

from domain.indicators import ZScore
from domain.instruments import SKEW, VIX, VIX3M, VVIX, Contract
from domain.signals import Reading
from risk.curve import read_curve
from risk.signals.senses import Closes, Senses, aligned, missing, values

ATM_VOL, SKEW_25, SLOPE = "SPX_ATM_VOL", "SPX_SKEW", "VX_SLOPE"  # series we record


def atm_vol_shift(senses: Senses) -> Reading:
    """Of the volatility of SPX options at the forward, about 30 days out; VIX stands in."""
    recorded = _shift(senses, "atm", senses.daily(ATM_VOL), "recorded SPX options")
    return recorded or _index_shift(senses, "atm_vix", VIX)


def skew_shift(senses: Senses) -> Reading:
    """Of the 25-delta put less call volatility about 30 days out; the SKEW index stands in."""
    recorded = _shift(senses, "skew", senses.daily(SKEW_25), "recorded SPX options")
    return recorded or _index_shift(senses, "skew_index", SKEW)


def slope_shift(senses: Senses) -> Reading:
    """Of F2 - F1, today's included; VIX3M - VIX stands in."""
    recorded = senses.daily(SLOPE)
    curve = read_curve(senses.desk, senses.regime) if recorded else None
    live = curve is not None and recorded[-1][0] < senses.today
    now = curve.slope if curve is not None and live else None
    found = _shift(senses, "slope", recorded, "recorded VX slope", now)
    if found is not None:
        return found
    long, short = senses.daily("VIX3M"), senses.daily("VIX")
    spread = senses.once("vix3m_vix", (long, short), lambda: _difference(long, short))
    today = _both(senses, spread) if spread else None
    return _shift(senses, "slope_index", spread, "VIX3M less VIX", today) or missing(
        "VX slopes or VIX3M closes"
    )


def vvix_shift(senses: Senses) -> Reading:
    return _index_shift(senses, "vvix", VVIX)


def _index_shift(senses: Senses, name: str, contract: Contract) -> Reading:
    closes = senses.daily(contract.symbol)
    now = senses.provisional(closes, contract) if closes else None
    found = _shift(senses, name, closes, contract.symbol, None if now is None else now[0])
    return found or missing(f"{contract.symbol} closes")


def _shift(
    senses: Senses, name: str, closes: Closes, source: str, now: float | None = None
) -> Reading | None:
    """z-score of the last change of ``closes``, or of that to ``now``; None with too few."""
    if not closes:
        return None
    params = senses.params

    def made() -> tuple[ZScore, float | None]:
        state = change_scores(closes, params.shift_sessions)
        return state, state.value

    state, value = senses.once(name, (closes,), made)
    if now is not None:
        value = state.next(now - closes[-1][1]).value
    if value is None:
        return None
    at = senses.at(closes) if now is None else senses.desk.now
    return Reading(value, at, abs(value) > params.shift_z, source)


def change_scores(closes: Closes, length: int) -> ZScore:
    """The z-score state after the daily changes of ``closes``."""
    levels = values(closes)[-length - 1 :]
    return ZScore(length).after([new - old for old, new in pairwise(levels)])


def _difference(long: Closes, short: Closes) -> Closes:
    if not (long and short):
        return ()
    return tuple((day, far - near) for day, (far, near) in aligned(long, short))


def _both(senses: Senses, closes: Closes) -> float | None:
    far, near = senses.provisional(closes, VIX3M), senses.provisional(closes, VIX)
    return None if far is None or near is None else far[0] - near[0]
