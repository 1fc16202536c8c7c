"""The broker of a book on paper: what fills, what it costs, what the account says. Pure.

Works from quotes that were really heard and from nothing else, and never fills better than they
allow. It keeps nothing: orders, positions and money are on the book's own desk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from domain.combos import PackageQuote, package_quote
from domain.desk import Desk, Regime
from domain.effects import AskMargin, CancelOrder, Effect, ModifyLimit, PlaceOrder
from domain.events import (
    AccountUpdated,
    CommissionReported,
    Event,
    LimitModified,
    MarginAnswered,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderSubmitted,
    PositionsReported,
)
from domain.instruments import Contract
from domain.orders import Leg, Order, OrderStatus, Purpose
from domain.quotes import Quote

_CENT, _ZERO = Decimal("0.01"), Decimal(0)
_STRESSED = frozenset({Regime.HIGH, Regime.PRESS, Regime.UNKNOWN})
_RESTING = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})


@dataclass(frozen=True, slots=True)
class PaperFills:
    """When an order on paper is taken for filled, and what each contract costs."""

    cost_calm: float = 0.06  # of the package's mid, given up by an order inside the spread [P10]
    cost_high: float = 0.13  # the same in HIGH, PRESS and while the regime is unknown [P10]
    spread_share: float = 0.25  # ... or this share of its half-spread, where that is less [E]
    quote_age_s_max: float = 600.0  # an older quote fills nothing
    commission_usd: Decimal = Decimal("1.25")  # USD per contract, until the live book has paid any

    def __post_init__(self) -> None:
        if not 0 < self.cost_calm <= self.cost_high < 1 or not 0 < self.spread_share <= 1:
            raise ValueError("0 < cost_calm <= cost_high < 1 and 0 < spread_share <= 1 must hold")
        if self.commission_usd < 0 or self.quote_age_s_max <= 0:
            raise ValueError("commission_usd must not be negative, quote_age_s_max positive")


def answered(desk: Desk, effects: Sequence[Effect], start: Decimal) -> list[Event]:
    """What a broker would say at once to what the engine asked for; nothing else leaves."""
    now, found = desk.now, list[Event]()
    for effect in effects:
        if isinstance(effect, AskMargin):
            found.append(_margin(desk, effect.order, start))
        elif isinstance(effect, PlaceOrder):
            ref, number = effect.order.order_ref, desk.tally.sent
            found += [OrderSubmitted(now, ref, number), OrderAccepted(now, ref, number)]
        elif isinstance(effect, ModifyLimit):
            found.append(LimitModified(now, effect.order_ref, effect.limit))
        elif isinstance(effect, CancelOrder):
            found.append(OrderCanceled(now, effect.order_ref, effect.reason))
    return found


def filled(desk: Desk, order: Order, now: datetime, rules: PaperFills, fee: Decimal) -> list[Event]:
    """Executions and commissions of a resting order, as far as the quotes of now would fill it.

    ``fee`` is USD per contract. An order is never filled in the look that placed it, nor outside
    regular hours.
    """
    resting = order.status in _RESTING and order.created_at < now
    if not resting or not desk.calendar.is_open(now):
        return []
    return _executed(desk, order, now, rules, fee)


def expired(desk: Desk, now: datetime) -> PositionsReported:
    """What is still held at ``now``: series past their settlement are gone, as at a broker."""
    held = desk.book.positions()
    return PositionsReported(
        now, tuple((c, q) for c, q in held.items() if desk.calendar.settles_at(c) >= now)
    )


def report_due(desk: Desk, now: datetime) -> bool:
    """Whether positions must be told: never so far, since reconnecting, or something expired."""
    told = desk.positions_at
    if told is None or (desk.ready_at is not None and told < desk.ready_at):
        return True
    settled = (desk.calendar.settles_at(contract) for contract in desk.book.positions())
    return any(told <= at < now for at in settled)


def account(desk: Desk, now: datetime, start: Decimal) -> AccountUpdated:
    """Values of the paper account; net liquidation is left out while something has no price."""
    free, need = cash(desk, start), requirement(desk)
    return AccountUpdated(now, worth(desk, start), free, free - need, need, need)


def cash(desk: Desk, start: Decimal) -> Decimal:
    """USD: what the book began with, what trades and settlements brought, less all fees."""
    return start + desk.book.cash - sum(desk.book.fees.values(), _ZERO)


def worth(desk: Desk, start: Decimal) -> Decimal | None:
    """Cash and everything held at mid; None when something held has no price.

    A missing bid under a real ask counts as zero.
    """
    total = cash(desk, start)
    for contract, quantity in desk.book.positions().items():
        mid = marked(desk.quote(contract))
        if mid is None:
            return None
        total += Decimal(f"{mid:.4f}") * quantity * contract.multiplier
    return total.quantize(_CENT)


def marked(quote: Quote | None) -> float | None:
    """The middle of the market in points; None without an offer."""
    if quote is None or quote.ask is None:
        return None
    return 0.5 * ((quote.bid or 0.0) + quote.ask)


def requirement(desk: Desk) -> Decimal:
    """Own margin model: the wider wing of every condor not yet settled, USD; calls are paid."""
    return sum(
        (Decimal(str(c.combo.width)) * c.combo.long_put.multiplier * c.quantity
         for c in desk.live_condors),
        _ZERO,
    )  # fmt: skip


def threshold(market: PackageQuote, regime: Regime, rules: PaperFills) -> float:
    """The price per unit at which an order that rests inside the spread is taken for filled.

    Above the mid, since a package is always bought, by a share of its price or of its half-spread,
    whichever is less.
    """
    share = rules.cost_high if regime in _STRESSED else rules.cost_calm
    given = min(share * abs(market.mid), rules.spread_share * 0.5 * market.spread)
    return market.mid + given


def held_or_worked(desk: Desk) -> tuple[Contract, ...]:
    """Contracts without whose quotes this book cannot be valued or filled."""
    worked = (leg.contract for order in desk.working for leg in order.intent.legs)
    return tuple(dict.fromkeys((*desk.book.positions(), *worked)))


def _margin(desk: Desk, order: Order, start: Decimal) -> MarginAnswered:
    """Own model: a condor needs its wider wing, everything else only what it costs."""
    intent, multiplier = order.intent, order.intent.legs[0].contract.multiplier
    change = _ZERO
    if intent.purpose is Purpose.OPEN_CONDOR:
        strikes = sorted(Decimal(str(leg.contract.strike)) for leg in intent.legs)
        width = max(strikes[1] - strikes[0], strikes[3] - strikes[2])
        change = width * multiplier * intent.quantity
    paid = max(intent.limit, intent.walk.worst) * multiplier * intent.quantity
    return MarginAnswered(
        desk.now, order.order_ref, change, requirement(desk) + change, cash(desk, start) - paid
    )


def _executed(
    desk: Desk, order: Order, now: datetime, rules: PaperFills, fee: Decimal
) -> list[Event]:
    legs = order.intent.legs
    quotes = [desk.quote(leg.contract) for leg in legs]
    oldest = now - timedelta(seconds=rules.quote_age_s_max)
    if any(q is None or q.halted or q.delayed or q.at < oldest for q in quotes):
        return []
    closing = order.intent.purpose is Purpose.CLOSE_CONDOR
    market = package_quote(legs, desk.quote, worthless_bid=closing)
    price = None if market is None else _price(order, market, desk.regime.regime, rules)
    units = min(order.remaining, *(_offered(desk, leg) for leg in legs))
    if market is None or price is None or units < 1:
        return []
    found: list[Event] = []
    for place, (leg, points) in enumerate(_leg_prices(desk, legs, market, price)):
        exec_id, quantity = f"{order.order_ref}.{order.filled}.{place}", leg.ratio * units
        found.append(OrderFilled(now, order.order_ref, exec_id, 1, leg.contract, quantity, points))
        charged = (fee * abs(quantity)).quantize(_CENT)
        found.append(CommissionReported(now, exec_id, charged))
    return found


def _price(order: Order, market: PackageQuote, regime: Regime, rules: PaperFills) -> Decimal | None:
    """At the offer once the limit reaches it; at the limit once that is as far as the plan goes
    and gives up enough; else not at all.
    """
    natural = _exact(market.ask)
    if order.limit >= natural:
        return natural
    walked = order.limit >= order.intent.walk.worst
    enough = order.limit >= _exact(threshold(market, regime, rules))
    return order.limit if walked and enough else None


def _offered(desk: Desk, leg: Leg) -> int:
    """Units that the touch would take. A wing that nobody bids for is given away in any number."""
    quote = desk.quote(leg.contract)
    assert quote is not None
    if leg.ratio < 0 and quote.bid is None:
        return 1_000_000
    size = quote.ask_size if leg.ratio > 0 else quote.bid_size
    return int(size) // abs(leg.ratio)


def _leg_prices(
    desk: Desk, legs: Sequence[Leg], market: PackageQuote, price: Decimal
) -> list[tuple[Leg, Decimal]]:
    """Each leg at its own natural side, improved alike as a share of its spread, so that the
    package comes to ``price``; what rounding leaves is put on the first leg.
    """
    better = (market.ask - float(price)) / market.spread if market.spread > 0 else 0.0
    points: list[Decimal] = []
    for leg in legs:
        quote = desk.quote(leg.contract)
        assert quote is not None
        assert quote.ask is not None
        bid, spread = quote.bid or 0.0, quote.ask - (quote.bid or 0.0)
        raw = quote.ask - better * spread if leg.ratio > 0 else bid + better * spread
        points.append(Decimal(f"{raw:.2f}"))
    total = sum((leg.ratio * p for leg, p in zip(legs, points, strict=True)), _ZERO)
    points[0] += (price - total) / legs[0].ratio
    return list(zip(legs, points, strict=True))


def _exact(points: float) -> Decimal:
    """Float noise below a millionth of a point taken off."""
    return Decimal(f"{points:.6f}")
