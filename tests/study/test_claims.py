"""Verdicts on series whose truth is known because they were made here."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from study.bootstrap import interval
from study.claims import judge, wilson
from study.metrics import (
    calm_years,
    drawdown,
    episodes,
    expected_shortfall,
    max_drawdown,
    ulcer,
    variance_reduction,
)
from study.replay import BookDay, BookRun
from study.verdicts import Verdict


def a_run(name: str, returns: np.ndarray, vix: np.ndarray, cost_a_day: float = 0.0) -> BookRun:
    nlv = 1e6 * np.cumprod(1 + returns)
    days, on = [], date(2004, 1, 5)
    for i, value in enumerate(nlv):
        while on.weekday() > 4:
            on += timedelta(days=1)
        days.append(
            BookDay(on, float(value), -cost_a_day * (i + 1), 1000.0, float(vix[i]), "", 1, 1, 0)
        )
        on += timedelta(days=1)
    return BookRun(name, "made here", tuple(days), (), 0, 0)


@pytest.fixture(scope="module")
def spiky():
    """Twelve spikes of fifteen days, calm between them, losses in each."""
    rng = np.random.default_rng(5)
    vix = np.full(1800, 14.0)
    for i in range(12):
        vix[100 + 140 * i : 115 + 140 * i] = 35.0
    daily = rng.normal(0.0002, 0.003, 1800)
    daily[vix > 30] = rng.normal(-0.004, 0.02, int((vix > 30).sum()))
    return daily, vix


def verdicts(unhedged: BookRun, hedged: BookRun) -> dict[str, Verdict]:
    return {claim.code: claim.verdict for claim in judge(unhedged, hedged, seed=1)}


def test_a_hedge_without_effect_supports_no_claim_of_benefit(spiky):
    daily, vix = spiky
    found = verdicts(a_run("U", daily, vix), a_run("Hd", daily, vix))
    assert found["T1"] is Verdict.NOT_SUPPORTED
    assert found["T2"] is Verdict.NOT_SUPPORTED
    assert found["T4"] is Verdict.NOT_SUPPORTED


def test_a_hedge_that_takes_a_fifth_of_the_swings_supports_the_first_claim(spiky):
    daily, vix = spiky
    hedged = np.where(vix > 30, 0.79 * daily, daily)
    claim = judge(a_run("U", daily, vix), a_run("Hd", hedged, vix), seed=1)[0]
    assert claim.verdict is Verdict.SUPPORTED
    assert claim.interval.estimate == pytest.approx(0.21)
    assert claim.n == 12


def test_one_spike_decides_nothing_however_good_it_looks(spiky):
    daily, vix = spiky
    daily, vix = daily[:230], vix[:230]
    found = verdicts(a_run("U", daily, vix), a_run("Hd", 0.5 * daily, vix))
    assert found["T1"] is found["T2"] is found["T4"] is Verdict.UNDECIDABLE


def test_a_dear_hedge_is_found_out_in_calm_years():
    vix, daily = np.full(1040, 13.0), np.zeros(1040)
    daily[::2] = 1e-5
    dear = a_run("Hd", daily, vix, cost_a_day=150.0)
    cheap = a_run("Hd", daily, vix, cost_a_day=20.0)
    plain = a_run("U", daily, vix)
    assert len(calm_years(dear)) >= 3
    assert verdicts(plain, dear)["T3"] is Verdict.NOT_SUPPORTED
    assert verdicts(plain, cheap)["T3"] is Verdict.SUPPORTED


def test_over_the_cap_for_three_marks_and_a_call_settled_are_said(spiky):
    daily, vix = spiky
    plain = a_run("U", daily, vix)
    hedged = replace(plain, carried=1, days=(*plain.days[:-1], replace(plain.days[-1], over_cap=3)))
    found = verdicts(plain, hedged)
    assert found["T7"] is found["T8"] is Verdict.NOT_SUPPORTED


def test_episodes_are_apart_and_know_how_fast_they_ended(spiky):
    daily, vix = spiky
    vix = vix.copy()
    vix[115:140] = 26.0  # the first one lingers
    found = episodes(a_run("U", daily, vix), a_run("Hd", daily, vix))
    assert len(found) == 12
    assert [episode.fast for episode in found] == [False] + [True] * 11
    assert all(episode.high_days == 15 and episode.benefit == 0 for episode in found)


def test_drawdown_tail_and_ulcer_of_a_series_done_by_hand():
    daily = np.array([0.10, -0.10, -0.10, 0.20])
    assert drawdown(daily) == pytest.approx([0.0, 0.10, 0.19, 0.028])
    assert max_drawdown(daily) == pytest.approx(0.19)
    assert expected_shortfall(daily) == pytest.approx(0.10)
    assert ulcer(daily) == pytest.approx(np.sqrt((0.01 + 0.0361 + 0.028**2) / 4))


def test_intervals_come_again_from_their_seed_and_hold_the_truth():
    rng = np.random.default_rng(2)
    first = rng.normal(0, 0.01, 400)
    pair = np.column_stack([first, 0.8 * first + rng.normal(0, 0.001, 400)])
    found = interval(pair, variance_reduction, seed=9)
    assert found == interval(pair, variance_reduction, seed=9)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.2 < found.high
    assert found.high - found.low < 0.05


def test_few_days_give_an_estimate_without_an_interval():
    found = interval(np.full((5, 1), 0.01), lambda rows: float(rows.mean()), seed=0)
    assert (found.estimate, found.low, found.n) == (pytest.approx(0.01), None, 5)


def test_wilson_is_the_textbook_interval():
    found = wilson(8, 10)
    assert (found.low, found.high) == (
        pytest.approx(0.541, abs=1e-3),
        pytest.approx(0.931, abs=1e-3),
    )


@pytest.mark.parametrize(
    ("entries", "banded", "verdict"),
    [
        (0, 0, Verdict.UNDECIDABLE),
        (7, 7, Verdict.SUPPORTED),
        (7, 6, Verdict.NOT_SUPPORTED),
    ],
)
def test_one_entry_without_its_break_evens_refutes_that_all_have_them(entries, banded, verdict):
    plain = a_run("U", np.full(30, 0.001), np.full(30, 15.0))
    hedged = replace(plain, name="Hd", entries=entries, banded=banded)
    assert verdicts(plain, hedged)["T9"] is verdict
