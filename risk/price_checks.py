"""Checks of quotes and prices: is the market real, is the limit on its grid and near it."""

from domain.combos import package_quote
from domain.desk import Desk
from domain.instruments import COMBO_INCREMENT, price_increment
from domain.orders import DenialCode, Layer, OrderIntent, Purpose
from risk.denial import Denied
from risk.limits import RiskLimits
from risk.trading_state import adds_risk


def quotes_usable(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Fresh, live and two-sided for opening; closing makes do with delayed data and a wing nobody
    bids for, and may offer a call nobody bids for as long as it asks for money.
    """
    if desk.feed_at is None or (desk.now - desk.feed_at).total_seconds() > limits.feed_age_s_max:
        return Denied(DenialCode.QUOTE_STALE, "no quote of anything heard lately")
    closing_package = not adds_risk(intent) and len(intent.legs) > 1
    for leg in intent.legs:
        quote, name = desk.quote(leg.contract), leg.contract.label
        if quote is None or quote.ask is None:
            return Denied(DenialCode.QUOTE_MISSING, f"{name} has no offer")
        age = quote.age_s(desk.now)
        if age > limits.quote_age_s_max:
            inputs = (("age_s", age), ("limit", limits.quote_age_s_max))
            return Denied(DenialCode.QUOTE_STALE, f"{name} is {age:.0f} s old", inputs)
        if quote.bid is not None and quote.bid > quote.ask:
            return Denied(DenialCode.QUOTE_MISSING, f"{name} is crossed")
        buys_back = not adds_risk(intent) and leg.ratio > 0
        unsellable = quote.bid is None or (leg.ratio < 0 and quote.bid <= 0)
        waits = not adds_risk(intent) and leg.ratio < 0 and intent.walk.worst < 0
        if not closing_package and not buys_back and not waits and unsellable:
            return Denied(DenialCode.QUOTE_MISSING, f"{name} has no bid")
        if quote.halted:
            return Denied(DenialCode.QUOTE_MISSING, f"{name} is halted")
        if quote.delayed and adds_risk(intent):
            return Denied(DenialCode.QUOTE_DELAYED, f"{name} is quoted with a delay")
    return None


def price_on_tick(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Limit and worst price on the grid: nickels for packages, the class's steps for one leg."""
    for price in (intent.limit, intent.walk.worst):
        single = len(intent.legs) == 1
        step = price_increment(intent.legs[0].contract, price) if single else COMBO_INCREMENT
        if price % step != 0:
            return Denied(DenialCode.PRICE_OFF_TICK, f"{price} is not a multiple of {step}")
    return None


def price_within_collar(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Neither limit nor worst price far above the fresh mid of the package; asking for less is
    harmless.
    """
    market = package_quote(intent.legs, desk.quote, worthless_bid=True)
    if market is None:
        return Denied(DenialCode.QUOTE_MISSING, "the package has no market")
    room = max(limits.collar_spreads * market.spread, limits.collar_pts_min)
    highest = float(max(intent.limit, intent.walk.worst))
    inputs = (("mid", market.mid), ("collar", room), ("price", highest))
    if highest > market.mid + room + 1e-9:
        text = f"{highest:.2f} is more than {room:.2f} above mid {market.mid:.2f}"
        return Denied(DenialCode.PRICE_OUTSIDE_COLLAR, text, inputs)
    if intent.layer is Layer.CONDOR and len(intent.legs) > 1:
        width = package_width(intent)
        lowest = float(min(intent.limit, intent.walk.worst))
        opening = intent.purpose is Purpose.OPEN_CONDOR
        inside = -width < lowest and highest < 0 if opening else lowest > 0 and highest <= width
        if not inside:
            return Denied(
                DenialCode.PRICE_OUTSIDE_COLLAR, "credit or debit outside the width", inputs
            )
    return None


def package_width(intent: OrderIntent) -> float:
    """The most the package can be worth, in points: of a condor its wider wing, of a vertical its
    own width.
    """
    by_right: dict[str, list[float]] = {}
    for leg in intent.legs:
        by_right.setdefault(str(leg.contract.right), []).append(leg.contract.strike)
    return max(max(strikes) - min(strikes) for strikes in by_right.values())
