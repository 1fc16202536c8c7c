"""What a release did: ZQ by hand, each fallback by name, and silence where nothing is known."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import exp, sqrt

import pytest

from domain.desk import Desk
from domain.releases import Release, ReleaseCalendar, ReleaseKind
from domain.signals import Reading, Signal
from risk.signals.surprises import AFTER, BEFORE, OPEN, funds_month, kuttner_bp, mark_key
from tests.builders import ny
from tests.risk.signals.desks import around, desk, reading

FOMC = ny(2018, 1, 31, 14, 0)
CPI = ny(2018, 2, 14, 8, 30)
EXPECTED = 16.0 / 100 / sqrt(252)  # one day at VIX 16: 1.008 %


def marked(kind: ReleaseKind, at: datetime, now: datetime, **sides: Mapping[str, float]) -> Reading:
    marks = {mark_key(Release(at, kind), side): levels for side, levels in sides.items()}
    of = replace(desk({"VIX": [16.0] * 3}, now=now), release_marks=marks)
    signal = Signal.FOMC_SURPRISE if kind is ReleaseKind.FOMC else Signal.PRICE_SURPRISE
    return reading(of, signal, around(kind, at))


def test_a_rate_surprise_worked_by_hand() -> None:
    # 20 March of 31 days: 11 days are left, ZQ falls from 98.335 to 98.315, 2 bp in the month's
    # mean; over the 11 of 31 days it was 31 / 11 times as much: 5.636 bp.
    assert kuttner_bp(98.335, 98.315, date(2018, 3, 20)) == pytest.approx(2 * 31 / 11)
    # On the last day of January the February contract is read, unscaled.
    assert kuttner_bp(98.58, 98.57, date(2018, 1, 31)) == pytest.approx(1.0)
    assert funds_month(date(2018, 1, 31)) == (2018, 2)
    assert funds_month(date(2018, 12, 26)) == (2019, 1)
    assert funds_month(date(2018, 3, 21)) == (2018, 3)


def test_zq_comes_first_then_es_then_spx() -> None:
    now = FOMC + timedelta(minutes=40)
    before = {"ZQ": 98.58, "ES": 2820.0, "SPX": 2820.0, "VIX": 16.0}
    after = {"ZQ": 98.52, "ES": 2820.0 * exp(0.5 * EXPECTED), "SPX": 2820.0}
    found = marked(ReleaseKind.FOMC, FOMC, now, before=before, after=after)
    assert found.value == pytest.approx(6.0)
    assert (found.stressed, found.source) == (True, "ZQ, in bp")
    del after["ZQ"]
    found = marked(ReleaseKind.FOMC, FOMC, now, before=before, after=after)
    assert found.value == pytest.approx(0.5)
    assert (found.stressed, found.source) == (False, "ES instead of ZQ, in daily moves")
    after = {"SPX": 2820.0 * exp(-0.6 * EXPECTED)}
    found = marked(ReleaseKind.FOMC, FOMC, now, before=before, after=after)
    assert found.value == pytest.approx(-0.6)
    assert (found.stressed, found.source) == (True, "SPX instead of ZQ, in daily moves")
    assert marked(ReleaseKind.FOMC, FOMC, now, before=before).value is None


def test_it_waits_for_the_levels_after_and_counts_for_two_sessions() -> None:
    levels = {"ZQ": 98.58}, {"ZQ": 98.52}
    for minutes, known in ((34, False), (35, True)):
        now = FOMC + timedelta(minutes=minutes)
        found = marked(ReleaseKind.FOMC, FOMC, now, before=levels[0], after=levels[1])
        assert (found.value is not None) is known
    next_day, third = ny(2018, 2, 1, 16, 0), ny(2018, 2, 2, 9, 40)
    found = marked(ReleaseKind.FOMC, FOMC, next_day, before=levels[0], after=levels[1])
    assert found.stressed is True
    found = marked(ReleaseKind.FOMC, FOMC, third, before=levels[0], after=levels[1])
    assert (found.value, found.stressed) == (0.0, False)
    assert found.source == "no FOMC in the last 2 sessions"


def test_an_inflation_surprise_worked_by_hand() -> None:
    # A five-minute move is EXPECTED / sqrt(78) = 0.114 %; ES falls by 0.25 %: -2.19 of them.
    before = {"ES": 2660.0, "VX": 20.0}
    after = {"ES": 2660.0 * exp(-0.0025), "VX": 20.7}
    now = ny(2018, 2, 14, 9, 40)
    found = marked(ReleaseKind.CPI, CPI, now, before=before, after=after)
    assert found.value == pytest.approx(-0.0025 / (EXPECTED / sqrt(78)))
    assert found.stressed is True
    assert found.source == "ES after the CPI, VX +3.5%"
    calm = marked(ReleaseKind.CPI, CPI, now, before=before, after={**after, "VX": 20.5})
    assert calm.stressed is False, "VX up by 2.5 % only"
    blind = marked(ReleaseKind.CPI, CPI, now, before={"ES": 2660.0}, after=after)
    assert blind.stressed is None, "ES fell and VX is not known"
    up = marked(ReleaseKind.CPI, CPI, now, before=before, after={"ES": 2690.0})
    assert up.stressed is False


def test_the_opening_gap_stands_in() -> None:
    # SPX opens 1.2 % lower: 1.2 % / (1.008 % * 0.5) = 2.38 moves down.
    opened = {"SPX": 2660.0 * exp(-0.012), "SPX_CLOSE": 2660.0, "VX": 21.0, "VX_CLOSE": 20.0}
    now = ny(2018, 2, 14, 9, 40)
    found = marked(ReleaseKind.CPI, CPI, now, open=opened)
    assert found.value == pytest.approx(-0.012 / (EXPECTED * 0.5))
    assert found.stressed is True
    assert found.source == "SPX opening gap after the CPI instead of ES, VX +5.0%"
    assert marked(ReleaseKind.CPI, CPI, now).value is None


def test_the_alarm_of_yesterday_outlasts_a_quiet_release_today() -> None:
    ppi = ny(2018, 2, 15, 8, 30)
    fall = {"ES": 2660.0 * exp(-0.0025), "VX": 20.7}
    marks = {
        mark_key(Release(CPI, ReleaseKind.CPI), BEFORE): {"ES": 2660.0, "VX": 20.0},
        mark_key(Release(CPI, ReleaseKind.CPI), AFTER): fall,
        mark_key(Release(ppi, ReleaseKind.PPI), BEFORE): {"ES": 2660.0, "VX": 20.0},
        mark_key(Release(ppi, ReleaseKind.PPI), AFTER): {"ES": 2661.0, "VX": 20.0},
    }
    known = [*around(ReleaseKind.CPI, CPI).releases, Release(ppi, ReleaseKind.PPI)]
    on_the_day = replace(desk({"VIX": [16.0] * 3}, now=ny(2018, 2, 15, 10, 0)), release_marks=marks)
    found = reading(on_the_day, Signal.PRICE_SURPRISE, ReleaseCalendar.of(known))
    assert found.stressed is True
    assert "CPI" in found.source


@pytest.mark.parametrize("signal", [Signal.FOMC_SURPRISE, Signal.PRICE_SURPRISE])
def test_outside_the_calendar_nothing_is_known(signal: Signal) -> None:
    far: Desk = desk({"VIX": [16.0] * 3})
    assert reading(far, signal).value is None
    ended = ReleaseCalendar.of([Release(FOMC, kind) for kind in ReleaseKind])
    assert reading(far, signal, ended).value is None


def test_a_release_without_a_day_is_unknown() -> None:
    known = around(ReleaseKind.FOMC, FOMC).releases
    spans = [replace(r, days=3) if r.at == FOMC else r for r in known]
    later = desk({"VIX": [16.0] * 3}, now=FOMC + timedelta(hours=1))
    found = reading(later, Signal.FOMC_SURPRISE, ReleaseCalendar.of(spans))
    assert (found.value, found.stressed) == (None, None)


def test_open_marks_are_not_taken_for_those_before() -> None:
    now = ny(2018, 2, 14, 9, 40)
    found = marked(ReleaseKind.CPI, CPI, now, **{OPEN: {"SPX": 2700.0}})
    assert found.value is None, "no close to compare with"
