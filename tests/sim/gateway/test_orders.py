"""Orders from acceptance to the end, as a client hears of them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from ib_async import Contract, ExecutionFilter, LimitOrder, MarketOrder, Order, Trade

from sim.gateway.settings import GatewaySettings
from tests.sim.gateway.bench import Bench, Library
from tests.sim.gateway.test_every_version import bag_of, contract_of

EASTERN = ZoneInfo("US/Eastern")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
async def library(bench: Bench) -> Library:
    return Library(bench)


def put(bench: Bench) -> Contract:
    return contract_of(bench.option(2650, "P"))


def errors(library: Library) -> list[int]:
    found: list[int] = []
    library.ib.errorEvent += lambda _id, code, *_: found.append(code)
    return found


def place(library: Library, contract: Contract, order: LimitOrder | MarketOrder) -> Trade:
    trade = library.ib.placeOrder(contract, order)
    library.pump()
    return trade


async def test_a_limit_below_the_market_rests_and_one_above_fills_at_the_quoted_side(
    library: Library, bench: Bench
) -> None:
    quote = bench.gateway.quote(bench.option(2650, "P").con_id)
    assert quote.ask is not None
    low = place(library, put(bench), LimitOrder("BUY", 1, 0.05))
    high = place(library, put(bench), LimitOrder("BUY", 1, round(quote.ask * 2, 0)))
    library.after(300)
    assert low.orderStatus.status == "Submitted"
    assert high.orderStatus.status == "Filled"
    assert high.orderStatus.avgFillPrice < quote.ask * 1.5


async def test_a_credit_is_a_negative_limit_and_selling_the_package_is_the_other_side(
    library: Library, bench: Bench
) -> None:
    bought = place(library, bag_of(bench), MarketOrder("BUY", 1))
    sold = place(library, bag_of(bench), MarketOrder("SELL", 1))
    library.after(60)
    assert bought.orderStatus.avgFillPrice < 0
    assert sold.orderStatus.avgFillPrice < 0
    assert sold.orderStatus.avgFillPrice < bought.orderStatus.avgFillPrice  # the spread is lost
    assert [f.execution.side for f in sold.fills] == ["SLD", "SLD", "BOT", "BOT", "SLD"]
    assert not [p for p in library.ib.positions() if p.position]


async def test_a_modified_limit_is_acknowledged_and_then_fills(
    library: Library, bench: Bench
) -> None:
    trade = place(library, bag_of(bench), LimitOrder("BUY", 1, -40.0))
    library.after(60)
    assert trade.orderStatus.status == "Submitted"
    trade.order.lmtPrice = -1.0
    library.ib.placeOrder(trade.contract, trade.order)
    library.after(60)
    assert "Modified" in [entry.message for entry in trade.log]
    assert trade.orderStatus.status == "Filled"


async def test_a_big_order_fills_in_parts_that_add_up(library: Library, bench: Bench) -> None:
    trade = place(library, put(bench), MarketOrder("BUY", 900))
    library.after(900)
    shares = [fill.execution.shares for fill in trade.fills]
    assert len(shares) > 1
    assert sum(shares) == trade.orderStatus.filled
    assert [f.execution.cumQty for f in trade.fills] == [
        sum(shares[: n + 1]) for n in range(len(shares))
    ]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (LimitOrder("BUY", 1, 5.03), 110),
        (LimitOrder("BUY", 1, 5.05), 110),  # tenths from 3.00
        (LimitOrder("BUY", 0, 5.0), 434),
        (LimitOrder("BUY", 1.5, 5.0), 10243),
        (LimitOrder("BUY", 1, -5.0), 321),
        (LimitOrder("HOLD", 1, 5.0), 321),
        (LimitOrder("BUY", 1, 5.0, account="DU999"), 321),
        (LimitOrder("BUY", 1, 5.0, parentId=77), 10006),
        (Order(action="BUY", totalQuantity=1, orderType="TRAIL", auxPrice=1.0), 387),
        (LimitOrder("BUY", 1, 5.0, tif="XYZ"), 321),
        (LimitOrder("SELL", 500, 5.0), 201),
    ],
)
async def test_an_order_that_cannot_be_is_refused_with_its_code(
    library: Library, bench: Bench, order: LimitOrder, code: int
) -> None:
    heard = errors(library)
    place(library, put(bench), order)
    assert heard == [code]
    assert bench.gateway.orders.orders() == []


async def test_a_combo_with_a_wrong_leg_is_refused(library: Library, bench: Bench) -> None:
    heard = errors(library)
    for breaks, code in (("ratio", 313), ("conId", 313), ("action", 313)):
        bag = bag_of(bench)
        setattr(bag.comboLegs[1], breaks, {"ratio": 0, "conId": 1, "action": "HOLD"}[breaks])
        place(library, bag, LimitOrder("BUY", 1, -1.0))
        assert heard.pop() == code
    bag.comboLegs = []
    place(library, bag, LimitOrder("BUY", 1, -1.0))
    assert heard == [314]


async def test_cancel_says_what_became_of_the_order(library: Library, bench: Bench) -> None:
    heard = errors(library)
    trade = place(library, put(bench), LimitOrder("BUY", 1, 0.05))
    library.ib.cancelOrder(trade.order)
    library.pump()
    assert trade.orderStatus.status == "Cancelled"
    library.ib.client.cancelOrder(trade.order.orderId)
    library.ib.client.cancelOrder(4711)
    library.pump()
    assert heard == [202, 10148, 10147]


async def test_order_ids_are_used_once_and_go_on_after_a_reconnect(
    library: Library, bench: Bench
) -> None:
    heard = errors(library)
    library.ib.client.updateReqId(50)
    place(library, put(bench), LimitOrder("BUY", 1, 0.05))
    library.ib.client.placeOrder(20, put(bench), LimitOrder("BUY", 1, 0.05))
    library.pump()
    assert heard == [103]
    library.ib.client.conn.disconnect()
    again = Library(bench)
    assert again.ib.client.getReqId() == 51
    again.ib.client.reqOpenOrders()
    again.pump()
    assert [trade.order.orderId for trade in again.ib.openTrades()] == [50]


async def test_a_fill_while_nobody_is_connected_is_found_in_the_executions(
    library: Library, bench: Bench
) -> None:
    place(library, bag_of(bench), MarketOrder("BUY", 1, orderRef="lonely"))
    library.ib.client.conn.disconnect()
    bench.pass_time(60)
    again = Library(bench)
    again.ib.client.reqExecutions(1, ExecutionFilter())
    again.ib.client.reqPositions()
    again.pump()
    assert [fill.execution.orderRef for fill in again.ib.fills()] == ["lonely"] * 5
    assert len(again.ib.positions()) == 4


async def test_a_day_order_ends_with_its_session_and_a_gtc_order_goes_on(
    library: Library, bench: Bench
) -> None:
    today = place(library, put(bench), LimitOrder("BUY", 1, 0.05, tif="DAY"))
    always = place(library, put(bench), LimitOrder("BUY", 1, 0.10, tif="GTC"))
    library.after(5)
    bench.jump(datetime(2018, 1, 16, 16, 20, tzinfo=EASTERN))
    library.pump()
    assert (today.orderStatus.status, always.orderStatus.status) == ("Cancelled", "Submitted")
    bench.jump(datetime(2018, 1, 17, 10, 0, tzinfo=EASTERN))
    library.pump()
    assert bench.gateway.orders.orders() == [bench.gateway.orders.known(1, always.order.orderId)]


async def test_an_order_at_night_waits_for_the_open(library: Library, bench: Bench) -> None:
    bench.jump(datetime(2018, 1, 16, 20, 0, tzinfo=EASTERN))
    heard = errors(library)
    trade = place(library, put(bench), MarketOrder("BUY", 1))
    assert (heard, bench.gateway.orders.orders()[0].status) == ([399], "PreSubmitted")
    bench.jump(datetime(2018, 1, 17, 9, 31, tzinfo=EASTERN))
    library.after(30)
    assert trade.orderStatus.status == "Filled"


async def test_a_bracket_is_released_by_its_last_order_and_the_child_waits_for_the_parent(
    library: Library, bench: Bench
) -> None:
    parent = place(library, put(bench), LimitOrder("BUY", 1, 0.05, transmit=False))
    library.after(60)
    assert parent.orderStatus.status == "PreSubmitted"
    child_order = LimitOrder("SELL", 1, 90.0, parentId=parent.order.orderId)
    child = place(library, put(bench), child_order)
    library.after(30)
    assert (parent.orderStatus.status, child.orderStatus.status) == ("Submitted", "PreSubmitted")
    parent.order.lmtPrice, parent.order.transmit = 50.0, True
    library.ib.placeOrder(parent.contract, parent.order)
    library.after(60)
    assert (parent.orderStatus.status, child.orderStatus.status) == ("Filled", "Submitted")


async def test_margin_of_a_condor_is_one_width_and_long_options_need_none(
    library: Library, bench: Bench
) -> None:
    place(library, bag_of(bench), MarketOrder("BUY", 2))
    library.after(30)
    assert bench.gateway.account.requirement().initial == 2 * 50 * 100
    place(library, put(bench), MarketOrder("BUY", 3))
    library.after(30)
    assert bench.gateway.account.requirement().initial <= 2 * 50 * 100


async def test_cash_is_what_was_paid_and_the_account_adds_up(
    library: Library, bench: Bench
) -> None:
    trade = place(library, bag_of(bench), MarketOrder("BUY", 2))
    library.after(30)
    account = bench.gateway.account
    paid = 200 * trade.orderStatus.avgFillPrice + 8 * 1.25
    assert float(account.cash) == pytest.approx(1_000_000 - paid)
    assert account.net_liquidation == account.cash + sum(
        position.value for position in account.positions.values()
    )


@pytest.mark.parametrize(
    ("name", "strikes", "last_trade", "before", "after"),
    [
        ("SPXW", (2700, 3000), "20180117", (17, 15, 59), (17, 16, 1)),  # PM: its own last close
        ("SPX", (2700, 3000), "20180118", (19, 9, 29), (19, 9, 31)),  # AM: the next opening
        ("VIX", (10, 30), "20180116", (17, 9, 29), (17, 9, 31)),  # the opening quotation
    ],
)
async def test_expired_options_become_cash_at_the_settlement_value(
    name: str,
    strikes: tuple[int, int],
    last_trade: str,
    before: tuple[int, int, int],
    after: tuple[int, int, int],
) -> None:
    bench = Bench()
    library = Library(bench)
    listings = [bench.option(strike, "C", last_trade=last_trade, name=name) for strike in strikes]
    for listing in listings:
        place(library, contract_of(listing), MarketOrder("BUY", 1))
    library.ib.client.reqPositions()
    library.after(60)
    bench.jump(datetime(2018, 1, *before, tzinfo=EASTERN))
    library.pump()
    assert len(library.ib.positions()) == 2
    paid_for = bench.gateway.account.cash
    bench.jump(datetime(2018, 1, *after, tzinfo=EASTERN))
    library.pump()
    final = bench.market.settled(listings[0].con_id)
    assert final is not None
    assert strikes[0] < final < strikes[1]
    gained = float(bench.gateway.account.cash - paid_for)
    assert gained == pytest.approx(100 * (final - strikes[0]), abs=0.01)
    assert library.ib.positions() == []


async def test_executions_can_be_asked_for_by_time_side_and_kind(
    library: Library, bench: Bench
) -> None:
    place(library, bag_of(bench), MarketOrder("BUY", 1))
    library.after(30)
    for asked, count in (
        (ExecutionFilter(), 5),
        (ExecutionFilter(secType="OPT"), 4),
        (ExecutionFilter(side="SELL"), 2),
        (ExecutionFilter(clientId=9), 0),
        (ExecutionFilter(time="20180116 09:00:00 US/Eastern"), 5),
        (ExecutionFilter(time="20180116-14:31:00"), 0),
    ):
        again = Library(bench, client_id=2)
        again.ib.client.reqExecutions(1, asked)
        again.pump()
        assert len(again.ib.fills()) == count
        again.session.disconnected()


async def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    def heard(seed: int) -> bytes:
        bench = Bench(seed=seed, settings=GatewaySettings())
        library = Library(bench)
        parts: list[bytes] = []
        library.ib.client.conn.hasData += parts.append
        place(library, bag_of(bench), MarketOrder("BUY", 30))
        library.after(600)
        return b"".join(parts)

    first = heard(3)
    assert first == heard(3)
    assert first != heard(4)
