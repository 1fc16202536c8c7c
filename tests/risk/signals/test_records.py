"""What is written down because nobody else keeps it, when, and that it survives a restart."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import log, sqrt

import pytest

from domain.chain import OptionChain
from domain.desk import Desk
from domain.effects import RecordDecision
from domain.instruments import (
    AD_NYSE,
    EURUSD,
    SPX,
    VIX,
    Contract,
    Right,
    es_future,
    euro_future,
    fed_funds_future,
    vx_future,
)
from domain.pricing import price
from domain.quotes import Quote
from domain.releases import Release, ReleaseCalendar, ReleaseKind
from engine.fold import apply_effect
from risk.parameters import RegimeParams
from risk.signals import SignalParams, records, wanted
from risk.signals.breadth import BREADTH, NET
from risk.signals.lines import ALWAYS, probes
from risk.signals.macro import RATES
from risk.signals.shifts import ATM_VOL, SKEW_25, SLOPE
from risk.signals.shocks import VX_RETURN
from risk.signals.surprises import AFTER, BEFORE, OPEN, mark_key
from tests.builders import CALENDAR, VX_DAYS, ny
from tests.risk.signals.desks import around, desk, level, sides

PARAMS, REGIME = SignalParams(), RegimeParams()
THREE, CLOSE = ny(2018, 2, 6, 15, 0), ny(2018, 2, 6, 16, 15)
FUTURES = tuple(vx_future(day) for day in VX_DAYS[1:9])
CHAIN = OptionChain(
    "SPX", "SPXW", (date(2018, 2, 16), date(2018, 3, 9), date(2018, 4, 20)), (2700.0,)
)


def at(now: datetime, quotes: Mapping[Contract, Quote]) -> Desk:
    return replace(desk({}, quotes, now), futures=FUTURES, chains={"SPXW": CHAIN})


def written(of: Desk) -> dict[str, float]:
    return {d.subject: dict(d.inputs)["close"] for d in records.daily(of, PARAMS, REGIME)}


def folded(of: Desk, decisions: tuple[RecordDecision, ...]) -> Desk:
    for decision in decisions:
        of = apply_effect(of, decision)
    return of


def with_smile(now: datetime, slope: float) -> dict[Contract, Quote]:
    """Quotes of the probes: 20 % at the money, ``slope`` added per unit of log-moneyness down."""
    quotes = {SPX: level(2700.0, now), VIX: level(20.0, now)}
    for option in probes(at(now, quotes), PARAMS):
        years = CALENDAR.years_to_settlement(option, now)
        vol = 0.20 - slope * log(option.strike / 2700.0)
        mid = float(price(2700.0, option.strike, years, vol, option.right is Right.CALL))
        quotes[option] = sides(mid - 0.05, mid + 0.05, now)
    return quotes


def test_the_surface_read_back_from_a_known_smile() -> None:
    quotes = with_smile(THREE, slope=0.8)
    options = probes(at(THREE, quotes), PARAMS)
    assert [c.expiration for c in options] == [date(2018, 3, 9)] * 4, "31 days beats 10 and 73"
    found = written(at(THREE, quotes))
    assert found[ATM_VOL] == pytest.approx(0.20, abs=5e-4)
    # 0.8 per unit over the distance of the 25-delta strikes: 2 * 0.6745 * 0.2 * sqrt(31.05 / 365).
    years = CALENDAR.years_to_settlement(options[1], THREE)
    assert found[SKEW_25] == pytest.approx(0.8 * 2 * 0.6745 * 0.2 * sqrt(years), rel=2e-2)


def test_slope_and_rates_at_three_and_only_once() -> None:
    quotes = {
        FUTURES[0]: sides(24.9, 25.1, THREE), FUTURES[1]: sides(22.4, 22.6, THREE),
        EURUSD: sides(1.2395, 1.2405, THREE),
        euro_future(date(2018, 3, 19)): sides(1.2425, 1.2431, THREE),
    }  # fmt: skip
    found = written(at(THREE, quotes))
    # (1.2428 / 1.2400 - 1) / (41 / 365) = 2.01 % a year.
    assert found == {
        SLOPE: pytest.approx(-2.5), RATES: pytest.approx(100 * (1.2428 / 1.24 - 1) * 365 / 41),
    }  # fmt: skip
    of = at(THREE, quotes)
    again = folded(of, records.daily(of, PARAMS, REGIME))
    assert again.closes[SLOPE] == ((date(2018, 2, 6), pytest.approx(-2.5)),)
    assert written(again) == {}
    for minutes in (-1, 13):
        assert written(at(THREE + timedelta(minutes=minutes), quotes)) == {}


def test_breadth_and_the_front_month_at_the_close() -> None:
    quotes = {
        AD_NYSE: Quote(CLOSE, bid=900.0, ask=2100.0),
        FUTURES[0]: Quote(CLOSE, 24.95, 25.05, 10, 10, close=20.0),
    }
    found = written(at(CLOSE, quotes))
    # (900 - 2100) / 3000 and 25 / 20 - 1.
    assert found == {
        BREADTH: pytest.approx(-0.4), NET: -1200.0, VX_RETURN: pytest.approx(0.25),
    }  # fmt: skip
    assert written(at(CLOSE - timedelta(minutes=1), quotes)) == {}
    morning = {AD_NYSE: Quote(ny(2018, 2, 5, 16, 0), bid=900.0, ask=2100.0)}
    assert written(at(CLOSE, morning)) == {}


def test_on_an_early_close_the_reading_is_taken_before_it() -> None:
    short = ny(2018, 7, 3, 12, 52)
    quotes = {c: sides(15.0 + i, 15.1 + i, short) for i, c in enumerate(FUTURES)}
    assert SLOPE in written(at(short, quotes))


def marks(of: Desk, known: ReleaseCalendar) -> dict[str, dict[str, float]]:
    found = records.releases(of, PARAMS, REGIME, known)
    return {decision.subject: dict(decision.inputs) for decision in found}


def test_levels_around_a_rate_decision() -> None:
    fomc = ny(2018, 1, 31, 14, 0)
    known = around(ReleaseKind.FOMC, fomc)
    es, zq = es_future(date(2018, 3, 16)), fed_funds_future(date(2018, 2, 28))
    release = Release(fomc, ReleaseKind.FOMC)

    def quoted(now: datetime) -> Desk:
        prices = {es: sides(2825.0, 2825.5, now), zq: sides(98.58, 98.585, now)}
        return at(now, {**prices, SPX: level(2824.0, now), VIX: level(13.5, now)})

    early = quoted(fomc - timedelta(minutes=6))
    assert {es, zq} <= set(wanted(early, PARAMS, known))
    assert marks(early, known) == {}
    before = quoted(fomc - timedelta(minutes=5))
    taken = marks(before, known)[mark_key(release, BEFORE)]
    assert taken == {"ES": 2825.25, "ZQ": pytest.approx(98.5825), "SPX": 2824.0, "VIX": 13.5}
    later = folded(before, records.releases(before, PARAMS, REGIME, known))
    assert marks(later, known) == {}
    assert marks(quoted(fomc + timedelta(minutes=34)), known) == {}
    assert list(marks(quoted(fomc + timedelta(minutes=35)), known)) == [mark_key(release, AFTER)]
    assert not {es, zq} & set(wanted(quoted(fomc + timedelta(hours=1)), PARAMS, known))


def test_levels_around_a_price_index_before_the_open_and_at_it() -> None:
    cpi = ny(2018, 2, 14, 8, 30)
    known, es = around(ReleaseKind.CPI, cpi), es_future(date(2018, 3, 16))
    release = Release(cpi, ReleaseKind.CPI)
    early = at(cpi - timedelta(minutes=1), {es: sides(2660.0, 2660.5, cpi - timedelta(minutes=1))})
    assert marks(early, known) == {mark_key(release, BEFORE): {"ES": 2660.25}}
    opened = ny(2018, 2, 14, 9, 35)
    quotes = {
        SPX: level(2651.0, opened), VIX: level(25.0, opened),
        FUTURES[1]: Quote(opened, 20.0, 20.1, 10, 10, close=19.5),
    }  # fmt: skip
    of = replace(at(opened, quotes), closes={"SPX": ((date(2018, 2, 13), 2662.94),)})
    taken = marks(of, known)[mark_key(release, OPEN)]
    assert taken == {
        "SPX": 2651.0, "VIX": 25.0, "VX": pytest.approx(20.05), "SPX_CLOSE": 2662.94,
        "VX_CLOSE": 19.5,
    }  # fmt: skip


def test_marks_and_series_are_kept_by_the_desk_and_bounded() -> None:
    of = at(THREE, {})
    for i in range(20):
        name = mark_key(Release(THREE + timedelta(days=i), ReleaseKind.CPI), BEFORE)
        decision = RecordDecision(
            THREE, records.Verdict.CHANGED, "release", "S26", "", subject=name, inputs=(("ES", i),)
        )
        of = apply_effect(of, decision)
    assert len(of.release_marks) == 12
    assert list(of.release_marks.values())[-1] == {"ES": 19}


def test_few_lines_are_wanted_when_nothing_is_going_on() -> None:
    eleven = at(ny(2018, 2, 6, 11, 0), {SPX: level(2700.0), VIX: level(20.0)})
    assert wanted(eleven, PARAMS, ReleaseCalendar()) == ALWAYS
    three = at(THREE, {SPX: level(2700.0, THREE), VIX: level(20.0, THREE)})
    assert len(wanted(three, PARAMS, ReleaseCalendar())) == len(ALWAYS) + 4 + 7 + 2
