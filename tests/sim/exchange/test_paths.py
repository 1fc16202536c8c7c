from datetime import date

import numpy as np
import pytest

from sim.exchange.history import Day
from sim.exchange.paths import GRID_S, build_path, interpolated
from sim.exchange.scenarios import load

_CASH_S, _TOTAL_S = 23400, 24300


def _path(day: Day, before: float = 12.0, seed: int = 1):
    return build_path(day, before, seed=seed, cash_s=_CASH_S, total_s=_TOTAL_S)


@pytest.mark.parametrize("name", ["volmageddon", "calm-2017", "august-2015", "december-2018"])
def test_every_path_touches_the_days_open_high_low_and_close_exactly(name):
    for day in load(name).days:
        path = _path(day)
        spx, vix = path.spx, path.vix
        assert (spx[0], spx.max(), spx.min(), spx[-1]) == (
            day.spx_open, day.spx_high, day.spx_low, day.spx_close,
        )  # fmt: skip
        assert (vix[0], vix.max(), vix.min(), vix[-1]) == (
            day.vix_open, day.vix_high, day.vix_low, day.vix_close,
        )  # fmt: skip


def test_vix_moves_against_the_index_within_the_day():
    correlations = []
    for day in load("calm-2017").days:
        path = _path(day)
        step = 300 // GRID_S
        moves = np.diff(np.log(path.spx[::step])), np.diff(np.log(path.vix[::step]))
        correlations.append(np.corrcoef(*moves)[0, 1])
    assert np.median(correlations) < -0.7


def test_a_path_depends_on_seed_and_day_only():
    days = load("volmageddon").days
    assert np.array_equal(_path(days[3]).spx, _path(days[3]).spx)
    assert not np.array_equal(_path(days[3]).spx, _path(days[3], seed=2).spx)


def test_a_day_that_opens_on_its_high_and_closes_on_its_low_has_a_path():
    day = Day(date(2018, 2, 2), 100.0, 100.0, 95.0, 95.0, 15.0, 20.0, 15.0, 20.0)
    path = _path(day)
    assert path.spx.max() == path.spx[0] == 100.0
    assert path.spx.min() == path.spx[-1] == 95.0


def test_a_day_without_any_range_stands_still():
    day = Day(date(2018, 2, 2), 100.0, 100.0, 100.0, 100.0, 15.0, 15.0, 15.0, 15.0)
    path = _path(day)
    assert np.allclose(path.spx, 100.0)
    assert np.allclose(path.vix, 15.0)


@pytest.mark.parametrize("seed", range(5))
def test_on_2018_02_05_vix_passes_30_only_in_the_last_ninety_minutes(seed):
    day = next(d for d in load("volmageddon").days if d.on == date(2018, 2, 5))
    path = _path(day, before=17.31, seed=seed)
    first = int(np.argmax(path.vix >= 30.0)) * GRID_S
    assert _TOTAL_S - 5400 <= first < _TOTAL_S - 900


def test_between_grid_points_a_path_is_linear_and_beyond_the_ends_flat():
    values = np.array([1.0, 2.0, 4.0])
    assert interpolated(values, -1) == 1.0
    assert interpolated(values, GRID_S * 1.5) == 3.0
    assert interpolated(values, 1e6) == 4.0
