"""A book of options revalued over spot, VIX and time, and the break-evens that follow.

Decides how the markets move together: an SPX option keeps its strike's volatility plus
``option_vol_beta`` points for each point of VIX; a VIX option keeps its own volatility and its
forward moves ``future_beta`` points. An SPX forward closes in on spot at its own carry, a VIX
forward stays where it is; discount factors stand still. An option whose time is up is worth its
intrinsic value in that scenario.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from domain.pricing import Floats
from domain.vx_curve import future_beta, option_vol_beta

Profit: TypeAlias = Callable[[Floats, Floats], Floats]
_Value: TypeAlias = Callable[[Floats, Floats, Floats], Floats]

_VOL_FLOOR = 0.01
_VIX_FLOOR = 5.0  # points; no VIX future has ever settled below 8
_YEAR = 365.0
_POINTS = 80  # of the search for a break-even, to each side of spot ...
_NEAR = 28  # ... and those looked at first: few break-evens lie further away
_PRECISE, _ROUNDS = 1e-12, 60  # of a relative move; about six rounds are needed


class BreakEvenReason(IntEnum):
    """Why a side has no break-even; OK where it has one."""

    OK = 0
    NO_LOSS = 1  # profitable all the way to the edge of the grid
    UNDER_WATER = 2  # already losing at an unchanged spot
    BAD_INPUT = 3  # a leg or the entry value is NaN


@dataclass(frozen=True, slots=True)
class Legs:
    """Options as arrays (n,): signed ``quantity``, ``multiplier`` in money per point, volatility.

    ``forward`` is of the option's own expiry; ``vix`` is True where the option is on VIX;
    ``carry`` is ln(forward / spot) / years, which the forward of an SPX option loses as time goes.
    """

    quantity: Floats
    multiplier: Floats
    strike: Floats
    call: NDArray[np.bool_]
    years: Floats
    vol: Floats
    forward: Floats
    discount: Floats
    vix: NDArray[np.bool_]
    carry: Floats

    def __add__(self, other: "Legs") -> "Legs":
        """Both books together."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__slots__)
        return Legs(*(np.concatenate(pair) for pair in pairs))

    def part(self, keep: NDArray[np.bool_]) -> "Legs":
        """The legs where ``keep`` (n,) is True."""
        return Legs(*(getattr(self, name)[keep] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class BreakEvens:
    """Underlying prices (h,) at which profit is zero, nearest to spot; NaN with a reason (h,)."""

    low: Floats
    high: Floats
    low_reason: NDArray[np.int8]
    high_reason: NDArray[np.int8]

    def contains(self, low: ArrayLike, high: ArrayLike) -> NDArray[np.bool_]:
        """True where the profitable range around spot reaches from ``low`` to ``high`` (h,)."""
        below = (self.low <= np.asarray(low, np.float64)) | (
            self.low_reason == BreakEvenReason.NO_LOSS
        )
        above = (self.high >= np.asarray(high, np.float64)) | (
            self.high_reason == BreakEvenReason.NO_LOSS
        )
        return np.asarray(below & above, np.bool_)


def legs(
    quantity: ArrayLike,
    multiplier: ArrayLike,
    strike: ArrayLike,
    call: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    forward: ArrayLike,
    discount: ArrayLike = 1.0,
    *,
    spot: ArrayLike = np.nan,
    vix: ArrayLike = False,
) -> Legs:
    """Legs from anything that broadcasts to one dimension. Bad numbers stay and make values NaN.

    Without ``spot`` there is no carry: the forwards stand still.
    """
    floats = (quantity, multiplier, strike, years, vol, forward, discount, spot)
    arrays = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, np.float64)) for v in floats),
        np.atleast_1d(np.asarray(call, np.bool_)),
        np.atleast_1d(np.asarray(vix, np.bool_)),
    )
    q, m, k, t, s, f, d, now, c, x = arrays
    with np.errstate(invalid="ignore", divide="ignore"):
        bad = ~((k > 0) & (t >= 0) & (s >= 0) & (f > 0) & (d > 0))
        carry = np.where((now > 0) & (t > 0) & ~x, np.log(f / now) / t, 0.0)
    return Legs(q, m, k, c, t, np.where(bad, np.nan, s), f, d, x, carry)


def scenario_values(
    book: Legs,
    spot_moves: ArrayLike,
    vix_moves: ArrayLike,
    days: ArrayLike,
) -> Floats:
    """Value of the book in money, shape (spot, vix, days).

    ``spot_moves`` are relative (-0.05 is 5 % down), ``vix_moves`` points of spot VIX, ``days``
    calendar days from now. Profit is the difference to the value now or to the entry.
    """
    r, v, d = (np.atleast_1d(np.asarray(a, np.float64)) for a in (spot_moves, vix_moves, days))
    total = np.zeros((r.size, v.size, d.size))
    spx, vix = book.part(~book.vix), book.part(book.vix)
    for j, day in enumerate(d):
        if spx.strike.size:
            total[:, :, j] += _spx_values(spx, r, v, float(day))
        if vix.strike.size:
            total[:, :, j] += _vix_values(vix, v, float(day))
    return total


def path_values(book: Legs, spot_moves: ArrayLike, vix_moves: ArrayLike, days: ArrayLike) -> Floats:
    """Value of the book in money at each point of a path: arguments (m,) or scalar, result (m,)."""
    r, v, d = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(a, np.float64)) for a in (spot_moves, vix_moves, days))
    )
    return _valuer(book)(r, v, d)


def linked_vix_moves(spot_moves: ArrayLike, beta: float, front: float, days: float) -> Floats:
    """VIX points that go with each relative spot move: the front future moves by ``beta`` times the
    return (S28; beta is negative), and spot VIX by that over ``future_beta(days)``.
    """
    r = np.asarray(spot_moves, np.float64)
    return np.asarray(beta * r * front / future_beta(days), np.float64)


def break_evens(
    book: Legs,
    entry: float,
    spot: float,
    horizons: ArrayLike,
    *,
    beta: float = 0.0,
    front: float = 0.0,
    front_days: float = 30.0,
    reach: float = 0.4,
) -> BreakEvens:
    """Where the book is worth its ``entry`` value (money; negative for a credit) at each horizon.

    ``horizons`` (h,) are calendar days from now; spot runs ``reach`` down and up from ``spot`` with
    VIX linked to it (see ``linked_vix_moves``; beta 0 leaves VIX alone). A horizon beyond an
    option's expiry values it at intrinsic. Found to 1e-11 of spot.
    """
    h = np.atleast_1d(np.asarray(horizons, np.float64))
    value, follows = _valuer(book), future_beta(front_days)

    def profit(r: Floats, d: Floats) -> Floats:
        return value(r, np.asarray(beta * r * front / follows, np.float64), d) - entry

    steps = np.linspace(0.0, reach, _POINTS + 1)
    outwards = np.repeat(np.stack((-steps, steps)), h.size, axis=0)
    edge, reason = _edge(np.tile(h, 2), outwards, profit)
    return BreakEvens(
        spot * (1.0 + edge[: h.size]), spot * (1.0 + edge[h.size :]),
        reason[: h.size], reason[h.size :],
    )  # fmt: skip


def _valuer(book: Legs) -> _Value:
    """``path_values`` of this book for arrays of one shape (m,): what does not depend on the
    scenario is worked out once.
    """
    vol_beta, forward_beta = option_vol_beta(_YEAR * book.years), future_beta(_YEAR * book.years)
    weights = _weights(book)

    def value(spot_moves: Floats, vix_moves: Floats, days: Floats) -> Floats:
        r, v, d = spot_moves[:, None], vix_moves[:, None], days[:, None]
        years = np.maximum(book.years - d / _YEAR, 0.0)
        shifted = np.maximum(book.vol + 0.01 * v * vol_beta, _VOL_FLOOR)
        spread = np.where(book.vix, book.vol, shifted) * np.sqrt(years)
        moved = np.maximum(book.forward + v * forward_beta, _VIX_FLOOR)
        gone = np.minimum(d / _YEAR, book.years)
        forward = np.where(
            book.vix, moved, book.forward * np.exp(-book.carry * gone) * np.maximum(1.0 + r, 1e-9)
        )
        calls = _call(np.log(forward / book.strike), spread, forward, book.strike)
        return np.asarray(_calls_to_money(book, calls, forward) @ weights, np.float64)

    return value


def _edge(days: Floats, outwards: Floats, profit: Profit) -> tuple[Floats, NDArray[np.int8]]:
    """The first move at which each row of ``outwards`` (n, m) turns into a loss at its ``days``
    (n,), and why there is none.
    """
    profits = _profits(days, outwards, profit)
    losing = profits < 0
    reason = np.where(losing.any(axis=1), BreakEvenReason.OK, BreakEvenReason.NO_LOSS)
    reason = np.where(losing[:, 0], BreakEvenReason.UNDER_WATER, reason)
    reason = np.where(np.isnan(profits).any(axis=1), BreakEvenReason.BAD_INPUT, reason)
    edge = np.full(days.size, np.nan)
    rows = np.flatnonzero(reason == BreakEvenReason.OK)
    if rows.size:
        last = np.argmax(losing[rows], axis=1)
        good, bad = ((outwards[rows, place], profits[rows, place]) for place in (last - 1, last))
        edge[rows] = _crossing(days[rows], good, bad, profit)
    return edge, reason.astype(np.int8)


def _profits(days: Floats, outwards: Floats, profit: Profit) -> Floats:
    """Profits (n, m); those far out are 0 where a loss was found nearer, and nobody asks."""

    def at(moves: Floats, when: Floats) -> Floats:
        return profit(moves.ravel(), np.repeat(when, moves.shape[1])).reshape(moves.shape)

    near = at(outwards[:, :_NEAR], days)
    far = np.zeros((days.size, outwards.shape[1] - _NEAR))
    more = ~(near < 0).any(axis=1)
    if more.any():
        far[more] = at(outwards[more, _NEAR:], days[more])
    return np.concatenate((near, far), axis=1)


def _crossing(
    days: Floats, good: tuple[Floats, Floats], bad: tuple[Floats, Floats], profit: Profit
) -> Floats:
    """The move (n,) between two others, given with their profits, at which profit is zero.

    False position with the Illinois rule: an end that stays twice counts half (M. Dowell and P.
    Jarratt, BIT 11, 1971).
    """
    (a, above), (b, below) = good, bad
    at, side = a, np.zeros(days.size)
    for _ in range(_ROUNDS):
        before, at = at, b - below * (b - a) / (below - above)
        found = profit(at, days)
        loses = found < 0
        stayed = np.where(np.where(loses, -1.0, 1.0) == side, 0.5, 1.0)
        side = np.where(loses, -1.0, 1.0)
        a, above = np.where(loses, a, at), np.where(loses, above * stayed, found)
        b, below = np.where(loses, at, b), np.where(loses, found, below * stayed)
        if np.max(np.abs(at - before)) <= _PRECISE:
            break
    return at


def _spx_values(book: Legs, r: Floats, v: Floats, day: float) -> Floats:
    """(spot, vix): logarithms depend on spot only and deviations on VIX only, so few are taken."""
    years = np.maximum(book.years - day / _YEAR, 0.0)
    beta = option_vol_beta(_YEAR * book.years)
    vol = np.maximum(book.vol + 0.01 * v[:, None] * beta, _VOL_FLOOR)
    later = book.forward * np.exp(-book.carry * np.minimum(day / _YEAR, book.years))
    forward = (later * np.maximum(1.0 + r[:, None], 1e-9))[:, None, :]
    spread = (vol * np.sqrt(years))[None, :, :]
    value = _call(np.log(forward / book.strike), spread, forward, book.strike)
    weights = _weights(book)
    puts = np.where(book.call, 0.0, forward - book.strike) @ weights
    return np.asarray(value @ weights - puts, np.float64)


def _vix_values(book: Legs, v: Floats, day: float) -> Floats:
    """(1, vix): a VIX option does not see spot."""
    return path_values(book, np.zeros(v.size), v, np.full(v.size, day))[None, :]


def _call(log_moneyness: Floats, spread: Floats, forward: Floats, strike: Floats) -> Floats:
    """Undiscounted Black-76 calls; intrinsic where no deviation is left."""
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = log_moneyness / spread
        half = 0.5 * spread
        value = forward * ndtr(middle + half) - strike * ndtr(middle - half)
    if np.min(spread) > 0:
        return np.asarray(value, np.float64)
    return np.where(spread == 0, np.maximum(forward - strike, 0.0), value)


def _calls_to_money(book: Legs, calls: Floats, forward: Floats) -> Floats:
    """Puts by parity."""
    return np.where(book.call, calls, calls - (forward - book.strike))


def _weights(book: Legs) -> Floats:
    return np.asarray(book.quantity * book.multiplier * book.discount, np.float64)
