"""Days with recorded five-minute bars follow them; days without put the worse extreme first."""

import gzip
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sim.exchange.history import Day, read_directory
from sim.exchange.intraday import complete_days, read_bars
from sim.exchange.paths import GRID_S, build_path

OPEN = datetime(2019, 3, 5, 14, 30, tzinfo=UTC)
CASH_S, TOTAL_S = 23_400, 24_300
DAY = Day(date(2019, 3, 5), 2800.0, 2812.0, 2786.0, 2798.0, 15.0, 16.5, 14.5, 15.2)


def _bars(count=78, low_at=60, high_at=10):
    """A tenth of the index: the high early, the low late."""
    rows = []
    for i in range(count):
        level = 280.0 - 0.2 * i / 78
        high = 281.2 if i == high_at else level + 0.05
        low = 278.6 if i == low_at else level - 0.05
        rows.append((OPEN + timedelta(minutes=5 * i), (level, high, low, level - 0.02)))
    return rows


def _path(day, seed=1):
    return build_path(day, 15.0, seed=seed, cash_s=CASH_S, total_s=TOTAL_S)


def test_a_day_follows_its_bars_whatever_the_seed():
    day = replace(DAY, bars=complete_days(_bars())[DAY.on])
    for seed in (1, 2):
        spx = _path(day, seed).spx[: CASH_S // GRID_S + 1]
        assert (spx[0], spx.max(), spx.min(), spx[-1]) == (2800.0, 2812.0, 2786.0, 2798.0)
        assert int(spx.argmax()) * GRID_S // 300 == 10
        assert int(spx.argmin()) * GRID_S // 300 == 60
    assert np.array_equal(_path(day, 1).spx, _path(day, 2).spx)


def test_vix_touches_its_own_prices_on_a_recorded_day():
    vix = _path(replace(DAY, bars=complete_days(_bars())[DAY.on])).vix
    assert (vix[0], vix.max(), vix.min(), vix[-1]) == (15.0, 16.5, 14.5, 15.2)


def test_within_a_bar_the_further_extreme_comes_first():
    rows = _bars()
    rows[30] = (rows[30][0], (280.0, 280.1, 278.7, 280.05))
    rows[60] = (rows[60][0], (279.9, 280.0, 279.85, 279.9))
    spx = _path(replace(DAY, bars=complete_days(rows)[DAY.on])).spx
    inside = spx[30 * 60 : 31 * 60]
    assert inside.argmin() < inside.argmax()


@pytest.mark.parametrize(("low", "high"), [(2770.0, 2806.0), (2794.0, 2830.0)])
def test_without_bars_the_further_extreme_of_the_day_comes_first(low, high):
    day = replace(DAY, spx_low=low, spx_high=high, spx_close=2801.0)
    for seed in range(12):
        spx = _path(day, seed).spx
        low_first = int(spx.argmin()) < int(spx.argmax())
        assert low_first == (2800.0 - low > high - 2800.0)


def test_a_day_that_ran_one_way_keeps_the_order_that_follows_from_it():
    day = replace(DAY, spx_low=2760.0, spx_high=2806.0, spx_close=2762.0)
    assert all(_path(day, s).spx.argmax() < _path(day, s).spx.argmin() for s in range(8))


def test_stamps_at_the_last_minute_of_a_bar_name_the_same_bars():
    shifted = [(at + timedelta(minutes=4), prices) for at, prices in _bars()]
    assert complete_days(shifted) == complete_days(_bars())


@pytest.mark.parametrize(
    "rows",
    [
        _bars()[12:],  # the first hour is missing
        _bars()[:20] + _bars()[21:],
        [*_bars()[:20], (_bars()[20][0], (280.0, 279.0, 281.0, 280.0)), *_bars()[21:]],
    ],
)
def test_a_day_with_a_hole_or_an_impossible_bar_is_left_out(rows):
    assert complete_days(rows) == {}


def test_bars_that_do_not_reach_the_close_change_nothing():
    short = complete_days(_bars(42))[DAY.on]
    assert np.array_equal(_path(replace(DAY, bars=short)).spx, _path(DAY).spx)


def test_a_folder_gives_its_complete_days_only(tmp_path):
    (tmp_path / "intraday").mkdir()
    lines = ["index,open,high,low,close,volume,average,barcount"]
    for at, prices in _bars():
        lines.append(f"{at:%Y-%m-%d %H:%M:%S},{','.join(map(str, prices))},1,1,1")
    lines.append("2019-03-06 15:30:00,280,281,279,280,1,1,1")
    with gzip.open(tmp_path / "intraday" / "spy_5min_2019.csv.gz", "wt") as out:
        out.write("\n".join(lines) + "\n")
    assert list(read_bars(tmp_path)) == [DAY.on]
    assert read_bars(tmp_path / "nothing") == {}


def test_february_2018_falls_when_it_fell(market_data_dir):
    """2018-02-05: at 15:10 the fund stood 4.4 % below the day before, its low of the day."""
    days = {day.on: day for day in read_directory(market_data_dir)}
    assert sum(bool(day.bars) for day in days.values()) == 701
    crash = days[date(2018, 2, 5)]
    path = build_path(crash, 17.31, seed=3, cash_s=CASH_S, total_s=TOTAL_S)
    lowest = int(path.spx[: CASH_S // GRID_S].argmin()) * GRID_S
    assert 5.5 * 3600 < lowest < 5.8 * 3600
    assert path.spx.min() == pytest.approx(crash.spx_low)
