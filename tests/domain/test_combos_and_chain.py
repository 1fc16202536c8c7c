"""Packages are bought; strikes and expirations are found by wish."""

from datetime import date
from decimal import Decimal

import pytest

from domain.chain import OptionChain, nearest, spread_out, third_friday
from domain.combos import IronCondor, on_grid, on_ticks, package_quote
from domain.instruments import COMBO_INCREMENT, Contract, Right, spxw_option, vix_option
from domain.option_readings import read_options, read_parity
from domain.quotes import Quote
from tests.builders import CALENDAR, EXPIRATION, TUESDAY, condor


def test_a_condor_wants_rising_strikes_of_one_series() -> None:
    with pytest.raises(ValueError, match="rise"):
        condor(2685, 2655, 2850, 2880)
    with pytest.raises(ValueError, match="series"):
        IronCondor(spxw_option(date(2018, 3, 9), 2655, Right.PUT), *condor().contracts[1:])
    assert IronCondor.of_legs(tuple(reversed(condor().opening))) == condor()


def test_the_wider_wing_bounds_the_loss() -> None:
    """Wings 30 and 40 wide, credit 6.50, two units: (40 - 6.50) x 100 x 2 = 6,700."""
    combo = condor(2655, 2685, 2850, 2890)
    assert combo.width == 40
    assert combo.max_loss_usd(Decimal("6.50"), 2) == Decimal(6700)


def test_a_package_is_quoted_from_the_sides_it_would_take() -> None:
    """Buy 9.00/9.20, sell 12.40/12.60, sell 6.90/7.10, buy 3.40/3.60.

    To buy: 9.20 - 12.40 - 6.90 + 3.60 = -6.50. To sell: 9.00 - 12.60 - 7.10 + 3.40 = -7.30.
    """
    sides = ((9.0, 9.2), (12.4, 12.6), (6.9, 7.1), (3.4, 3.6))
    quotes = {
        contract: Quote(TUESDAY, bid, ask)
        for contract, (bid, ask) in zip(condor().contracts, sides, strict=True)
    }
    market = package_quote(condor().opening, quotes.get)
    assert market is not None
    assert market.ask == pytest.approx(-6.50)
    assert market.bid == pytest.approx(-7.30)
    assert market.mid == pytest.approx(-6.90)


def test_a_missing_side_is_no_market_except_for_a_worthless_wing_being_closed() -> None:
    def quote(contract: Contract) -> Quote:
        return Quote(TUESDAY, None if contract.strike == 2655 else 1.0, 1.2)

    assert package_quote(condor().opening, quote) is None
    closing = package_quote(condor().closing, quote, worthless_bid=True)
    assert closing is not None
    assert closing.ask == pytest.approx(1.2 + 1.2 - 0.0 - 1.0)


def test_float_noise_does_not_move_a_price_by_a_tick() -> None:
    assert on_grid(5.250000000001, COMBO_INCREMENT, "up") == Decimal("5.25")
    assert on_ticks(2.999, vix_option(date(2018, 2, 13), 15), "up") == Decimal("3.00")
    assert on_ticks(3.01, vix_option(date(2018, 2, 13), 15), "up") == Decimal("3.05")


def chain(*days: date) -> OptionChain:
    return OptionChain("SPX", "SPXW", days, (2500.0,))


def test_the_expiration_nearest_45_days_wins_and_ties_go_to_third_friday_then_shorter() -> None:
    today = date(2018, 1, 16)
    shorter, longer = date(2018, 2, 28), date(2018, 3, 4)  # 43 and 47 days
    assert chain(shorter, longer).nearest_expiration(today, 45, 38, 52) == shorter
    friday, other = date(2018, 3, 16), date(2018, 3, 12)
    assert third_friday(friday)
    assert chain(other, friday).nearest_expiration(date(2018, 1, 28), 45, 38, 52) == friday
    assert chain(date(2018, 5, 1)).nearest_expiration(today, 45, 38, 52) is None


def test_two_adjacent_expirations_for_a_layer() -> None:
    days = (date(2018, 2, 13), date(2018, 3, 20), date(2018, 4, 17), date(2018, 5, 15))
    found = chain(*days).two_nearest_expirations(date(2018, 1, 16), 110, 85, 135)
    assert found == (date(2018, 5, 15), date(2018, 4, 17))


def test_strikes_near_a_wish() -> None:
    strikes = (10.0, 11.0, 12.0, 13.0, 15.0)
    assert nearest(strikes, 12.4, 2) == (12.0, 13.0)
    assert nearest(strikes, 11.5) == (11.0,), "of two equally close the lower"
    assert spread_out(strikes, 10.0, 15.0, 3) == (10.0, 12.0, 15.0)
    assert spread_out(strikes, 20.0, 30.0, 3) == ()


def test_the_forward_is_read_where_both_options_of_a_strike_are_quoted() -> None:
    """Strikes 100 and 102 say 101.0 and 101.2 and are trusted alike; a series apart, a one-sided
    quote and a stale one say nothing.
    """
    other = date(2018, 3, 9)
    mids = {(100, Right.CALL): 3.0, (100, Right.PUT): 2.0, (102, Right.CALL): 1.6}
    mids |= {(102, Right.PUT): 2.4, (104, Right.CALL): 9.0, (106, Right.CALL): 9.0}
    quotes = {
        spxw_option(EXPIRATION, strike, right): Quote(TUESDAY, mid - 0.1, mid + 0.1)
        for (strike, right), mid in mids.items()
    }
    quotes[spxw_option(EXPIRATION, 104, Right.PUT)] = Quote(TUESDAY, None, 0.05)
    stale = spxw_option(EXPIRATION, 106, Right.PUT)
    quotes[stale] = Quote(TUESDAY, 0.1, 0.2)
    quotes[spxw_option(other, 100, Right.PUT)] = Quote(TUESDAY, 50.0, 50.2)
    like = spxw_option(EXPIRATION, 100, Right.PUT)

    def usable(contract: Contract) -> Quote | None:
        return None if contract == stale else quotes[contract]

    parity = read_parity(quotes, usable, like, CALENDAR, TUESDAY)
    assert parity is not None
    assert parity.used == 2
    assert parity.forward == pytest.approx(101.1, abs=0.02)
    assert read_parity({}, usable, like, CALENDAR, TUESDAY) is None


def test_an_option_below_its_intrinsic_value_reads_as_certain() -> None:
    deep = spxw_option(EXPIRATION, 2000, Right.CALL)
    worthless = spxw_option(EXPIRATION, 2000, Right.PUT)
    readings = read_options([(deep, 700.0), (worthless, 0.0)], 2776.0, CALENDAR, TUESDAY)
    assert [reading.delta for reading in readings] == [1.0, 0.0]


def test_a_discount_is_taken_off_before_the_volatility_is_read() -> None:
    call = spxw_option(EXPIRATION, 2800, Right.CALL)
    ((plain,), (discounted,)) = (
        read_options([(call, mid)], 2776.0, CALENDAR, TUESDAY, discount)
        for mid, discount in ((20.0, 1.0), (20.0 * 0.99, 0.99))
    )
    assert discounted.vol == pytest.approx(plain.vol, rel=1e-12)
    assert discounted.delta == pytest.approx(plain.delta, rel=1e-12)
