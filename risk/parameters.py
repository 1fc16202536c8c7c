"""Every number of methodology 4.1, 4.4 and 4.6, with unit and source. Decides nothing."""

from dataclasses import dataclass
from datetime import time


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


@dataclass(frozen=True, slots=True)
class HedgeParams:
    """The three hedge layers, in order about 30, 110 and 220 days to expiration.

    Clock times are New York; shares are fractions of 1.
    """

    ratio: tuple[float, float, float] = (0.4, 0.4, 0.2)  # calls per condor [A: 4/4/2 per 10]
    static_ratio: float = 1.0  # h of methodology S28, clipped to 0.5-1.5
    dte_target: tuple[int, int, int] = (30, 110, 220)
    dte_tolerance: tuple[int, int, int] = (15, 25, 40)
    delta: float = 0.30  # [P: Cboe VXTH]
    delta_tolerance: float = 0.12  # VIX strikes are coarse; further off than this is no strike [E]
    spread_max_pts: float = 0.10  # a quote wider than both of these is not traded
    spread_max_share: float = 0.20
    build_slope: float = 1.5  # L2b and L2c are bought above this slope [SEED] ...
    build_wait_sessions: int = 5  # ... or after so many sessions anyway
    tranches: int = 2  # adjacent expirations a layer is split over
    roll_days_held: tuple[int, int, int] = (26, 95, 190)  # [A]
    roll_dte_min: tuple[int, int, int] = (4, 15, 30)  # [E]
    build_from: time = time(10, 0)
    build_until: time = time(15, 45)
    roll_from: time = time(10, 0)
    roll_until: time = time(15, 0)
    flat_from: time = time(13, 30)  # on the last trading day outright selling starts here ...
    flat_by: time = time(14, 0)  # ... and must be done by here
    scouts_max: int = 2  # expirations looked at together, to spare data lines
    step_every_s: float = 60.0
    concession: float = 0.40  # of the half-spread
    give_up_after_s: float = 600.0
    retry_after_s: float = 1800.0
    ladder_multiples: tuple[float, ...] = (3.0, 5.0, 8.0)  # bid over cost [P, A]
    ladder_shares: tuple[float, ...] = (0.5, 0.5, 1.0)  # of what is left, sold at each rung
    press_sell_share: tuple[float, float, float] = (1.0, 0.5, 0.0)  # sold when PRESS ends inversion

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
        if not self.flat_from < self.flat_by:
            raise ValueError("flat_from must come before flat_by")
