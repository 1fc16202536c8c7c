"""The modelled surface beside recorded chains."""

import numpy as np
import pytest

from domain.instruments import Right
from domain.pricing import price
from sim.exchange.scenarios import Scenario
from sim.exchange.surface import SPX_SMILE, spx_theta
from sim.exchange.tape import Tape
from study.chain_fit import chain_fits
from study.dataset import load_dataset
from study.store.importers import read_file
from study.store.tables import Part, Store, Table


def test_a_chain_that_the_model_itself_quoted_is_met_exactly(tmp_path, table):
    days = load_dataset(None, table).days
    on = days[100].on
    tape = Tape(Scenario("x", (days[100],), days[40:100], ""), table, 0)
    state = tape.state_at_close(tape.first)
    expiration = next(d.on for d in days[120:] if d.on.weekday() == 4)
    years = (table.close_at(expiration, expiring_pm=True) - table.close_at(on)).total_seconds() / (
        365 * 86400
    )
    theta = spx_theta(np.array([years]), state.term())
    rows = []
    for strike in range(int(state.spx * 0.9) // 5 * 5, int(state.spx * 1.05), 5):
        vol = float(SPX_SMILE.vol(np.log([strike / state.spx]), theta, years)[0])
        for right in Right:
            mid = float(price(state.spx, strike, years, vol, right is Right.CALL))
            rows.append(
                {"trading_class": "SPXW", "expiration": expiration, "right": right.value,
                 "strike": float(strike), "bid": mid * 0.999, "ask": mid * 1.001,
                 "underlying": state.spx, "implied_vol": None}
            )  # fmt: skip
    store = Store(tmp_path)
    store.merge(Part(Table.CHAINS, f"SPXW-{on}"), rows)
    (fit,) = chain_fits(store, days, table)
    assert fit.on == on
    assert sum(band.n for band in fit.bands) > 30
    assert all(band.absolute < 0.01 for band in fit.bands)


def test_recorded_days_are_met_within_a_point_near_the_money(tmp_path, table, market_data_dir):
    store = Store(tmp_path)
    for name in ("SPX_20190612", "SPX_20190715"):
        path = market_data_dir / "chains" / "spx_eod_2019" / f"{name}.csv.gz"
        for part, rows in read_file(path)[1].rows.items():
            store.merge(part, rows)
    fits = chain_fits(store, load_dataset(market_data_dir, table).days, table)
    assert len(fits) == 2
    for fit in fits:
        near = next(band for band in fit.bands if band.band == "near the money")
        assert near.n > 500
        assert near.absolute < 1.0


def test_a_store_without_chains_has_nothing_to_say(tmp_path, table):
    assert chain_fits(Store(tmp_path), load_dataset(None, table).days, table) == []


@pytest.mark.parametrize("name", ["SPX-2018-01-02", "VIX-2016-06-01"])
def test_other_classes_are_left_out(tmp_path, table, name):
    store = Store(tmp_path)
    row = {"trading_class": "X", "expiration": None, "right": "C", "strike": 1.0, "bid": 1.0,
           "ask": 1.1, "underlying": 1.0, "implied_vol": None}  # fmt: skip
    store.merge(Part(Table.CHAINS, name), [row])
    assert chain_fits(store, load_dataset(None, table).days, table) == []
