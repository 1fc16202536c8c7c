"""Finding the listed strike of a wished delta with one quote at a time: ask, compare, ask better.

Needs a single data line per leg instead of a whole chain. Black-76 with the implied volatility of
the strike just seen; a strike that answers for itself is the one.
"""

from math import exp, isfinite, sqrt
from statistics import NormalDist

import numpy as np

from domain.chain import nearest
from domain.implied_vol import implied_vol

_NORMAL = NormalDist()


def strike_at(forward: float, years: float, vol: float, delta: float, *, call: bool) -> float:
    """The strike whose |delta| on the forward is ``delta``, at volatility ``vol``.

    N(d1) = delta for calls, N(-d1) = delta for puts, d1 = ln(F/K)/(s sqrt T) + s sqrt T / 2.
    """
    total = vol * sqrt(years)
    d1 = _NORMAL.inv_cdf(delta) if call else -_NORMAL.inv_cdf(delta)
    return forward * exp(0.5 * total * total - d1 * total)


def better_strike(
    strikes: tuple[float, ...],
    seen: tuple[float, float],
    forward: float,
    years: float,
    delta: float,
    *,
    call: bool,
) -> float | None:
    """The listed strike to look at next, given ``seen``: a strike and its mid in points.

    The seen strike itself when it is the one; None when its mid has no implied volatility.
    """
    strike, mid = seen
    vols, _ = implied_vol(mid, forward, strike, years, call)
    vol = float(np.asarray(vols))
    if not isfinite(vol) or vol <= 0 or years <= 0:
        return None
    return nearest(strikes, strike_at(forward, years, vol, delta, call=call))[0]
