"""What all clients share: the market, the account, the orders, and the list of who is connected.

Moves only when ``step`` or ``match`` is called; reads time from the clock it is given. Knows
sessions only as receivers of what concerns them.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from domain.instruments import Kind, Settlement
from domain.session import at_new_york, new_york
from sim.exchange.listings import ContractQuery, Listing
from sim.exchange.matching import Execution, FillModel
from sim.exchange.quotes import MarketQuote
from sim.gateway.account import Account
from sim.gateway.fees import commission
from sim.gateway.hooks import Hooks
from sim.gateway.margin import Exposure
from sim.gateway.order import Fill, Order, Preview
from sim.gateway.order_book import OrderBook
from sim.gateway.order_rules import Refusal
from sim.gateway.settings import GatewaySettings
from sim.gateway.venue import Venue

if TYPE_CHECKING:
    from sim.gateway.session import Session

# Client id and message body in; the bodies to send in its place out.
OutgoingFilter: TypeAlias = Callable[[int, bytes], Sequence[bytes]]

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_SETTLEMENT_CLOCK = {Settlement.AM: time(9, 30), Settlement.PM: time(16, 0)}


class Gateway:
    """See the module. ``outgoing`` and ``hooks`` are the places for faults; None lets everything
    pass. ``reserved`` has client ids that stay taken until a time.
    """

    def __init__(
        self, market: Venue, settings: GatewaySettings, *, seed: int, now: Callable[[], datetime]
    ) -> None:
        self.market = market
        self.settings = settings
        self.now = now
        self.outgoing: OutgoingFilter | None = None
        self.hooks: Hooks | None = None
        self.reserved: dict[int, datetime] = {}
        self.order_arrived: Callable[[], None] = lambda: (
            None
        )  # the server meets the market soon after
        self.account = Account(settings.account, settings.cash)
        self.orders = OrderBook(market, self.account, FillModel(seed), settings, self, seed=seed)
        self.quotes: dict[int, MarketQuote] = {}
        self.quotes_moved = False  # since the last look
        self._clients: dict[int, Session] = {}
        self._watched: tuple[int, ...] = ()
        self._open: dict[int, bool] = {}
        self._looked_open = True
        reference = market.find(ContractQuery(symbol="SPX", sec_type="IND"))
        self._reference = reference[0].con_id
        self._day: date = new_york(market.now).date()

    @property
    def sessions(self) -> list["Session"]:
        """Every client that has said who it is, longest connected first."""
        return list(self._clients.values())

    def admit(self, session: "Session", client_id: int) -> bool:
        """Whether the id was free (and there is room); it belongs to ``session`` from then on."""
        taken = client_id in self._clients or self.reserved.get(client_id, _NEVER) > self.now()
        if taken or len(self._clients) >= self.settings.clients_max:
            return False
        self._clients[client_id] = session
        return True

    def dismiss(self, session: "Session") -> None:
        if self._clients.get(session.client_id) is session:
            del self._clients[session.client_id]
            if self.hooks is not None:
                self.hooks.session_gone(session)

    def step(self) -> None:
        """The market moves to the present and everybody hears of it."""
        self.match()
        for session in self.sessions:
            session.step()

    def match(self) -> None:
        """The market moves to the present for orders, positions and settlements only."""
        now = self.now()
        self.market.advance(now)
        today = new_york(now).date()
        self._open.clear()
        if today != self._day:
            self._day, self._looked_open = today, True
            self.account.start_day()
            self.orders.start_day()
        self._look()
        self._settle(today)
        self.orders.step(self.quotes, now)
        self.account.mark(self.quotes)

    def quote(self, con_id: int) -> MarketQuote:
        """The present quote of one instrument, watched or not."""
        found = self.quotes.get(con_id)
        if found is None:
            found = self._shown(con_id, self.market.quotes([con_id])[0])
        return found

    def settles_at(self, listing: Listing) -> datetime:
        """When an option takes its final value, by its listed expiration."""
        day = datetime.strptime(listing.real_expiration, "%Y%m%d").replace(tzinfo=UTC).date()
        return at_new_york(day, _SETTLEMENT_CLOCK[listing.contract.settlement])

    @property
    def market_open(self) -> bool:
        """Whether the index options trade, as of the last move of the market."""
        return self.is_open(self._reference)

    def is_open(self, con_id: int) -> bool:
        """Whether an instrument can trade, as of the last move of the market."""
        found = self._open.get(con_id)
        if found is None:
            found = self._open[con_id] = self.market.is_open(con_id)
        return found

    def afford(self, order: Order) -> Refusal | None:
        """Whether the account could carry the order once filled; closing is always allowed."""
        preview = self.preview(order)
        need, equity = preview.initial[2], preview.equity[2]
        reduces = preview.initial[1] < 0 or (preview.initial[1] == 0 and preview.equity[1] >= 0)
        if need <= equity or reduces:
            return None
        return Refusal(
            201,
            "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED "
            f"POSITION YOUR EQUITY WITH LOAN VALUE [{equity:.2f} USD] MUST EXCEED THE INITIAL "
            f"MARGIN [{need:.2f} USD]",
        )  # fmt: skip

    def preview(self, order: Order) -> Preview:
        """What the account would look like with the rest of ``order`` filled at its limit, or at
        market.
        """
        before, equity = self.account.requirement(), self.account.equity_with_loan
        exposures, fees, paid, shares = [], Decimal(0), Decimal(0), Decimal(0)
        for leg in order.legs:
            quote = self.quote(leg.listing.con_id)
            price = _likely_price(quote, leg.ratio)
            quantity = leg.ratio * order.remaining
            exposures.append(
                Exposure(leg.listing, quantity, price, self._underlying(leg.listing, quote))
            )
            exact = Decimal(repr(round(price, 6)))
            fees += commission(leg.listing, abs(quantity), exact, self.settings.commissions)
            value = exact * quantity * leg.listing.contract.multiplier
            if leg.listing.contract.kind is not Kind.FUTURE:
                paid += value
            if leg.listing.contract.kind is Kind.STOCK:
                shares += value
        limit = order.package_limit
        if limit is not None and order.legs[0].listing.contract.kind is Kind.OPTION:
            paid = limit * order.remaining * order.legs[0].listing.contract.multiplier
        after = self.account.requirement(tuple(exposures))
        change = (shares - paid - fees).quantize(Decimal("0.01"))
        return Preview(
            (before.initial, after.initial - before.initial, after.initial),
            (before.maintenance, after.maintenance - before.maintenance, after.maintenance),
            (equity, change, equity + change),
            fees,
        )

    def may_execute(self, order: Order, found: Execution) -> Execution | None:
        return found if self.hooks is None else self.hooks.execution(order, found)

    def order_accepted(self, order: Order) -> None:
        session = self._clients.get(order.client_id)
        if session is not None:
            session.orders.say_accepted(order)

    def order_changed(self, order: Order) -> None:
        session = self._clients.get(order.client_id)
        if session is not None:
            session.orders.say(order)

    def order_canceled(self, order: Order, reason: str) -> None:
        session = self._clients.get(order.client_id)
        if session is not None:
            session.orders.say_canceled(order, reason)

    def order_filled(self, order: Order, fills: Sequence[Fill]) -> None:
        session = self._clients.get(order.client_id)
        if session is not None:
            session.orders.say_filled(order, fills)
        for other in self.sessions:
            other.account.positions_changed([f.leg.listing.con_id for f in fills if f.leg])

    def _look(self) -> None:
        """Fetch the quotes of everything subscribed, held or ordered, in one call."""
        wanted: dict[int, None] = {}
        for session in self._clients.values():
            wanted.update(session.quotes.con_ids())
        wanted.update(dict.fromkeys(self.account.positions))
        for order in self.orders.live.values():
            wanted.update((leg.listing.con_id, None) for leg in order.legs)
        same = wanted.keys() == set(self._watched)
        if not same:
            self._watched = tuple(wanted)
        is_open = self.market_open
        self.quotes_moved = is_open or self._looked_open or not same
        self._looked_open = is_open
        if not self.quotes_moved:
            return  # closed, and looked at since
        self.quotes = dict(zip(self._watched, self.market.quotes(self._watched), strict=True))
        if self.hooks is not None:
            self.quotes = {i: self._shown(i, quote) for i, quote in self.quotes.items()}

    def _shown(self, con_id: int, quote: MarketQuote) -> MarketQuote:
        return quote if self.hooks is None else self.hooks.quote(con_id, quote)

    def _settle(self, today: date) -> None:
        """Cash for positions whose series has taken its final value."""
        stamp = f"{today:%Y%m%d}"
        for con_id, position in list(self.account.positions.items()):
            last = position.listing.last_trade
            if position.quantity and last and last <= stamp:
                final = self.market.settled(con_id)
                if final is not None:
                    self.account.settle(con_id, final)
                    for session in self.sessions:
                        session.account.positions_changed([con_id])

    def _underlying(self, listing: Listing, quote: MarketQuote) -> float:
        """The price an option is on; 0 for anything else, where nobody asks."""
        if quote.underlying_price is not None:
            return quote.underlying_price
        if listing.contract.kind is not Kind.OPTION:
            return 0.0
        under = self.market.find(ContractQuery(con_id=listing.under_con_id))
        return self.quote(under[0].con_id).last or 0.0 if under else 0.0


def _likely_price(quote: MarketQuote, ratio: int) -> float:
    """The side that would be taken, else whatever price there is."""
    side = quote.ask if ratio > 0 else quote.bid
    for price in (side, quote.option_price, quote.last, quote.close):
        if price is not None:
            return price
    return 0.0
