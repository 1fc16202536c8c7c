"""Breadth, currencies, SKEW and funds of the simulated exchange."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from config.load import session_calendar
from domain.instruments import AD_NYSE, DOLLAR_PAIRS, Contract
from sim.exchange.listings import FOREX_IDS, INDEX_IDS, STOCK_IDS
from sim.exchange.market import ContractQuery, Market
from sim.exchange.scenarios import load


def closing(market: Market, con_id: int, day: date) -> float:
    """The close of ``day`` in the daily bars up to now."""
    bars = market.bars(
        con_id, end=market.now, start=market.now - timedelta(days=30), bar_seconds=86400, rth=True
    )
    (close,) = (bar.close for bar in bars if bar.start.date() == day)
    return close


def query(contract: Contract) -> ContractQuery:
    return ContractQuery(
        symbol=contract.symbol, sec_type=contract.kind.value, exchange=contract.exchange,
        currency=contract.currency,
    )  # fmt: skip


def test_breadth_falls_with_the_index_and_is_two_counts(volmageddon, calendar):
    day = date(2018, 2, 5)
    volmageddon.advance(calendar.close_at(day) - timedelta(minutes=20))
    (quote,) = volmageddon.quotes([INDEX_IDS[AD_NYSE.symbol]])
    assert quote.bid + quote.ask + quote.bid_size == 3000
    ratio = (quote.bid - quote.ask) / (quote.bid + quote.ask)
    assert ratio < -0.8, "the index fell by four per cent"
    assert quote.last is None
    end, start = volmageddon.now, volmageddon.now - timedelta(days=5)
    breadth = INDEX_IDS[AD_NYSE.symbol]
    assert volmageddon.bars(breadth, end=end, start=start, bar_seconds=86400, rth=True) == []


@pytest.mark.parametrize("pair", DOLLAR_PAIRS, ids=lambda pair: pair.series)
def test_every_pair_of_the_basket_is_listed_and_quoted_on_its_grid(volmageddon, pair):
    (listing,) = volmageddon.find(query(pair))
    assert listing.con_id == FOREX_IDS[pair.series]
    (quote,) = volmageddon.quotes([listing.con_id])
    assert quote.ask - quote.bid == pytest.approx(listing.min_tick)
    assert quote.bid / listing.min_tick == pytest.approx(round(quote.bid / listing.min_tick))


def test_skew_wanders_about_its_mean(volmageddon):
    skew = INDEX_IDS["SKEW"]
    start = volmageddon.now - timedelta(days=400)
    bars = volmageddon.bars(skew, end=volmageddon.now, start=start, bar_seconds=86400, rth=True)
    closes = [bar.close for bar in bars]
    assert 115 < sum(closes) / len(closes) < 140
    assert max(closes) - min(closes) > 5


def test_real_closes_are_met_where_the_folder_has_them(market_data_dir: Path) -> None:
    calendar = session_calendar()
    scenario = load("volmageddon", start=date(2018, 2, 5), days=2, data_dir=market_data_dir)
    market = Market(scenario, calendar, seed=7)
    market.advance(calendar.close_at(date(2018, 2, 6)) + timedelta(minutes=1))
    day = date(2018, 2, 5)
    assert closing(market, STOCK_IDS["SPY"], day) == pytest.approx(231.7052, abs=1e-3)
    assert closing(market, STOCK_IDS["VNQ"], day) == pytest.approx(55.5195, abs=1e-3)
    assert closing(market, STOCK_IDS["VIXY"], day) == pytest.approx(2932.8, abs=1e-1)
    assert closing(market, INDEX_IDS["SKEW"], day) == pytest.approx(117.33, abs=1e-2)
