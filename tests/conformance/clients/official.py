"""One session of the official ibapi 9.81.1.post1 against the gateway on a port.

python official.py PORT
"""

import logging
import sys
import threading
import time

from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract
from ibapi.decoder import Decoder
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.wrapper import EWrapper
from report import Report, run

PORT = int(sys.argv[1])
report = Report()
facts = report.facts


def hook():
    """Count every message, keep what a decoder leaves in its iterator and every way it fails."""

    def interpret(self, fields):
        if not fields:
            return
        message_id = int(fields[0])
        report.saw(message_id)
        info = self.msgId2handleInfo.get(message_id)
        if info is None:
            report.left(message_id, "unknown to this client")
        elif info.wrapperMeth is not None:
            self.interpretWithSignature(fields, info)
        else:
            rest = iter(fields)
            try:
                info.processMeth(self, rest)
            except Exception as trouble:
                report.complaints.append(f"{message_id}: {trouble!r} in {fields}")
                raise
            left = list(rest)
            if left:
                report.left(message_id, f"{info.processMeth.__name__} leaves {left[:5]}")

    Decoder.interpret = interpret

    class Listener(logging.Handler):
        def emit(self, record):
            report.complaints.append(f"{record.name}: {record.getMessage()[:400]}")

    logging.getLogger("ibapi.decoder").addHandler(Listener(level=logging.ERROR))
    logging.getLogger().addHandler(logging.NullHandler())


class Client(EWrapper, EClient):
    """Keeps every callback by its name, so that the session below reads top to bottom."""

    def __init__(self):
        EClient.__init__(self, self)
        self.calls = {}

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name in RECORDED:

            def record(*args, **kwargs):
                self.calls.setdefault(name, []).append((*args, *kwargs.values()))
                return found(*args, **kwargs)

            return record
        return found

    def of(self, name, key=None):
        return [args for args in self.calls.get(name, []) if key is None or args[0] == key]

    def codes(self):
        return [args[1] for args in self.of("error")]

    def open(self, client_id):
        self.connect("127.0.0.1", PORT, client_id)
        threading.Thread(target=self.run, daemon=True).start()
        return until(lambda: self.of("nextValidId") and self.of("managedAccounts"), 8)


RECORDED = {
    name
    for name, member in vars(EWrapper).items()
    if callable(member) and not name.startswith("_") and name not in ("logAnswer",)
}


def until(condition, seconds=20.0):
    for _ in range(int(seconds * 50)):
        if condition():
            return True
        time.sleep(0.02)
    return False


def contract(kind, symbol, exchange="SMART", **more):
    made = Contract()
    made.secType, made.symbol, made.exchange, made.currency = kind, symbol, exchange, "USD"
    for name, value in more.items():
        setattr(made, name, value)
    return made


def order(action, kind, quantity, limit=0.0, **more):
    made = Order()
    made.action, made.orderType, made.totalQuantity, made.lmtPrice = action, kind, quantity, limit
    made.eTradeOnly = made.firmQuoteOnly = False
    made.tif = "DAY"
    for name, value in more.items():
        setattr(made, name, value)
    return made


def details(app, request, query):
    app.reqContractDetails(request, query)
    until(lambda: app.of("contractDetailsEnd", request))
    return [args[1] for args in app.of("contractDetails", request)]


def contracts(app):
    queries = {
        "IND": contract("IND", "SPX", "CBOE"),
        "VIX": contract("IND", "VIX", "CBOE"),
        "STK": contract("STK", "SPY"),
        "CASH": contract("CASH", "EUR", "IDEALPRO"),
        "FUT": contract("FUT", "VIX", "CFE"),
    }
    known = {}
    for number, (name, query) in enumerate(queries.items(), start=100):
        found = details(app, number, query)
        facts[f"details_{name}"] = len(found)
        found.sort(key=lambda item: item.contract.lastTradeDateOrContractMonth)
        known[name] = found[min(1, len(found) - 1)].contract
    app.reqContractDetails(150, contract("OPT", "SPX", strike=1.0, right="C"))
    facts["unknown_contract"] = until(lambda: 200 in [a[1] for a in app.of("error", 150)], 5)
    return known


def last(app, request, kinds):
    prices = {args[1]: args[2] for args in app.of("tickPrice", request)}
    return [prices.get(kind) for kind in kinds]


def quoted(app, request, *kinds):
    return until(lambda: all(price is not None for price in last(app, request, kinds)))


def chain(app, known, spot):
    app.reqSecDefOptParams(200, "SPX", "", "IND", known["IND"].conId)
    until(lambda: app.of("securityDefinitionOptionParameterEnd", 200))
    entries = app.of("securityDefinitionOptionParameter", 200)
    facts["chain_classes"] = sorted({args[3] for args in entries})
    weekly = next(args for args in entries if args[3] == "SPXW" and args[1] == "SMART")
    facts["chain_size"] = [len(weekly[5]), len(weekly[6])]
    expiry = sorted(weekly[5])[12]
    rights = {}
    for request, right in ((210, "P"), (211, "C")):
        query = contract(
            "OPT", "SPX", right=right, lastTradeDateOrContractMonth=expiry, tradingClass="SPXW"
        )
        rights[right] = {item.contract.strike: item for item in details(app, request, query)}
    puts, calls = sorted(rights["P"]), sorted(rights["C"])
    low = [k for k in puts if k < spot * 0.95][-1]
    lower = [k for k in puts if k <= low - 25][-1]
    high = [k for k in calls if k > spot * 1.03][0]
    higher = [k for k in calls if k >= high + 25][0]
    picked = [rights["P"][lower], rights["P"][low], rights["C"][high], rights["C"][higher]]
    rule = int(picked[0].marketRuleIds.split(",")[0])
    app.reqMarketRule(rule)
    facts["market_rule"] = until(lambda: app.of("marketRule", rule), 5)
    return [item.contract for item in picked]


def condor(legs):
    made = contract("BAG", "SPX")
    made.comboLegs = []
    for leg, side in zip(legs, ("BUY", "SELL", "SELL", "BUY")):
        part = ComboLeg()
        part.conId, part.ratio, part.action, part.exchange = leg.conId, 1, side, "SMART"
        made.comboLegs.append(part)
    return made


def ticks(app, known, legs, bag):
    wanted = {"IND": (4, 9), "VIX": (4, 9), "STK": (1, 2), "CASH": (1, 2), "FUT": (1, 2)}
    for number, (name, kinds) in enumerate(wanted.items(), start=300):
        app.reqMktData(number, known[name], "", False, False, [])
        facts[f"tick_{name}"] = quoted(app, number, *kinds)
    app.reqMktData(310, legs[1], "100,101,106", False, False, [])
    facts["tick_OPT"] = quoted(app, 310, 1, 2)
    facts["greeks"] = until(
        lambda: any(args[1] == 13 for args in app.of("tickOptionComputation", 310))
    )
    app.reqMktData(311, bag, "", False, False, [])
    facts["tick_BAG"] = quoted(app, 311, 1, 2)
    app.reqMktData(312, known["STK"], "", True, False, [])
    facts["snapshot"] = until(lambda: app.of("tickSnapshotEnd", 312))
    app.reqMarketDataType(3)
    app.reqMktData(313, contract("STK", "VIXY"), "", False, False, [])
    facts["delayed"] = quoted(app, 313, 66, 67)
    app.reqMarketDataType(1)
    for number in (300, 313):
        app.cancelMktData(number)
    facts["tick_req_params"] = bool(app.of("tickReqParams"))


def bars(app, known):
    app.reqHistoricalData(400, known["IND"], "", "30 D", "1 day", "TRADES", 1, 1, False, [])
    until(lambda: app.of("historicalDataEnd", 400))
    facts["daily_bars"] = len(app.of("historicalData", 400))
    app.reqHistoricalData(401, known["STK"], "", "1 D", "5 mins", "TRADES", 1, 2, True, [])
    facts["keep_up_to_date"] = until(lambda: len(app.of("historicalDataUpdate", 401)) >= 2)
    app.cancelHistoricalData(401)
    app.reqHeadTimeStamp(402, known["IND"], "TRADES", 1, 1)
    facts["head_timestamp"] = until(lambda: app.of("headTimestamp", 402), 5)


def status(app, number):
    found = app.of("orderStatus", number)
    return found[-1][1] if found else ""


def single_orders(app, legs, first):
    ask = last(app, 310, (2,))[0]
    app.placeOrder(first, legs[1], order("BUY", "LMT", 2, round(ask + 0.5, 1), orderRef="one"))
    facts["single_filled"] = until(lambda: status(app, first) == "Filled")
    facts["single_commission"] = until(lambda: app.of("commissionReport"), 5)
    app.placeOrder(first + 1, legs[1], order("SELL", "MKT", 1))
    facts["market_filled"] = until(lambda: status(app, first + 1) == "Filled")
    app.placeOrder(first + 2, legs[1], order("SELL", "LMT", 1, 90.0))
    facts["rests"] = until(lambda: status(app, first + 2) == "Submitted")
    app.placeOrder(first + 2, legs[1], order("SELL", "LMT", 1, 80.0))
    facts["modified"] = until(
        lambda: any(args[2].lmtPrice == 80.0 for args in app.of("openOrder", first + 2)), 5
    )
    app.cancelOrder(first + 2)
    facts["cancelled"] = until(lambda: status(app, first + 2) == "Cancelled")
    app.cancelOrder(987654)
    facts["unknown_cancel"] = until(lambda: 10147 in app.codes(), 5)
    return first + 3


def combo_orders(app, bag, first):
    bid, ask = last(app, 311, (1, 2))
    facts["bag_prices"] = [bid, ask]
    app.placeOrder(first, bag, order("BUY", "LMT", 1, round(ask, 1), whatIf=True))
    facts["what_if"] = until(lambda: app.of("openOrder", first), 5) and float(
        app.of("openOrder", first)[-1][3].initMarginChange
    )
    limit = round(bid - 5.0, 1)
    app.placeOrder(first + 1, bag, order("BUY", "LMT", 2, limit, orderRef="four"))
    facts["combo_limit"] = limit
    facts["combo_rests"] = until(lambda: status(app, first + 1) == "Submitted")
    app.placeOrder(first + 1, bag, order("BUY", "LMT", 2, round(ask + 0.5, 1), orderRef="four"))
    facts["combo_filled"] = until(lambda: status(app, first + 1) == "Filled")
    mine = [args[1:] for args in app.of("execDetails") if args[2].orderId == first + 1]
    facts["combo_kinds"] = sorted({found.secType for found, _ in mine})
    facts["combo_legs"] = len({found.conId for found, _ in mine if found.secType == "OPT"})
    app.placeOrder(first + 2, bag, order("BUY", "LMT", 1, round(bid - 5.0, 1)))
    until(lambda: status(app, first + 2) == "Submitted")
    app.cancelOrder(first + 2)
    facts["combo_cancelled"] = until(lambda: status(app, first + 2) == "Cancelled")
    return first + 3


def account(app, legs):
    name = app.of("managedAccounts")[0][0].split(",")[0]
    facts["account"] = name
    app.reqPositions()
    facts["positions"] = until(lambda: app.of("positionEnd")) and len(app.of("position"))
    app.reqAccountUpdates(True, name)
    facts["account_download"] = until(lambda: app.of("accountDownloadEnd"))
    facts["portfolio"] = len(app.of("updatePortfolio")) >= 4
    app.reqAccountSummary(500, "All", "NetLiquidation,ExcessLiquidity")
    facts["account_summary"] = until(lambda: app.of("accountSummaryEnd", 500))
    app.reqPnL(501, name, "")
    app.reqPnLSingle(502, name, "", legs[1].conId)
    facts["pnl"] = until(lambda: app.of("pnl", 501))
    facts["pnl_single"] = until(lambda: app.of("pnlSingle", 502))
    app.reqCompletedOrders(False)
    facts["completed"] = until(lambda: app.of("completedOrdersEnd")) and len(
        app.of("completedOrder")
    )
    app.reqCurrentTime()
    facts["time"] = until(lambda: app.of("currentTime"), 5)


def reconnect(app, bag, number):
    bid = last(app, 311, (1,))[0]
    app.placeOrder(number, bag, order("BUY", "LMT", 1, round(bid - 6.0, 1), orderRef="survivor"))
    until(lambda: status(app, number) == "Submitted")
    perm_id = app.of("orderStatus", number)[-1][5]
    app.disconnect()
    time.sleep(0.3)
    again = Client()
    facts["reconnected"] = again.open(12)
    facts["ids_go_on"] = again.of("nextValidId")[0][0] > number
    again.reqOpenOrders()
    until(lambda: again.of("openOrderEnd"))
    kept = [args for args in again.of("openOrder", number) if args[2].permId == perm_id]
    facts["order_survives"] = bool(kept)
    facts["legs_survive"] = len(kept[-1][1].comboLegs or []) if kept else 0
    again.reqExecutions(600, ExecutionFilter())
    until(lambda: again.of("execDetailsEnd", 600))
    facts["executions_survive"] = len(again.of("execDetails", 600)) >= 5
    again.cancelOrder(number)
    facts["survivor_cancelled"] = until(lambda: status(again, number) == "Cancelled")
    second = Client()
    second.connect("127.0.0.1", PORT, 12)
    threading.Thread(target=second.run, daemon=True).start()
    facts["client_id_conflict"] = until(lambda: 326 in second.codes(), 5)
    second.disconnect()
    again.disconnect()
    facts["codes"] = sorted(set(app.codes() + again.codes()))


def session():
    app = Client()
    facts["connected"] = app.open(12)
    facts["version"] = app.serverVersion()
    facts["accounts"] = app.of("managedAccounts")[0][0].split(",")
    known = contracts(app)
    app.reqMktData(1, known["IND"], "", False, False, [])
    quoted(app, 1, 4)
    legs = chain(app, known, last(app, 1, (4,))[0])
    bag = condor(legs)
    ticks(app, known, legs, bag)
    bars(app, known)
    number = single_orders(app, legs, app.of("nextValidId")[0][0])
    number = combo_orders(app, bag, number)
    account(app, legs)
    reconnect(app, bag, number)


hook()
run(report, session)
