"""Requests out of fields, per negotiated version.

Refuses what does not parse and what has fields left over; judges nothing else.
"""

from collections.abc import Callable
from typing import TypeAlias

from sim.gateway.fields import FieldReader, MalformedRequest
from sim.gateway.order_request import read_order
from sim.gateway.requests import (
    AccountSummary,
    AccountUpdates,
    Calculation,
    CompletedOrders,
    ContractDetails,
    Executions,
    HeadTimestamp,
    HistoricalData,
    HistoricalTicks,
    MarketData,
    MatchingSymbols,
    Multi,
    OptionParams,
    Plain,
    Pnl,
    RealTimeBars,
    Request,
    SmartComponents,
    StartApi,
    TickByTick,
)
from sim.gateway.wire_contract import read_contract, read_legs


class UnknownRequest(MalformedRequest):
    """A message id that no version up to the negotiated one knows."""


_Reader: TypeAlias = Callable[[FieldReader, int], Request]


def decode(fields: list[str], version: int) -> Request:
    """Raises MalformedRequest, and UnknownRequest for an id this version does not have."""
    reader = FieldReader(fields)
    read = _READERS.get(reader.integer(default=-1))
    if read is None:
        raise UnknownRequest(f"message id {fields[0][:20]!r}")
    request = read(reader, version)
    reader.end()
    return request


def _plain(name: str, *, skip: int = 1, number: bool = False) -> _Reader:
    def read(fields: FieldReader, _version: int) -> Request:
        fields.skip(skip)
        return Plain(name, fields.integer() if number else 0)

    return read


def _start_api(fields: FieldReader, _version: int) -> Request:
    fields.skip(1)
    client_id = fields.integer()
    fields.skip(fields.left)  # optional capabilities, if any
    return StartApi(client_id)


def _market_data(fields: FieldReader, _version: int) -> Request:
    fields.skip(1)
    req_id = fields.integer()
    contract = read_legs(read_contract(fields), fields)
    if fields.flag():
        fields.skip(3)  # delta-neutral contract
    generic = tuple(int(n) for n in _list(fields.text()) if n.isdigit())
    snapshot = fields.flag()
    fields.skip(2)  # regulatory snapshot, options
    return MarketData(req_id, contract, generic, snapshot)


def _cancel_order(fields: FieldReader, version: int) -> Request:
    fields.skip(1)
    order_id = fields.integer()
    if version >= 169:
        fields.skip(1)  # manual cancel time
    return Plain("cancelOrder", order_id)


def _account_updates(fields: FieldReader, _version: int) -> Request:
    fields.skip(1)
    return AccountUpdates(fields.flag(), fields.text())


def _executions(fields: FieldReader, _version: int) -> Request:
    fields.skip(1)
    return Executions(
        fields.integer(), fields.integer(), fields.text(), fields.text(), fields.text(),
        fields.text(), fields.text(), fields.text(),
    )  # fmt: skip


def _contract_details(fields: FieldReader, version: int) -> Request:
    fields.skip(1)
    request = ContractDetails(fields.integer(), read_contract(fields), fields.flag())
    fields.skip(3 if version >= 176 else 2)  # security id type and id, issuer id
    return request


def _historical_data(fields: FieldReader, _version: int) -> Request:
    req_id, contract = fields.integer(), read_contract(fields)
    fields.skip(1)  # include expired: always allowed here
    end, bar_size, duration = fields.text(), fields.text(), fields.text()
    rth, what, format_date = fields.flag(), fields.text(), fields.integer(default=1)
    contract = read_legs(contract, fields)
    keep = fields.flag()
    fields.skip(1)
    return HistoricalData(req_id, contract, end, bar_size, duration, rth, what, format_date, keep)


def _real_time_bars(fields: FieldReader, _version: int) -> Request:
    fields.skip(1)
    req_id, contract = fields.integer(), read_contract(fields)
    fields.skip(1)  # bar size: 5 s is the only one
    request = RealTimeBars(req_id, contract, fields.text(), fields.flag())
    fields.skip(1)
    return request


def _calculation(*, wants_volatility: bool) -> _Reader:
    def read(fields: FieldReader, _version: int) -> Request:
        fields.skip(1)
        req_id, contract = fields.integer(), read_contract(fields)
        given, underlying = fields.real() or 0.0, fields.real() or 0.0
        fields.skip(fields.left)  # options, which the clients encode differently
        return Calculation(req_id, contract, given, underlying, wants_volatility)

    return read


def _account_summary(fields: FieldReader, _version: int) -> Request:
    fields.skip(1)
    req_id = fields.integer()
    fields.skip(1)  # group
    return AccountSummary(req_id, tuple(_list(fields.text())))


def _multi(*, positions: bool) -> _Reader:
    def read(fields: FieldReader, _version: int) -> Request:
        fields.skip(1)
        request = Multi(fields.integer(), fields.text(), fields.text(), positions)
        if not positions:
            fields.skip(1)  # ledger and net liquidation: both are always sent
        return request

    return read


def _option_params(fields: FieldReader, _version: int) -> Request:
    return OptionParams(
        fields.integer(), fields.text(), fields.text(), fields.text(), fields.integer()
    )


def _head_timestamp(fields: FieldReader, _version: int) -> Request:
    req_id, contract = fields.integer(), read_contract(fields)
    fields.skip(3)  # include expired, regular hours, what to show: all begin on the same day
    return HeadTimestamp(req_id, contract, fields.integer(default=1))


def _pnl(*, single: bool) -> _Reader:
    def read(fields: FieldReader, _version: int) -> Request:
        req_id, account = fields.integer(), fields.text()
        fields.skip(1)  # model
        return Pnl(req_id, account, fields.integer() if single else 0)

    return read


def _historical_ticks(fields: FieldReader, _version: int) -> Request:
    req_id, contract = fields.integer(), read_contract(fields)
    fields.skip(1)
    request = HistoricalTicks(
        req_id, contract, fields.text(), fields.text(), fields.integer(), fields.text()
    )
    fields.skip(3)  # regular hours, ignore size, options
    return request


def _tick_by_tick(fields: FieldReader, _version: int) -> Request:
    request = TickByTick(fields.integer(), read_contract(fields), fields.text())
    fields.skip(2)  # number of past ticks, ignore size
    return request


def _list(csv: str) -> list[str]:
    return [part.strip() for part in csv.split(",") if part.strip()]


_READERS: dict[int, _Reader] = {
    1: _market_data,
    2: _plain("cancelMktData", number=True),
    3: read_order,
    4: _cancel_order,
    5: _plain("reqOpenOrders"),
    6: _account_updates,
    7: _executions,
    8: _plain("reqIds", number=True),
    9: _contract_details,
    14: _plain("setServerLogLevel", number=True),
    15: _plain("reqAutoOpenOrders", number=True),
    16: _plain("reqAllOpenOrders"),
    17: _plain("reqManagedAccts"),
    20: _historical_data,
    25: _plain("cancelHistoricalData", number=True),
    49: _plain("reqCurrentTime"),
    50: _real_time_bars,
    51: _plain("cancelRealTimeBars", number=True),
    54: _calculation(wants_volatility=True),
    55: _calculation(wants_volatility=False),
    56: _plain("cancelCalculation", number=True),
    57: _plain("cancelCalculation", number=True),
    58: _plain("reqGlobalCancel"),
    59: _plain("reqMarketDataType", number=True),
    61: _plain("reqPositions"),
    62: _account_summary,
    63: _plain("cancelAccountSummary", number=True),
    64: _plain("cancelPositions"),
    71: _start_api,
    74: _multi(positions=True),
    75: _plain("cancelPositionsMulti", number=True),
    76: _multi(positions=False),
    77: _plain("cancelAccountUpdatesMulti", number=True),
    78: _option_params,
    80: _plain("reqFamilyCodes", skip=0),
    81: lambda fields, _v: MatchingSymbols(fields.integer(), fields.text()),
    82: _plain("reqMktDepthExchanges", skip=0),
    83: lambda fields, _v: SmartComponents(fields.integer(), fields.text()),
    85: _plain("reqNewsProviders", skip=0),
    87: _head_timestamp,
    90: _plain("cancelHeadTimestamp", skip=0, number=True),
    91: _plain("reqMarketRule", skip=0, number=True),
    92: _pnl(single=False),
    93: _plain("cancelPnL", skip=0, number=True),
    94: _pnl(single=True),
    95: _plain("cancelPnLSingle", skip=0, number=True),
    96: _historical_ticks,
    97: _tick_by_tick,
    98: _plain("cancelTickByTick", skip=0, number=True),
    99: lambda fields, _v: CompletedOrders(fields.flag()),
    104: _plain("reqUserInfo", skip=0, number=True),
}
