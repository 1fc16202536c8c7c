"""What we hold and what it cost: condors, hedge tranches, fees and realized results, from fills
alone.

Every fill belongs to an order of ours, and the order says which condor or tranche it changes.
Applying the same execution twice changes nothing; a higher revision replaces the lower. Cash is
Decimal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from domain.combos import IronCondor
from domain.derived import Derived, Deriving
from domain.instruments import Contract
from domain.orders import Layer, Order, Purpose
from domain.replacing import replace

_ZERO = Decimal(0)
_CENT = Decimal("0.01")
REDEPLOY = "4.6.redeploy"  # the rule whose purchases spend realized gains


@dataclass(frozen=True, slots=True)
class Position:
    """Signed contracts and their cost in USD (negative when sold to open)."""

    quantity: int = 0
    cost: Decimal = _ZERO

    def traded(self, quantity: int, price: Decimal, multiplier: int) -> tuple["Position", Decimal]:
        """The position after a trade, and the result it realized at average cost, in USD.

        The part that closes gives up its share of the cost, rounded to the cent; what is left keeps
        the rest, so that results add up exactly once the position is flat.
        """
        value = price * multiplier * quantity
        if self.quantity * quantity >= 0:
            return Position(self.quantity + quantity, self.cost + value), _ZERO
        if abs(quantity) > abs(self.quantity):
            flat, realized = self.traded(-self.quantity, price, multiplier)
            reopened, _ = flat.traded(self.quantity + quantity, price, multiplier)
            return reopened, realized
        left = self.quantity + quantity
        given = self.cost if left == 0 else (self.cost * -quantity / self.quantity).quantize(_CENT)
        return Position(left, self.cost - given), -value - given


@dataclass(frozen=True, slots=True)
class Fill:
    """The newest revision of one execution."""

    exec_id: str
    revision: int
    order_ref: str
    contract: Contract
    quantity: int
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Condor(Deriving):
    """One opened condor; its id is the reference of the order that opened it.

    ``positions`` and ``entered`` follow ``combo.contracts``; ``entry_cash`` is what the entry
    brought in.
    """

    id: str
    combo: IronCondor
    opened_at: datetime
    positions: tuple[Position, ...] = (Position(),) * 4
    entered: tuple[int, ...] = (0, 0, 0, 0)
    entry_cash: Decimal = _ZERO
    realized: Decimal = _ZERO
    closed_at: datetime | None = None
    rolls: int = 0  # how often it was rolled before it became this one

    @Derived
    def is_open(self) -> bool:
        return any(position.quantity for position in self.positions)

    @Derived
    def quantity(self) -> int:
        """Units held; the fullest leg counts while the executions of one fill are still
        arriving.
        """
        return max(abs(position.quantity) for position in self.positions)

    @Derived
    def credit(self) -> Decimal:
        """Points received per unit at entry; 0 before a whole unit was entered."""
        units = min(abs(count) for count in self.entered)
        return self.entry_cash / (units * self.combo.long_put.multiplier) if units else _ZERO

    @Derived
    def max_loss_usd(self) -> Decimal:
        """Of the units still held, at the entry credit."""
        return self.combo.max_loss_usd(self.credit, self.quantity)


@dataclass(frozen=True, slots=True)
class Tranche(Deriving):
    """VIX calls bought by one order, whose reference is its id.

    ``keep`` is the most that profit-taking rungs let us go on holding; ``rung`` the highest
    reached. ``unsellable_on`` is its last trading day, when nobody bid through the whole window.
    """

    id: str
    layer: Layer
    contract: Contract
    opened_on: date
    position: Position = field(default_factory=Position)
    realized: Decimal = _ZERO
    rung: int = 0
    keep: int | None = None
    harvested: bool = False
    unsellable_on: date | None = None

    @property
    def quantity(self) -> int:
        return self.position.quantity

    @Derived
    def unit_cost(self) -> Decimal:
        """Points paid per contract still held."""
        held = self.position.quantity
        return self.position.cost / (held * self.contract.multiplier) if held else _ZERO


@dataclass(frozen=True, slots=True)
class Book(Deriving):
    """Everything held, by condor and tranche; closed ones stay a few days for late executions."""

    condors: Mapping[str, Condor] = field(default_factory=dict)
    tranches: Mapping[str, Tranche] = field(default_factory=dict)
    fills: Mapping[str, Fill] = field(default_factory=dict)  # by execution id
    commissions: Mapping[str, Decimal] = field(default_factory=dict)  # by execution id
    realized: Mapping[Layer, Decimal] = field(default_factory=dict)  # before fees
    fees: Mapping[Layer, Decimal] = field(default_factory=dict)
    hedge_spend: tuple[
        tuple[date, Decimal], ...
    ] = ()  # premium paid less proceeds up to cost, by day
    sale_results: Mapping[str, Decimal] = field(
        default_factory=dict
    )  # of outright hedge sales, by execution id, losses negative
    hedge_gain: Decimal = _ZERO  # the gains among them since the first day
    redeployed: Mapping[Layer, Decimal] = field(default_factory=dict)  # of gains, spent again
    last_entry_on: date | None = None
    cash: Decimal = _ZERO  # what all trades and settlements brought in, before fees
    fees_forgotten: Decimal = _ZERO  # of executions that are no longer in ``commissions``

    @Derived
    def open_condors(self) -> tuple[Condor, ...]:
        return tuple(condor for condor in self.condors.values() if condor.is_open)

    @Derived
    def open_tranches(self) -> tuple[Tranche, ...]:
        return tuple(tranche for tranche in self.tranches.values() if tranche.quantity)

    @Derived
    def condor_contracts(self) -> int:
        """Open condor units, settled ones that the broker has not dropped yet included."""
        return sum(condor.quantity for condor in self.open_condors)

    def positions(self) -> Mapping[Contract, int]:
        """Net signed contracts by instrument, zeros left out."""
        return self._positions

    @Derived
    def _positions(self) -> Mapping[Contract, int]:
        net: dict[Contract, int] = {}
        for condor in self.condors.values():
            for contract, position in zip(condor.combo.contracts, condor.positions, strict=True):
                net[contract] = net.get(contract, 0) + position.quantity
        for tranche in self.tranches.values():
            net[tranche.contract] = net.get(tranche.contract, 0) + tranche.quantity
        return MappingProxyType({contract: held for contract, held in net.items() if held})

    def spend_since(self, day: date) -> Decimal:
        """Net hedge premium spent on days after ``day``, in USD."""
        return sum((amount for on, amount in self.hedge_spend if on > day), _ZERO)


def apply_fill(book: Book, order: Order, fill: Fill, on: date) -> Book:
    """The book after one execution of ``order`` on New York date ``on``.

    Raises ValueError when the execution's contract is no leg of the order.
    """
    known = book.fills.get(fill.exec_id)
    if known is not None:
        if fill.revision <= known.revision:
            return book
        book = _trade(book, order, known, -known.quantity, on)
        book = _paid(book, known.contract, -known.quantity, known.price)
    sold_for = _hedge_realized(book)
    book = _trade(book, order, fill, fill.quantity, on)
    if order.intent.purpose is Purpose.SELL_HEDGE:
        book = _sale_result(book, fill.exec_id, _hedge_realized(book) - sold_for)
    book = _paid(book, fill.contract, fill.quantity, fill.price)
    return replace(book, fills={**book.fills, fill.exec_id: fill})


def apply_commission(book: Book, layer: Layer, exec_id: str, commission: Decimal, on: date) -> Book:
    """Count the fee of one execution; a later report replaces the earlier one."""
    change = commission - book.commissions.get(exec_id, _ZERO)
    book = replace(
        book,
        commissions={**book.commissions, exec_id: commission},
        fees={**book.fees, layer: book.fees.get(layer, _ZERO) + change},
    )
    return book if layer is Layer.CONDOR else _spent(book, on, change)


def settle(
    book: Book, owner: str, contract: Contract, price: Decimal, at: datetime, on: date
) -> Book:
    """Take an expired leg out of condor or tranche ``owner`` at its settlement ``price`` in
    points.
    """
    condor = book.condors.get(owner)
    if condor is None:
        return take_out(book, owner, contract, -book.tranches[owner].quantity, price, at, on)
    held = condor.positions[condor.combo.contracts.index(contract)].quantity
    return take_out(book, owner, contract, -held, price, at, on)


def take_out(
    book: Book,
    owner: str,
    contract: Contract,
    quantity: int,
    price: Decimal,
    at: datetime,
    on: date,
) -> Book:
    """A trade in a leg of condor or tranche ``owner`` that no order of ours made, without fees."""
    book = _paid(book, contract, quantity, price)
    condor = book.condors.get(owner)
    if condor is not None:
        return _trade_condor(book, condor, contract, quantity, price, at)
    return _sell_tranche(book, book.tranches[owner], quantity, price, on)


def prune(book: Book, before: date) -> Book:
    """Forget executions and closed positions from before ``before``, and spending over a year
    old.
    """
    fills = {key: fill for key, fill in book.fills.items() if fill.at.date() >= before}
    return replace(
        book,
        fills=fills,
        commissions={key: fee for key, fee in book.commissions.items() if key in fills},
        fees_forgotten=book.fees_forgotten
        + sum((book.commissions.get(key, _ZERO) for key in book.fills if key not in fills), _ZERO),
        sale_results={key: result for key, result in book.sale_results.items() if key in fills},
        condors={
            key: c
            for key, c in book.condors.items()
            if c.closed_at is None or c.closed_at.date() >= before
        },
        tranches={
            key: t for key, t in book.tranches.items() if t.quantity or t.opened_on >= before
        },
        hedge_spend=tuple(
            (on, amount) for on, amount in book.hedge_spend if (before - on).days <= 365
        ),
    )


def _trade(book: Book, order: Order, fill: Fill, quantity: int, on: date) -> Book:
    intent = order.intent
    leg = next((leg for leg in intent.legs if leg.contract == fill.contract), None)
    if leg is None:
        raise ValueError(f"{fill.contract.label} is no leg of {order.order_ref}")
    if intent.purpose is Purpose.OPEN_CONDOR:
        condor = book.condors.get(order.order_ref) or Condor(
            order.order_ref,
            IronCondor.of_legs(intent.legs),
            fill.at,
            rolls=int(dict(intent.inputs).get("rolls", 0.0)),
        )
        book = replace(book, last_entry_on=max(on, book.last_entry_on or on))
        return _trade_condor(book, condor, fill.contract, quantity, fill.price, fill.at, entry=True)
    held = book.condors if intent.purpose is Purpose.CLOSE_CONDOR else book.tranches
    if intent.purpose is not Purpose.BUY_HEDGE and intent.subject not in held:
        raise ValueError(
            f"{order.order_ref} trades {intent.subject!r}, which the book does not know"
        )
    if intent.purpose is Purpose.CLOSE_CONDOR:
        condor = book.condors[intent.subject]
        return _trade_condor(book, condor, fill.contract, quantity, fill.price, fill.at)
    if leg.ratio > 0:
        tranche = book.tranches.get(order.order_ref) or Tranche(
            order.order_ref, intent.layer, fill.contract, on
        )
        if intent.rule == REDEPLOY:
            book = _redeployed(book, intent.layer, fill.price * fill.contract.multiplier * quantity)
        return _buy_tranche(book, tranche, quantity, fill.price, on)
    return _sell_tranche(book, book.tranches[intent.subject], quantity, fill.price, on)


def _trade_condor(
    book: Book,
    condor: Condor,
    contract: Contract,
    quantity: int,
    price: Decimal,
    at: datetime,
    *,
    entry: bool = False,
) -> Book:
    place = condor.combo.contracts.index(contract)
    position, realized = condor.positions[place].traded(quantity, price, contract.multiplier)
    positions = (*condor.positions[:place], position, *condor.positions[place + 1 :])
    entered, cash = condor.entered, condor.entry_cash
    if entry:
        entered = (*entered[:place], entered[place] + quantity, *entered[place + 1 :])
        cash -= price * contract.multiplier * quantity
    condor = replace(
        condor,
        positions=positions,
        entered=entered,
        entry_cash=cash,
        realized=condor.realized + realized,
        closed_at=None if any(p.quantity for p in positions) else at,
    )
    book = replace(book, condors={**book.condors, condor.id: condor})
    return _realized(book, Layer.CONDOR, realized)


def _buy_tranche(book: Book, tranche: Tranche, quantity: int, price: Decimal, on: date) -> Book:
    position, realized = tranche.position.traded(quantity, price, tranche.contract.multiplier)
    tranche = replace(tranche, position=position, realized=tranche.realized + realized)
    book = replace(book, tranches={**book.tranches, tranche.id: tranche})
    book = _spent(book, on, price * tranche.contract.multiplier * quantity)
    return _realized(book, tranche.layer, realized)


def _sell_tranche(book: Book, tranche: Tranche, quantity: int, price: Decimal, on: date) -> Book:
    position, realized = tranche.position.traded(quantity, price, tranche.contract.multiplier)
    proceeds = -price * tranche.contract.multiplier * quantity
    cost_given = tranche.position.cost - position.cost
    tranche = replace(tranche, position=position, realized=tranche.realized + realized)
    book = replace(book, tranches={**book.tranches, tranche.id: tranche})
    book = _spent(book, on, -min(proceeds, cost_given))
    return _realized(book, tranche.layer, realized)


def _hedge_realized(book: Book) -> Decimal:
    return sum((v for layer, v in book.realized.items() if layer is not Layer.CONDOR), _ZERO)


def _sale_result(book: Book, exec_id: str, result: Decimal) -> Book:
    """Count the gain of one sale once. A corrected execution adds to what it realized before: its
    reversal put the contracts back at the price they were sold for.
    """
    known = book.sale_results.get(exec_id, _ZERO)
    gain = max(_ZERO, known + result) - max(_ZERO, known)
    return replace(
        book,
        sale_results={**book.sale_results, exec_id: known + result},
        hedge_gain=book.hedge_gain + gain,
    )


def _redeployed(book: Book, layer: Layer, amount: Decimal) -> Book:
    total = book.redeployed.get(layer, _ZERO) + amount
    return replace(book, redeployed={**book.redeployed, layer: total})


def _paid(book: Book, contract: Contract, quantity: int, price: Decimal) -> Book:
    """Cash for a signed quantity; counted apart from costs and results, to be held against them."""
    return replace(book, cash=book.cash - price * contract.multiplier * quantity)


def _realized(book: Book, layer: Layer, amount: Decimal) -> Book:
    if not amount:
        return book
    total = book.realized.get(layer, _ZERO) + amount
    return replace(book, realized={**book.realized, layer: total})


def _spent(book: Book, on: date, amount: Decimal) -> Book:
    if not amount:
        return book
    days = dict(book.hedge_spend)
    days[on] = days.get(on, _ZERO) + amount
    return replace(book, hedge_spend=tuple(sorted(days.items())))
