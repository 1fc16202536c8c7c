"""Files with one thing wrong each: every finding names file and row, and nothing is repaired."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from sim.exchange.history import DAILY_FILE, VX_FILE, Day
from study.dataset import DatasetError, compared_with_cboe, load_dataset, refuse_disorder, scenario
from study.store_checks import DAILY_COLUMNS, check_store

HEAD = ",".join(DAILY_COLUMNS)
GOOD = (
    "2018-02-01,2816.45,2835.96,2812.7,2821.98,13.5,14.0,12.8,13.47,13.0,14.9,95,130",
    "2018-02-02,2808.92,2808.92,2759.97,2762.13,14.0,17.9,13.6,17.31,18.0,16.6,110,131",
    "2018-02-05,2741.06,2763.39,2638.17,2648.94,18.4,38.8,16.8,37.32,59.34,28.13,177.34,125",
)


def a_store(folder: Path, daily: list[str], vx: list[str] | None = None, head: str = HEAD) -> Path:
    with gzip.open(folder / DAILY_FILE, "wt", encoding="utf-8") as file:
        file.write("\n".join([head, *daily]) + "\n")
    if vx is not None:
        with gzip.open(folder / VX_FILE, "wt", encoding="utf-8") as file:
            file.write("\n".join(["trade_date,expiry,settle", *vx]) + "\n")
    return folder


def errors(folder: Path, table) -> list[str]:
    return [str(finding) for finding in check_store(folder, table) if finding.error]


def test_a_good_store_has_no_errors(tmp_path, table):
    assert errors(a_store(tmp_path, list(GOOD), []), table) == []


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([GOOD[0], GOOD[0], GOOD[1]], f"{DAILY_FILE}:3 (2018-02-01): a second row of this day"),
        ([GOOD[1], GOOD[0]], f"{DAILY_FILE}:3 (2018-02-01): out of order, after 2018-02-02"),
        (
            [GOOD[0].replace("2018-02-01", "2018-01-29"), GOOD[1]],
            f"{DAILY_FILE}:3 (2018-02-02): 3 sessions missing before it, from 2018-01-30",
        ),
        (
            [GOOD[0].replace("2018-02-01", "2018-02-03")],
            f"{DAILY_FILE}:2 (2018-02-03): not a session by the session table",
        ),
        ([GOOD[0].replace("2821.98", "n/a")], "spx_close is 'n/a', not a number"),
        ([GOOD[2].replace("37.32", "38.32")], "(2018-02-05): vix_close 38.32, was 37.32"),
        ([GOOD[0].replace("2812.7", "-1")], "spx is not positive"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_row(tmp_path, table, rows, found):
    assert any(found in error for error in errors(a_store(tmp_path, rows), table))


def test_futures_in_the_old_unit_are_named(tmp_path, table):
    day = GOOD[0].replace("2018-02-01", "2007-03-20")
    folder = a_store(tmp_path, [day], ["2007-03-20,2007-04-18,141.2", "2007-03-20,2007-04-18,14.1"])
    found = errors(folder, table)
    assert "settle 141.2 at VIX 13.47: looks ten times too large" in found[0]
    assert f"{VX_FILE}:2" in found[0]
    assert "a second row of contract 2007-04-18, the first is row 2" in found[1]


def test_a_missing_column_leaves_nothing_to_read(tmp_path, table):
    folder = a_store(tmp_path, list(GOOD), head=HEAD.replace("vix_low", "vix_lo"))
    dataset = load_dataset(folder, table)
    assert dataset.days == ()
    with pytest.raises(DatasetError, match="condorbot data check"):
        scenario(dataset, date(2018, 2, 1), date(2018, 2, 5))


def test_a_period_without_data_is_told_what_there_is(table):
    dataset = load_dataset(None, table)
    with pytest.raises(DatasetError, match="arch has 2014-01-03 to 2018-12-31"):
        scenario(dataset, date(2019, 1, 1), date(2021, 12, 31))
    with pytest.raises(DatasetError, match="arch has 2014-01-03 to 2018-12-31"):
        scenario(dataset, date(2004, 1, 1), date(2018, 12, 31))


def test_a_shuffled_series_is_never_replayed(table):
    days = load_dataset(None, table).days[:5]
    shuffled: tuple[Day, ...] = (days[0], days[3], days[1], days[2], days[4])
    with pytest.raises(DatasetError, match="out of order"):
        refuse_disorder(shuffled)


def test_a_study_from_the_first_year_keeps_its_warm_up(table):
    chosen = scenario(load_dataset(None, table), date(2014, 1, 1), date(2014, 12, 31))
    assert len(chosen.warmup) == 60
    assert chosen.days[0].on == date(2014, 4, 1)


def test_cboe_files_are_compared_with_the_store(tmp_path, table):
    dataset = load_dataset(a_store(tmp_path, list(GOOD), []), table)
    (tmp_path / "VIX_History.csv").write_text(
        "DATE,OPEN,HIGH,LOW,CLOSE\n02/01/2018,13.5,14,12.8,13.47\n02/05/2018,18,39,17,36.32\n"
    )
    (tmp_path / "VX_2018-02-14.csv").write_text(
        "Trade Date,Futures,Settle\n2018-02-01,G (Feb 2018),140.2\n2018-02-15,G (Feb 2018),19\n"
    )
    found = [str(finding) for finding in compared_with_cboe(dataset, tmp_path, table)]
    assert found == [
        "VIX_History.csv:3 (2018-02-05): VIX closes at 36.32, the daily store has 37.32",
        "VX_2018-02-14.csv:2 (2018-02-01): settle 140.2 at VIX 13.47: looks ten times too large",
        "VX_2018-02-14.csv:3 (2018-02-15): traded after its expiry 2018-02-14",
    ]


def test_the_real_store_is_free_of_errors_and_holds_the_known_facts(market_data_dir, table):
    dataset = load_dataset(market_data_dir, table)
    assert dataset.errors == ()
    assert len(dataset.days) > 8000
    against = compared_with_cboe(dataset, market_data_dir, table)
    assert [str(finding) for finding in against if finding.error] == []
    day = next(day for day in dataset.days if day.on == date(2020, 3, 16))
    assert (day.vix_close, round(day.spx_close, 2)) == (82.69, 2386.13)
    assert dict(day.vx)[date(2020, 3, 18)] == 72.625
