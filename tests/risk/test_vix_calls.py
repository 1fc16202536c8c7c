"""All quoted VIX options read at once, as each would be on its own."""

from dataclasses import replace
from datetime import date, timedelta

from domain.instruments import Right, vix_option
from domain.option_readings import read_options
from domain.quotes import Quote
from risk.limits import RiskLimits
from risk.vix_calls import vix_forward, vix_readings
from tests.builders import Market, quoted, ready_desk

LIMITS = RiskLimits()
FEBRUARY, MAY = date(2018, 2, 13), date(2018, 5, 15)
CALLS = [vix_option(day, strike) for day in (FEBRUARY, MAY) for strike in (13.0, 16.0, 22.0)]


def test_an_option_is_read_as_it_would_be_without_the_others() -> None:
    desk = quoted(ready_desk(), Market(), CALLS)
    found = vix_readings(desk, LIMITS)
    assert list(found) == CALLS
    for call in CALLS:
        quote = desk.quote(call)
        assert quote is not None
        assert quote.mid is not None
        assert call.expiration is not None
        forward = vix_forward(desk, call.expiration, LIMITS)
        assert forward is not None
        (alone,) = read_options([(call, quote.mid)], forward, desk.calendar, desk.now)
        assert found[call] == alone


def test_what_is_old_or_has_no_forward_is_left_out() -> None:
    desk = quoted(ready_desk(), Market(), CALLS)
    old = Quote(desk.now - timedelta(hours=2), 1.0, 1.1)
    aged = replace(desk, quotes={**desk.quotes, CALLS[0]: old})
    assert list(vix_readings(aged, LIMITS)) == CALLS[1:]
    assert vix_readings(replace(desk, futures=()), LIMITS) == {}


def test_a_missing_bid_under_a_real_ask_counts_as_nothing() -> None:
    far = vix_option(FEBRUARY, 80.0)
    desk = quoted(ready_desk(), Market(), CALLS)
    desk = replace(desk, quotes={**desk.quotes, far: Quote(desk.now, None, 0.02)})
    assert vix_readings(desk, LIMITS)[far].mid == 0.01


def test_puts_are_read_too() -> None:
    put = vix_option(FEBRUARY, 13.0, Right.PUT)
    desk = quoted(ready_desk(), Market(), [put])
    assert vix_readings(desk, LIMITS)[put].delta < 0
