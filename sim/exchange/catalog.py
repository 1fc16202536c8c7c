"""Finding instruments: from a client's partial description to listings, and from an id back to its
listing.

Answers for a given day; knows the index's range so far (for strikes) but no prices.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from domain.instruments import Kind, Right
from domain.session import SessionCalendar
from sim.exchange.expirations import (
    spx_expirations,
    spxw_expirations,
    vix_expirations,
    vix_settlements,
)
from sim.exchange.listings import (
    INDEX_IDS,
    ContractQuery,
    Listing,
    OptionKey,
    OptionParameters,
    fixed_listings,
    future_listing,
    future_settlement,
    option_key,
    option_listing,
    spx_strikes,
    vix_strikes,
)  # fmt: skip

_CLASSES_OF = {"SPX": ("SPXW", "SPX"), "VIX": ("VIX",)}
_RIGHTS = {"C": Right.CALL, "CALL": Right.CALL, "P": Right.PUT, "PUT": Right.PUT}
_VENUES = {
    Kind.INDEX: ("CBOE", "NYSE"),
    Kind.STOCK: ("SMART", "ARCA", "NYSE", "NASDAQ", "BATS", "ISLAND"),
    Kind.FUTURE: ("CFE",),
    Kind.OPTION: ("SMART", "CBOE"),
    Kind.FOREX: ("IDEALPRO",),
}
_MULTIPLIER = 100
_DECODED_MAX = 8_192  # listings at hand; some weeks of one desk's interest
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SeenRange:
    """Extremes the underlyings have seen so far: strikes are listed around them."""

    spx_low: float
    spx_high: float
    vix_high: float


class Catalog:
    """Everything listed, by id and by description."""

    def __init__(self, calendar: SessionCalendar) -> None:
        self._calendar = calendar
        self._fixed = {listing.con_id: listing for listing in fixed_listings()}
        self._cache: dict[int, Listing | None] = {}

    def listing(self, con_id: int) -> Listing | None:
        """The instrument behind an id, expired ones included; None if there never was one."""
        if con_id in self._fixed:
            return self._fixed[con_id]
        if con_id not in self._cache:
            if len(self._cache) >= _DECODED_MAX:
                self._cache.clear()  # an id is its own description: nothing is lost
            self._cache[con_id] = self._decode(con_id)
        return self._cache[con_id]

    def find(self, query: ContractQuery, today: date, seen: SeenRange) -> list[Listing]:
        """Every instrument listed on ``today`` that matches, options by expiration, strike and
        right.
        """
        if query.con_id:
            known = self.listing(query.con_id)
            return (
                [known] if known and self._tradable(known, today) and _matches(query, known) else []
            )
        found: list[Listing] = []
        if query.sec_type in ("", Kind.INDEX, Kind.STOCK, Kind.FOREX):
            found += [x for x in self._fixed.values() if _matches(query, x)]
        if query.sec_type in ("", Kind.FUTURE) and query.last_trade in (
            "",
            *_stamps(query.last_trade),
        ):
            found += [x for x in self._futures(today) if _matches(query, x)]
        if query.sec_type == Kind.OPTION:
            found += self._options(query, today, seen)
        return found

    def option_parameters(
        self, symbol: str, today: date, seen: SeenRange
    ) -> list[OptionParameters]:
        """Per exchange and class, as the broker reports them; empty for an underlying without
        options.
        """
        made = []
        for name in _CLASSES_OF.get(symbol, ()):
            days = tuple(self._settlements(name, today))
            union = {k for day in days for k in _strikes(name, (day - today).days, seen)}
            strikes, under = tuple(sorted(union)), INDEX_IDS[symbol]
            made += [
                OptionParameters(venue, under, name, _MULTIPLIER, days, strikes)
                for venue in _VENUES[Kind.OPTION]
            ]
        return made

    def settlement_day(self, key: OptionKey) -> date | None:
        """The day an option takes its final value; None when its class has no such expiration."""
        return self._settlements(key.trading_class, key.expiration).get(key.expiration)

    def _settlements(self, trading_class: str, today: date) -> dict[date, date]:
        """Settlement day by last trading day of every expiration listed on ``today``."""
        if not self._calendar.first <= today <= self._calendar.last - 7 * _DAY:
            return {}
        if trading_class == "SPXW":
            return {day: day for day in spxw_expirations(self._calendar, today)}
        if trading_class == "SPX":
            return dict(spx_expirations(self._calendar, today))
        return dict(vix_expirations(self._calendar, today))

    def _futures(self, today: date) -> list[Listing]:
        return [future_listing(day) for day in vix_settlements(self._calendar, today)]

    def _options(self, query: ContractQuery, today: date, seen: SeenRange) -> list[Listing]:
        keys = self._by_symbol(query) if query.local_symbol else self._by_terms(query, today, seen)
        found = []
        for key in keys:
            settlement = self._settlements(key.trading_class, today).get(key.expiration)
            days = (key.expiration - today).days
            if settlement is None or key.strike not in _strikes(key.trading_class, days, seen):
                continue
            listing = option_listing(key, settlement)
            if _matches(query, listing):
                found.append(listing)
        return found

    def _by_terms(self, query: ContractQuery, today: date, seen: SeenRange) -> Iterator[OptionKey]:
        wanted = _RIGHTS.get(query.right.upper())
        rights = (Right.CALL, Right.PUT) if wanted is None else (wanted,)
        for name in _CLASSES_OF.get(query.symbol, ()):
            if query.trading_class not in ("", name):
                continue
            for day in self._settlements(name, today):
                if not f"{day:%Y%m%d}".startswith(query.last_trade):
                    continue
                listed = _strikes(name, (day - today).days, seen)
                strikes: Iterable[float] = (query.strike,) if query.strike else sorted(listed)
                for strike in strikes:
                    if strike in listed:
                        yield from (OptionKey(name, day, strike, right) for right in rights)

    def _by_symbol(self, query: ContractQuery) -> Iterator[OptionKey]:
        """An OCC symbol such as ``SPXW  180302P02690000``; the date in it is the settlement day."""
        name, tail = query.local_symbol[:6].strip(), query.local_symbol[6:].strip()
        known = any(name in classes for classes in _CLASSES_OF.values())
        if (
            not known
            or len(tail) != 15
            or tail[6] not in "CP"
            or not (tail[:6] + tail[7:]).isdigit()
        ):
            return
        try:
            settled = date.fromisoformat("20" + tail[:6])
        except ValueError:
            return
        for day in (
            settled,
            settled - _DAY,
            settled - 4 * _DAY,
            settled - 3 * _DAY,
            settled - 2 * _DAY,
        ):
            key = OptionKey(name, day, int(tail[7:]) / 1000, Right(tail[6]))
            if self.settlement_day(key) == settled:
                yield key
                return

    def _decode(self, con_id: int) -> Listing | None:
        settlement = future_settlement(con_id)
        if settlement is not None:
            if not self._calendar.first <= settlement <= self._calendar.last - 60 * _DAY:
                return None
            return next((x for x in self._futures(settlement) if x.con_id == con_id), None)
        key = option_key(con_id)
        if key is None:
            return None
        day = self.settlement_day(key)
        return None if day is None else option_listing(key, day)

    def _tradable(self, listing: Listing, today: date) -> bool:
        expiration = listing.contract.expiration
        return expiration is None or expiration >= today


def _strikes(trading_class: str, days_left: int, seen: SeenRange) -> frozenset[float]:
    if trading_class == "VIX":
        return vix_strikes(days_left, seen.vix_high)
    return spx_strikes(days_left, seen.spx_low, seen.spx_high)


def _stamps(last_trade: str) -> tuple[str, ...]:
    return (last_trade,) if last_trade.isdigit() and len(last_trade) in (6, 8) else ()


def _matches(query: ContractQuery, listing: Listing) -> bool:
    """Whether nothing that the query says contradicts the listing."""
    contract = listing.contract
    strike = contract.strike if contract.kind is Kind.OPTION else 0.0
    right = contract.right or ""
    multiplier = "" if contract.multiplier == 1 else str(contract.multiplier)
    wanted_right = _RIGHTS.get(query.right.upper(), "")
    return (
        query.symbol in ("", contract.symbol)
        and query.sec_type in ("", contract.kind)
        and listing.last_trade.startswith(query.last_trade)
        and (not query.strike or not strike or query.strike == strike)
        and (not wanted_right or not right or wanted_right is right)
        and query.multiplier in ("", multiplier)
        and query.exchange in ("", *_VENUES[contract.kind])
        and query.currency in ("", contract.currency)
        and query.local_symbol in ("", listing.local_symbol)
        and query.trading_class in ("", contract.trading_class or contract.symbol)
    )
