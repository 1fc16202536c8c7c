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
    """One expiration of SPXW as ``desk`` knows it now."""

    def __init__(self, desk: Desk, chain: OptionChain, expiration: date) -> None:
        self._desk = desk
        self.expiration = expiration
        self.strikes = chain.strikes
        self._refused = {(c.strike, c.right) for c in desk.refused if c.expiration == expiration}
        net = _committed(desk, expiration)
        every = list(chain.strikes)
        self._here = {
            right: [s for s in every if self.exists(s, right)] if self._refused else every
            for right in Right
        }
        self._sellable, self._buyable = self._here, self._here
        if net:
            self._sellable = {
                right: [s for s in self._here[right] if net.get((s, right), 0) <= 0]
                for right in Right
            }
            self._buyable = {
                right: [s for s in self._here[right] if net.get((s, right), 0) >= 0]
                for right in Right
            }

    def option(self, strike: float, right: Right) -> Contract:
        return spxw_option(self.expiration, strike, right)

    def exists(self, strike: float, right: Right) -> bool:
        return (strike, right) not in self._refused

    def quote(self, contract: Contract) -> Quote | None:
        """A fresh two-sided quote, or None."""
        quote = self._desk.quote(contract)
        if quote is None or quote.mid is None or quote.age_s(self._desk.now) > _QUOTE_AGE_S_MAX:
            return None
        return quote

    def coarse(self, low: float, high: float, count: int, right: Right) -> list[Contract]:
        """About ``count`` options across [low, high], on round strikes where there are any."""
        strikes = self._here[right]
        round_ones = [strike for strike in strikes if strike % _COARSE_GRID == 0]
        return [self.option(s, right) for s in spread_out(round_ones or strikes, low, high, count)]

    def shorts(self, right: Right, forward: float) -> list[float]:
        """Out-of-the-money strikes that may be sold, ascending."""
        return _beyond(self._sellable[right], right, forward)

    def longs(self, right: Right, short: float) -> list[float]:
        """Strikes further out of the money than ``short`` that may be bought, ascending."""
        return _beyond(self._buyable[right], right, short)

    def wing(self, short: float, right: Right, width: float) -> Contract | None:
        """The first strike at least ``width`` further out that may be bought."""
        longs = self.longs(right, short)
        if right is Right.PUT:
            beyond = [s for s in longs if short - width - _WING_SLACK <= s <= short - width]
            beyond.reverse()
        else:
            beyond = [s for s in longs if short + width <= s <= short + width + _WING_SLACK]
        return self.option(beyond[0], right) if beyond else None


def _beyond(strikes: list[float], right: Right, level: float) -> list[float]:
    """The part of ``strikes`` that is out of the money when the money is at ``level``."""
    if right is Right.PUT:
        return strikes[: bisect_left(strikes, level)]
    return strikes[bisect_right(strikes, level) :]


def _committed(desk: Desk, expiration: date) -> dict[tuple[float, Right | None], int]:
    """Signed contracts held or being traded, so that no leg of ours is ever on both sides."""
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
    return net
