"""Everything a gateway says except about orders: values in, message body out, per negotiated
version.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from domain.instruments import Kind
from sim.exchange.listings import Listing, OptionParameters
from sim.gateway.fields import UNSET_DOUBLE, double, money, plain
from sim.gateway.framing import message
from sim.gateway.wire_contract import block, multiplier, right, sec_type, trading_class

GATEWAY_ZONE = "US/Eastern"
_EASTERN = ZoneInfo(GATEWAY_ZONE)


def stamp(at: datetime) -> str:
    """``20180205 15:59:30 US/Eastern``."""
    return f"{at.astimezone(_EASTERN):%Y%m%d %H:%M:%S} {GATEWAY_ZONE}"


def handshake(version: int, now: datetime) -> bytes:
    return message(version, stamp(now))


def error(version: int, req_id: int, code: int, text: str) -> bytes:
    """``req_id`` -1 is about the session; an order's id is about that order."""
    advanced = ("",) if version >= 166 else ()
    return message(4, 2, req_id, code, text, *advanced)


def next_valid_id(order_id: int) -> bytes:
    return message(9, 1, order_id)


def managed_accounts(accounts: Sequence[str]) -> bytes:
    return message(15, 1, ",".join(accounts))


def current_time(now: datetime) -> bytes:
    return message(49, 1, int(now.timestamp()))


def account_value(key: str, value: str, currency: str, account: str) -> bytes:
    return message(6, 2, key, value, currency, account)


def account_time(now: datetime) -> bytes:
    return message(8, 1, f"{now.astimezone(_EASTERN):%H:%M}")


def account_download_end(account: str) -> bytes:
    return message(54, 1, account)


def account_summary(req_id: int, account: str, tag: str, value: str, currency: str) -> bytes:
    return message(63, 1, req_id, account, tag, value, currency)


def account_summary_end(req_id: int) -> bytes:
    return message(64, 1, req_id)


def account_update_multi(
    req_id: int, account: str, model: str, key: str, value: str, currency: str
) -> bytes:
    return message(73, 1, req_id, account, model, key, value, currency)


def account_update_multi_end(req_id: int) -> bytes:
    return message(74, 1, req_id)


@dataclass(frozen=True, slots=True)
class Holding:
    """A position as the account shows it; ``average_cost`` includes multiplier and commission."""

    listing: Listing
    quantity: int
    average_cost: Decimal
    price: float
    value: Decimal
    unrealized: Decimal
    realized: Decimal


def portfolio_value(holding: Holding, account: str) -> bytes:
    fields = block(holding.listing, no_right="0", strike="0")
    del fields[7]  # the exchange: this message names the primary exchange instead
    fields.insert(
        7, holding.listing.contract.exchange if not holding.listing.last_trade else "CBOE"
    )
    return message(
        7, 8, *fields, holding.quantity, plain(holding.price), money(holding.value),
        plain(holding.average_cost), money(holding.unrealized), money(holding.realized), account,
    )  # fmt: skip


def position(holding: Holding, account: str) -> bytes:
    cost = double(holding.average_cost)
    return message(61, 3, account, *block(holding.listing), holding.quantity, cost)


def position_end() -> bytes:
    return message(62, 1)


def position_multi(req_id: int, holding: Holding, account: str, model: str) -> bytes:
    cost = double(holding.average_cost)
    return message(71, 1, req_id, account, *block(holding.listing), holding.quantity, cost, model)


def position_multi_end(req_id: int) -> bytes:
    return message(72, 1, req_id)


def pnl(req_id: int, daily: Decimal, unrealized: Decimal, realized: Decimal) -> bytes:
    return message(94, req_id, money(daily), money(unrealized), money(realized))


def pnl_single(
    req_id: int,
    quantity: int,
    daily: Decimal | None,
    unrealized: Decimal,
    realized: Decimal,
    value: Decimal,
) -> bytes:
    """``daily`` None is not available."""
    shown = UNSET_DOUBLE if daily is None else money(daily)
    return message(95, req_id, quantity, shown, money(unrealized), money(realized), money(value))


_CATEGORY = {
    Kind.INDEX: ("Indices", "Broad Range Equity Index", "*"),
    Kind.STOCK: ("Funds", "Equity Fund", "ETF"),
    Kind.OPTION: ("Indices", "Broad Range Equity Index", "*"),
    Kind.FUTURE: ("Indices", "Volatility", "Index"),
    Kind.FOREX: ("", "", ""),
}
_ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALLOC,AVGCOST,BASKET,COND,CONDORDER,DAY,GTC,LMT,MKT,WHATIF,"
)


def contract_details(
    version: int, req_id: int, listing: Listing, exchange: str, hours: tuple[str, str, str]
) -> bytes:
    """``exchange`` is the one asked for; ``hours`` are trading and liquid hours and their zone."""
    contract, kind = listing.contract, listing.contract.kind
    trading, liquid, zone = hours
    last = f"{listing.last_trade} {_last_trade_clock(listing)}" if listing.last_trade else ""
    industry, category, subcategory = _CATEGORY[kind]
    derivative = kind in (Kind.OPTION, Kind.FUTURE)
    strike = repr(float(contract.strike)) if contract.strike else "0"
    shown = exchange or contract.exchange
    head = ("8",) if version < 164 else ()
    size = _minimum_sizes(version)
    return message(
        10, *head, req_id, contract.symbol, sec_type(listing), last, strike, right(listing), shown,
        contract.currency, listing.local_symbol, trading_class(listing), trading_class(listing),
        listing.con_id, plain(listing.min_tick), *(("100",) if version < 164 else ()),
        multiplier(listing), _ORDER_TYPES, shown if shown == "SMART" else f"SMART,{shown}",
        1, listing.under_con_id, listing.long_name, _primary(listing), listing.contract_month,
        industry, category, subcategory, zone, trading, liquid, "", "0", 0,
        2147483647 if not derivative else 2, contract.symbol if derivative else "",
        "IND" if derivative else "", listing.market_rule_id, listing.real_expiration,
        "ETF" if kind is Kind.STOCK else "", *size,
    )  # fmt: skip


def _minimum_sizes(version: int) -> tuple[str, ...]:
    if version < 163:
        return ()
    return ("1",) if version == 163 else ("1", "1", "1")


def _last_trade_clock(listing: Listing) -> str:
    """Central time, as the exchange's own zone: SPXW stops at 15:00, AM series at 15:15, VX at
    8:00.
    """
    if listing.contract.kind is Kind.FUTURE:
        return f"08:00 {listing.time_zone}"
    return f"{'15:00' if listing.contract.trading_class == 'SPXW' else '15:15'} {listing.time_zone}"


def _primary(listing: Listing) -> str:
    return {Kind.STOCK: "ARCA", Kind.OPTION: "", Kind.FUTURE: ""}.get(
        listing.contract.kind, listing.contract.exchange
    )


def contract_details_end(req_id: int) -> bytes:
    return message(52, 1, req_id)


def option_parameters(req_id: int, found: OptionParameters) -> bytes:
    return message(
        75, req_id, found.exchange, found.underlying_con_id, found.trading_class, found.multiplier,
        len(found.expirations), *(f"{day:%Y%m%d}" for day in found.expirations),
        len(found.strikes), *(plain(strike) for strike in found.strikes),
    )  # fmt: skip


def option_parameters_end(req_id: int) -> bytes:
    return message(76, req_id)


def market_rule(rule_id: int, rule: Iterable[tuple[float, float]]) -> bytes:
    steps = [plain(number) for pair in rule for number in pair]
    return message(93, rule_id, len(steps) // 2, *steps)


def symbol_samples(
    version: int, req_id: int, found: Sequence[tuple[Listing, Sequence[str]]]
) -> bytes:
    """Each listing with the kinds of derivatives there are on it."""
    fields: list[str | int] = []
    for listing, derivatives in found:
        contract = listing.contract
        fields += [
            listing.con_id, contract.symbol, sec_type(listing), contract.exchange,
            contract.currency, len(derivatives), *derivatives,
        ]  # fmt: skip
        if version >= 176:
            fields += [listing.long_name, ""]
    return message(79, req_id, len(found), *fields)


def head_timestamp(req_id: int, at: datetime, format_date: int) -> bytes:
    utc = at.astimezone(UTC)
    text = f"{utc:%Y%m%d-%H:%M:%S}" if format_date == 1 else str(int(at.timestamp()))
    return message(88, req_id, text)


def smart_components(req_id: int) -> bytes:
    return message(82, req_id, 1, 0, "CBOE", "C")


def depth_exchanges() -> bytes:
    return message(80, 1, "CBOE", "OPT", "", "Deep2", 1)


def family_codes(account: str) -> bytes:
    return message(78, 1, account, "")


def news_providers() -> bytes:
    return message(85, 0)


def user_info(req_id: int) -> bytes:
    return message(107, req_id, "")
