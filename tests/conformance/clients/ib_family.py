"""One session of ib_async or ib_insync, which share their API, against the gateway on a port.

python ib_family.py LIBRARY PORT
"""

import asyncio
import importlib
import math
import sys

from ib_hooks import hook, listen
from report import Report, run

LIBRARY, PORT = sys.argv[1], int(sys.argv[2])
api = importlib.import_module(LIBRARY)
decoder = importlib.import_module(f"{LIBRARY}.decoder")
report = Report()
facts = report.facts
codes = []
EXPECTED = (200, 201, 202, 110, 161, 162, 300, 326, 10147, 10148, 10167, 399, 10089, 354)


async def until(condition, seconds=20.0):
    """Wait for something the gateway will send; False when it does not."""
    for _ in range(int(seconds * 50)):
        if condition():
            return True
        await asyncio.sleep(0.02)
    return False


def real(*numbers):
    return all(number is not None and math.isfinite(number) for number in numbers)


def new_client():
    ib = api.IB()
    ib.RaiseRequestErrors = False
    ib.errorEvent += lambda reqId, code, text, contract: codes.append(code)
    return ib


async def connected(ib, client_id):
    await ib.connectAsync("127.0.0.1", PORT, clientId=client_id, timeout=8)
    facts.setdefault("version", ib.client.serverVersion())
    facts.setdefault("accounts", ib.managedAccounts())


async def contracts(ib):
    known = {
        "IND": api.Index("SPX", "CBOE", "USD"),
        "VIX": api.Index("VIX", "CBOE", "USD"),
        "STK": api.Stock("SPY", "SMART", "USD"),
        "CASH": api.Forex("EURUSD"),
    }
    for name, contract in list(known.items()):
        details = await ib.reqContractDetailsAsync(contract)
        facts[f"details_{name}"] = len(details)
        known[name] = details[0].contract
    futures = await ib.reqContractDetailsAsync(api.Future("VIX", exchange="CFE", currency="USD"))
    futures.sort(key=lambda detail: detail.contract.lastTradeDateOrContractMonth)
    facts["details_FUT"] = len(futures)
    known["FUT"] = futures[1].contract
    facts["hours"] = bool(futures[1].tradingHours and futures[1].liquidHours)
    before = len(codes)
    nothing = await ib.reqContractDetailsAsync(api.Option("SPX", "20180119", 1.0, "C", "SMART"))
    facts["unknown_contract"] = len(nothing) == 0 and 200 in codes[before:]
    bag = api.Contract(secType="BAG", symbol="SPX", exchange="SMART", currency="USD")
    try:
        await asyncio.wait_for(ib.reqContractDetailsAsync(bag), 0.6)
        facts["bag_details"] = "answered"
    except asyncio.TimeoutError:
        facts["bag_details"] = "never"
    return known


async def chain(ib, known, spot):
    parameters = await ib.reqSecDefOptParamsAsync("SPX", "", "IND", known["IND"].conId)
    facts["chain_classes"] = sorted({entry.tradingClass for entry in parameters})
    vix = await ib.reqSecDefOptParamsAsync("VIX", "", "IND", known["VIX"].conId)
    facts["chain_vix"] = sorted({entry.tradingClass for entry in vix})
    weekly = next(e for e in parameters if e.tradingClass == "SPXW" and e.exchange == "SMART")
    facts["chain_size"] = [len(weekly.expirations), len(weekly.strikes)]
    expiry = sorted(weekly.expirations)[12]
    rights = {}
    for right in "PC":
        query = api.Option("SPX", expiry, 0, right, "SMART", tradingClass="SPXW", currency="USD")
        query.strike = 0.0
        rights[right] = {d.contract.strike: d for d in await ib.reqContractDetailsAsync(query)}
    puts, calls = sorted(rights["P"]), sorted(rights["C"])
    low = [k for k in puts if k < spot * 0.95][-1]
    lower = [k for k in puts if k <= low - 25][-1]
    high = [k for k in calls if k > spot * 1.03][0]
    higher = [k for k in calls if k >= high + 25][0]
    picked = [rights["P"][lower], rights["P"][low], rights["C"][high], rights["C"][higher]]
    facts["option_fields"] = [picked[0].minTick > 0, bool(picked[0].marketRuleIds)]
    rule = int(picked[0].marketRuleIds.split(",")[0])
    facts["market_rule"] = len(await ib.reqMarketRuleAsync(rule))
    return [detail.contract for detail in picked]


def condor(legs):
    sides = ("BUY", "SELL", "SELL", "BUY")
    combo = [
        api.ComboLeg(conId=leg.conId, ratio=1, action=side, exchange="SMART")
        for leg, side in zip(legs, sides)
    ]
    return api.Contract(
        secType="BAG", symbol="SPX", exchange="SMART", currency="USD", comboLegs=combo
    )


async def ticks(ib, known, legs, bag):
    wanted = {**known, "OPT": legs[1], "BAG": bag}
    generic = {"OPT": "100,101,106", "STK": "165,233", "IND": "162", "VIX": "104"}
    tickers = {
        name: ib.reqMktData(contract, generic.get(name, ""), False, False)
        for name, contract in wanted.items()
    }
    for name, ticker in tickers.items():
        if name in ("IND", "VIX"):
            facts[f"tick_{name}"] = await until(lambda t=ticker: real(t.last) and real(t.close))
        else:
            facts[f"tick_{name}"] = await until(lambda t=ticker: real(t.bid, t.ask))
    option = tickers["OPT"]
    await until(lambda: option.modelGreeks is not None)
    greeks = option.modelGreeks
    facts["greeks"] = bool(greeks and real(greeks.impliedVol, greeks.delta) and greeks.delta < 0)
    facts["bid_greeks"] = option.bidGreeks is not None and option.askGreeks is not None
    facts["bag_prices"] = [tickers["BAG"].bid, tickers["BAG"].ask]
    snapshot = await ib.reqTickersAsync(known["STK"])
    facts["snapshot"] = real(snapshot[0].bid, snapshot[0].ask)
    return tickers


async def delayed(ib, known):
    ib.reqMarketDataType(3)
    contract = api.Stock("VIXY", "SMART", "USD")
    await ib.qualifyContractsAsync(contract)
    ticker = ib.reqMktData(contract)
    facts["delayed"] = await until(lambda: ticker.marketDataType == 3 and real(ticker.bid))
    ib.cancelMktData(contract)
    ib.reqMarketDataType(1)


async def bars(ib, known, legs):
    daily = await ib.reqHistoricalDataAsync(
        known["IND"], "", "30 D", "1 day", "TRADES", True, formatDate=1
    )
    facts["daily_bars"] = len(daily)
    facts["bars_make_sense"] = all(b.low <= min(b.open, b.close) <= b.high for b in daily)
    live = await ib.reqHistoricalDataAsync(
        known["STK"], "", "1 D", "5 mins", "TRADES", True, formatDate=2, keepUpToDate=True
    )
    updates = []
    live.updateEvent += lambda found, new: updates.append(new)
    facts["keep_up_to_date"] = await until(lambda: len(updates) >= 2)
    ib.cancelHistoricalData(live)
    midpoint = await ib.reqHistoricalDataAsync(
        legs[1], "", "3600 S", "1 min", "MIDPOINT", True, formatDate=1
    )
    facts["option_bars"] = midpoint is not None
    head = await ib.reqHeadTimeStampAsync(known["IND"], "TRADES", True, 1)
    facts["head_timestamp"] = str(head)


async def single_orders(ib, legs, tickers):
    option, ticker = legs[1], tickers["OPT"]
    buy = ib.placeOrder(
        option, api.LimitOrder("BUY", 2, round(ticker.ask + 0.5, 1), orderRef="one")
    )
    facts["single_filled"] = await until(lambda: buy.orderStatus.status == "Filled")
    await until(lambda: buy.fills and all(f.commissionReport.commission for f in buy.fills))
    facts["single_fill_quantity"] = sum(fill.execution.shares for fill in buy.fills)
    facts["single_commission"] = all(0 < f.commissionReport.commission < 10 for f in buy.fills)
    facts["order_ref"] = {fill.execution.orderRef for fill in buy.fills} == {"one"}
    sell = ib.placeOrder(option, api.MarketOrder("SELL", 1))
    facts["market_filled"] = await until(lambda: sell.orderStatus.status == "Filled")
    rest = ib.placeOrder(option, api.LimitOrder("SELL", 1, 90.0))
    facts["rests"] = await until(lambda: rest.orderStatus.status == "Submitted")
    rest.order.lmtPrice = 80.0
    ib.placeOrder(option, rest.order)
    facts["modified"] = await until(lambda: any(e.message == "Modified" for e in rest.log), 5) or (
        rest.orderStatus.status == "Submitted"
    )
    ib.cancelOrder(rest.order)
    facts["cancelled"] = await until(lambda: rest.orderStatus.status == "Cancelled")
    bad = ib.placeOrder(option, api.LimitOrder("BUY", 1, 0.013))
    facts["bad_increment"] = await until(lambda: 110 in codes, 5)
    ib.client.cancelOrder(987654, *([""] if LIBRARY == "ib_async" else []))
    facts["unknown_cancel"] = await until(lambda: 10147 in codes, 5)
    return bad


async def combo_orders(ib, bag, tickers):
    quote = tickers["BAG"]
    preview = await ib.whatIfOrderAsync(bag, api.LimitOrder("BUY", 1, round(quote.ask, 1)))
    facts["what_if"] = [float(preview.initMarginChange), preview.commission]
    order = api.LimitOrder("BUY", 2, round(quote.bid - 5.0, 1), orderRef="four")
    trade = ib.placeOrder(bag, order)
    facts["combo_limit"] = order.lmtPrice
    facts["combo_rests"] = await until(lambda: trade.orderStatus.status == "Submitted")
    order.lmtPrice = round(quote.ask + 0.5, 1)
    ib.placeOrder(bag, order)
    facts["combo_filled"] = await until(lambda: trade.orderStatus.status == "Filled")
    await until(lambda: sum(bool(f.commissionReport.execId) for f in trade.fills) >= 4, 5)
    kinds = [fill.contract.secType for fill in trade.fills]
    facts["combo_kinds"] = sorted(set(kinds))
    facts["combo_legs"] = len(
        {f.contract.conId for f in trade.fills if f.contract.secType == "OPT"}
    )
    facts["combo_price"] = trade.orderStatus.avgFillPrice
    other = ib.placeOrder(bag, api.LimitOrder("BUY", 1, round(quote.bid - 5.0, 1)))
    await until(lambda: other.orderStatus.status == "Submitted")
    ib.cancelOrder(other.order)
    facts["combo_cancelled"] = await until(lambda: other.orderStatus.status == "Cancelled")
    ib.placeOrder(bag, api.LimitOrder("BUY", 100_000, round(quote.ask + 0.5, 1)))
    facts["margin_rejection"] = await until(lambda: 201 in codes, 5)


async def account(ib, legs):
    name = ib.managedAccounts()[0]
    facts["positions"] = len([p for p in await ib.reqPositionsAsync() if p.position])
    facts["portfolio"] = await until(lambda: len(ib.portfolio()) >= 4, 5)
    values = {item.tag for item in ib.accountValues()}
    facts["account_values"] = sorted(
        values & {"NetLiquidation", "ExcessLiquidity", "AvailableFunds", "TotalCashValue"}
    )
    summary = {item.tag for item in await ib.accountSummaryAsync()}
    facts["account_summary"] = "NetLiquidation" in summary
    whole, one = ib.reqPnL(name), ib.reqPnLSingle(name, "", legs[1].conId)
    facts["pnl"] = await until(lambda: real(whole.unrealizedPnL))
    facts["pnl_single"] = await until(lambda: one.position and real(one.value))
    facts["time"] = str(await ib.reqCurrentTimeAsync())


async def reconnect(ib, bag, tickers):
    resting = ib.placeOrder(
        bag, api.LimitOrder("BUY", 1, round(tickers["BAG"].bid - 6.0, 1), orderRef="survivor")
    )
    await until(lambda: resting.orderStatus.status == "Submitted")
    kept = (resting.orderStatus.permId, resting.order.orderId)
    next_id = ib.client.getReqId()
    ib.disconnect()
    await asyncio.sleep(0.2)
    again = new_client()
    await connected(again, 11)
    trades = [t for t in again.openTrades() if t.order.orderRef == "survivor"]
    facts["order_survives"] = [(t.order.permId, t.order.orderId) for t in trades] == [kept]
    facts["legs_survive"] = [len(t.contract.comboLegs or []) for t in trades]
    facts["ids_go_on"] = again.client.getReqId() > kept[1] and next_id > kept[1]
    facts["executions_survive"] = len(again.fills()) >= 5
    facts["positions_survive"] = len([p for p in again.positions() if p.position])
    again.cancelOrder(trades[0].order)
    facts["survivor_cancelled"] = await until(lambda: not again.openTrades())
    completed = await again.reqCompletedOrdersAsync(False)
    facts["completed"] = sorted({trade.orderStatus.status for trade in completed})
    return again


async def conflict():
    second = new_client()
    before, complaints = len(codes), len(report.complaints)
    try:
        await second.connectAsync("127.0.0.1", PORT, clientId=11, timeout=2)
        facts["client_id_conflict"] = "let in"
    except Exception:
        facts["client_id_conflict"] = 326 in codes[before:]
    second.disconnect()
    del report.complaints[complaints:]  # the library logs what was asked for here


async def session():
    ib = new_client()
    await connected(ib, 11)
    known = await contracts(ib)
    index = ib.reqMktData(known["IND"])
    await until(lambda: real(index.last))
    legs = await chain(ib, known, index.last)
    bag = condor(legs)
    tickers = await ticks(ib, known, legs, bag)
    await delayed(ib, known)
    await bars(ib, known, legs)
    await single_orders(ib, legs, tickers)
    await combo_orders(ib, bag, tickers)
    await account(ib, legs)
    again = await reconnect(ib, bag, tickers)
    await conflict()
    again.disconnect()
    facts["codes"] = sorted(set(codes))


hook(decoder.Decoder, report)
listen(report, f"{LIBRARY}.Decoder", f"{LIBRARY}.client")
run(report, lambda: api.util.run(session()))
