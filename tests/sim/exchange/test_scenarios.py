from datetime import date

import numpy as np
import pytest

from sim.exchange.scenarios import SCENARIOS, WARMUP_SESSIONS, ScenarioError, load


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_named_scenario_loads_with_a_full_year_before_it(name):
    scenario = load(name)
    assert len(scenario.warmup) >= WARMUP_SESSIONS
    assert scenario.warmup[-1].on < scenario.days[0].on
    assert scenario.source == "arch"
    assert len(scenario.days) >= 40


def test_volmageddon_runs_from_mid_january_to_mid_march_2018():
    days = [day.on for day in load("volmageddon").days]
    assert (days[0], days[-1], len(days)) == (date(2018, 1, 16), date(2018, 3, 16), 43)


def test_start_and_days_choose_other_sessions_of_the_same_history():
    scenario = load("volmageddon", start=date(2018, 2, 3), days=2)
    assert [day.on for day in scenario.days] == [date(2018, 2, 5), date(2018, 2, 6)]


def test_an_unknown_scenario_is_refused_with_the_list_of_those_that_exist():
    with pytest.raises(ScenarioError, match="there are: volmageddon") as no:
        load("volmagedon")
    assert all(name in str(no.value) for name in SCENARIOS)


@pytest.mark.parametrize("start", [date(1987, 10, 19), date(2014, 2, 3), date(2019, 6, 3)])
def test_a_start_outside_history_is_refused_with_the_dates_that_exist(start):
    with pytest.raises(ScenarioError, match="2015-01-15 to 2018-12-31"):
        load("volmageddon", start=start)


def test_more_days_than_history_has_are_refused():
    with pytest.raises(ScenarioError, match="history ends on 2018-12-31"):
        load("december-2018", days=400)
    with pytest.raises(ScenarioError, match="at least 1"):
        load("december-2018", days=0)


def test_a_data_directory_without_the_daily_file_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="no daily_1990_2021"):
        load("volmageddon", data_dir=tmp_path)


def test_random_days_repeat_for_a_seed_and_differ_for_another():
    assert load("random", seed=3).days == load("random", seed=3).days
    assert load("random", seed=3).days != load("random", seed=4).days


def test_random_days_keep_real_dates_and_continue_from_the_warmup():
    scenario = load("random", seed=5, days=120)
    spx = [scenario.warmup[-1].spx_close, *(day.spx_close for day in scenario.days)]
    assert np.abs(np.diff(np.log(spx))).max() < 0.06
    assert all(8 < day.vix_low <= day.vix_close <= day.vix_high < 110 for day in scenario.days)
    assert scenario.days[0].on == date(2016, 1, 4)


def test_random_vix_still_moves_against_the_index():
    days = load("random", seed=6, days=250).days
    spx = np.diff(np.log([day.spx_close for day in days]))
    vix = np.diff(np.log([day.vix_close for day in days]))
    assert np.corrcoef(spx, vix)[0, 1] < -0.5
