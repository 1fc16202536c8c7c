"""Every limit that the pre-trade checks and the cap enforce, with unit and reason. Decides
nothing.
"""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum


class CapBasis(StrEnum):
    """How the notional of each layer is measured for the hedge cap; all are logged, one is
    enforced.
    """

    DELTA_NOTIONAL = (
        "delta_notional"  # contracts x 100 x forward x max(|delta|, floor) against max loss
    )
    PREMIUM = "premium"  # market value at the bid against max loss
    GROSS = "gross"  # contracts x 100 x forward against max loss
    MARGIN = "margin"  # market value at the bid against maintenance margin
    SPX_NOTIONAL = "spx_notional"  # contracts x 100 x forward against contracts x 100 x SPX


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """Shares are fractions of 1 (of net liquidation unless said otherwise). Section 4.5 and 4.7."""

    # The hedge cap, as a share of hedge + condor notional
    hedge_share_max: float = 0.40  # above this the hedge is trimmed
    hedge_share_buy_max: float = 0.35  # no purchase may take the share above this
    hedge_share_trimmed: float = 0.38  # a trim sells down to this
    cap_basis: CapBasis = CapBasis.DELTA_NOTIONAL
    cap_marks: int = 2
    delta_floor: float = 0.10
    hedge_budget_share: float = 0.02  # net premium of the last 365 days
    hedge_cost_share_alone: float = (
        0.02  # cost of the hedge while no condor is open and the cap sleeps
    )
    hedge_stress_move: float = 0.10  # SPX falls by this in the stress the hedge is held against
    hedge_delta_per_stress: float = 1.0  # hedge dollar delta per USD of condor stress loss (S36)
    hedge_cash_multiple_warn: float = 6.0  # hedge at the bid over 30 days of condor cash (S37) ...
    hedge_cash_multiple_max: float = 12.0  # ... above this nothing is added
    hedge_unscheduled_max: int = 3  # hedge orders a week outside build and roll dates (S4)
    quick_ratio_floor: float = 1.0  # below this no risk is added (S43)
    # Losses and size
    daily_loss_share: float = 0.02
    max_loss_share_entry: float = 0.01
    max_loss_share_expiration: float = 0.02  # worst settlement of one expiration, working included
    max_loss_share_total: float = 0.10  # the same over all expirations
    condors_max: int = 6
    excess_liquidity_min: float = 0.15
    order_quantity_max: int = 50
    margin_asked: bool = True  # opening orders wait for the broker's what-if margin ...
    margin_answer_s: float = 10.0  # ... so long ...
    margin_own_model: bool = True  # ... and without an answer our own model decides; false: denied
    # Order rate: closing orders may use the whole allowance, opening ones only their own part
    orders_per_minute_max: int = 10
    opening_orders_per_minute_max: int = 5
    orders_per_day_max: int = 300
    opening_orders_per_day_max: int = 60
    repeats_max: int = 12  # orders of one rule for one condor, tranche or layer ...
    repeat_window_s: float = 3600.0  # ... within this time, a restart in between counted through
    rejections_max: int = 3  # orders the broker may reject before trading halts; 0 never halts ...
    rejections_window_s: float = 86_400.0  # ... seconds that one counts, restarts counted through
    # Quotes and prices
    feed_age_s_max: float = 60.0  # nothing at all heard for this long: every quote is stale
    quote_age_s_max: float = (
        600.0  # the broker sends changes only, so a quiet option is not yet stale
    )
    collar_spreads: float = 1.0  # a limit may lie this many spreads beyond the mid ...
    collar_pts_min: float = 0.10  # ... or this many points, whichever is more
    # Session edges for opening orders
    open_guard_s: float = 300.0
    close_guard_s: float = 300.0
    broker_hours_needed: bool = True  # open nothing unless the broker says it is open
    # Connection
    reset_at: time = time(23, 45)  # nightly restart of the gateway, New York ...
    logoff_at: time = time(23, 45)  # weekly log-off, New York ...
    logoff_weekday: int = 5  # ... on this day, Monday is 0
    reset_notice_s: float = 900.0  # nothing is opened so long before either ...
    reset_lasts_s: float = 1800.0  # ... and so long from then on
    broker_away_s: float = 60.0  # the broker may be away so long before an alert is raised
    # Liquidity of SPX options against the same hour of past sessions (S47)
    liquidity_spread_multiple: float = 2.5  # a leg is thin when its spread is so many times ...
    liquidity_size_share: float = 0.25  # ... or its size at the touch below this share
    liquidity_for_s: float = 30.0  # and entries pause once that has lasted so long
    liquidity_days_min: int = 5  # sessions to learn from before anything is judged [E]
    # Cadence and data lines
    mark_every_s: float = 300.0
    watch_lines_max: int = 95

    def __post_init__(self) -> None:
        if not 0 < self.hedge_share_buy_max <= self.hedge_share_trimmed <= self.hedge_share_max < 1:
            raise ValueError(
                "hedge_share_buy_max <= hedge_share_trimmed <= hedge_share_max < 1 must hold"
            )
        shares = (
            self.max_loss_share_entry,
            self.max_loss_share_expiration,
            self.max_loss_share_total,
        )
        if not (shares[0] > 0 and list(shares) == sorted(shares) and shares[-1] < 1):
            raise ValueError(
                "max_loss_share_entry must be positive and at most max_loss_share_expiration, "
                "that at most max_loss_share_total"
            )
        if not 0 < self.hedge_stress_move < 1 or self.hedge_delta_per_stress <= 0:
            raise ValueError("hedge_stress_move must lie in (0, 1), hedge_delta_per_stress above 0")
        if not 0 < self.hedge_cash_multiple_warn <= self.hedge_cash_multiple_max:
            raise ValueError("0 < hedge_cash_multiple_warn <= hedge_cash_multiple_max must hold")
        if self.hedge_unscheduled_max < 0 or self.quick_ratio_floor < 0:
            raise ValueError("hedge_unscheduled_max and quick_ratio_floor must not be negative")
        if self.condors_max < 0 or self.order_quantity_max < 1 or self.watch_lines_max < 20:
            raise ValueError("counts must be positive, watch_lines_max at least 20")
        if not (0 <= self.rejections_max <= 100 and self.rejections_window_s > 0):
            raise ValueError("rejections_max must be 0 to 100, rejections_window_s positive")
        if not (self.feed_age_s_max > 0 and self.quote_age_s_max > 0 and self.mark_every_s >= 1):
            raise ValueError("ages and cadences must be positive")
