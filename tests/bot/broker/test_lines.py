"""Ticks to quotes."""

import math
from datetime import datetime

import pytest

from bot.broker.lines import Lines
from domain.instruments import AD_NYSE, SPX
from domain.quotes import Quote
from tests.bot.broker.builders import HEDGE, NOON, after

BID, ASK, LAST, CLOSE = 1, 2, 4, 9
DBL_MAX = 1.7976931348623157e308


@pytest.fixture
def lines() -> Lines:
    lines = Lines()
    lines.open(HEDGE, 7)
    return lines


def news(lines: Lines, at: datetime = NOON) -> list[Quote]:
    return [quote for _, quote in lines.take_news(at, 0.0)]


def test_both_sides_of_one_batch_make_one_quote(lines: Lines) -> None:
    lines.price(7, BID, 0.80, 10)
    lines.price(7, ASK, 0.90, 20)
    assert news(lines) == [Quote(NOON, 0.80, 0.90, 10, 20)]
    assert news(lines) == []


@pytest.mark.parametrize(
    ("price", "size", "counted"),
    [
        (-1.0, 0.0, "no_price"),
        (0.0, 5.0, "no_price"),
        (math.nan, 5.0, "not_a_number"),
        (DBL_MAX, 5.0, "unset"),
        (-DBL_MAX, 5.0, "unset"),
        (math.inf, 5.0, "unset"),
        (0.8, 0.0, "no_price"),
    ],
)
def test_a_price_that_is_none_becomes_a_missing_side_and_a_count(
    lines: Lines, price: float, size: float, counted: str
) -> None:
    lines.price(7, ASK, 0.90, 20)
    lines.price(7, BID, price, size)
    (quote,) = news(lines)
    assert (quote.bid, quote.bid_size, quote.ask) == (None, 0.0, 0.90)
    assert quote.mid is None
    assert lines.discards[counted] == 1


def test_a_crossed_pair_is_no_pair(lines: Lines) -> None:
    lines.price(7, BID, 0.95, 10)
    lines.price(7, ASK, 0.90, 20)
    (quote,) = news(lines)
    assert (quote.bid, quote.ask) == (None, None)
    assert lines.discards["crossed"] == 1


def test_a_locked_market_is_a_market(lines: Lines) -> None:
    lines.price(7, BID, 0.90, 10)
    lines.price(7, ASK, 0.90, 20)
    assert news(lines)[0].mid == 0.90


def test_an_index_is_read_from_its_last_price_although_nothing_trades() -> None:
    lines = Lines()
    lines.open(SPX, 1)
    lines.price(1, LAST, 2762.13, 0)
    lines.price(1, CLOSE, 2821.98, 0)
    (quote,) = news(lines)
    assert (quote.level, quote.close) == (2762.13, 2821.98)


def test_repeating_a_value_is_no_news_until_its_age_matters(lines: Lines) -> None:
    lines.price(7, BID, 0.80, 10)
    assert len(news(lines, NOON)) == 1
    lines.price(7, BID, 0.80, 10)
    lines.size(7, 0, 10)
    assert news(lines, after(1)) == []
    lines.price(7, BID, 0.80, 10)
    assert [quote.at for quote in news(lines, after(6))] == [after(6)]


def test_greeks_alone_keep_a_quote_fresh_but_do_not_invent_one(lines: Lines) -> None:
    lines.other(7)
    assert news(lines) == []
    lines.price(7, BID, 0.80, 10)
    news(lines)
    lines.other(7)
    assert len(news(lines, after(10))) == 1


def test_a_size_of_zero_takes_the_side_away(lines: Lines) -> None:
    lines.price(7, BID, 0.80, 10)
    news(lines)
    lines.size(7, 0, 0)
    assert news(lines)[0].bid is None


def test_delayed_and_frozen_data_are_marked(lines: Lines) -> None:
    lines.price(7, 66, 0.80, 10)
    lines.price(7, 67, 0.90, 10)
    assert lines.data_type(7, 3) == 3
    assert lines.data_type(7, 3) is None
    (quote,) = news(lines)
    assert (quote.bid, quote.ask, quote.delayed) == (0.80, 0.90, True)


def test_a_halt_is_told_and_its_end_as_well(lines: Lines) -> None:
    lines.price(7, BID, 0.80, 10)
    lines.generic(7, 49, 2)
    assert news(lines)[0].halted
    lines.generic(7, 49, 0)
    assert not news(lines)[0].halted


def test_ticks_after_the_line_was_closed_are_ignored(lines: Lines) -> None:
    lines.price(7, BID, 0.80, 10)
    assert lines.close(HEDGE) == 7
    lines.price(7, ASK, 0.90, 10)
    lines.size(7, 0, 5)
    assert news(lines) == []
    assert not lines.active


def test_what_was_said_before_a_blank_is_forgotten_and_the_gap_is_seen(lines: Lines) -> None:
    lines.price(7, BID, 0.80, 10)
    lines.price(7, ASK, 0.90, 10)
    news(lines)
    lines.blank_all()
    assert news(lines) == []
    lines.price(7, BID, 0.81, 10)
    (quote,) = list(lines.take_news(NOON, 50.0))
    assert (quote[1].bid, quote[1].ask) == (0.81, None)
    assert lines.stale_since(40.0) == [HEDGE]
    lines.price(7, ASK, 0.91, 10)
    list(lines.take_news(NOON, 51.0))
    assert lines.stale_since(40.0) == []
    assert lines.stale_since(51.0) == [HEDGE]


def test_breadth_is_counts_without_sizes_and_without_order() -> None:
    lines = Lines()
    lines.open(AD_NYSE, 9)
    lines.price(9, BID, 2100.0, 90)
    lines.price(9, ASK, 900.0, 0)
    ((contract, quote),) = lines.take_news(NOON, 0.0)
    assert contract == AD_NYSE
    assert (quote.bid, quote.ask, quote.mid) == (2100.0, 900.0, None)
    assert not lines.discards
