"""Contracts name themselves, and prices land on the exchange's grid."""

from datetime import date
from decimal import Decimal

import pytest

from domain.instruments import (
    Contract,
    Kind,
    Right,
    Settlement,
    price_increment,
    round_to_increment,
    spxw_option,
    vix_option,
    vx_future,
)

SPXW_PUT = spxw_option(date(2018, 3, 2), 2690.0, Right.PUT)
VIX_CALL = vix_option(date(2018, 2, 13), 14.0)


def test_labels_read_as_a_trader_would_say_them():
    assert SPXW_PUT.label == "SPXW 2018-03-02 2690 P"
    assert VIX_CALL.label == "VIX 2018-02-13 14 C"
    assert vx_future(date(2018, 2, 14)).label == "VX 2018-02-14"


def test_weekly_spx_options_settle_in_the_afternoon_and_vix_options_in_the_morning():
    assert SPXW_PUT.settlement is Settlement.PM
    assert VIX_CALL.settlement is Settlement.AM


def test_an_option_without_a_strike_is_refused():
    with pytest.raises(ValueError, match="strike"):
        Contract(Kind.OPTION, "SPX", "SMART", "SPXW", date(2018, 3, 2), 0.0, Right.PUT, 100)


@pytest.mark.parametrize(
    ("contract", "price", "increment"),
    [
        (SPXW_PUT, "2.95", "0.05"),
        (SPXW_PUT, "3.00", "0.10"),
        (VIX_CALL, "2.99", "0.01"),
        (VIX_CALL, "3.00", "0.05"),
        (vx_future(date(2018, 2, 14)), "12.30", "0.05"),
    ],
)
def test_the_tick_grid_depends_on_class_and_price(contract, price, increment):
    assert price_increment(contract, Decimal(price)) == Decimal(increment)


@pytest.mark.parametrize(
    ("price", "rounding", "expected"),
    [
        ("-3.22", "nearest", "-3.20"),
        ("-3.22", "down", "-3.25"),
        ("-3.22", "up", "-3.20"),
        ("1.02", "up", "1.05"),
        ("1.05", "up", "1.05"),
    ],
)
def test_rounding_goes_to_the_grid_in_the_asked_direction(price, rounding, expected):
    assert round_to_increment(Decimal(price), Decimal("0.05"), rounding) == Decimal(expected)
