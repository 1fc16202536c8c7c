"""The unmodified ib_async, given every version in turn, reads every message to its last field."""

from collections.abc import Iterator

import ib_async
import pytest
from ib_async import ComboLeg, Contract, ExecutionFilter, LimitOrder, MarketOrder

from sim.gateway.wire_contract import described
from tests.sim.gateway.bench import ACCOUNT, Bench, Deaf, Library, Strict

VERSIONS = [157, 159, 160, 162, 163, 164, 165, 166, 167, 169, 170, 176, 177, 178]
EVERYTHING = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 17, 21, 45, 46, 49, 50, 52, 53, 54, 55, 57, 58, 59, 61,
    62, 63, 64, 71, 72, 73, 74, 75, 76, 78, 79, 80, 81, 82, 85, 88, 90, 93, 94, 95, 96, 97, 98, 99,
    101, 102,
}  # fmt: skip


@pytest.fixture
def strict() -> Iterator[Strict]:
    with Strict().watching() as watching:
        yield watching


def contract_of(listing: object) -> Contract:
    wire = described(listing)  # type: ignore[arg-type]
    return Contract(
        secType=wire.sec_type, conId=wire.con_id, symbol=wire.symbol, exchange=wire.exchange,
        currency="USD",
    )  # fmt: skip


def bag_of(bench: Bench) -> Contract:
    actions = ("BUY", "SELL", "SELL", "BUY")
    legs = [
        ComboLeg(listing.con_id, 1, action, "SMART")
        for listing, action in zip(bench.condor(), actions, strict=True)
    ]
    return Contract(secType="BAG", symbol="SPX", exchange="SMART", currency="USD", comboLegs=legs)


@pytest.mark.parametrize("version", VERSIONS)
async def test_nothing_is_left_over(version: int, strict: Strict) -> None:
    bench = Bench()
    library = Library(bench, version=version)
    assert library.ib.client.serverVersion() == version
    library.ib.client.decoder.wrapper = Deaf()
    ask_everything(library, bench, version)
    trade(library, bench)
    expected = EVERYTHING | ({106} if version >= 165 else set())
    expected |= {107} if version >= 167 else set()
    assert strict.complaints == []
    assert strict.seen == expected


def ask_everything(library: Library, bench: Bench, version: int) -> None:
    client = library.ib.client
    spx, vix = (
        contract_of(bench.market.listing(416904)),
        contract_of(bench.market.listing(13455763)),
    )
    option = contract_of(bench.option(2650, "P"))
    bag = bag_of(bench)
    others = [Contract(secType="STK", symbol="SPY", exchange="SMART", currency="USD")]
    others += [Contract(secType="CASH", symbol="EUR", exchange="IDEALPRO", currency="USD")]
    others += [Contract(secType="FUT", symbol="VIX", exchange="CFE", currency="USD")]
    for number, contract in enumerate([spx, vix, option, bag, *others], 100):
        client.reqContractDetails(number, contract)
        client.reqMktData(number + 50, contract, "", False, False, [])
    library.after()
    client.reqMktData(200, option, "100,101,106,221,233,375", False, False, [])
    client.reqMktData(201, spx, "104,165,411", False, False, [])
    client.reqMktData(202, option, "", True, False, [])
    client.reqSecDefOptParams(203, "SPX", "", "IND", 416904)
    client.reqMarketRule(110)
    client.reqMatchingSymbols(204, "S&P")
    client.reqSmartComponents(205, "9c0001")
    client.reqHeadTimeStamp(206, spx, "TRADES", True, 1)
    client.calculateImpliedVolatility(207, option, 9.0, 2790.0, [])
    client.calculateOptionPrice(208, option, 0.15, 2790.0, [])
    library.after(2)
    for number, (size, what) in enumerate(
        (("1 day", "TRADES"), ("5 mins", "MIDPOINT"), ("1 hour", "OPTION_IMPLIED_VOLATILITY")), 210
    ):
        client.reqHistoricalData(number, spx, "", "5 D", size, what, True, 1, False, [])
    client.reqHistoricalData(215, spx, "", "600 S", "1 min", "TRADES", True, 2, True, [])
    client.reqHistoricalData(216, bag, "", "1 D", "1 hour", "MIDPOINT", True, 1, False, [])
    if version >= 165:
        client.reqHistoricalData(217, spx, "", "5 D", "1 day", "SCHEDULE", True, 1, False, [])
    client.reqRealTimeBars(220, spx, 5, "TRADES", True, [])
    for number, kind in enumerate(("Last", "BidAsk", "MidPoint"), 230):
        client.reqTickByTickData(number, option, kind, 0, False)
    library.after(2)
    for number, what in enumerate(("MIDPOINT", "BID_ASK", "TRADES"), 240):
        client.reqHistoricalTicks(
            number, spx, "", "20180116 09:31:00 US/Eastern", 10, what, True, False, []
        )
    client.reqFamilyCodes()
    client.reqMktDepthExchanges()
    client.reqNewsProviders()
    client.reqManagedAccts()
    client.reqCurrentTime()
    client.reqIds(1)
    if version >= 167:
        client.reqUserInfo(250)
    library.after(60)


def trade(library: Library, bench: Bench) -> None:
    client = library.ib.client
    client.reqPositions()
    client.reqPositionsMulti(300, ACCOUNT, "")
    client.reqAccountUpdates(True, ACCOUNT)
    client.reqAccountUpdatesMulti(301, ACCOUNT, "", False)
    client.reqAccountSummary(302, "All", "NetLiquidation,$LEDGER:ALL")
    client.reqPnL(303, ACCOUNT, "")
    client.reqPnLSingle(304, ACCOUNT, "", bench.option(2650, "P").con_id)
    preview = LimitOrder("BUY", 1, -3.0, whatIf=True)
    client.placeOrder(400, bag_of(bench), preview)
    client.placeOrder(401, bag_of(bench), MarketOrder("BUY", 2, orderRef="a condor"))
    client.placeOrder(402, contract_of(bench.option(2650, "P")), LimitOrder("BUY", 1, 0.05))
    client.placeOrder(403, contract_of(bench.option(2650, "P")), LimitOrder("SELL", 1, 900.0))
    library.after(30)
    client.cancelOrder(402)
    client.cancelOrder(99)
    client.reqOpenOrders()
    client.reqAllOpenOrders()
    client.reqCompletedOrders(False)
    client.reqExecutions(410, ExecutionFilter())
    client.reqPositions()
    client.reqPositionsMulti(305, ACCOUNT, "")
    library.after(400)


async def test_connect_async_finds_everything_answered(strict: Strict) -> None:
    """The library's own wrappers agree: its state is complete after a trade."""
    bench = Bench()
    library = Library(bench)
    ib = library.ib
    trade_made = ib.placeOrder(bag_of(bench), MarketOrder("BUY", 2, orderRef="a condor"))
    library.after(30)
    assert trade_made.orderStatus.status == "Filled"
    assert [fill.contract.secType for fill in trade_made.fills] == ["BAG", *["OPT"] * 4]
    assert [fill.execution.side for fill in trade_made.fills[1:]] == ["BOT", "SLD", "SLD", "BOT"]
    legs = [fill.execution.price for fill in trade_made.fills[1:]]
    net = legs[0] - legs[1] - legs[2] + legs[3]
    assert trade_made.fills[0].execution.price == pytest.approx(net)
    assert trade_made.orderStatus.avgFillPrice == pytest.approx(net)
    assert [fill.commissionReport.commission for fill in trade_made.fills] == [0.0, *[2.5] * 4]
    assert isinstance(trade_made.contract, ib_async.Contract)
    assert strict.complaints == []
