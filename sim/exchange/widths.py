"""How wide market makers quote options: explicit numbers, by regime, before rounding to ticks.

Half-spreads of VIX options are a share of their premium, the calm share below ELEVATED and the
stressed one from HIGH on. Refuses to know which options are watched.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats: TypeAlias = NDArray[np.float64]
_D1_30 = -0.5244005127080409  # the d1 at which a call has a delta of 0.30


@dataclass(frozen=True, slots=True)
class WidthParams:
    """Points, and shares of 1. SPX: fitted by eye to SPXW chains of 2018 and 2019. VIX: methodology
    3.2 (e) and 4.8, ``cost.half_spread_vix``.
    """

    spx_least: float = 0.06  # width of an option worth nothing
    spx_root: float = 0.075  # ... and what a point of its value's root adds
    spx_calm_vix: float = 16.0  # above it widths grow with this power of VIX ...
    spx_stress_power: float = 1.4
    spx_stress_max: float = 6.0  # ... but not further
    vix_half_calm: float = 0.06  # half-spread over premium of a 30-delta call up to VIX 20 ...
    vix_half_high: float = 0.13  # ... and from VIX 30 on; in between a straight line
    vix_elevated: float = 20.0
    vix_high: float = 30.0
    spx_intrinsic: float = 0.010  # width over value in the money
    vix_intrinsic: float = 0.020  # calm half-spread over value in the money [chain of 2016-06-01]

    def __post_init__(self) -> None:
        if not 0 < self.vix_half_calm <= self.vix_half_high < 0.5:
            raise ValueError("0 < vix_half_calm <= vix_half_high < 0.5 must hold")
        if not 0 < self.vix_elevated < self.vix_high:
            raise ValueError("0 < vix_elevated < vix_high must hold")
        widths = (self.spx_least, self.spx_root, self.spx_intrinsic, self.vix_intrinsic)
        if min(widths) < 0 or self.spx_calm_vix <= 0:
            raise ValueError("widths cannot be negative")


WIDTHS = WidthParams()


def spx_half(otm: Floats, intrinsic: Floats, vix: float, params: WidthParams = WIDTHS) -> Floats:
    """Half-spread in points of options worth ``otm`` out of the money, and ``intrinsic`` in it."""
    calm = params.spx_least + params.spx_root * np.sqrt(otm) + params.spx_intrinsic * intrinsic
    return 0.5 * calm * spx_stress(vix, params)


def vix_half(
    otm: Floats,
    intrinsic: Floats,
    deviation: Floats,
    forward: Floats,
    vix: float,
    params: WidthParams = WIDTHS,
) -> Floats:
    """Half-spread in points: the share of a 30-delta call's premium, by the root of what an option
    is worth beside it. ``deviation`` is volatility times root of years, ``forward`` the future of
    the option's own expiry.
    """
    share = vix_half_share(vix, params)
    strike = np.exp(-_D1_30 * deviation + 0.5 * deviation * deviation)  # over the forward
    usual = forward * (0.30 - strike * ndtr(_D1_30 - deviation))
    wide = share * np.sqrt(otm * usual)
    return wide + params.vix_intrinsic * intrinsic * share / params.vix_half_calm


def spx_stress(vix: float, params: WidthParams = WIDTHS) -> float:
    """How many times the calm width SPX market makers show at a VIX level."""
    wider = float((vix / params.spx_calm_vix) ** params.spx_stress_power)
    return min(max(1.0, wider), params.spx_stress_max)


def vix_half_share(vix: float, params: WidthParams = WIDTHS) -> float:
    """Half-spread over premium of a 30-delta VIX call at a VIX level."""
    levels, shares = (
        (params.vix_elevated, params.vix_high), (params.vix_half_calm, params.vix_half_high),
    )  # fmt: skip
    return float(np.interp(vix, levels, shares))
