"""Spelling, both ways. What the library would see is compared literally."""

from datetime import date
from decimal import Decimal

import pytest
from ib_async import ComboLeg, Contract, Execution, Order

from bot.broker.translate import (
    Untranslatable,
    contract_fields,
    contract_from_ib,
    date_from_ib,
    decimal_from_ib,
    execution_from_ib,
    limit_from_ib,
    series_fields,
    split_exec_id,
    ticket,
)
from domain.instruments import SPX, VIX, stock, vx_future
from domain.instruments import Contract as DomainContract
from domain.orders import Leg
from tests.bot.broker.builders import CON_IDS, CONDOR, HEDGE, SHORT_PUT, an_order

LIMIT = Decimal("-3.20")
EVERY_KIND = [SPX, VIX, stock("VIXY"), vx_future(date(2018, 2, 14)), SHORT_PUT, HEDGE]


@pytest.mark.parametrize("contract", EVERY_KIND, ids=lambda c: c.label)
def test_a_contract_survives_the_way_to_the_broker_and_back(contract: DomainContract) -> None:
    assert contract_from_ib(Contract(**contract_fields(contract, 7))) == contract


def test_an_option_is_spelled_as_the_broker_spells_it() -> None:
    assert contract_fields(SHORT_PUT, 102) == {
        "conId": 102, "symbol": "SPX", "secType": "OPT", "exchange": "SMART", "currency": "USD",
        "tradingClass": "SPXW", "lastTradeDateOrContractMonth": "20180321", "multiplier": "100",
        "strike": 2525, "right": "P",
    }  # fmt: skip


def test_a_series_query_leaves_strike_and_right_open() -> None:
    fields = series_fields(SHORT_PUT)
    assert "strike" not in fields
    assert "right" not in fields
    assert fields["lastTradeDateOrContractMonth"] == "20180321"


def test_an_option_reported_without_exchange_or_with_its_time_of_day_is_recognised() -> None:
    reported = Contract(
        secType="OPT", conId=102, symbol="SPX", right="P", strike=2525.0, multiplier="100",
        currency="USD", lastTradeDateOrContractMonth="20180321 16:15 US/Eastern",
        tradingClass="SPXW",
    )  # fmt: skip
    assert contract_from_ib(reported) == SHORT_PUT


@pytest.mark.parametrize(
    "foreign",
    [
        Contract(secType="BAG", symbol="SPX"),
        Contract(secType="CRYPTO", symbol="BTC"),
        Contract(secType="OPT", symbol="SPX", right="?", strike=1.0),
        Contract(secType="OPT", symbol="SPX", right="C", strike=0.0),
        Contract(secType="FUT", symbol="VIX", lastTradeDateOrContractMonth="later"),
    ],
)
def test_what_we_have_no_word_for_is_none(foreign: Contract) -> None:
    assert contract_from_ib(foreign) is None


def test_a_condor_is_bought_at_a_negative_price() -> None:
    spelled = ticket(an_order(quantity=2), LIMIT, CON_IDS, "DU1")
    assert spelled.order["action"] == "BUY"
    assert spelled.order["lmtPrice"] == -3.2
    assert spelled.order["totalQuantity"] == 2
    assert spelled.contract == {
        "symbol": "SPX", "secType": "BAG", "exchange": "SMART", "currency": "USD",
    }  # fmt: skip
    assert [(leg["conId"], leg["action"], leg["ratio"]) for leg in spelled.legs] == [
        (101, "BUY", 1), (102, "SELL", 1), (103, "SELL", 1), (104, "BUY", 1),
    ]  # fmt: skip
    ComboLeg(**spelled.legs[0])  # the library takes these fields


def test_presets_of_the_platform_are_left_nothing_to_fill_in() -> None:
    order = Order(**ticket(an_order(), LIMIT, CON_IDS, "DU1").order)
    assert (order.tif, order.account, order.orderRef) == ("DAY", "DU1", "condor-20180205-1")
    assert order.transmit
    assert not any((order.eTradeOnly, order.firmQuoteOnly, order.outsideRth))


def test_a_single_sold_leg_is_a_sale_at_a_positive_price() -> None:
    order = an_order(legs=(Leg(HEDGE, -1),), quantity=3, limit="-1.25")
    spelled = ticket(order, order.limit, CON_IDS, "DU1")
    assert (spelled.order["action"], spelled.order["lmtPrice"]) == ("SELL", 1.25)
    assert spelled.contract["conId"] == 200
    assert spelled.legs == ()
    assert limit_from_ib(Order(**spelled.order)) == Decimal("-1.25")


def test_a_single_bought_leg_is_a_purchase() -> None:
    order = an_order(legs=(Leg(HEDGE, 1),), limit="0.85")
    spelled = ticket(order, order.limit, CON_IDS, "DU1")
    assert (spelled.order["action"], spelled.order["lmtPrice"]) == ("BUY", 0.85)


@pytest.mark.parametrize("limit", ["NaN", "Infinity", "-Infinity", "1E+9"])
def test_a_limit_that_is_no_price_never_leaves(limit: str) -> None:
    with pytest.raises(Untranslatable):
        ticket(an_order(), Decimal(limit), CON_IDS, "DU1")


@pytest.mark.parametrize("limit", ["1.00", "0"])
def test_nobody_pays_to_give_an_option_away(limit: str) -> None:
    with pytest.raises(Untranslatable):
        ticket(an_order(legs=(Leg(HEDGE, -1),)), Decimal(limit), CON_IDS, "DU1")


def test_a_leg_without_contract_id_holds_the_order_back_by_name() -> None:
    with pytest.raises(Untranslatable, match="VIX 2018-03-20 20 C"):
        ticket(an_order(legs=(Leg(HEDGE, 1),), limit="1"), Decimal(1), {}, "DU1")


@pytest.mark.parametrize("ref", ["", "a b", "a\0b", "é", "x" * 41, "a\n"])
def test_an_order_reference_cannot_carry_protocol(ref: str) -> None:
    with pytest.raises(Untranslatable):
        ticket(an_order(ref=ref, legs=CONDOR), LIMIT, CON_IDS, "DU1")


@pytest.mark.parametrize(
    "value", ["", "nan", "inf", 1.7976931348623157e308, float("nan"), "x", None]
)
def test_the_broker_s_ways_to_say_nothing_are_no_numbers(value: object) -> None:
    assert decimal_from_ib(value) is None


def test_a_number_of_the_broker_is_taken_exactly() -> None:
    assert decimal_from_ib(0.1) == Decimal("0.1")
    assert decimal_from_ib("-1000000.005") == Decimal("-1000000.005")


@pytest.mark.parametrize(
    ("exec_id", "expected"),
    [
        ("0000e0d5.67fe667b.01.01", ("0000e0d5.67fe667b.01", 1)),
        ("0000e0d5.67fe667b.01.02", ("0000e0d5.67fe667b.01", 2)),
        ("odd", ("odd", 0)),
    ],
)
def test_the_last_group_of_an_execution_id_is_its_revision(
    exec_id: str, expected: tuple[str, int]
) -> None:
    assert split_exec_id(exec_id) == expected


def _execution(**changes: object) -> Execution:
    fields: dict[str, object] = {
        "execId": "a.b.01.01", "orderId": 5, "clientId": 1, "permId": 9, "side": "SLD",
        "shares": 2.0, "price": 4.1, "orderRef": "condor-20180205-1",
    }  # fmt: skip
    return Execution(**{**fields, **changes})  # type: ignore[arg-type]


def test_an_execution_of_a_sold_leg_has_a_negative_quantity() -> None:
    report = execution_from_ib(Contract(**contract_fields(SHORT_PUT, 102)), _execution())
    assert report is not None
    assert (report.contract, report.quantity, report.price) == (SHORT_PUT, -2, Decimal("4.1"))


def test_the_summary_row_of_a_combo_has_no_contract() -> None:
    report = execution_from_ib(Contract(secType="BAG", symbol="SPX"), _execution(price=-3.2))
    assert report is not None
    assert report.contract is None


@pytest.mark.parametrize(
    "broken", [{"price": 1.7976931348623157e308}, {"shares": 0.5}, {"execId": ""}]
)
def test_an_execution_that_cannot_be_booked_is_none(broken: dict[str, object]) -> None:
    contract = Contract(**contract_fields(SHORT_PUT, 102))
    assert execution_from_ib(contract, _execution(**broken)) is None


def test_a_day_is_read_with_and_without_its_time() -> None:
    assert date_from_ib("20180302") == date(2018, 3, 2)
    assert date_from_ib("20180302 16:15 US/Eastern") == date(2018, 3, 2)
    assert date_from_ib("201803") is None
