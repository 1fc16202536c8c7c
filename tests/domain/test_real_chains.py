"""Fits and index levels on recorded SPX and VIX chains (see the README about market data)."""

import numpy as np
import pytest

from benchmarks.real_chains import SPX_CLOSE_DAYS, daily_vix, spx_days, vix_chains
from benchmarks.surface import measure, vix_from
from domain.smile_fit import SmileReason


@pytest.fixture(scope="module")
def published(market_data_dir):
    return daily_vix(market_data_dir)


@pytest.fixture(scope="module")
def days(market_data_dir):
    return spx_days(market_data_dir)


@pytest.fixture(scope="module")
def measured(days, published):
    return {name: measure(chains, published[name].rate) for name, chains in days.items()}


def test_fourteen_days_are_recorded(days):
    assert len(days) == 14
    assert min(len(chains) for chains in days.values()) > 35


def test_quotes_are_reproduced_inside_bid_and_ask_and_far_better_than_by_plain_svi(measured):
    for day in measured.values():
        assert day.share >= 0.95
        assert day.worst >= 0.85
        assert day.share > day.share_svi


def test_no_expiry_holds_a_butterfly_or_undercuts_the_one_before(measured):
    for day in measured.values():
        for row in day.rows:
            assert row.fit.reason is SmileReason.OK
            assert row.check.butterfly > -1e-12
            assert row.check.calendar > 0
            assert row.check.gaps == 0


def test_vix_options_are_reproduced_on_their_own_forwards(market_data_dir, published):
    chains = vix_chains(market_data_dir)
    day = measure(chains, published["2016-06-01"].rate, one_underlying=False)
    assert day.share >= 0.95
    assert day.worst >= 0.85
    assert len(day.rows) == 9
    assert min(row.check.butterfly for row in day.rows) > -1e-11
    forwards = [chain.parity(0.005).forward for chain in chains if chain.days > 0]
    assert np.all(np.diff(forwards) > 0)  # the curve was in contango


def test_the_vix_lies_within_the_published_range_of_each_day(days, published):
    for name, chains in days.items():
        level = vix_from(chains, published[name].rate)
        assert published[name].low <= level <= published[name].high, name


@pytest.mark.parametrize("name", SPX_CLOSE_DAYS)
def test_the_vix_of_a_snapshot_at_the_close_is_the_published_close(days, published, name):
    level = vix_from(days[name], published[name].rate)
    assert level == pytest.approx(published[name].close, abs=0.15)
