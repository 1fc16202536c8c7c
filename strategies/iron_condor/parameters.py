"""Every number of methodology 4.2 and 4.3, with unit and source. Decides nothing."""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from domain.releases import ReleaseKind


class Strikes(StrEnum):
    """Where the short strikes are."""

    DELTA = "delta"  # at the tier's delta
    RANGE = "range"  # outside the tier's multiple of the expected daily range


class Roll(StrEnum):
    """Whether a threatened condor is closed and opened again later."""

    OFF = "off"
    TOUCHED = "touched"  # once, when SPX reaches a short strike
    RANGE = "range"  # then only with a wide range or a high VIX; and back when both are calm


class Wing(StrEnum):
    """Where the long strikes are."""

    WIDTH = "width"  # a share of the index away, or wing_points
    DELTA = "delta"  # at wing_delta, as in the Cboe CNDR index


@dataclass(frozen=True, slots=True)
class IronCondorParams:
    """Profile ``core45``. Shares are fractions of 1; clock times are New York; prices are points.

    Sources in brackets: G glossary, A other pages of the method's authors, P public studies, E
    engineering.
    """

    # Which expiration, and when to leave it (calendar days) [A, P]
    dte_target: int = 45
    dte_min: int = 38
    dte_max: int = 52
    dte_exit: int = 21  # -1: held to the expiration
    strikes: Strikes = Strikes.DELTA
    # Short-strike deltas by tier [P, A]
    delta_conservative: float = 0.12
    delta_balanced: float = 0.16
    delta_aggressive: float = 0.20
    delta_tolerance: float = 0.03  # a nearest quoted strike further off than this is no strike [E]
    # With strikes = "range": the expected daily range, and its multiples by tier [G, A]
    range_multiplier: float = 1.0  # m, published as 0.8 to 2.0 by regime
    range_sessions: int = 20  # of realized volatility in it
    range_conservative: float = 1.5
    range_balanced: float = 1.2
    range_aggressive: float = 1.0
    range_steps_max: int = 8  # strikes the shorts may move in, to spare data lines [E]
    # Wings and credit [E]
    wing: Wing = Wing.WIDTH
    wing_width_share: float = 0.01  # of the index, rounded to 5 points
    wing_points: float = 0.0  # a fixed width in points instead; 0: by share
    wing_delta: float = 0.05  # with wing = "delta" [P: Cboe CNDR]
    wing_residual_strikes: int = 0  # strikes around the wing among which the cheapest is bought
    credit_share_conservative: float = 0.08  # least credit as a share of the width
    credit_share_balanced: float = 0.12
    credit_share_aggressive: float = 0.15
    net_delta_max: float = 5.0  # of one condor at entry, in deltas of 0.01 (S23)
    # Break-evens at entry (S35), in calendar days; the expiration is always among them
    break_even_days: tuple[float, ...] = (1.0, 5.0, 10.0)
    break_even_required_days: tuple[float, ...] = (5.0,)  # horizons that must pass ...
    break_even_at_expiry: bool = True  # ... and whether the expiration must
    break_even_moves: float = 0.5  # expected moves to each side; see docs/decisions/0008 [E]
    vx_beta_assumed: float = -4.0  # front VX return per SPX return while it is not measured [E]
    # Tier gates [G]
    vix_calm: float = 15.0
    vix_ceiling: float = 20.0
    average_sessions: int = 5
    # When and how often [P: Cboe CNDR; E]
    entry_from: time = time(11, 0)
    entry_until: time = time(14, 30)
    spacing_sessions: int = 5
    retry_after_s: float = 1800.0
    scout_before_s: float = 300.0  # candidates are watched this long before the window opens
    stress_blocks: float = 4.0  # nothing new from this stress score on [E]
    # Releases around which nothing new is opened [SEED; window E]
    blackout: tuple[ReleaseKind, ...] = (ReleaseKind.FOMC, ReleaseKind.CPI, ReleaseKind.PPI)
    blackout_from: time = time(15, 0)  # of the session before the release
    blackout_after_min: float = 30.0
    quick_ratio_min: float = 1.5  # (cash + hedge at bid) / (margin + working maximum loss) [A]
    # Execution of the entry [E]
    entry_step_pts: float = 0.05
    entry_every_s: float = 60.0
    entry_concession: float = 0.25  # of the package's bid-ask spread
    give_up_after_s: float = 600.0
    # Management [P]
    take_profit_share: float = 0.50  # close when the debit is at most this share; 0: never
    stop_debit_multiple: float = 3.0  # close when the debit is at least this multiple; 0: never
    marks_needed: int = 2
    exit_from: time = time(14, 0)  # time exits start here ...
    exit_by: time = time(
        15, 0
    )  # ... and pay the market's price in the last quarter hour before this
    exit_every_s: float = 30.0
    # Time-shift roll, an experiment [A]
    roll: Roll = Roll.OFF
    roll_days_min: int = 7  # the new expiration lies so many days after the old at least ...
    roll_days_max: int = 21  # ... and at most
    roll_dte_max: int = 0  # and never further away than so many days; 0: no bound of its own
    roll_back_dte_max: int = 2  # with roll = "range"
    roll_range_min: float = 0.94  # per cent a day, for roll = "range" [G]
    roll_vix_min: float = 16.0  # or VIX above this [G]
    roll_open_within_s: float = 1800.0  # what could not be opened again by then stays closed [E]

    def __post_init__(self) -> None:
        if not 0 < self.dte_min <= self.dte_target <= self.dte_max:
            raise ValueError("dte_min <= dte_target <= dte_max must hold, all positive")
        if not -1 <= self.dte_exit < self.dte_min:
            raise ValueError("dte_exit must lie below dte_min; -1 holds to the expiration")
        if not 0 < self.delta_conservative <= self.delta_balanced <= self.delta_aggressive < 0.5:
            raise ValueError("deltas must rise from conservative to aggressive, inside (0, 0.5)")
        if not 0 <= self.take_profit_share < 1:
            raise ValueError("take_profit_share must be at least 0 and below 1")
        if self.stop_debit_multiple != 0 and self.stop_debit_multiple <= 1:
            raise ValueError("stop_debit_multiple must be above 1, or 0 for none")
        if not 0 < self.roll_days_min <= self.roll_days_max or self.roll_dte_max < 0:
            raise ValueError("0 < roll_days_min <= roll_days_max must hold, roll_dte_max positive")
        if not 0 < self.range_aggressive <= self.range_balanced <= self.range_conservative:
            raise ValueError("multiples of the range must fall from conservative to aggressive")
        if self.range_multiplier <= 0 or self.range_sessions < 2 or self.range_steps_max < 0:
            raise ValueError("range_multiplier, range_sessions and range_steps_max are too small")
        if self.wing_points < 0 or self.wing_residual_strikes < 0 or not 0 < self.wing_delta < 0.5:
            raise ValueError("wing_points, wing_delta and wing_residual_strikes must make sense")
        if self.net_delta_max <= 0 or self.break_even_moves < 0 or self.vx_beta_assumed >= 0:
            raise ValueError("net_delta_max must be positive, vx_beta_assumed negative")
        if not set(self.break_even_required_days) <= set(self.break_even_days):
            raise ValueError("break_even_required_days must be among break_even_days")
        if self.entry_from >= self.entry_until:
            raise ValueError("entry_from must come before entry_until")
