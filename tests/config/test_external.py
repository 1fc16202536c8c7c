"""Monthly series from files, and the two signals that read them."""

from dataclasses import replace
from datetime import date
from math import log
from pathlib import Path

import pytest

from config.external import monthly_series
from config.load import ConfigError, load_settings
from config.releases import ReleaseTableError
from domain.instruments import VIX
from domain.signals import External, Reading, Series, Signal
from risk.signals import SignalParams, read
from tests.risk.signals.desks import NO_RELEASES, desk, level


def months(values: list[float], last: date = date(2017, 12, 1)) -> Series:
    """``values`` on first days of months up to ``last``."""
    index = last.year * 12 + last.month - 1
    days = [date((index - i) // 12, (index - i) % 12 + 1, 1) for i in range(len(values))][::-1]
    return tuple(zip(days, values, strict=True))


def reading(signal: Signal, external: External, vix: float = 20.0) -> Reading:
    of = desk({}, {VIX: level(vix)})
    return read(of, SignalParams(), NO_RELEASES, external=external)[signal]


def written(folder: Path, text: str) -> Path:
    path = folder / "series.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_months_is_read_in_order_and_without_its_heading(tmp_path: Path) -> None:
    path = written(
        tmp_path, "DATE,VALUE\n1994-02-01,98.5\n1994-01-01,97.25\n1994-03,.\n1994-04,0\n"
    )
    assert monthly_series(path) == ((date(1994, 1, 1), 97.25), (date(1994, 2, 1), 98.5))
    assert monthly_series(None) == ()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1994-13,5", "month must be in 1..12"),
        ("1994-01;5", "YYYY-MM"),
        ("1994-01,five", "could not convert"),
        ("1994-01,-5", "no value above 0"),
        ("1994-01,nan", "no value above 0"),
        ("1993-12,5", "is there already"),
    ],
)
def test_a_bad_row_is_refused_by_file_and_line(tmp_path: Path, row: str, said: str) -> None:
    path = written(tmp_path, f"1993-12,4\n{row}\n")
    with pytest.raises(ReleaseTableError) as refused:
        monthly_series(path)
    (mistake,) = refused.value.errors
    assert mistake.startswith(f"{path}:2: ")
    assert said in mistake


def test_a_profile_with_a_bad_file_is_refused(tmp_path: Path) -> None:
    bad = written(tmp_path, "heading only\n")
    profile = tmp_path / "profile.toml"
    profile.write_text(f'[external]\nprice_earnings = "{bad}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="no values in it"):
        load_settings(profile)


def test_normalised_vix_worked_by_hand() -> None:
    # 119 months at 15 and the last at 30: the median is 15, VIX 20 counts as 20 * 15 / 30 = 10.
    external = External(price_earnings=months([15.0] * 119 + [30.0]))
    found = reading(Signal.VIX_NORMALISED, external)
    assert found.value == pytest.approx(10.0)
    assert found.stressed is None
    short = External(price_earnings=months([15.0] * 119))
    assert reading(Signal.VIX_NORMALISED, short).value is None
    assert reading(Signal.VIX_NORMALISED, External()).value is None


def test_the_real_exchange_rate_comes_before_the_basket() -> None:
    # 59 equal months and a higher one: z = (1 - 1 / 60) * sqrt(60), as for any single step.
    external = External(real_exchange_rate=months([100.0] * 59 + [105.0]))
    found = reading(Signal.DOLLAR_Z, external)
    assert log(105.0 / 100.0) > 0
    assert found.value == pytest.approx((1 - 1 / 60) * 60**0.5)
    assert (found.stressed, found.source) == (True, "real effective exchange rate")


def test_a_month_counts_when_it_is_public_and_until_it_is_old() -> None:
    fresh = External(real_exchange_rate=months([100.0] * 60 + [105.0], date(2018, 1, 1)))
    assert reading(Signal.DOLLAR_Z, fresh).value == 0.0, "January is not out on 6 February"
    old = replace(fresh, real_exchange_rate=months([100.0] * 60, date(2017, 7, 1)))
    assert reading(Signal.DOLLAR_Z, old).value is None


def test_real_series_are_readable(market_data_dir: Path) -> None:
    rate = monthly_series(market_data_dir / "RBUSBIS_1994_2024.csv")
    assert len(rate) > 300
    assert 90 < rate[-1][1] < 130
