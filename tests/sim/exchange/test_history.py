import itertools
from datetime import date
from math import log

from sim.exchange.history import estimate_vix_range, read_arch


def test_the_files_inside_arch_hold_every_session_from_2014_to_2018():
    days = read_arch()
    assert (days[0].on, days[-1].on, len(days)) == (date(2014, 1, 3), date(2018, 12, 31), 1257)
    assert all(a.on < b.on for a, b in itertools.pairwise(days))


def test_known_closes_are_read_as_published():
    by_date = {day.on: day for day in read_arch()}
    crash = by_date[date(2018, 2, 5)]
    assert round(crash.spx_close, 2) == 2648.94
    assert crash.vix_close == 37.32
    assert crash.vx == ()
    assert crash.vix9d is None


def test_every_range_holds_its_open_and_close():
    for day in read_arch():
        assert day.spx_low <= min(day.spx_open, day.spx_close)
        assert day.spx_high >= max(day.spx_open, day.spx_close)
        assert day.vix_low <= min(day.vix_open, day.vix_close)
        assert day.vix_high >= max(day.vix_open, day.vix_close)


def test_an_index_that_opens_lower_makes_vix_open_higher():
    opened, high, low, close = estimate_vix_range((99.0, 99.5, 97.0, 98.0), 22.0, (100.0, 20.0))
    assert 20.0 * (1 + 4 * log(100 / 99)) < opened < 20.0 * (1 + 6 * log(100 / 99))
    assert high > close == 22.0 > opened > low


def test_the_data_directory_knows_ranges_curves_and_final_settlements(market_data_dir):
    from sim.exchange.history import read_directory

    by_date = {day.on: day for day in read_directory(market_data_dir)}
    crash = by_date[date(2018, 2, 5)]
    assert (crash.vix9d, crash.vix3m, crash.vvix) == (59.34, 28.13, 177.34)
    assert crash.vx[:2] == ((date(2018, 2, 14), 33.225), (date(2018, 3, 21), 27.975))
    assert by_date[date(2020, 3, 16)].vix_close == 82.69
