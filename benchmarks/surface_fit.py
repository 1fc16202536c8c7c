"""Calibrates the modelled SPX surface on recorded chains anew, and says how good it is where it was
not fitted.

    python -m benchmarks.surface_fit [folder]

``folder`` is the market data folder, by default the one CONDORBOT_DATA names. The first numbers are
those that belong into ``SPX_SHAPE`` of sim/exchange/surface.py; a fit to the other half of the days
shows how much they depend on the choice. VIX options, of which one day is recorded, are compared
only.
"""

import argparse
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.real_chains import vix_chains
from config.load import session_calendar
from domain.pricing import implied_vol
from sim.exchange.history import read_directory
from sim.exchange.surface import SPX_SHAPE, VIX_SMILE, SpxShape, vix_option_theta
from study.chain_fit import BANDS, ChainFit, chain_fits, mean_error
from study.chain_slices import RecordedDay, recorded_days
from study.surface_fit import fit, is_fitted

_VIX_DAY = date(2016, 6, 1)
_RATE = 0.003
_BID_MIN = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibrate the modelled surface on chains")
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("CONDORBOT_DATA"))
    arguments = parser.parse_args()
    if arguments.folder is None:
        parser.error("name the market data folder or set CONDORBOT_DATA")
    folder = Path(arguments.folder)
    history = read_directory(folder)
    days = recorded_days(folder, history, session_calendar())
    fitted = [day for day in days if is_fitted(day.on)]
    kept = [day for day in days if not is_fitted(day.on)]
    found = fit(fitted)
    print(f"{len(fitted)} days fitted, {len(kept)} kept, {days[0].on} to {days[-1].on}")
    print("fitted:       ", found)
    print("in use:       ", SPX_SHAPE)
    other = fit(kept)
    print("fitted to the days kept:", other)
    _print("in use", days, SPX_SHAPE)
    _print("the other way round", days, other)
    _print_vix(folder, next(day.vvix for day in history if day.on == _VIX_DAY))


def _print(title: str, days: Sequence[RecordedDay], shape: SpxShape) -> None:
    fits = chain_fits(days, shape)
    print(f"\n{title}\n{'options':24}{'days':16}{'number':>8}{'mean':>8}{'size':>8}{'before':>8}")
    for fitted in (True, False):
        for year in sorted({each.on.year for each in fits}):
            chosen = [each for each in fits if each.fitted is fitted and each.on.year == year]
            for band, _, _ in BANDS:
                _print_band(band, f"{'fitted' if fitted else 'kept'} {year}", chosen)


def _print_band(band: str, which: str, fits: Sequence[ChainFit]) -> None:
    values = (
        mean_error(fits, band, value)
        for value in (lambda e: e.mean, lambda e: e.absolute, lambda e: e.before)
    )
    count = sum(error.n for each in fits for error in each.bands if error.band == band)
    print(f"{band:24}{which:16}{count:8}" + "".join(f"{value or 0.0:8.2f}" for value in values))


def _print_vix(folder: Path, vvix: float | None) -> None:
    """Volatility points of volatility, monthly expirations of the one recorded day."""
    assert vvix is not None
    print(f"\nVIX options of {_VIX_DAY}\n{'days':>5}{'at the money':>14}{'model':>8}{'size':>8}")
    for chain in vix_chains(folder):
        parity = chain.parity(_RATE)
        if parity.reason:
            continue
        calls = chain.strike >= parity.forward
        bid = np.where(calls, chain.call_bid, chain.put_bid)
        ask = np.where(calls, chain.call_ask, chain.put_ask)
        vol, _ = implied_vol(
            0.5 * (bid + ask), parity.forward, chain.strike, chain.years, calls, parity.discount
        )
        used = (bid >= _BID_MIN) & (ask > bid) & np.isfinite(vol)
        moneyness = np.log(chain.strike / parity.forward)[used]
        theta = vix_option_theta(np.array([chain.years]), vvix)
        model = VIX_SMILE.vol(moneyness, theta, chain.years)
        middle = float(np.interp(0.0, moneyness, vol[used]))
        size = float(np.abs(model - vol[used]).mean())
        level = float(np.sqrt(theta[0] / chain.years))
        print(f"{chain.days:5}{100 * middle:14.1f}{100 * level:8.1f}{100 * size:8.1f}")


if __name__ == "__main__":
    main()
