"""Forward and discount factor of one expiry from put-call parity, and what parity is worth at the
touch.

European calls and puts of one strike and expiry satisfy C - P = D (F - K), so a robust straight
line through C - P over strikes near the money gives both. Knows nothing of dividends, rates or
futures except what is passed in. Prices and strikes are in points, time in years, rates
continuously compounded.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.pricing import Floats

_MONEYNESS = 0.10  # |ln(K / F)| beyond which calls or puts are too wide to help
_NEAREST = 12  # ... but never fewer strikes than this, if there are so many
_BISQUARE = 4.685  # Tukey's constant: 95 % efficient for normal errors
_ROUNDS = 12


class ParityReason(IntEnum):
    """Why there is no forward; OK where there is one."""

    OK = 0
    TOO_FEW_STRIKES = 1  # none quoted on both sides for call and put, or one and no rate
    DEGENERATE = 2  # the line gives a discount outside (0, 1.5] or a non-positive forward
    BAD_INPUT = 3  # years, rate or shapes make no sense


class GapReason(IntEnum):
    """Why a strike has no parity gap; OK where it has one."""

    OK = 0
    NOT_QUOTED = 1  # NaN, negative, crossed or missing side
    BAD_INPUT = 2  # NaN or non-positive strike, forward or discount


@dataclass(frozen=True, slots=True)
class Parity:
    """Forward and discount of an expiry. All floats are NaN unless ``reason`` is OK.

    ``forward_error`` and ``discount_error`` are one standard error. ``used`` counts the strikes
    whose residual was not rejected.
    """

    forward: float
    discount: float
    forward_error: float
    discount_error: float
    used: int
    reason: ParityReason

    def rate(self, years: float) -> float:
        """The financing rate the options imply, continuously compounded; NaN without a discount."""
        return -float(np.log(self.discount)) / years if years > 0 else float("nan")


@dataclass(frozen=True, slots=True)
class ParityGaps:
    """What a locked-in conversion or reversal pays per strike, in points at expiry-discounted
    value.

    Positive means the trade pays at the touch, before fees. ``conversion`` sells the call at its
    bid, buys the put at its ask and buys the forward; ``reversal`` is its mirror. ``middle`` is mid
    against mid, signed as C - P - D (F - K).
    """

    conversion: Floats
    reversal: Floats
    middle: Floats
    reason: NDArray[np.int8]


def fit_parity(
    strike: ArrayLike,
    call_bid: ArrayLike,
    call_ask: ArrayLike,
    put_bid: ArrayLike,
    put_ask: ArrayLike,
    years: float,
    *,
    rate: float | None = 0.02,
    rate_error: float = 0.03,
) -> Parity:
    """Forward and discount by iteratively reweighted least squares (Tukey's bisquare).

    Arrays have shape (n,). A strike counts when both options are quoted on both sides with a
    positive bid and are not crossed; its weight is the inverse square of the two half-spreads
    together. ``rate`` with its standard error is prior knowledge of the discount: it decides
    expiries of a few days, where the slope of the line is mostly noise, and hardly matters beyond a
    month, and lets a single strike do. With None the line is free.
    """
    k, cb, ca, pb, pa = (
        np.atleast_1d(np.asarray(v, np.float64))
        for v in (strike, call_bid, call_ask, put_bid, put_ask)
    )
    if not (years > 0 and k.shape == cb.shape == ca.shape == pb.shape == pa.shape):
        return _nothing(ParityReason.BAD_INPUT)
    with np.errstate(invalid="ignore"):
        good = (k > 0) & (cb > 0) & (ca >= cb) & (pb > 0) & (pa >= pb) & np.isfinite(k + ca + pa)
    k, cb, ca, pb, pa = k[good], cb[good], ca[good], pb[good], pa[good]
    if not k.size or (rate is None and k.min() == k.max()):
        return _nothing(ParityReason.TOO_FEW_STRIKES)
    y = 0.5 * (cb + ca) - 0.5 * (pb + pa)
    half = np.maximum(0.5 * (ca - cb) + 0.5 * (pa - pb), 1e-4 * (1.0 + np.abs(y)))
    near = _near_the_money(k, y, half)
    prior = None
    if rate is not None:
        if not np.isfinite(rate):
            return _nothing(ParityReason.BAD_INPUT)
        prior = (float(np.exp(-rate * years)), max(rate_error * years, 1e-6))
    return _line(k[near], y[near], half[near], prior)


def parity_gaps(
    strike: ArrayLike,
    call_bid: ArrayLike,
    call_ask: ArrayLike,
    put_bid: ArrayLike,
    put_ask: ArrayLike,
    forward_bid: float,
    forward_ask: float,
    discount: float,
) -> ParityGaps:
    """The executable gap per strike against a future or forward quoted
    ``forward_bid``/``forward_ask``.

    For VIX options the forward is the VX future of the same settlement day. NaN with a reason where
    a side is missing or crossed.
    """
    k, cb, ca, pb, pa = np.broadcast_arrays(
        *(np.asarray(v, np.float64) for v in (strike, call_bid, call_ask, put_bid, put_ask))
    )
    reason = np.zeros(k.shape, np.int8)
    with np.errstate(invalid="ignore"):
        quoted = (
            (cb >= 0) & (ca >= cb) & (pb >= 0) & (pa >= pb) & np.isfinite(ca + pa) & (ca * pa > 0)
        )
        sane = (k > 0) & np.isfinite(k)
        sane &= 0 < forward_bid <= forward_ask < np.inf and 0 < discount < np.inf
        reason[~quoted] = GapReason.NOT_QUOTED
        reason[~sane] = GapReason.BAD_INPUT
        conversion = (cb - pa) - discount * (forward_ask - k)
        reversal = discount * (forward_bid - k) - (ca - pb)
        middle = 0.5 * (cb + ca - pb - pa) - discount * (0.5 * (forward_bid + forward_ask) - k)
    ok = reason == GapReason.OK
    conversion, reversal, middle = (
        np.where(ok, gap, np.nan) for gap in (conversion, reversal, middle)
    )
    return ParityGaps(conversion, reversal, middle, reason)


def box_rates(
    low: float,
    high: float,
    bids: tuple[float, float],
    asks: tuple[float, float],
    years: float,
) -> tuple[float, float]:
    """(lend, borrow) rates of the box between two strikes, continuously compounded.

    ``bids`` and ``asks`` are those of the synthetic forward C - P at ``low`` and ``high``: its bid
    is the call's bid less the put's ask. Buying the box at the touch lends at the first rate,
    selling it borrows at the second. NaN where the box has no positive price.
    """
    width = high - low
    paid, received = asks[0] - bids[1], bids[0] - asks[1]

    def rate(price: float) -> float:
        sane = price > 0 and width > 0 and years > 0
        return float(np.log(width / price)) / years if sane else float("nan")

    return rate(paid), rate(received)


def futures_gap(parity: Parity, future: float) -> float:
    """Parity forward less the future of the same settlement, in points; NaN without either."""
    return parity.forward - future


def _near_the_money(k: Floats, y: Floats, half: Floats) -> NDArray[np.intp]:
    """Indexes of strikes within the moneyness band, or the nearest dozen when it holds fewer."""
    at_the_money = k[np.argmin(np.abs(y) + half)]
    distance = np.abs(np.log(k / at_the_money))
    order = np.argsort(distance, kind="stable")
    count = max(int(np.count_nonzero(distance <= _MONEYNESS)), min(_NEAREST, k.size))
    return order[:count]


def _line(k: Floats, y: Floats, half: Floats, prior: tuple[float, float] | None) -> Parity:
    """Fit y = D (F - K): intercept a = D (F - K0) at the middle strike K0, slope -D."""
    centre = float(k[np.argmin(np.abs(y))])
    x = k - centre
    discount = prior[0] if prior else 1.0
    intercept = _median(y + discount * x)
    known = (prior[1] ** -2, prior[0] * prior[1] ** -2) if prior else (0.0, 0.0)
    aa = ac = cc = det = 0.0
    for _ in range(_ROUNDS):
        residual = (y - (intercept - discount * x)) / half
        scale = max(1.4826 * _median(np.abs(residual)), 0.05)
        weight = np.maximum(1.0 - (residual / (_BISQUARE * scale)) ** 2, 0.0) ** 2
        w = weight / (half * scale) ** 2
        wx = w * x
        aa, ac, cc = float(w.sum()), -float(wx.sum()), float(wx @ x) + known[0]
        det = aa * cc - ac * ac
        if not det > 1e-14 * aa * max(cc, 1e-300):
            return _nothing(ParityReason.DEGENERATE)
        right = float(w @ y), -float(wx @ y) + known[1]
        old = (intercept, discount)
        intercept = (cc * right[0] - ac * right[1]) / det
        discount = (aa * right[1] - ac * right[0]) / det
        if (
            abs(intercept - old[0]) <= 1e-9 * (1 + abs(intercept))
            and abs(discount - old[1]) <= 1e-12
        ):
            break
    forward = centre + intercept / discount if discount > 0 else float("nan")
    if not (0 < discount <= 1.5 and forward > 0):
        return _nothing(ParityReason.DEGENERATE)
    lever = -intercept / discount  # d forward = (d intercept + lever d discount) / discount
    variance = (cc - 2.0 * lever * ac + lever * lever * aa) / det / discount**2
    return Parity(
        forward,
        discount,
        float(np.sqrt(variance)),
        float(np.sqrt(aa / det)),
        int(np.count_nonzero(weight > 0)),
        ParityReason.OK,
    )


def _median(values: Floats) -> float:
    """The median of a non-empty array without NaN; np.median spends more on checks than on this."""
    ranked = np.sort(values)
    return float(0.5 * (ranked[(ranked.size - 1) // 2] + ranked[ranked.size // 2]))


def _nothing(reason: ParityReason) -> Parity:
    nan = float("nan")
    return Parity(nan, nan, nan, nan, 0, reason)
