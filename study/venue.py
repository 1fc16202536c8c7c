"""One book's broker: its paper account, its working orders, and the events they give rise to.

Fills, fees, margin and settlement are those of the simulated gateway, so that a replay and a demo
pay the same prices. Decides nothing; everything it says, it says as events.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

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
    OrderRejected,
    OrderSubmitted,
    PositionsReported,
)
from domain.instruments import Kind
from domain.orders import Order, OrderIntent
from sim.exchange.market import MarketQuote
from sim.exchange.matching import Execution, FillModel, LegQuote, Package, package_of
from sim.gateway.account import Account
from sim.gateway.fees import commission
from sim.gateway.margin import Exposure
from sim.gateway.settings import Commissions
from study.board import Board

_UNKNOWN_CONTRACT = 200


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution of a package: ``price`` is net points per unit, a credit negative.

    ``mid`` is what lay between the quotes then and ``half`` the distance from it to the quoted
    sides, both in the unit of ``price``: what was paid for trading is ``price`` less ``mid``.
    """

    at: datetime
    order_ref: str
    layer: str
    purpose: str
    rule: str
    quantity: int
    price: Decimal
    fees: Decimal
    mid: Decimal = Decimal(0)
    half: Decimal = Decimal(0)


@dataclass(slots=True)
class _Working:
    """``key`` names the order to the fill model: the same order elsewhere has the same luck."""

    order_ref: str
    intent: OrderIntent
    con_ids: tuple[int, ...]
    limit: Decimal
    since: datetime
    remaining: int
    key: str
    executions: int = 0


class Venue:
    """Orders, positions and money of one book."""

    def __init__(self, board: Board, *, seed: int, cash: Decimal) -> None:
        self.account = Account("replay", cash)
        self.trades: list[Trade] = []
        self._board = board
        self._fills = FillModel(seed)
        self._rates = Commissions()
        self._working: dict[str, _Working] = {}
        self._answers: list[Event] = []
        self._orders = 0
        self._twins: dict[str, int] = {}
        self._said: tuple[Decimal, ...] = ()
        self._margin_answers: list[Event] = []
        self._hedge_cash = Decimal(0)  # received less paid for VIX options, fees included
        self.settled_calls = 0  # hedge positions that were carried into the final settlement ...
        self.settled_in_money = 0  # ... and were worth something there

    @property
    def con_ids(self) -> list[int]:
        """Everything whose quote this book needs: what it holds and what it works."""
        held = [con_id for con_id, p in self.account.positions.items() if p.quantity]
        return [*held, *(con_id for order in self._working.values() for con_id in order.con_ids)]

    @property
    def hedge_pnl(self) -> Decimal:
        """USD earned with VIX calls: cash received and paid, and the mark of what is held."""
        held = (p for p in self.account.positions.values() if p.listing.contract.symbol == "VIX")
        return self._hedge_cash + sum((p.value for p in held), Decimal(0))

    def margin_answers(self) -> list[Event]:
        """Answers to margin questions asked since the last call."""
        answers, self._margin_answers = self._margin_answers, []
        return answers

    def start_day(self) -> None:
        self.account.start_day()
        self._twins.clear()

    def perform(self, effects: tuple[Effect, ...], now: datetime) -> None:
        """Carry out what the engine asked for; the answers come with the next events."""
        for effect in effects:
            if isinstance(effect, AskMargin):
                self._margin_answers.append(self._what_if(effect.order, now))
            elif isinstance(effect, PlaceOrder):
                self._place(effect.order, now)
            elif isinstance(effect, ModifyLimit):
                order = self._working.get(effect.order_ref)
                if order is not None:
                    order.limit, order.since = effect.limit, now
                    self._answers.append(LimitModified(now, effect.order_ref, effect.limit))
            elif isinstance(effect, CancelOrder):
                self._cancel(effect.order_ref, now, effect.reason)

    def news(self, now: datetime) -> list[Event]:
        """Answers so far, then what fills now, then the account if any of its values moved."""
        quotes = self._board.raw(self.con_ids)
        events, self._answers = self._answers, []
        for order in list(self._working.values()):
            events += self._match(order, quotes, now)
        self.account.mark({con_id: quotes[con_id] for con_id in self.account.positions
                           if con_id in quotes})  # fmt: skip
        return events + self._values(now)

    def close_day(self, now: datetime) -> None:
        """Day orders end with the session."""
        for order_ref in list(self._working):
            self._cancel(order_ref, now, "end of day")

    def settle(self, now: datetime) -> PositionsReported:
        """Pay out what has expired, then report every option still held."""
        for con_id, position in list(self.account.positions.items()):
            final = self._board.market.settled(con_id) if position.quantity else None
            if final is not None:
                before = self.account.cash
                self.account.settle(con_id, final)
                if position.listing.contract.symbol == "VIX":
                    self.settled_calls += 1
                    self.settled_in_money += self.account.cash > before
                    self._hedge_cash += self.account.cash - before
        held = tuple(
            (position.listing.contract, position.quantity)
            for position in self.account.positions.values()
            if position.quantity and position.listing.contract.kind is Kind.OPTION
        )
        return PositionsReported(now, held)

    def _what_if(self, order: Order, now: datetime) -> MarginAnswered:
        """Margin with the order filled at its limit, as the simulated gateway answers it."""
        extra = []
        for leg in order.intent.legs:
            con_id = self._board.con_id(leg.contract)
            if con_id is None:
                return MarginAnswered(now, order.order_ref, reason="contract not listed")
            listing, quote = self._board.listing(con_id), self._board.raw([con_id])[con_id]
            extra.append(
                Exposure(
                    listing, leg.ratio * order.intent.quantity,
                    quote.option_price or 0.0, quote.underlying_price or 0.0,
                )
            )  # fmt: skip
        before, after = self.account.requirement(), self.account.requirement(tuple(extra))
        paid = order.limit * order.intent.quantity * order.intent.legs[0].contract.multiplier
        return MarginAnswered(
            now, order.order_ref, after.initial - before.initial, after.maintenance,
            self.account.equity_with_loan - paid,
        )  # fmt: skip

    def _place(self, order: Order, now: datetime) -> None:
        con_ids = [self._board.con_id(leg.contract) for leg in order.intent.legs]
        known = tuple(con_id for con_id in con_ids if con_id is not None)
        self._orders += 1
        if len(known) < len(con_ids):
            text = "No security definition has been found for the request"
            self._answers.append(OrderRejected(now, order.order_ref, _UNKNOWN_CONTRACT, text))
            return
        self._working[order.order_ref] = _Working(
            order.order_ref, order.intent, known, order.limit, now, order.intent.quantity,
            self._key(order.intent, now),
        )  # fmt: skip
        self._answers += [
            OrderSubmitted(now, order.order_ref, self._orders),
            OrderAccepted(now, order.order_ref, self._orders),
        ]

    def _key(self, intent: OrderIntent, now: datetime) -> str:
        legs = "/".join(f"{leg.ratio:+d} {leg.contract.label}" for leg in intent.legs)
        name = f"{now:%Y%m%d}/{legs}"
        self._twins[name] = self._twins.get(name, 0) + 1
        return f"{name}/{self._twins[name]}"

    def _cancel(self, order_ref: str, now: datetime, reason: str) -> None:
        order = self._working.pop(order_ref, None)
        if order is not None:
            self._fills.forget(order.key)
            self._answers.append(OrderCanceled(now, order_ref, reason))

    def _match(
        self, order: _Working, quotes: Mapping[int, MarketQuote], now: datetime
    ) -> list[Event]:
        if not all(self._board.market.is_open(con_id) for con_id in order.con_ids):
            return []
        legs = [
            _leg(con_id, leg.ratio, quotes[con_id])
            for con_id, leg in zip(order.con_ids, order.intent.legs, strict=True)
        ]
        done = self._fills.try_fill(
            order.key, legs, quantity=order.remaining, limit=order.limit, since=order.since, now=now
        )
        if done is None:
            return []
        package = package_of(legs)
        assert package is not None, "it has just filled"
        return self._booked(order, done, package, now)

    def _booked(
        self, order: _Working, done: Execution, package: Package, now: datetime
    ) -> list[Event]:
        order.executions += 1
        order.remaining -= done.quantity
        events: list[Event] = []
        paid = Decimal(0)
        legs = zip(order.con_ids, order.intent.legs, done.leg_prices, strict=True)
        for place, (con_id, leg, price) in enumerate(legs):
            listing = self._board.listing(con_id)
            quantity = leg.ratio * done.quantity
            fee = commission(listing, abs(quantity), price, self._rates)
            before = self.account.cash
            self.account.execute(listing, quantity, price, fee)
            if listing.contract.symbol == "VIX":
                self._hedge_cash += self.account.cash - before
            exec_id = f"{order.order_ref}.{order.executions}.{place}"
            events.append(
                OrderFilled(now, order.order_ref, exec_id, 1, leg.contract, quantity, price)
            )
            events.append(CommissionReported(now, exec_id, fee))
            paid += fee
        intent = order.intent
        self.trades.append(
            Trade(
                now, order.order_ref, intent.layer.value, intent.purpose.value, intent.rule,
                done.quantity, done.net_price, paid, package.mid, package.natural - package.mid,
            )
        )  # fmt: skip
        if order.remaining < 1:
            del self._working[order.order_ref]
            self._fills.forget(order.key)
        return events

    def _values(self, now: datetime) -> list[Event]:
        account = self.account
        need = account.requirement()
        values = (
            account.net_liquidation, account.cash,
            account.equity_with_loan - need.maintenance, need.maintenance, need.initial,
        )  # fmt: skip
        if values == self._said:
            return []
        self._said = values
        return [AccountUpdated(now, *values)]


def _leg(con_id: int, ratio: int, quote: MarketQuote) -> LegQuote:
    return LegQuote(
        con_id, ratio, quote.bid, quote.ask, quote.bid_size, quote.ask_size, quote.halted
    )
