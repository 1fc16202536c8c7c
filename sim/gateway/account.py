"""The paper account: cash, positions, what they are worth, what they must keep aside. Knows no
orders.

Money is Decimal and moves only by executions, settlements and futures' realized gains. Marks are
floats from the market; a position that has no quote keeps its last mark.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from domain.instruments import Kind, Right
from sim.exchange.listings import Listing
from sim.exchange.quotes import MarketQuote
from sim.gateway.answers import Holding
from sim.gateway.margin import Exposure, Requirement, follows_prices, requirement

_ZERO = Decimal(0)
_FINEST = Decimal("0.00000001")


@dataclass(slots=True)
class Position:
    """``cost`` is what the open quantity has cost in USD, commission included; negative for a
    short.
    """

    listing: Listing
    quantity: int = 0
    cost: Decimal = _ZERO
    mark: float = 0.0
    underlying: float = 0.0
    realized_today: Decimal = _ZERO
    value_at_day_start: Decimal = _ZERO
    flow_today: Decimal = _ZERO  # cash paid less cash received since the day began

    @property
    def multiplier(self) -> int:
        return self.listing.contract.multiplier

    @property
    def average_cost(self) -> Decimal:
        if not self.quantity:
            return _ZERO
        return (self.cost / self.quantity).quantize(_FINEST)

    @property
    def value(self) -> Decimal:
        """Quantity x mark x multiplier."""
        return self.quantity * _exact(self.mark) * self.multiplier

    @property
    def unrealized(self) -> Decimal:
        return self.value - self.cost

    @property
    def counts_as_cash(self) -> bool:
        """Futures are not paid for: only their gains reach the cash."""
        return self.listing.contract.kind is not Kind.FUTURE

    def holding(self) -> Holding:
        return Holding(
            self.listing, self.quantity, self.average_cost, self.mark, self.value, self.unrealized,
            self.realized_today,
        )  # fmt: skip

    def daily(self) -> Decimal:
        """Gain since the day began: change of value less what was put in."""
        return self.value - self.value_at_day_start - self.flow_today


class Account:
    """One account, in USD. ``changed`` counts up with every change of cash or of a position's
    quantity.
    """

    def __init__(self, code: str, cash: Decimal) -> None:
        self.code = code
        self.cash = cash
        self.positions: dict[int, Position] = {}
        self.realized_today = _ZERO
        self.equity_at_day_start = cash
        self.changed = 0
        self._need: tuple[int, Requirement] | None = None  # as of that change, whatever the prices

    def execute(
        self, listing: Listing, quantity: int, price: Decimal, commission: Decimal
    ) -> Decimal | None:
        """Book a trade of a signed quantity; the realized gain, or None when nothing was closed."""
        position = self.positions.get(listing.con_id)
        if position is None:
            position = self.positions[listing.con_id] = Position(listing, mark=float(price))
        paid = quantity * price * position.multiplier + commission
        realized = self._reduce_or_add(position, quantity, paid)
        position.flow_today += paid
        if position.counts_as_cash:
            self.cash -= paid
        elif realized is not None:
            self.cash += realized
        if realized is not None:
            position.realized_today += realized
            self.realized_today += realized
        self.changed += 1
        return realized

    def adjust(self, con_id: int, quantity: int, by: Decimal) -> None:
        """A trade of a signed quantity turns out to have been ``by`` dearer a unit."""
        position = self.positions[con_id]
        paid = quantity * by * position.multiplier
        position.flow_today += paid
        if position.quantity:
            position.cost += paid
        self.cash -= paid
        self.changed += 1

    def settle(self, con_id: int, final: float) -> Position:
        """Exchange an expired position for cash at the settlement value of its underlying."""
        position = self.positions[con_id]
        contract = position.listing.contract
        worth = _exact(final)
        if contract.kind is Kind.OPTION:
            strike = _exact(contract.strike)
            gain = worth - strike if contract.right is Right.CALL else strike - worth
            worth = max(gain, _ZERO)
        position.mark = float(worth)
        self.execute(position.listing, -position.quantity, worth, _ZERO)
        return position

    def mark(self, quotes: Mapping[int, MarketQuote]) -> None:
        """Revalue every position that has a quote."""
        for con_id, position in self.positions.items():
            quote = quotes.get(con_id)
            if quote is not None:
                position.mark = _mark(quote, position.mark)
                position.underlying = quote.underlying_price or position.underlying

    def start_day(self) -> None:
        """A new trading day: what was realized is history; closed positions are forgotten."""
        self.realized_today = _ZERO
        self.equity_at_day_start = self.equity_with_loan
        self.positions = {i: p for i, p in self.positions.items() if p.quantity}
        for position in self.positions.values():
            position.realized_today = position.flow_today = _ZERO
            position.value_at_day_start = position.value

    @property
    def net_liquidation(self) -> Decimal:
        total = self.cash
        for position in self.positions.values():
            total += position.value if position.counts_as_cash else position.unrealized
        return total

    @property
    def equity_with_loan(self) -> Decimal:
        """Cash, shares and open gains of futures; options do not count, neither long nor short."""
        total = self.cash
        for position in self.positions.values():
            kind = position.listing.contract.kind
            if kind is Kind.FUTURE:
                total += position.unrealized
            elif kind is not Kind.OPTION:
                total += position.value
        return total

    @property
    def unrealized(self) -> Decimal:
        return sum((p.unrealized for p in self.positions.values()), _ZERO)

    def daily(self) -> Decimal:
        """Gain since the day began, over all positions."""
        return sum((p.daily() for p in self.positions.values()), _ZERO)

    def requirement(self, extra: tuple[Exposure, ...] = ()) -> Requirement:
        """Margin of the positions, or of what they would be together with ``extra``."""
        if not extra and self._need is not None and self._need[0] == self.changed:
            return self._need[1]
        merged: dict[int, Exposure] = {
            con_id: Exposure(p.listing, p.quantity, p.mark, p.underlying)
            for con_id, p in self.positions.items()
        }
        for exposure in extra:
            con_id = exposure.listing.con_id
            before = merged[con_id].quantity if con_id in merged else 0
            merged[con_id] = Exposure(
                exposure.listing, before + exposure.quantity, exposure.price, exposure.underlying
            )
        held = [exposure for exposure in merged.values() if exposure.quantity]
        need = requirement(held)
        if not extra and not follows_prices(held):
            self._need = (self.changed, need)
        return need

    def of_kind(self, kind: Kind, of: Callable[[Position], Decimal]) -> Decimal:
        """The sum of ``of`` over the positions of one kind."""
        found = (p for p in self.positions.values() if p.listing.contract.kind is kind)
        return sum((of(p) for p in found), _ZERO)

    def _reduce_or_add(self, position: Position, quantity: int, paid: Decimal) -> Decimal | None:
        """Average cost: closing takes its share of the cost, the rest opens anew."""
        held = position.quantity
        if held * quantity >= 0:
            position.quantity += quantity
            position.cost += paid
            return None
        closing = -held if abs(quantity) >= abs(held) else quantity
        paid_to_close = (paid * closing / quantity).quantize(_FINEST)
        cost_closed = (position.cost * -closing / held).quantize(_FINEST)
        position.quantity += quantity
        position.cost = position.cost - cost_closed + (paid - paid_to_close)
        return -paid_to_close - cost_closed


def _mark(quote: MarketQuote, before: float) -> float:
    """Mid where both sides are quoted, else the model, else half the ask, else the last trade."""
    if quote.bid is not None and quote.ask is not None:
        return round((quote.bid + quote.ask) / 2, 6)
    if quote.option_price is not None:
        return round(quote.option_price, 6)
    if quote.ask is not None:
        return round(quote.ask / 2, 6)
    return quote.last if quote.last is not None else before


def _exact(value: float) -> Decimal:
    return Decimal(repr(round(value, 6)))
