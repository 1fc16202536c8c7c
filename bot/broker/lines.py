"""Open market-data lines: ticks in, conflated quotes out. The hot path of the adapter.

Keeps the raw values of every line as they arrived and makes a quote of them only once per network
batch. A tick for a line that was given back is nothing unusual and is ignored.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.broker.translate import discard_reason, price_from_ib
from domain.instruments import AD_NYSE, Contract, Kind
from domain.quotes import Quote

_REFRESH = timedelta(seconds=5)  # an unchanged value that is sent again is news of its age only
_LIVE = 1  # market data type: 2 is frozen, 3 delayed, 4 delayed and frozen
_NONE = -1.0  # as the broker says that a side is empty


class Line:
    """What one subscription has said so far, unjudged."""

    __slots__ = (
        "ask", "ask_size", "bid", "bid_size", "changed", "close", "contract", "data_type",
        "emitted_at", "had", "halted", "heard_at_s", "last", "req_id", "volume",
    )  # fmt: skip

    def __init__(self, req_id: int, contract: Contract) -> None:
        self.req_id = req_id
        self.contract = contract
        self.bid = self.ask = self.last = self.close = _NONE
        self.bid_size = self.ask_size = 0.0
        self.volume: float | None = None
        self.data_type = _LIVE
        self.halted = False
        self.changed = False
        self.emitted_at: datetime | None = None
        self.heard_at_s = float("-inf")
        self.had = (False, False, False)

    def has(self) -> tuple[bool, bool, bool]:
        """Whether bid, ask and last have ever been said since the line was opened or blanked."""
        return self.bid != _NONE, self.ask != _NONE, self.last != _NONE


def quote_from_line(line: Line, at: datetime, discards: "Counter[str]") -> Quote:
    """The line as a quote; what was refused is counted in ``discards`` under its reason. Of
    breadth, bid and ask are counts of shares, without sizes and of any order.

    A side without size is no side. A crossed pair is no pair: either could be the wrong one.
    """
    if line.contract == AD_NYSE:
        counts = price_from_ib(line.bid, 1.0), price_from_ib(line.ask, 1.0)
        return Quote(at, *counts, delayed=line.data_type != _LIVE)
    bid = price_from_ib(line.bid, line.bid_size)
    ask = price_from_ib(line.ask, line.ask_size)
    if bid is None:
        discards[discard_reason(line.bid)] += 1
    if ask is None:
        discards[discard_reason(line.ask)] += 1
    if bid is not None and ask is not None and bid > ask:
        discards["crossed"] += 1
        bid = ask = None
    return Quote(
        at,
        bid,
        ask,
        line.bid_size if bid is not None else 0.0,
        line.ask_size if ask is not None else 0.0,
        price_from_ib(line.last, 1.0),
        price_from_ib(line.close, 1.0),
        delayed=line.data_type != _LIVE,
        halted=line.halted,
        volume=line.volume,
    )


class Lines:
    """All lines of one connection, by request id and by contract."""

    def __init__(self) -> None:
        self.discards: Counter[str] = Counter()
        self._by_id: dict[int, Line] = {}
        self._by_contract: dict[Contract, Line] = {}
        self._heard: dict[Line, None] = {}

    def open(self, contract: Contract, req_id: int) -> None:
        line = Line(req_id, contract)
        self._by_id[req_id] = self._by_contract[contract] = line

    def close(self, contract: Contract) -> int:
        """Forget the line of ``contract`` and return its request id. Raises KeyError."""
        line = self._by_contract.pop(contract)
        del self._by_id[line.req_id]
        self._heard.pop(line, None)
        return line.req_id

    def contract_of(self, req_id: int) -> Contract | None:
        line = self._by_id.get(req_id)
        return line.contract if line is not None else None

    @property
    def active(self) -> dict[Contract, Line]:
        """In the order of opening."""
        return self._by_contract

    def stale_since(self, loop_s: float) -> list[Contract]:
        """Lines that were silent after ``loop_s``, or lack a value they had before they were
        blanked.
        """
        return [
            line.contract
            for line in self._by_id.values()
            if line.heard_at_s <= loop_s
            or any(had and not has for had, has in zip(line.had, line.has(), strict=True))
        ]

    def price(self, req_id: int, tick_type: int, price: float, size: float) -> None:
        """A price tick with its size, live or delayed."""
        line = self._by_id.get(req_id)
        if line is None:
            return
        if tick_type in (1, 66):
            if price != line.bid or size != line.bid_size:
                line.bid, line.bid_size, line.changed = price, size, True
        elif tick_type in (2, 67):
            if price != line.ask or size != line.ask_size:
                line.ask, line.ask_size, line.changed = price, size, True
        elif tick_type in (4, 68):
            if price != line.last:
                line.last, line.changed = price, True
        elif tick_type in (9, 75) and price != line.close:
            line.close, line.changed = price, True
        self._heard[line] = None

    def size(self, req_id: int, tick_type: int, size: float) -> None:
        """A size tick; of a size that came with its price already, only the repetition."""
        line = self._by_id.get(req_id)
        if line is None:
            return
        if tick_type in (0, 69):
            if size != line.bid_size:
                line.bid_size, line.changed = size, True
        elif tick_type in (3, 70) and size != line.ask_size:
            line.ask_size, line.changed = size, True
        elif tick_type in (8, 74) and line.contract.kind is Kind.STOCK:
            line.volume = size if size >= 0 else None  # travels with the next change or refresh
        self._heard[line] = None

    def generic(self, req_id: int, tick_type: int, value: float) -> None:
        """Only halts matter: 1 regulatory, 2 volatility; 0 and -1 are none known."""
        line = self._by_id.get(req_id)
        if line is not None and tick_type in (49, 90):
            halted = value > 0
            if halted is not line.halted:
                line.halted, line.changed = halted, True
            self._heard[line] = None

    def other(self, req_id: int, *_: object) -> None:
        """Something without a place in a quote, such as greeks: the line is alive."""
        line = self._by_id.get(req_id)
        if line is not None:
            self._heard[line] = None

    def data_type(self, req_id: int, data_type: int) -> int | None:
        """Returns the type if it is new for this line."""
        line = self._by_id.get(req_id)
        if line is None or line.data_type == data_type:
            return None
        line.data_type, line.changed = data_type, True
        self._heard[line] = None
        return data_type

    def blank(self, contract: Contract) -> None:
        """What this line said is not to be believed any more; the next quote says so."""
        line = self._by_contract[contract]
        line.had = line.has()
        line.bid = line.ask = line.last = _NONE
        line.bid_size = line.ask_size = 0.0
        line.changed = True
        self._heard[line] = None

    def blank_all(self) -> None:
        for contract in self._by_contract:
            self.blank(contract)
        self._heard.clear()

    def take_news(self, at: datetime, loop_s: float) -> Iterator[tuple[Contract, Quote]]:
        """One quote for every line that changed since the last call, or is due for a refresh."""
        heard, self._heard = self._heard, {}
        for line in heard:
            line.heard_at_s = loop_s
            due = line.emitted_at is None or at - line.emitted_at >= _REFRESH
            if line.changed or (due and line.emitted_at is not None):
                line.changed = False
                line.emitted_at = at
                yield line.contract, quote_from_line(line, at, self.discards)
