"""Every number of methodology 4.1, 4.4 and 4.6, with unit and source. Decides nothing."""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class RegimeParams:
    """VIX regimes and the state of the VX curve. VIX and slopes in VIX points.

    Sources in brackets: G glossary, A other pages of the method's authors, SEED its first page, E
    engineering.
    """

    vix_low: float = 15.0  # LOW below this [G]
    vix_elevated: float = 20.0  # ELEVATED from here [G]
    vix_high: float = 30.0  # HIGH from here [SEED]
    normal_exit: float = 15.0  # NORMAL ends after closes below this (no hysteresis is given for it)
    elevated_exit: float = 19.0  # ELEVATED ends after closes below this [E]
    high_exit: float = 27.0  # HIGH ends after closes below this [E]
    exit_closes: int = 2  # consecutive closes
    persist_s: float = 1800.0  # an up-move counts once it has lasted this long
    press_fall: float = 0.20  # PRESS: VIX this share below its peak ...
    press_sessions: int = 10  # ... of so many sessions, HIGH seen in them
    contango_slope: float = 1.5  # CONTANGO from here [SEED]
    deep_slope: float = -2.0  # DEEP from here down [A]
    curve_persist_s: float = 300.0  # a new curve state counts once it has lasted this long [E]
    collapse_sessions: int = 20  # contango collapse looks back so far
    front_days_min: int = 5  # F1 is the first month at least so many calendar days from settlement
    feed_age_s_max: float = 60.0  # no quote of anything heard for this long: UNKNOWN
    quiet_s_max: float = 900.0  # VIX or a future unchanged for this long: UNKNOWN [E]
    watch_from: time = time(9, 35)

    def __post_init__(self) -> None:
        if not 0 < self.vix_low < self.vix_elevated < self.vix_high:
            raise ValueError("vix_low < vix_elevated < vix_high must hold")
        if not (self.normal_exit <= self.vix_low and self.elevated_exit <= self.vix_elevated):
            raise ValueError("an exit must not lie above its threshold")
        if not self.elevated_exit < self.high_exit <= self.vix_high:
            raise ValueError("elevated_exit < high_exit <= vix_high must hold")
        if not self.deep_slope < 0 < self.contango_slope:
            raise ValueError("deep_slope must be negative and contango_slope positive")
        if self.exit_closes < 1 or self.press_sessions < 1 or not 0 < self.press_fall < 1:
            raise ValueError("exit_closes, press_sessions and press_fall must be positive")


class SlopeSign(StrEnum):
    """Which way round the 1.5-point rule reads the curve (S42: the sign is not stated)."""

    CONTANGO = "contango"  # F2 - F1: build while it is calm
    INVERTED = "inverted"  # F1 - F2


class SlopeBasis(StrEnum):
    """What the slope of the 1.5-point rule is measured on."""

    MONTHS = "months"  # points between the first two months
    CONSTANT = "constant"  # points between the 30-day and the 60-day future
    RATIO = "ratio"  # F2 / F1 - 1, for thresholds like 0.08


class RatioMode(StrEnum):
    """How large the hedge is against its base ratio: h of S28."""

    STATIC = "static"  # ``static_ratio``
    MIN_VARIANCE = "min_variance"  # from the recorded daily results of both layers
    STRESS = "stress"  # so that it earns ``stress_target`` of the condors' loss in the stress


@dataclass(frozen=True, slots=True)
class HedgeParams:
    """The three hedge layers, in order about 30, 110 and 220 days to expiration.

    Clock times are New York; shares are fractions of 1.
    """

    ratio: tuple[float, float, float] = (0.4, 0.4, 0.2)  # calls per condor [A: 4/4/2 per 10]
    static_ratio: float = 1.0  # h of methodology S28, clipped to 0.5-1.5
    ratio_mode: RatioMode = RatioMode.STATIC
    ratio_days: int = 60  # sessions of results that the minimum variance is taken over [E] ...
    ratio_days_min: int = 20  # ... and the fewest it may be taken over [E]
    stress_target: float = 0.65  # share of the condors' stress loss it is to earn [A: 60-70 %]
    dte_target: tuple[int, int, int] = (30, 110, 220)
    dte_tolerance: tuple[int, int, int] = (15, 25, 40)
    delta: float = 0.30  # [P: Cboe VXTH]
    delta_tolerance: float = 0.12  # VIX strikes are coarse; further off than this is no strike [E]
    spread_max_pts: float = 0.10  # a quote wider than both of these is not traded
    spread_max_share: float = 0.20
    build_slope: float = 1.5  # L2b and L2c are bought above this slope [SEED] ...
    build_wait_sessions: int = 5  # ... or after so many sessions anyway
    build_sign: SlopeSign = SlopeSign.CONTANGO
    build_basis: SlopeBasis = SlopeBasis.MONTHS
    vxth_gate: bool = False  # experiment X1: L2a by the 30-day future ...
    vxth_bands: tuple[float, float, float] = (15.0, 30.0, 50.0)  # none, whole, half, none [P: VXTH]
    tranches: int = 2  # adjacent expirations a layer is split over
    roll_days_held: tuple[int, int, int] = (26, 95, 190)  # [A]
    roll_dte_min: tuple[int, int, int] = (4, 15, 30)  # [E]
    delay_sessions_max: int = 3  # a due roll may wait so long while volatility falls ("shift back")
    delay_rsi_max: float = 50.0  # ... RSI(VIX) at most this, MACD(VIXY) below 0
    fade_bid: float = 0.05  # a call bid at this or less is rolled early, while anybody bids ...
    fade_dte: tuple[int, int, int] = (12, 30, 60)  # ... from so many days to expiration [E, for T8]
    offer_dte: int = 6  # a due call without a bid is offered at one tick from here on [E, for T8]
    build_from: time = time(10, 0)
    build_until: time = time(15, 45)
    roll_from: time = time(10, 0)
    roll_until: time = time(15, 0)
    flat_from: time = time(13, 30)  # on the last trading day outright selling starts here ...
    flat_by: time = time(14, 0)  # ... and must be done by here
    scouts_max: int = 2  # expirations looked at together, to spare data lines
    step_every_s: float = 60.0
    concession: float = 0.40  # of the half-spread
    inventory_skew: float = 0.0  # S56: orders start so many half-spreads lower at a full inventory
    give_up_after_s: float = 600.0
    retry_after_s: float = 1800.0
    ladder_multiples: tuple[float, ...] = (3.0, 5.0, 8.0)  # bid over cost [P, A]
    ladder_shares: tuple[float, ...] = (0.5, 0.5, 1.0)  # of what is left, sold at each rung
    press_sell_share: tuple[float, float, float] = (1.0, 0.5, 0.0)  # sold when PRESS turns
    redeploy_share: float = 0.5  # of realized gains, put into L2b and L2c again [A: 0.40-0.75] ...
    redeploy_below: float = 20.0  # ... once VIX is below this and the curve slopes up
    parity_monitor: bool = False  # alert on conversion, reversal and box (S20, S21); never trades
    parity_gap_min: float = 0.10  # points after crossing every spread
    bill_rate: float | None = None  # a year, of a Treasury bill; without it no box is told
    box_rate_gap_min: float = 0.005  # a year: how far apart box and bill must be to be told [E]
    vx_futures: bool = False  # not traded by this release: true is refused

    def __post_init__(self) -> None:
        if len(self.ladder_multiples) != len(self.ladder_shares):
            raise ValueError("ladder_multiples and ladder_shares differ in length")
        if list(self.ladder_multiples) != sorted(set(self.ladder_multiples)):
            raise ValueError("ladder_multiples must rise")
        if not 0.5 <= self.static_ratio <= 1.5:
            raise ValueError("static_ratio must lie in 0.5-1.5")
        if not 0 < self.delta < 1:
            raise ValueError("delta must lie in (0, 1)")
        if self.tranches not in (1, 2):
            raise ValueError("tranches must be 1 or 2")
        if not 0 <= self.inventory_skew <= 1:
            raise ValueError("inventory_skew must lie in 0-1")
        if not self.flat_from < self.flat_by:
            raise ValueError("flat_from must come before flat_by")
        if not 2 <= self.ratio_days_min <= self.ratio_days or not 0 < self.stress_target <= 1:
            raise ValueError("2 <= ratio_days_min <= ratio_days, stress_target in (0, 1] must hold")
        if list(self.vxth_bands) != sorted(set(self.vxth_bands)) or self.build_slope <= 0:
            raise ValueError("vxth_bands must rise and build_slope be positive")
        if self.delay_sessions_max < 0 or not 0 <= self.redeploy_share <= 1:
            raise ValueError("delay_sessions_max must not be negative, redeploy_share lies in 0-1")
        if any(fade < due for fade, due in zip(self.fade_dte, self.roll_dte_min, strict=True)):
            raise ValueError("fade_dte must not lie below roll_dte_min")
        if self.bill_rate is not None and not -0.05 <= self.bill_rate <= 0.25:
            raise ValueError("bill_rate is a fraction a year, 0.05 for 5 %")
        if self.parity_gap_min < 0 or self.box_rate_gap_min < 0:
            raise ValueError("parity_gap_min and box_rate_gap_min must not be negative")
        if self.vx_futures:
            raise ValueError("vx_futures: this release hedges with calls and trades no futures")
