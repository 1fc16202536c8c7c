"""The price of a full inventory, worked out by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.desk import Desk
from domain.inventory import skewed_mid
from domain.orders import Layer
from domain.quotes import Quote
from risk.hedge_orders import Urgency, buy, sell
from risk.parameters import HedgeParams
from tests.builders import TUESDAY, ready_desk, with_calls, with_condor


def test_nothing_held_leaves_the_mid_and_a_full_inventory_the_bid() -> None:
    assert skewed_mid(1.00, 0.20, 0, 4, 1.0) == 1.00
    assert skewed_mid(1.00, 0.20, 4, 4, 1.0) == pytest.approx(0.90)
    assert skewed_mid(1.00, 0.20, 9, 4, 1.0) == pytest.approx(0.90)
    assert skewed_mid(1.00, 0.20, 1, 0, 1.0) == pytest.approx(0.90)


def test_half_of_it_gives_way_by_twenty_parts_in_twenty_seven() -> None:
    # f(1/2) = 4/3 (1 - 4/9) = 20/27
    assert skewed_mid(1.00, 0.20, 2, 4, 1.0) == pytest.approx(1.00 - 0.10 * 20 / 27)
    assert skewed_mid(1.00, 0.20, 2, 4, 0.5) == pytest.approx(1.00 - 0.05 * 20 / 27)


def half_held() -> Desk:
    """Two of the four calls of the short layer that ten condors want, quoted 0.60 at 1.40."""
    desk = with_calls(with_condor(ready_desk(), quantity=10), quantity=2)
    contract = desk.book.open_tranches[0].contract
    quote = Quote(TUESDAY, 0.60, 1.40, 10, 10)
    return replace(desk, quotes={**desk.quotes, contract: quote})


def limits(params: HedgeParams) -> tuple[Decimal, Decimal]:
    desk = half_held()
    (tranche,) = desk.book.open_tranches
    bought = buy(
        desk, Layer.HEDGE_SHORT, tranche.contract, 1, params, rule="r", reason="x", inputs=()
    )
    sold = sell(desk, tranche, 1, Urgency.PATIENT, params, rule="r", reason="x")
    assert bought is not None
    assert sold is not None
    return bought.limit, sold.limit


def test_orders_start_at_mid_unless_the_skew_is_on() -> None:
    assert limits(HedgeParams()) == (Decimal("1.00"), Decimal("-1.00"))
    # 1.00 - 0.40 x 20/27 = 0.7037
    assert limits(HedgeParams(inventory_skew=1.0)) == (Decimal("0.70"), Decimal("-0.70"))


def test_a_skew_beyond_the_half_spread_is_refused() -> None:
    with pytest.raises(ValueError, match="inventory_skew"):
        HedgeParams(inventory_skew=1.5)
