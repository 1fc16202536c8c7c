from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sim.exchange.matching import FillModel, FillSettings, LegQuote, allocate, package_of

T0 = datetime(2018, 1, 17, 16, 0, tzinfo=UTC)
CONDOR = (
    LegQuote(1, -1, 9.50, 9.90, 40, 30),
    LegQuote(2, 1, 4.00, 4.30, 25, 60),
    LegQuote(3, -1, 11.80, 12.20, 12, 30),
    LegQuote(4, 1, 8.10, 8.40, 33, 21),
)
CALL = (LegQuote(5, 1, 0.56, 0.64, 150, 90),)


def _fill(model, limit, *, seconds=59, legs=CONDOR, quantity=1, key="order"):
    price = None if limit is None else Decimal(limit)
    now = T0 + timedelta(seconds=seconds)
    return model.try_fill(key, legs, quantity=quantity, limit=price, since=T0, now=now)


def test_a_package_is_natural_when_it_takes_every_quoted_side():
    package = package_of(CONDOR)
    assert (package.mid, package.natural, package.size) == (
        Decimal("-9.30"), Decimal("-8.60"), 12,
    )  # fmt: skip


def test_a_limit_at_the_natural_price_fills_at_once_and_never_above_it():
    execution = _fill(FillModel(1), "-8.20", seconds=1, quantity=3)
    assert (execution.quantity, execution.net_price) == (3, Decimal("-8.60"))


@pytest.mark.parametrize("limit", ["-9.30", "-9.45", "-12.00"])
def test_a_limit_at_mid_or_better_for_us_rests_for_ever(limit):
    model = FillModel(1)
    assert all(_fill(model, limit, seconds=s) is None for s in range(0, 7200, 15))


def test_a_limit_between_mid_and_natural_finds_hidden_interest_and_pays_its_limit():
    model = FillModel(1)
    tried = (
        _fill(model, "-9.00", seconds=s, key=f"{n}") for n in range(20) for s in range(60, 600, 20)
    )
    fills = [execution for execution in tried if execution]
    assert fills
    assert {execution.net_price for execution in fills} == {Decimal("-9.00")}


def test_walking_towards_the_natural_side_fills_before_it_is_reached():
    prices = []
    for n in range(40):
        model, filled = FillModel(n), None
        for step in range(13):
            limit = Decimal("-9.30") + step * Decimal("0.05")
            since = T0 + timedelta(minutes=step)
            for s in (15, 30, 45, 59):
                filled = filled or model.try_fill(
                    "walk",
                    CONDOR,
                    quantity=1,
                    limit=limit,
                    since=since,
                    now=since + timedelta(seconds=s),
                )
        prices.append(filled.net_price)
    assert all(Decimal("-9.30") < price < Decimal("-8.60") for price in prices)
    assert len(set(prices)) > 3


def test_a_new_limit_queues_before_hidden_interest_takes_it():
    settings = FillSettings(hidden_from=0.1, hidden_to=0.1, queue_from_s=20.0, queue_to_s=20.0)
    model = FillModel(1, settings)
    assert _fill(model, "-8.80", seconds=19) is None
    assert _fill(model, "-8.80", seconds=20) is not None


def test_reach_is_the_boundary_of_hidden_interest():
    model = FillModel(5)
    reach = model.reach("order", T0, CONDOR)
    assert Decimal("-9.23") <= reach <= Decimal("-8.88")
    assert _fill(model, str(reach - Decimal("0.01"))) is None
    assert _fill(model, str(reach), seconds=59) is not None


def test_draws_depend_on_seed_order_and_minute_not_on_the_order_of_calls():
    one, other = FillModel(3), FillModel(3)
    for n in range(10):
        other.reach(f"noise {n}", T0, CALL)
    assert one.reach("a", T0, CONDOR) == other.reach("a", T0, CONDOR)
    assert one.reach("a", T0, CONDOR) != one.reach("b", T0, CONDOR)
    assert one.reach("a", T0, CONDOR) != one.reach("a", T0 + timedelta(minutes=1), CONDOR)
    assert one.reach("a", T0, CONDOR) != FillModel(4).reach("a", T0, CONDOR)


def test_size_at_the_touch_bounds_a_fill_and_the_rest_waits_for_the_next_minute():
    model = FillModel(1)
    assert _fill(model, "-8.60", seconds=1, quantity=30).quantity == 12
    assert _fill(model, "-8.60", seconds=30, quantity=18) is None
    assert _fill(model, "-8.60", seconds=61, quantity=18).quantity == 12
    model.forget("order")
    assert _fill(model, "-8.60", seconds=62, quantity=6).quantity == 6


def test_a_market_order_pays_the_natural_price_and_at_most_two_ticks_more():
    paid = {_fill(FillModel(n), None, seconds=1).net_price for n in range(30)}
    assert paid == {Decimal("-8.60"), Decimal("-8.55"), Decimal("-8.50")}


def test_nothing_fills_before_the_latency_is_over():
    assert _fill(FillModel(1), "-8.60", seconds=0) is None


def test_a_sold_leg_takes_the_bid_and_its_net_is_a_credit():
    sold = (LegQuote(5, -1, 0.56, 0.64, 150, 90),)
    execution = _fill(FillModel(1), "-0.56", legs=sold, quantity=2)
    assert (execution.net_price, execution.leg_prices) == (Decimal("-0.56"), (Decimal("0.56"),))


@pytest.mark.parametrize(
    "leg",
    [
        LegQuote(1, 1, 1.0, None, 5, 0),
        LegQuote(1, 1, 2.0, 1.0, 5, 5),
        LegQuote(1, 1, 1.0, 1.1, 5, 5, halted=True),
    ],
)
def test_a_leg_without_a_believable_offer_stops_the_package(leg):
    assert _fill(FillModel(1), "99", legs=(leg, *CALL)) is None
    assert FillModel(1).reach("order", T0, (leg, *CALL)) is None


def test_a_worthless_wing_can_be_given_away_for_nothing():
    wing = (LegQuote(1, -1, None, 0.05, 0, 50),)
    assert _fill(FillModel(1), "0.00", legs=wing).leg_prices == (Decimal("0.00"),)


@pytest.mark.parametrize("net", ["-9.30", "-9.05", "-8.60", "-8.50"])
def test_leg_prices_add_up_to_the_net_and_lie_near_their_quotes(net):
    prices = allocate(Decimal(net), CONDOR, package_of(CONDOR))
    total = sum(leg.ratio * price for leg, price in zip(CONDOR, prices, strict=True))
    assert total == Decimal(net)
    for leg, price in zip(CONDOR, prices, strict=True):
        assert leg.bid - 0.1 <= float(price) <= leg.ask + 0.1
