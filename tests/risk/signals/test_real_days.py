"""The signals on days everybody remembers, from real closes: February 2018 and March 2020."""

import csv
import gzip
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import talib

from config.load import session_calendar
from config.releases import release_calendar
from domain.desk import Desk
from domain.releases import Release, ReleaseCalendar, ReleaseKind
from domain.session import new_york
from domain.signals import Reading, Signal
from risk.signals import SignalParams, read
from risk.signals.surprises import AFTER, BEFORE, mark_key

COLUMNS = {
    "SPX": "spx_close", "VIX": "vix_close", "VIXY": "vixy_close", "VNQ": "vnq_close",
    "SPY": "spy_close", "VVIX": "vvix", "VIX3M": "vix3m", "SKEW": "skew", "UUP": "usd_broad",
}  # fmt: skip
WINDOW = 500


@cache
def history(folder: Path) -> dict[str, tuple[tuple[date, float], ...]]:
    with gzip.open(folder / "daily_1990_2021.csv.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {
        name: tuple((date.fromisoformat(r["date"]), float(r[column])) for r in rows if r[column])
        for name, column in COLUMNS.items()
    }


def evening(folder: Path, day: date) -> Desk:
    """The desk after the close of ``day``, with two years of closes. The broad dollar index stands
    where the fund would be.
    """
    calendar = session_calendar()
    closes = {
        name: tuple(pair for pair in series if pair[0] <= day)[-WINDOW:]
        for name, series in history(folder).items()
    }
    now = calendar.close_at(day) + timedelta(minutes=1)
    return Desk(calendar, now, closes=closes, ready_at=now)


def readings(folder: Path, day: date) -> dict[Signal, Reading]:
    return dict(read(evening(folder, day), SignalParams(), release_calendar()))


def test_the_day_volatility_broke(market_data_dir: Path) -> None:
    calm = readings(market_data_dir, date(2018, 1, 16))
    assert not any(calm[s].stressed for s in (Signal.RSI_VIX, Signal.DOLLAR_Z, Signal.MACRO_SHOCK))
    assert calm[Signal.REIT_Z].stressed is True, "property fell behind three weeks before"
    broke = readings(market_data_dir, date(2018, 2, 5))
    for signal in (
        Signal.RSI_VIX, Signal.MACD_VIXY, Signal.ATM_VOL_SHIFT, Signal.SLOPE_SHIFT,
        Signal.VVIX_SHIFT, Signal.MACRO_SHOCK,
    ):  # fmt: skip
        assert broke[signal].stressed is True, signal
    assert broke[Signal.MACRO_SHOCK].source == "SPX, VIX +115.6% in a day"
    assert broke[Signal.VX_BETA].value == pytest.approx(-6.0, abs=3.0)


def test_march_2020(market_data_dir: Path) -> None:
    found = readings(market_data_dir, date(2020, 3, 16))
    for signal in (
        Signal.RSI_VIX, Signal.MACD_VIXY, Signal.DOLLAR_Z, Signal.MACRO_SHOCK, Signal.REIT_Z,
    ):  # fmt: skip
        assert found[signal].stressed is True, signal
    dollar = found[Signal.DOLLAR_Z]
    assert dollar.value is not None
    assert dollar.value > 2.0, "everybody wanted dollars"
    assert dollar.source == "UUP"
    stress = found[Signal.STRESS]
    assert stress.stressed is True
    assert stress.value == 4.0, stress.source


@pytest.mark.parametrize("day", [date(2018, 2, 5), date(2018, 2, 9), date(2020, 3, 16)])
def test_rsi_and_macd_are_those_of_talib(market_data_dir: Path, day: date) -> None:
    of = evening(market_data_dir, day)
    found = readings(market_data_dir, day)
    vix = np.array([close for _, close in of.closes["VIX"]])
    vixy = np.array([close for _, close in of.closes["VIXY"]])
    assert found[Signal.RSI_VIX].value == pytest.approx(talib.RSI(vix, 14)[-1])
    histogram = talib.MACD(vixy, 12, 26, 9)[2][-1]
    assert found[Signal.MACD_VIXY].value == pytest.approx(histogram)


def moved(folder: Path, release: Release) -> float | None:
    """The fallback reading for a decision, from five-minute bars of SPY for SPX."""
    bars = minutes(folder)
    levels = [
        bars.get(release.at + timedelta(minutes=offset)) for offset in (-6, 34)
    ]  # a bar carries the minute it ends in
    if None in levels:
        return None
    before, after = levels
    day = new_york(release.at).date()
    of = evening(folder, session_calendar().previous_session(day))
    marks = {mark_key(release, BEFORE): {"SPX": before}, mark_key(release, AFTER): {"SPX": after}}
    now = release.at + timedelta(minutes=36)
    of = replace(of, now=now, release_marks=marks)  # type: ignore[arg-type]
    found = read(of, SignalParams(), release_calendar())[Signal.FOMC_SURPRISE]
    assert found.source == "SPX instead of ZQ, in daily moves"
    assert found.stressed is (abs(found.value or 0.0) >= 0.6)
    return found.value


@cache
def minutes(folder: Path) -> dict[datetime, float]:
    path = folder / "intraday" / "spy_5min_2018_2020.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {
            datetime.fromisoformat(f"{row['index']}+00:00"): float(row["close"])
            for row in csv.DictReader(lines)
        }


def test_decisions_of_three_years_by_their_fallback(market_data_dir: Path) -> None:
    known: ReleaseCalendar = release_calendar()
    decisions = [
        release
        for release in known.releases
        if release.kind is ReleaseKind.FOMC and 2018 <= release.at.year <= 2020
    ]
    moves = {
        new_york(release.at).date(): move
        for release in decisions
        if (move := moved(market_data_dir, release)) is not None
    }
    assert len(moves) >= 20
    significant = [day for day, move in moves.items() if abs(move) >= 0.6]
    # When patience was announced, and when the rises of that year were given up.
    assert significant == [date(2019, 1, 30), date(2019, 3, 20)]


def test_scheduled_decisions_are_those_of_the_public_record(market_data_dir: Path) -> None:
    with (market_data_dir / "fomc_surprises_1990_2020.csv").open(encoding="utf-8") as lines:
        public = {
            datetime.strptime(row["Date"], "%m/%d/%Y").date()  # noqa: DTZ007 - a day, no time
            for row in csv.DictReader(lines)
            if row["Unscheduled"] == "0"
        }
    ours = {
        new_york(release.at).date()
        for release in release_calendar().releases
        if release.kind is ReleaseKind.FOMC
    }
    from_2003 = {day for day in public if day.year >= 2003}
    assert len(from_2003 - ours) <= 2
    assert len({day for day in ours if day <= max(public)} - public) <= 2
