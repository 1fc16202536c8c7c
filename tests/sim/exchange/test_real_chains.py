"""The models against chains that were really quoted. Needs the data directory; prints nothing of
it.
"""

import csv
import gzip
from datetime import date, timedelta
from statistics import fmean, median

from domain.instruments import Right
from sim.exchange.expirations import vix_expirations
from sim.exchange.listings import OptionKey, option_id
from sim.exchange.market import Market
from sim.exchange.scenarios import load

_RIGHTS = {"call": Right.CALL, "put": Right.PUT, "C": Right.CALL, "P": Right.PUT}


def _rows(path):
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def _american(text: str) -> date:
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day))


def _spxw_quotes(folder, days: set[date]):
    """Out-of-the-money quotes two to five weeks out: (day, key, bid, ask)."""
    for row in _rows(folder / "chains" / "spxw_2018-01_02_two_expiries.csv.gz"):
        day = _american(row["quotedate"])
        expiration = _american(row["expiration"])
        strike, spot = float(row["strike"]), float(row["underlying_last"])
        right = _RIGHTS[row["type"]]
        outside = strike > spot if right is Right.CALL else strike < spot
        bid, ask = float(row["bid"]), float(row["ask"])
        near = 13 <= (expiration - day).days <= 35
        if day in days and near and outside and strike % 5 == 0 and 0.5 <= bid < ask < 60:
            yield day, OptionKey("SPXW", expiration, strike, right), bid, ask


def test_spxw_prices_and_widths_are_like_those_of_january_and_february_2018(
    calendar, market_data_dir
):
    days = {
        date(2018, 1, 4),
        date(2018, 1, 17),
        date(2018, 2, 1),
        date(2018, 2, 12),
        date(2018, 2, 14),
    }
    real = sorted(_spxw_quotes(market_data_dir, days))
    scenario = load("volmageddon", start=date(2018, 1, 4), days=40, data_dir=market_data_dir)
    market = Market(scenario, calendar, seed=1)
    for day in sorted(days):
        market.advance(calendar.close_at(day, expiring_pm=True))
        rows = [row for row in real if row[0] == day]
        quotes = market.quotes([option_id(key) for _, key, _, _ in rows])
        gaps, widths = [], []
        for (_, _, bid, ask), quote in zip(rows, quotes, strict=True):
            if abs(quote.delta) > 0.05:
                # In volatility: the gap of the mids over vega, against the model's own volatility.
                points = 0.5 * (bid + ask) - quote.option_price
                gaps.append(points / (quote.vega * 100 * quote.iv))
                widths.append((quote.ask - quote.bid) / (ask - bid))
        assert len(gaps) > 30
        assert abs(fmean(gaps)) < 0.10
        assert median(abs(gap) for gap in gaps) < 0.10
        assert 0.6 < fmean(widths) < 1.8


def test_vix_calls_are_priced_like_those_of_june_2016(calendar, market_data_dir):
    day = date(2016, 6, 1)
    market = Market(
        load("calm-2017", start=day, days=2, data_dir=market_data_dir), calendar, seed=1
    )
    market.advance(calendar.close_at(day) - timedelta(minutes=1))
    last_trade = {settled: last for last, settled in vix_expirations(calendar, day)}
    compared = []
    for row in _rows(market_data_dir / "chains" / "vix_chain_2016-06-01.csv.gz"):
        expiration, strike = date.fromisoformat(row["expiration"]), float(row["strike"])
        bid, ask = float(row["bid_eod"]), float(row["ask_eod"])
        if row["root"] != "VIX" or row["option_type"] != "C" or expiration not in last_trade:
            continue
        if bid >= 0.3 and 13 <= strike <= 35:
            key = OptionKey("VIX", last_trade[expiration], strike, Right.CALL)
            quote = market.quotes([option_id(key)])[0]
            compared.append((0.5 * (quote.bid + quote.ask)) / (0.5 * (bid + ask)))
    assert len(compared) > 40
    assert 0.85 < median(compared) < 1.10
    assert all(0.65 < ratio < 1.35 for ratio in compared)
