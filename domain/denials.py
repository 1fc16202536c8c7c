"""What each denial code means, in the words of the documents and explanations."""

from collections.abc import Mapping
from typing import Final

from domain.orders import DenialCode

_C = DenialCode
MEANINGS: Final[Mapping[DenialCode, str]] = {
    _C.TRADING_HALTED: "trading is halted; only orders that limit a loss or a breach pass",
    _C.ONLY_REDUCING: "trading only reduces: nothing is opened",
    _C.REGIME_UNKNOWN: "VIX, the VX curve or the stress score is missing or stale",
    _C.REGIME_BLOCKS_ENTRY: "no condor is opened in this VIX regime",
    _C.STRESS_HIGH: "too many signals are stressed at once",
    _C.BLACKOUT: "a release everybody waits for is due or just came, or its date is unknown",
    _C.ENTRY_SPACING: "too soon after the last entry, or after one that did not fill",
    _C.LIQUIDITY_THIN: "a leg is quoted wider or for less than usual at this time of day",
    _C.BREAK_EVEN: "the break-evens lie inside the expected move at a horizon that counts",
    _C.NET_DELTA: "the condor would lean too much to one side",
    _C.NO_STRIKE: "no listed strike or expiration is near enough to what is wanted",
    _C.REGIME_BLOCKS_HEDGE_BUY: "no calls are bought on balance in this VIX regime",
    _C.QUOTE_MISSING: "a quote that the decision needs is missing",
    _C.QUOTE_STALE: "a quote that the decision needs is too old",
    _C.QUOTE_DELAYED: "market data are delayed: nothing is opened on them",
    _C.SESSION_CLOSED: "the market is closed, or too near to its opening or close",
    _C.BROKER_RESET: "the gateway is about to restart or log off",
    _C.PRICE_OFF_TICK: "the limit is not on the price grid",
    _C.PRICE_OUTSIDE_COLLAR: "the limit is too far from the middle of the market",
    _C.QUANTITY_LIMIT: "more units than one order may have",
    _C.NAKED_SHORT: "a short option would be left without its protection",
    _C.STRIKE_COLLISION: "a leg would offset a leg of something held or working",
    _C.CREDIT_TOO_SMALL: "the credit is too small for the width of the wings",
    _C.MAX_LOSS_LIMIT: "the maximum loss does not fit under its limits",
    _C.CONDOR_COUNT_LIMIT: "as many condors are open as there may be",
    _C.HEDGE_SHARE_CAP: "the purchase could take the hedge above its share of the notional",
    _C.HEDGE_BUDGET: "the premium budget of 365 days is used up",
    _C.HEDGE_STRESS: "the hedge already outweighs what the condors lose under stress",
    _C.HEDGE_TURNOVER: "as many unscheduled hedge orders as a week may have",
    _C.HEDGE_CASH_MULTIPLE: "the hedge is too dear for the cash the condors bring in",
    _C.QUICK_RATIO: "cash and hedge cover too little of the margin",
    _C.DAILY_LOSS_LIMIT: "the day's loss has reached its limit: nothing is opened",
    _C.ORDER_RATE: "too many orders in a minute, a day, or by one rule for one thing",
    _C.ORDER_WORKING: "an order for the same thing is at work",
    _C.ORDER_UNCERTAIN: "nobody answers for an order: nothing is opened until it is resolved",
    _C.POSITION_MISMATCH: "book and broker disagree: nothing is opened until they agree",
    _C.FOREIGN_AT_BROKER: "the account holds orders or positions that are not ours",
    _C.MARGIN_FLOOR: "too little would be left of the account's margin, or nobody can say",
    _C.RULE_VETO: "an operator's rule blocks it",
}
