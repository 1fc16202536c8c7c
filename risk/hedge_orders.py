"""The shape of hedge orders: where a purchase, a sale or a roll starts asking and how far it goes.

Methodology 4.4: limit at mid, one tick a minute, at most ``concession`` of the half-spread beyond;
a sale that must happen walks to the bid. Rounding to the grid may add less than one tick.
"""

from decimal import Decimal
from enum import Enum

from domain.book import Tranche
from domain.combos import on_grid, on_ticks
from domain.desk import Desk
from domain.instruments import COMBO_INCREMENT, Contract, price_increment
from domain.inventory import skewed_mid
from domain.orders import Layer, Leg, OrderIntent, Purpose, Walk
from domain.quotes import Quote
from risk.hedge_target import owned, targets_of
from risk.parameters import HedgeParams

_TRIM_EVERY_S = 20.0
_DIME = 0.10


class Urgency(Enum):
    PATIENT = "patient"  # from mid, giving up part of the half-spread
    FIRM = "firm"  # from mid to the bid, faster
    NOW = "now"  # at the bid, and a little below


def buy(
    desk: Desk,
    layer: Layer,
    contract: Contract,
    quantity: int,
    params: HedgeParams,
    *,
    rule: str,
    reason: str,
    inputs: tuple[tuple[str, float], ...],
) -> OrderIntent | None:
    """A purchase of one call; None without a two-sided quote."""
    quote = desk.quote(contract)
    if quote is None or quote.mid is None or quote.spread is None:
        return None
    limit = on_ticks(_start(desk, layer, quote, params), contract, "nearest")
    tick = price_increment(contract, limit)
    limit = max(tick, limit)
    end = on_ticks(quote.mid + params.concession * 0.5 * quote.spread, contract, "up")
    walk = Walk(max(limit, end), tick, params.step_every_s, params.give_up_after_s)
    legs = (Leg(contract, 1),)
    return OrderIntent(
        Purpose.BUY_HEDGE,
        layer,
        legs,
        quantity,
        limit,
        walk,
        rule,
        reason,
        "",
        (*inputs, ("bid", quote.bid or 0.0), ("ask", quote.ask or 0.0)),
    )


def sell(
    desk: Desk,
    tranche: Tranche,
    quantity: int,
    urgency: Urgency,
    params: HedgeParams,
    *,
    rule: str,
    reason: str,
    inputs: tuple[tuple[str, float], ...] = (),
) -> OrderIntent | None:
    """A sale out of ``tranche`` at a positive bid; None when nobody bids."""
    quote = desk.quote(tranche.contract)
    if quote is None or quote.mid is None or not quote.bid or quote.spread is None:
        return None
    start = _start(desk, tranche.layer, quote, params)
    limit, worst, step = _sale_prices(tranche.contract, quote, urgency, params, start)
    every = params.step_every_s if urgency is Urgency.PATIENT else _TRIM_EVERY_S
    return OrderIntent(
        Purpose.SELL_HEDGE,
        tranche.layer,
        (Leg(tranche.contract, -1),),
        quantity,
        limit,
        Walk(worst, step, every, params.give_up_after_s),
        rule,
        reason,
        tranche.id,
        (*inputs, ("bid", quote.bid), ("ask", quote.ask or 0.0)),
    )


def offer(
    desk: Desk, tranche: Tranche, params: HedgeParams, *, rule: str, reason: str, rests: bool
) -> OrderIntent | None:
    """The whole tranche for sale where nobody bids: from one tick under the ask down to one tick.

    One that ``rests`` stays there until the close: whoever comes to bid finds it, and taking it
    away and putting it back every few minutes would help nobody.

    None without a positive ask. Never for nothing: the worst price is one tick received.
    """
    quote = desk.quote(tranche.contract)
    if quote is None or quote.ask is None or quote.ask <= 0:
        return None
    tick = price_increment(tranche.contract, Decimal(0))
    limit = max(tick, on_ticks(quote.ask, tranche.contract, "down") - tick)
    left = (desk.calendar.close_at(desk.today) - desk.now).total_seconds() if rests else 0.0
    return OrderIntent(
        Purpose.SELL_HEDGE,
        tranche.layer,
        (Leg(tranche.contract, -1),),
        tranche.quantity,
        -limit,
        Walk(-tick, tick, params.step_every_s, max(params.give_up_after_s, left)),
        rule,
        reason,
        tranche.id,
        (("bid", quote.bid or 0.0), ("ask", quote.ask)),
    )


def roll(
    desk: Desk,
    tranche: Tranche,
    layer: Layer,
    bought: Contract,
    quantity: int,
    params: HedgeParams,
    *,
    funded: bool,
    rule: str,
    reason: str,
    inputs: tuple[tuple[str, float], ...],
) -> OrderIntent | None:
    """Sell ``tranche``'s call and buy ``bought`` as one package; ``funded`` never pays a net debit.

    None without two-sided quotes of both, or when a funded roll would cost something at mid.
    """
    old, new = desk.quote(tranche.contract), desk.quote(bought)
    if old is None or new is None or old.mid is None or new.mid is None or not old.bid:
        return None
    half = 0.5 * ((old.spread or 0.0) + (new.spread or 0.0))
    mid = new.mid - old.mid
    limit = on_grid(mid, COMBO_INCREMENT, "nearest")
    worst = on_grid(mid + params.concession * half, COMBO_INCREMENT, "up")
    if funded:
        worst = min(worst, Decimal(0))
        if limit > worst:
            return None
    legs = (Leg(tranche.contract, -1), Leg(bought, 1))
    walk = Walk(max(limit, worst), COMBO_INCREMENT, params.step_every_s, params.give_up_after_s)
    return OrderIntent(
        Purpose.ROLL_HEDGE,
        layer,
        legs,
        quantity,
        limit,
        walk,
        rule,
        reason,
        tranche.id,
        (*inputs, ("net_mid", mid), ("old_mid", old.mid), ("new_mid", new.mid)),
    )


def _start(desk: Desk, layer: Layer, quote: Quote, params: HedgeParams) -> float:
    """Mid, lower by the skew the fuller the layer is against what the condors want."""
    assert quote.mid is not None
    assert quote.spread is not None
    if not params.inventory_skew:
        return quote.mid
    full = float(targets_of(desk, params)[layer])
    has = float(owned(desk, layer, params))
    return skewed_mid(quote.mid, quote.spread, has, full, params.inventory_skew)


def _sale_prices(
    contract: Contract, quote: Quote, urgency: Urgency, params: HedgeParams, start: float
) -> tuple[Decimal, Decimal, Decimal]:
    """Limit, worst and step of selling one call, as negative package prices; a patient sale begins
    at ``start``.
    """
    assert quote.mid is not None
    assert quote.bid is not None
    assert quote.spread is not None
    bid = on_ticks(quote.bid, contract, "down")
    mid = max(bid, on_ticks(quote.mid, contract, "nearest"))
    tick = price_increment(contract, mid)
    if urgency is Urgency.NOW:
        tick = price_increment(contract, bid)
        near = quote.mid - max(quote.spread, _DIME)  # further away the collar would refuse it
        low = on_ticks(max(float(bid - 2 * tick), near), contract, "up")
        return -bid, -max(tick, min(bid, low)), tick
    if urgency is Urgency.FIRM:
        return -mid, -bid, tick
    low = on_ticks(quote.mid - params.concession * 0.5 * quote.spread, contract, "down")
    first = max(bid, on_ticks(start, contract, "nearest"))
    return -first, -min(first, max(bid, low)), tick
