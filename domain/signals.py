"""Readings of everything the method listens to, by name. Values only: who computes them is risk."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

Series: TypeAlias = tuple[tuple[date, float], ...]


@dataclass(frozen=True, slots=True)
class External:
    """Monthly series that no broker delivers, from files of the user; empty where none is given."""

    real_exchange_rate: Series = ()  # of the dollar, broad and effective (S18)
    price_earnings: Series = ()  # of the index (S53)


class Signal(StrEnum):
    """One name per signal, the same in rules, logs, explanations and metrics."""

    RSI_VIX = "rsi_vix"  # S17, 0 to 100
    MACD_VIXY = "macd_vixy"  # S11, histogram in USD
    ADVANCE_DECLINE = "advance_decline"  # S16, five-day mean of (A - D) / (A + D)
    AD_DIVERGENCE = "ad_divergence"  # S16, 1 when the line falls while SPX rises
    DOLLAR_Z = "dollar_z"  # S18, z-score of the currency basket
    REIT_Z = "reit_z"  # S49, z-score of the 20-day return of VNQ over SPY
    RATE_DIFFERENTIAL = "rate_differential"  # S48, change over 20 days, percentage points
    FOMC_SURPRISE = "fomc_surprise"  # S14, basis points, or the ES fallback in daily moves
    PRICE_SURPRISE = "price_surprise"  # S26 and S27, ES reaction in standard moves
    ATM_VOL_SHIFT = "atm_vol_shift"  # S8, z-scores of daily changes ...
    SKEW_SHIFT = "skew_shift"
    SLOPE_SHIFT = "slope_shift"
    VVIX_SHIFT = "vvix_shift"
    MACRO_SHOCK = "macro_shock"  # S15, SPX return over its daily standard deviation
    VX_BETA = "vx_beta"  # S28, beta of front VX to SPX
    CURVE_VALUE = "curve_value"  # S41, VIX points: present value of the curve's steps
    VIX_NORMALISED = "vix_normalised"  # S53, VIX over relative price-earnings; off by default
    STRESS = "stress"  # 4.1, 0 to 7


@dataclass(frozen=True, slots=True)
class Reading:
    """``value`` is None when it cannot be computed: that is UNKNOWN, never calm.

    ``stressed`` is the signal's own alarm; None when unknown or when the signal only informs. Which
    alarms count towards the stress score is 4.1's business. ``at`` is the time of the newest datum
    in it, ``source`` says which data were used (a fallback is named here) or what is missing.
    """

    value: float | None = None
    at: datetime | None = None
    stressed: bool | None = None
    source: str = ""


UNKNOWN = Reading()


@dataclass(frozen=True, slots=True)
class Kept:
    """A result and the very objects it was made from: while they are the same, so is it."""

    inputs: tuple[object, ...]
    value: Any
