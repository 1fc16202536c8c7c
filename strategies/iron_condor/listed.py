"""The strikes of one expiration that can be had: listed, not refused by the broker, and not on the
other side of something the book holds.
"""

from bisect import bisect_left, bisect_right
from datetime import date

from domain.chain import OptionChain, spread_out
from domain.desk import Desk
from domain.instruments import Contract, Right, spxw_option
from domain.quotes import Quote

_COARSE_GRID = 25.0  # strikes on this grid are listed for nearly every expiration
_WING_SLACK = 25.0  # a wing may be this much wider when the exact strike is not listed
_QUOTE_AGE_S_MAX = 300.0


class Listed:
    """One expiration of SPXW as ``desk`` knows it now. Two are equal when they say the same.

    ``quotes`` are the fresh two-sided ones of this expiration, ``now`` is the time of the desk,
    ``smile`` the last one fitted, unless that was of another expiration or session: what a fit
    gives follows from the quotes of one session, so that it can be had again from its records.
    """

    def __init__(self, desk: Desk, chain: OptionChain, expiration: date) -> None:
        self.expiration = expiration
        self.strikes = chain.strikes
        self.calendar, self.now = desk.calendar, desk.now
        self.quotes = _fresh(desk, expiration)
        self._refused = {(c.strike, c.right) for c in desk.refused if c.expiration == expiration}
        self._net = _sides(desk, expiration)
        last = desk.memory.smile
        of_today = last is not None and (last.expiration, last.on) == (expiration, desk.today)
        self.smile = last.smile if last is not None and of_today else None
        self._rows: dict[tuple[Right, int], list[float]] = {}  # made when first asked for

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Listed)
            and (self.expiration, self.now) == (other.expiration, other.now)
            and self.calendar is other.calendar
            and self.smile is other.smile
            and self.quotes == other.quotes
            and self._refused == other._refused
            and self._net == other._net
            and self.strikes == other.strikes
        )

    def __hash__(self) -> int:
        return hash((self.expiration, self.now, len(self.quotes)))

    @property
    def years(self) -> float:
        """To the settlement."""
        sample = self.option(self.strikes[0], Right.PUT)
        return self.calendar.years_to_settlement(sample, self.now)

    def option(self, strike: float, right: Right) -> Contract:
        return spxw_option(self.expiration, strike, right)

    def exists(self, strike: float, right: Right) -> bool:
        return (strike, right) not in self._refused

    def quote(self, contract: Contract) -> Quote | None:
        """A fresh two-sided quote, or None."""
        return self.quotes.get(contract)

    def coarse(self, low: float, high: float, count: int, right: Right) -> list[Contract]:
        """About ``count`` options across [low, high], on round strikes where there are any."""
        strikes = self._row(right, 0)
        round_ones = [strike for strike in strikes if strike % _COARSE_GRID == 0]
        return [self.option(s, right) for s in spread_out(round_ones or strikes, low, high, count)]

    def shorts(self, right: Right, forward: float) -> list[float]:
        """Out-of-the-money strikes that may be sold, ascending."""
        return _beyond(self._row(right, -1), right, forward)

    def longs(self, right: Right, short: float) -> list[float]:
        """Strikes further out of the money than ``short`` that may be bought, ascending."""
        return _beyond(self._row(right, 1), right, short)

    def wing(self, short: float, right: Right, width: float) -> Contract | None:
        """The first strike at least ``width`` further out that may be bought."""
        longs = self.longs(right, short)
        if right is Right.PUT:
            beyond = [s for s in longs if short - width - _WING_SLACK <= s <= short - width]
            beyond.reverse()
        else:
            beyond = [s for s in longs if short + width <= s <= short + width + _WING_SLACK]
        return self.option(beyond[0], right) if beyond else None

    def _row(self, right: Right, side: int) -> list[float]:
        """Strikes that can be had: to sell (-1), to buy (1), or only to look at (0)."""
        found = self._rows.get((right, side))
        if found is None:
            out = {strike for strike, which in self._refused if which is right}
            out |= {
                strike for (strike, which), held in self._net.items()
                if which is right and held == -side
            }  # fmt: skip
            found = list(self.strikes)
            if out:
                found = [strike for strike in found if strike not in out]
            self._rows[right, side] = found
        return found


def _beyond(strikes: list[float], right: Right, level: float) -> list[float]:
    """The part of ``strikes`` that is out of the money when the money is at ``level``."""
    if right is Right.PUT:
        return strikes[: bisect_left(strikes, level)]
    return strikes[bisect_right(strikes, level) :]


def _fresh(desk: Desk, expiration: date) -> dict[Contract, Quote]:
    found: dict[Contract, Quote] = {}
    for contract in desk.quotes:
        if contract.expiration != expiration or contract.trading_class != "SPXW":
            continue
        quote = desk.quote(contract)
        if quote is None or quote.mid is None or quote.age_s(desk.now) > _QUOTE_AGE_S_MAX:
            continue
        found[contract] = quote
    return found


def _sides(desk: Desk, expiration: date) -> dict[tuple[float, Right | None], int]:
    """1 where contracts are held long or being bought on balance, -1 where short or being sold, so
    that no leg of ours is ever on both sides.
    """
    net: dict[tuple[float, Right | None], int] = {}
    working = (
        (leg.contract, leg.ratio * order.remaining)
        for order in desk.working
        for leg in order.intent.legs
    )
    for contract, quantity in (*desk.book.positions().items(), *working):
        if contract.trading_class == "SPXW" and contract.expiration == expiration:
            key = (contract.strike, contract.right)
            net[key] = net.get(key, 0) + quantity
    return {key: 1 if quantity > 0 else -1 for key, quantity in net.items() if quantity}
