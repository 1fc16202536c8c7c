"""Public indices rebuilt on the modelled market: their rules, and how near they come."""

from dataclasses import replace
from datetime import date

import pytest

from sim.exchange.scenarios import Scenario
from study.calibration import calibrate
from study.dataset import load_dataset, scenario
from study.replicas.cndr import CndrParams, cndr, roll_days
from study.replicas.published import FILE, PublishedUnreadable, compared, published
from study.replicas.vxth import vxth, weight, worst_drawdown


@pytest.fixture(scope="module")
def year(table) -> Scenario:
    return scenario(load_dataset(None, table), date(2017, 1, 3), date(2017, 12, 29))


def test_condors_roll_on_third_fridays_and_on_the_session_before_a_holiday(table):
    assert roll_days(table, date(2018, 2, 1), date(2018, 4, 30)) == [
        date(2018, 2, 16), date(2018, 3, 16), date(2018, 4, 20),
    ]  # fmt: skip
    assert roll_days(table, date(2014, 4, 1), date(2014, 4, 30)) == [date(2014, 4, 17)]


def test_a_calm_year_pays_the_seller_of_condors_and_more_with_less_cash_behind_them(year, table):
    by_multiple = [
        cndr(year, table, params=CndrParams(multiple=multiple))[-1][1] for multiple in (20.0, 10.0)
    ]
    assert 100.0 < by_multiple[0] < by_multiple[1] < 115.0


def test_costs_at_the_roll_lower_the_replica_by_units_times_points(year, table):
    free, dear = (cndr(year, table, params=CndrParams(cost_pts=cost))[-1][1] for cost in (0.0, 0.5))
    # 12 rolls of 0.5 points on about 100 / (10 x 60 points of wing) units: about 1 %.
    assert 0.3 < free - dear < 2.0


def test_the_share_in_calls_follows_the_forward():
    # At 15 nothing yet, above it 1 %, above 30 half, above 50 nothing again.
    found = [weight(forward) for forward in (12.0, 15.0, 15.1, 30.0, 30.1, 50.0, 50.1)]
    assert found == [0.0, 0.0, 0.01, 0.01, 0.005, 0.005, 0.0]


def test_while_the_forward_is_low_no_call_is_bought_and_the_overlay_is_the_index(year, table):
    levels = dict(vxth(year, table))
    closes = {day.on: day.spx_close for day in year.days}
    # VIX futures settled below 15 from the roll of 2017-08-16 to that of 2017-12-20.
    begin, end = date(2017, 9, 20), date(2017, 10, 17)
    assert levels[end] / levels[begin] == pytest.approx(closes[end] / closes[begin], rel=1e-9)


def test_another_future_leaves_the_levels_before_it_as_they_were(year, table):
    fork = date(2017, 9, 1)
    wild = tuple(
        day
        if day.on < fork
        else replace(day, spx_close=day.spx_close * 0.9, spx_low=day.spx_low * 0.9)
        for day in year.days
    )
    other = Scenario(year.name, wild, year.warmup, year.source)
    for index in (cndr, vxth):
        before = [level for level in index(year, table) if level[0] < fork]
        assert before
        assert before == [level for level in index(other, table) if level[0] < fork]


def test_a_series_compared_with_itself_agrees_in_everything():
    levels = tuple((date(2010 + i // 12, i % 12 + 1, 28), 100.0 + i % 5) for i in range(40))
    found = compared("same", levels, levels)
    assert found is not None
    assert found.correlation == pytest.approx(1.0)
    assert (found.tracking_error, found.volatility_gap, found.mean_gap) == (0.0, 0.0, 0.0)
    assert compared("short", levels[:20], levels[:20]) is None


def test_a_shuffled_series_does_not_pass_for_the_index():
    levels = [100.0 * 1.02 ** (i % 7) for i in range(60)]
    days = [date(2010 + i // 12, i % 12 + 1, 28) for i in range(60)]
    mixed = [levels[(i * 23) % 60] for i in range(60)]
    found = compared(
        "mixed",
        tuple(zip(days, mixed, strict=True)),
        tuple(zip(days, levels, strict=True)),
    )
    assert found is not None
    assert abs(found.correlation) < 0.5


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("month_end,PUT\n2007-01-31,1\n", "no column CNDR"),
        ("month_end,CNDR\n2007-01-31,x\n", "line 2"),
        ("month_end,CNDR\n2007-02-28,1\n2007-01-31,1\n", "line 3"),
        ("month_end,CNDR\n2007-02-28,-1\n", "line 2"),
    ],
)
def test_a_published_file_that_cannot_be_believed_names_its_row(tmp_path, rows, said):
    (tmp_path / FILE).write_text(rows)
    with pytest.raises(PublishedUnreadable, match=said):
        published(tmp_path, "CNDR")


def test_without_a_published_file_there_is_nothing_to_compare(tmp_path, table):
    assert published(tmp_path, "CNDR") == ()
    found = calibrate(load_dataset(None, table), tmp_path, table, seed=0)
    assert found is not None
    assert found.cndr is None
    assert found.cndr_reached is None


def test_a_drawdown_is_the_deepest_fall_from_a_peak():
    day = date(2020, 1, 1)
    assert worst_drawdown(((day, 100.0), (day, 80.0), (day, 120.0), (day, 60.0))) == 0.5


def test_the_condor_index_is_met_over_fifteen_years(market_data_dir, table):
    found = calibrate(load_dataset(market_data_dir, table), market_data_dir, table, seed=0)
    assert found is not None
    assert found.cndr is not None
    assert found.cndr.months == 179
    assert found.cndr_reached, found.cndr
    crash = found.episodes[-1]
    assert crash.index == pytest.approx(crash.published.index, abs=0.005)
    assert crash.overlay == pytest.approx(crash.published.overlay, abs=0.05)
