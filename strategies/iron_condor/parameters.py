"""Every number of methodology 4.2 and 4.3, with unit and source. Decides nothing."""

from dataclasses import dataclass
from datetime import time


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
    dte_exit: int = 21
    # Short-strike deltas by tier [P, A]
    delta_conservative: float = 0.12
    delta_balanced: float = 0.16
    delta_aggressive: float = 0.20
    delta_tolerance: float = 0.03  # a nearest quoted strike further off than this is no strike [E]
    # Wings and credit [E]
    wing_width_share: float = 0.01  # of the index, rounded to 5 points
    credit_share_conservative: float = 0.08  # least credit as a share of the width
    credit_share_balanced: float = 0.12
    credit_share_aggressive: float = 0.15
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
    quick_ratio_min: float = 1.5  # (cash + hedge at bid) / (margin + working maximum loss) [A]
    # Execution of the entry [E]
    entry_step_pts: float = 0.05
    entry_every_s: float = 60.0
    entry_concession: float = 0.25  # of the package's bid-ask spread
    give_up_after_s: float = 600.0
    # Management [P]
    take_profit_share: float = 0.50  # close when the debit is at most this share of the credit
    stop_debit_multiple: float = 3.0  # close when the debit is at least this multiple of the credit
    marks_needed: int = 2
    exit_from: time = time(14, 0)  # time exits start here ...
    exit_by: time = time(
        15, 0
    )  # ... and pay the market's price in the last quarter hour before this
    exit_every_s: float = 30.0

    def __post_init__(self) -> None:
        if not 0 < self.dte_min <= self.dte_target <= self.dte_max:
            raise ValueError("dte_min <= dte_target <= dte_max must hold, all positive")
        if not 0 <= self.dte_exit < self.dte_min:
            raise ValueError("dte_exit must lie below dte_min")
        if not 0 < self.delta_conservative <= self.delta_balanced <= self.delta_aggressive < 0.5:
            raise ValueError("deltas must rise from conservative to aggressive, inside (0, 0.5)")
        if not 0 < self.take_profit_share < 1 < self.stop_debit_multiple:
            raise ValueError("take_profit_share must be below 1 and stop_debit_multiple above 1")
        if self.entry_from >= self.entry_until:
            raise ValueError("entry_from must come before entry_until")
