"""What a real gateway was seen to send, byte for byte, made by our encoders from the same facts."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sim.gateway import answers, order_answers
from sim.gateway.fields import UNSET_DOUBLE
from sim.gateway.order import Fill, Order, Status
from sim.gateway.order_request import OrderRequest
from sim.gateway.wire_contract import WireContract

HEAD = datetime.fromtimestamp(1678323335, UTC)
AT = datetime(2023, 2, 24, 17, 4, 56, tzinfo=UTC)
TESLA = WireContract(76792991, "TSLA", "STK", "", 0.0, "", "", "SMART", "", "USD", "TSLA", "NMS")
ON_ISLAND = WireContract(
    76792991, "TSLA", "STK", "", 0.0, "", "", "ISLAND", "", "USD", "TSLA", "NMS"
)
FILL = Fill(
    "00025b46.63f8f39c.01.01", AT, ON_ISLAND, None, "BOT", 100, Decimal("196.52"), 100,
    Decimal("196.52"), Decimal(1),
)  # fmt: skip


def order() -> Order:
    request = OrderRequest(
        order_id=13, contract=TESLA, action="BUY", quantity=Decimal(100), order_type="MKT",
        limit=None, aux=None, tif="DAY", oca_group="", account="", open_close="", origin=0,
        order_ref="", transmit=True, parent_id=0, outside_rth=False, hidden=False,
    )  # fmt: skip
    return Order(100, 1376327563, request, TESLA, (), AT)


def shown(body: bytes) -> str:
    return body.decode().replace("\0", "|")


def test_order_status() -> None:
    filled = order()
    filled.status, filled.filled, filled.paid = Status.FILLED, 100, Decimal(19652)
    filled.last_price = Decimal("196.52")
    assert shown(order_answers.order_status(filled)) == (
        "3|13|Filled|100|0|196.52|1376327563|0|196.52|100||0|"
    )


def test_execution_details() -> None:
    golden = (
        "11|-1|13|76792991|TSLA|STK||0.0|||ISLAND|USD|TSLA|NMS|00025b46.63f8f39c.01.01|"
        "20230224 12:04:56 US/Eastern|DU1234567|ISLAND|BOT|100|196.52|1376327563|100|0|100|196.52|"
        "||||2|"
    )
    assert shown(order_answers.exec_details(170, -1, order(), FILL, "DU1234567")) == golden
    assert shown(order_answers.exec_details(178, -1, order(), FILL, "DU1234567")) == golden + "0|"


def test_commission_report() -> None:
    assert shown(order_answers.commission_report(FILL)) == (
        "59|1|00025b46.63f8f39c.01.01|1.0|USD|1.7976931348623157E308|1.7976931348623157E308||"
    )


@pytest.mark.parametrize("version", [162, 163, 164, 166, 169])
def test_open_order(version: int) -> None:
    golden = (
        "5|13|76792991|TSLA|STK||0|?||SMART|USD|TSLA|NMS|BUY|100|MKT|0.0|0.0|DAY||DU1234567||0||100|"
        "1376327563|0|0|0||1376327563.0/DU1234567/100||||||||||0||-1|0||||||2147483647|0|0|0||3|0|0||0|"
        "0||0|None||0||||?|0|0||0|0||||||0|0|0|2147483647|2147483647|||0||IB|0|0||0|0|PreSubmitted|"
        f"{(UNSET_DOUBLE + '|') * 9}|||||0|0|0|None|{(UNSET_DOUBLE + '|') * 6}0||||0|1|0|0|0|||0|"
    )
    assert shown(order_answers.open_order(version, order(), "DU1234567")) == golden


@pytest.mark.parametrize(
    ("body", "golden"),
    [
        (answers.market_rule(26, [(0.0, 0.01)]), "93|26|1|0|0.01|"),
        (answers.head_timestamp(9000, HEAD, 2), "88|9000|1678323335|"),
        (order_answers.completed_orders_end(), "102|"),
        (answers.error(166, -1, 2107, "inactive"), "4|2|-1|2107|inactive||"),
        (answers.error(165, -1, 2107, "inactive"), "4|2|-1|2107|inactive|"),
        (answers.handshake(178, AT), "178|20230224 12:04:56 US/Eastern|"),
    ],
)  # fmt: skip
def test_short_messages(body: bytes, golden: str) -> None:
    assert shown(body) == golden
