"""Every number of the signals (methodology 1, 4.1, 4.8), with unit and source. Decides nothing."""

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class SignalParams:
    """What the signals look at and from where on they raise their alarm.

    Sessions are trading days; z is a number of standard deviations. Sources in brackets as in
    [regime]; S rows are those of the method.
    """

    # Momentum of volatility
    rsi_length: int = 14  # Wilder's RSI on VIX closes [SEED]
    rsi_high: float = 70.0  # stressed from here [A]
    macd_lengths: tuple[int, int, int] = (12, 26, 9)  # on VIXY closes [SEED, lengths K]
    # Breadth (S16)
    breadth_sessions: int = 5  # mean of (advances - declines) / (advances + declines) ...
    breadth_low: float = -0.2  # ... stressed below this [E]
    divergence_sessions: int = 10  # line falls while SPX rises over so many
    equal_weight_low: float = -0.02  # last fallback: RSP less SPY over those sessions [E]
    # Dollar, property, rates
    z_sessions: int = 250  # window of the z-scores of dollar and property
    dollar_z: float = 2.0  # S18, either way
    reit_sessions: int = 20  # S49, return of VNQ over SPY
    reit_z: float = -1.5
    reit_vol_ratio: float = 1.5  # early warning too: 20-day volatility of VNQ over that of SPY
    rate_sessions: int = 20  # S48
    rate_change: float = 0.25  # percentage points a year, either way
    # Releases
    fomc_surprise_bp: float = 5.0  # S14, either way [E]
    fomc_move: float = 0.6  # fallback: move in daily expected moves, either way [E]
    fomc_minutes: tuple[float, float] = (5.0, 35.0)  # levels are taken so long before and after
    price_minutes: tuple[float, float] = (1.0, 5.0)  # the same for CPI and PPI (S26, S27)
    price_move: float = -2.0  # risk-off at or below so many five-minute standard moves ...
    price_vx_rise: float = 0.03  # ... with front VX up by this share
    gap_share: float = 0.5  # fallback: an SPX opening gap of so many daily moves is one move [E]
    event_sessions: int = 2  # a surprise counts on its day and the sessions after it [E]
    # Shifts of the volatility surface (S8)
    shift_sessions: int = 60
    shift_z: float = 2.0  # either way
    record_at: time = time(15, 0)  # daily readings nobody else keeps a history of (New York)
    probe_days: int = 30  # to expiration of the SPX options read for volatility and skew
    # Shocks and betas
    shock_sigmas: float = 2.5  # S15, SPX return over its deviation ...
    shock_sessions: int = 20  # ... of so many sessions before
    shock_vix: float = 0.20  # or VIX up by this share in a day
    beta_sessions: int = 60  # S28, least pairs of returns
    beta_decay: float = 0.94  # RiskMetrics
    curve_terms: int = 6  # S41, steps of the VX curve
    curve_rate: float = 0.0  # at which they are discounted, continuously compounded a year
    # Stress (4.1)
    stress_block: int = 4  # so many of seven block new condors
    calendar_days: float = 30.0  # warn when announced releases end within this
    # Monthly series from files of [external], off without them
    external_lag_days: int = 45  # a month's value is taken to be public so long after its date ...
    external_age_days: int = 200  # ... and to be out of date from here on [E]
    exchange_rate_months: int = 60  # window of the z-score of the real exchange rate [E]
    earnings_months: int = 120  # window of the median price-earnings ratio (S53) [E]

    def __post_init__(self) -> None:
        whole = (
            self.breadth_sessions, self.divergence_sessions, self.reit_sessions,
            self.rate_sessions, self.event_sessions, self.curve_terms,
        )  # fmt: skip
        if min(whole) < 1 or min(self.rsi_length, self.shift_sessions, self.z_sessions) < 2:
            raise ValueError("lengths must be positive, windows at least 2")
        fast, slow, signal = self.macd_lengths
        if not (0 < fast < slow and signal > 0):
            raise ValueError("macd_lengths must be fast < slow and signal, all positive")
        if min(*self.fomc_minutes, *self.price_minutes) <= 0 or self.gap_share <= 0:
            raise ValueError("minutes around releases and gap_share must be positive")
        if self.price_move >= 0 or self.reit_z >= 0 or self.breadth_low >= 0:
            raise ValueError("price_move, reit_z and breadth_low must be negative")
        if not 0 < self.beta_decay < 1 or not 1 <= self.stress_block <= 7:
            raise ValueError("beta_decay must lie in (0, 1) and stress_block in 1-7")
