"""The modelled surface beside recorded chains: how near it comes, on days it was not fitted to."""

from dataclasses import astuple, replace
from datetime import date
from shutil import copy

import numpy as np
import pytest

from domain.instruments import Right
from domain.pricing import price
from sim.exchange.scenarios import Scenario
from sim.exchange.surface import SPX_SHAPE, spx_slices
from sim.exchange.tape import Tape
from study.chain_fit import BANDS, chain_fits, mean_error
from study.chain_slices import RecordedDay, Slice, recorded_days
from study.dataset import load_dataset
from study.store.tables import Part, Store, Table
from study.surface_fit import fit, is_fitted, model_vols

NEAR, TRADED = "near the money", "puts 5 to 20 delta"
TERM = np.array([0.0006, 0.0021, 0.0075, 0.0155, 0.0330])


@pytest.fixture(scope="module")
def recorded(market_data_dir, table):
    return recorded_days(market_data_dir, load_dataset(market_data_dir, table).days, table)


def _error(fits, band, *, before=False):
    found = mean_error(fits, band, lambda e: e.before if before else e.absolute)
    assert found is not None
    return found


def test_a_chain_that_the_model_itself_quoted_is_met_exactly(tmp_path, table):
    days = load_dataset(None, table).days
    on = days[100].on
    tape = Tape(Scenario("x", (days[100],), days[:100], ""), table, 0)
    state = tape.state_at_close(tape.first)
    expiration = next(d.on for d in days[120:] if d.on.weekday() == 4)
    years = (table.close_at(expiration, expiring_pm=True) - table.close_at(on)).total_seconds() / (
        365 * 86400
    )
    theta, smile = spx_slices(np.array([years]), state.term(), state.skew)
    rows = []
    for strike in range(int(state.spx * 0.9) // 5 * 5, int(state.spx * 1.05), 5):
        vol = float(smile.vol(np.log([strike / state.spx]), theta, years)[0])
        for right in Right:
            mid = float(price(state.spx, strike, years, vol, right is Right.CALL))
            rows.append(
                {"trading_class": "SPXW", "expiration": expiration, "right": right.value,
                 "strike": float(strike), "bid": mid * 0.999, "ask": mid * 1.001,
                 "underlying": state.spx, "implied_vol": None}
            )  # fmt: skip
    store = Store(tmp_path)
    store.merge(Part(Table.CHAINS, f"SPXW-{on}"), rows)
    (found,) = chain_fits(recorded_days(tmp_path, days, table))
    assert (found.on, found.own) == (on, False)
    assert sum(band.n for band in found.bands) > 30
    assert all(band.absolute < 0.01 for band in found.bands)


def test_the_fit_finds_the_shape_that_made_the_chains():
    wanted = replace(SPX_SHAPE, rho=-0.65, eta=0.10, level=-0.45)
    made = []
    for place, skew in enumerate((112.0, 120.0, 135.0)):
        day = RecordedDay(date(2019, 1, 7 + place), 16.0, TERM * (1 + 0.2 * place), skew, True, ())
        slices = []
        for days in (7, 30, 90, 200):
            years = days / 365
            moneyness = np.linspace(-3.5, 2.2, 60) * 0.14 * years**0.5
            blank = Slice(days, years, moneyness, np.empty(0))
            slices.append(replace(blank, vol=model_vols(wanted, day, blank)))
        made.append(replace(day, slices=tuple(slices)))
    found = fit(made)
    for name in ("rho", "rho_tenor", "eta", "eta_tenor", "eta_skew", "level", "level_skew"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), abs=0.002), name


def test_days_kept_for_judging_are_not_those_fitted():
    week = [is_fitted(date(2019, 5, day)) for day in range(6, 11)]
    assert len(set(week)) == 1
    assert is_fitted(date(2019, 5, 13)) != week[0]


def test_calibration_halves_what_was_wrong_on_days_it_never_saw(recorded):
    """Mean size of the error in volatility points, near the money and where shorts are sold."""
    kept = [fit for fit in chain_fits(recorded) if not fit.fitted]
    of_2018 = [fit for fit in kept if fit.on.year == 2018]
    of_2019 = [fit for fit in kept if fit.on.year == 2019]
    assert (len(of_2018), len(of_2019)) == (15, 8)
    for fits, near, traded in ((of_2018, 0.60, 0.60), (of_2019, 0.45, 0.42)):
        assert _error(fits, NEAR) < near
        assert _error(fits, TRADED) < traded
        assert _error(fits, NEAR) < 0.70 * _error(fits, NEAR, before=True)
        assert _error(fits, TRADED) < 0.95 * _error(fits, TRADED, before=True)


def test_the_shape_in_use_is_the_one_that_the_chains_give(recorded):
    found = astuple(fit([day for day in recorded if is_fitted(day.on)]))
    assert found == pytest.approx(astuple(SPX_SHAPE), abs=0.005)


def test_a_full_chain_says_itself_where_vix_stood(recorded):
    """2019-06-12 was taken at the close: 15.91 on the screen."""
    day = next(day for day in recorded if day.on == date(2019, 6, 12))
    assert day.own
    assert day.vix == pytest.approx(15.91, abs=0.15)
    early = next(day for day in recorded if day.on == date(2018, 2, 5))
    assert not early.own
    assert early.vix == 37.32


def test_chain_files_beside_a_store_are_read_too(tmp_path, table, market_data_dir):
    (tmp_path / "chains").mkdir()
    copy(market_data_dir / "chains" / "spx_eod_2019" / "SPX_20190612.csv.gz", tmp_path / "chains")
    days = load_dataset(market_data_dir, table).days
    (found,) = chain_fits(recorded_days(tmp_path, days, table))
    assert {band.band for band in found.bands} == {name for name, _, _ in BANDS}


def test_a_store_without_chains_has_nothing_to_say(tmp_path, table):
    assert recorded_days(tmp_path, load_dataset(None, table).days, table) == []


@pytest.mark.parametrize("name", ["SPX-2018-01-02", "VIX-2016-06-01"])
def test_other_classes_are_left_out(tmp_path, table, name):
    store = Store(tmp_path)
    row = {"trading_class": "X", "expiration": None, "right": "C", "strike": 1.0, "bid": 1.0,
           "ask": 1.1, "underlying": 1.0, "implied_vol": None}  # fmt: skip
    store.merge(Part(Table.CHAINS, name), [row])
    assert recorded_days(tmp_path, load_dataset(None, table).days, table) == []
