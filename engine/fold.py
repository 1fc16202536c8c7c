"""How one event or one effect of ours changes the desk: the only two writers there are.

Everything that must survive a restart goes through here. Events come from outside; effects are our
own decisions, and because both are journaled before they act, folding a journal from its first line
gives back book, orders, counters and confirmed states exactly. Quotes are not journaled and neither
is ``Desk.memory``: nothing durable may depend on them. That is why a regime change, a settlement at
the last index level or a rung of the profit ladder is recorded as a decision with its numbers, and
takes effect when the decision is folded, not when the quote was seen.

The trading day turns in whatever event or effect is first of the new day, so a replay in which
quotes and clock ticks are missing turns it at the same place between the same durable facts. Order
states move only along ``domain.orders.TRANSITIONS``; news that would move them elsewhere is old
news and changes nothing, except executions, which are believed in every state. An execution that no
order of ours explains, or more of one than was ordered, halts trading.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from domain.book import Fill, apply_commission, apply_fill, prune
from domain.chain import OptionChain
from domain.desk import Account, Desk, Tally
from domain.effects import (
    AskMargin,
    CancelOrder,
    Effect,
    ModifyLimit,
    PlaceOrder,
    RaiseAlert,
    RecordDecision,
    Verdict,
)
from domain.events import (
    AccountUpdated,
    BrokerLost,
    BrokerReady,
    ChainListed,
    ClockTicked,
    CommissionReported,
    ContractRefused,
    DailyClosesLoaded,
    Event,
    ForeignReported,
    FuturesListed,
    HaltRequested,
    HoursReported,
    LimitModified,
    MarginAnswered,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    OrderUncertain,
    PositionsReported,
    QuoteUpdated,
    ReduceRequested,
    ReferencesSeen,
    ResumeRequested,
    ShadowReported,
    WrittenOff,
)
from domain.instruments import Contract
from domain.orders import TRANSITIONS, Order, OrderStatus
from domain.replacing import replace
from domain.session import new_york
from engine.approved import Approved, approved, halted, moves_holdings
from engine.changes import DURABLE_CHANGES
from engine.commanded import commanded
from engine.daily_closes import with_closes
from engine.paper_reports import shadow_reported
from engine.resolved import revived, superseded
from engine.waiting import answered, beyond, limited, on_its_way, struck, unasked
from engine.written_off import written_off

_MOVES: Mapping[type[Event], OrderStatus] = {
    OrderSubmitted: OrderStatus.SUBMITTED,
    OrderCanceled: OrderStatus.CANCELED,
    OrderUncertain: OrderStatus.UNKNOWN,
}
_KEPT = timedelta(days=5)  # finished orders and positions stay this long for late executions


def fold(desk: Desk, event: Event) -> Desk:
    """The desk after ``event``; an old event does not turn ``now`` back."""
    desk = _at(desk, event)
    if isinstance(event, Approved):
        return _compared(approved(desk, event)) if moves_holdings(event) else approved(desk, event)
    match event:
        case ClockTicked():
            never_there = desk.ready_at is None and desk.away_since is None
            return replace(desk, away_since=event.at) if never_there else desk
        case QuoteUpdated():
            return fold_quotes(desk, (event,))
        case ChainListed():
            chain = OptionChain(event.symbol, event.trading_class, event.expirations, event.strikes)
            return replace(desk, chains={**desk.chains, event.trading_class: chain})
        case FuturesListed():
            return replace(desk, futures=event.contracts)
        case DailyClosesLoaded():
            return replace(desk, closes={**desk.closes, event.symbol: with_closes(desk, event)})
        case ContractRefused():
            return replace(desk, refused=desk.refused | {event.contract})
        case HoursReported():
            return replace(desk, hours={session.on: session for session in event.sessions})
        case AccountUpdated():
            return replace(desk, account=_account(desk.account, event))
        case MarginAnswered():
            return answered(desk, event)
        case PositionsReported():
            held = {contract: quantity for contract, quantity in event.positions if quantity}
            return _compared(replace(desk, broker_positions=held, positions_at=event.at))
        case ForeignReported():
            return replace(desk, foreign=(*event.orders, *event.positions))
        case ReferencesSeen():
            return beyond(desk, event.order_refs)
        case BrokerReady():
            return replace(desk, ready_at=event.at, away_since=None)
        case BrokerLost():
            return replace(desk, ready_at=None, away_since=event.at)
        case HaltRequested() | ReduceRequested() | ResumeRequested():
            return commanded(desk, event)
        case WrittenOff():
            return _compared(written_off(desk, event))
        case OrderFilled():
            return _filled(desk, event)
        case CommissionReported():
            return _charged(desk, event.exec_id, event.commission)
        case OrderSubmitted() | OrderCanceled() | OrderUncertain():
            return _moved(desk, event.order_ref, _MOVES[type(event)])
        case OrderAccepted():
            return _moved(revived(desk, event), event.order_ref, OrderStatus.ACCEPTED)
        case OrderRejected():
            return _rejected(desk, event)
        case LimitModified():
            return _with_order(desk, event.order_ref, lambda o: limited(o, event.limit))
        case ShadowReported():
            return shadow_reported(desk, event)
        case _:
            assert_never(event)


def fold_quotes(desk: Desk, updates: Iterable[QuoteUpdated]) -> Desk:
    """Fold many quotes in one copy of the quote map; the newest of each contract wins."""
    quotes, heard = dict(desk.quotes), []
    newest = desk.feed_at
    for update in updates:
        quotes[update.contract] = update.quote
        if update.contract.trading_class == "SPXW":
            heard.append(update.contract)
        if newest is None or update.at > newest:
            newest = update.at
    if newest is None:
        return desk
    if newest > desk.now:
        desk = _at_time(desk, newest)
    desk = replace(desk, quotes=quotes, feed_at=newest)
    if not heard:
        return desk
    counts = Counter(desk.memory.quote_counts)
    counts.update(heard)
    return replace(desk, memory=replace(desk.memory, quote_counts=counts))


def apply_effect(desk: Desk, effect: Effect) -> Desk:
    """The desk after an effect of ours was decided, whether or not the world has acted on it
    yet.
    """
    match effect:
        case AskMargin(order) | PlaceOrder(order):
            desk = _at_time(desk, max(desk.now, order.created_at))
            return on_its_way(desk, order)
        case ModifyLimit():
            desk = _at_time(desk, max(desk.now, effect.at or desk.now))
            return _with_order(
                desk,
                effect.order_ref,
                lambda order: replace(order, limit=effect.limit, limit_changed_at=desk.now),
            )
        case CancelOrder():
            desk = _at_time(desk, max(desk.now, effect.at or desk.now))
            return _with_order(
                desk,
                effect.order_ref,
                lambda order: replace(order, cancel_requested=True, limit_changed_at=desk.now),
            )
        case RaiseAlert():
            alerts = {code: at for code, at in desk.alerts.items() if code != effect.code}
            if effect.active:
                alerts[effect.code] = effect.at
            return replace(desk, alerts=alerts)
        case RecordDecision():
            desk = _at_time(desk, max(desk.now, effect.at))
            if effect.verdict is Verdict.DENIED:
                desk = unasked(desk, effect.order_ref)
                return replace(desk, tally=replace(desk.tally, denied=desk.tally.denied + 1))
            change = DURABLE_CHANGES.get(effect.topic)
            if effect.verdict is Verdict.CHANGED and change is not None:
                return change(desk, effect)
            return desk
        case _:
            assert_never(effect)


def _at(desk: Desk, event: Event) -> Desk:
    return _at_time(desk, event.at) if event.at > desk.now else desk


def _at_time(desk: Desk, at: datetime) -> Desk:
    """Move the clock, and turn the trading day when the New York date changes."""
    day = new_york(at).date()
    if day == desk.tally.day:
        return replace(desk, now=at)
    before = day - _KEPT
    kept = {
        ref: order
        for ref, order in desk.orders.items()
        if order.working or order.created_at.date() >= before
    }
    return replace(
        desk,
        now=at,
        orders=kept,
        book=prune(desk.book, before),
        refused=frozenset(),
        account=replace(desk.account, day_start=desk.account.net_liquidation),
        tally=Tally(day=day, sent=desk.tally.sent, denied=desk.tally.denied),
    )


def _account(account: Account, event: AccountUpdated) -> Account:
    """New values over old; what the broker left out stays."""
    updated = Account(
        net_liquidation=_given(event.net_liquidation, account.net_liquidation),
        cash=_given(event.cash, account.cash),
        excess_liquidity=_given(event.excess_liquidity, account.excess_liquidity),
        maintenance_margin=_given(event.maintenance_margin, account.maintenance_margin),
        initial_margin=_given(event.initial_margin, account.initial_margin),
        day_start=account.day_start,
    )
    if updated.day_start is None:
        updated = replace(updated, day_start=updated.net_liquidation)
    return updated


def _given(new: Decimal | None, old: Decimal | None) -> Decimal | None:
    return old if new is None else new


def _with_order(desk: Desk, order_ref: str, change: Callable[[Order], Order]) -> Desk:
    order = desk.orders.get(order_ref)
    if order is None:
        return desk
    return replace(desk, orders={**desk.orders, order_ref: change(order)})


def _moved(desk: Desk, order_ref: str, status: OrderStatus) -> Desk:
    """Move an order along the graph; news that does not fit its state is late and changes
    nothing.
    """

    def change(order: Order) -> Order:
        target = status
        if target is OrderStatus.ACCEPTED and any(order.leg_fills):
            target = OrderStatus.PARTIALLY_FILLED
        if target not in TRANSITIONS[order.status]:
            return order
        return replace(order, status=target)

    return _with_order(desk, order_ref, change)


def _rejected(desk: Desk, event: OrderRejected) -> Desk:
    desk = struck(desk, event)
    desk = _with_order(desk, event.order_ref, lambda o: replace(o, refusal=event.code))
    return _moved(desk, event.order_ref, OrderStatus.REJECTED)


def _filled(desk: Desk, event: OrderFilled) -> Desk:
    for correction in superseded(desk, event):
        desk = _filled(desk, correction)
    order = desk.orders.get(event.order_ref)
    fill = Fill(
        event.exec_id,
        event.revision,
        event.order_ref,
        event.contract,
        event.quantity,
        event.price,
        event.at,
    )
    if order is None:
        return halted(desk, f"execution of unknown order {event.order_ref}")
    known = desk.book.fills.get(event.exec_id)
    if known is not None and event.revision <= known.revision:
        return desk
    try:
        book = apply_fill(desk.book, order, fill, new_york(event.at).date())
    except ValueError as error:
        return halted(desk, f"execution that does not fit: {error}")
    order = _with_fill(order, fill, 0 if known is None else known.quantity)
    desk = replace(desk, book=book, orders={**desk.orders, order.order_ref: order})
    pending = desk.book.commissions.get(_orphan(event.exec_id))
    if pending is not None:
        desk = _charged(desk, event.exec_id, pending)
    if any(
        abs(done) > abs(leg.ratio) * order.intent.quantity
        for done, leg in zip(order.leg_fills, order.intent.legs, strict=True)
    ):
        desk = halted(desk, f"{order.order_ref} filled more than ordered")
    return _compared(desk) if desk.mismatched else desk


def _with_fill(order: Order, fill: Fill, replaced: int) -> Order:
    legs = order.intent.legs
    done = order.leg_fills or (0,) * len(legs)
    done = tuple(
        count + fill.quantity - replaced if leg.contract == fill.contract else count
        for count, leg in zip(done, legs, strict=True)
    )
    order = replace(order, leg_fills=done, exec_ids=order.exec_ids | {fill.exec_id})
    complete = order.filled >= order.intent.quantity
    status = OrderStatus.FILLED if complete else OrderStatus.PARTIALLY_FILLED
    if order.status is status or status not in TRANSITIONS[order.status]:
        return order
    return replace(order, status=status)


def _charged(desk: Desk, exec_id: str, commission: Decimal) -> Desk:
    """Count a fee; one that comes before its execution waits under a name of its own."""
    fill = desk.book.fills.get(exec_id)
    order = None if fill is None else desk.orders.get(fill.order_ref)
    if order is None:
        waiting = {**desk.book.commissions, _orphan(exec_id): commission}
        return replace(desk, book=replace(desk.book, commissions=waiting))
    layer = order.intent.layer
    book = apply_commission(desk.book, layer, exec_id, commission, new_york(desk.now).date())
    return replace(desk, book=book)


def _orphan(exec_id: str) -> str:
    return f"early:{exec_id}"


def _compared(desk: Desk) -> Desk:
    """Note every leg on which the broker's last report and the book differ, settled series left
    out.
    """
    if desk.broker_positions is None:
        return desk
    return replace(desk, mismatched=differences(desk, desk.broker_positions))


def differences(desk: Desk, reported: Mapping[Contract, int]) -> tuple[Contract, ...]:
    ours = dict(desk.book.positions())
    for contract, quantity in desk.approvals.adopted.items():
        ours[contract] = ours.get(contract, 0) + quantity
    differing = [
        contract
        for contract in {**ours, **reported}
        if ours.get(contract, 0) != reported.get(contract, 0)
        and desk.now < desk.calendar.settles_at(contract)
    ]
    return tuple(sorted(differing, key=lambda contract: contract.label))
