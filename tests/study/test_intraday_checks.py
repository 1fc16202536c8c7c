"""Five-minute bars that cannot be believed are named with file and row."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from study.dataset import load_dataset
from study.intraday_checks import check_intraday

OPEN = datetime(2019, 3, 5, 14, 30, tzinfo=UTC)
HEAD = "index,open,high,low,close,volume,average,barcount"


def _rows(count=78, *, hours=0):
    times = (OPEN + timedelta(hours=hours, minutes=5 * i + 4) for i in range(count))
    return [f"{at:%Y-%m-%d %H:%M:%S},280,281,279,280.5,1,1,1" for at in times]


def _said(folder, table, rows, head=HEAD):
    (folder / "intraday").mkdir(exist_ok=True)
    with gzip.open(folder / "intraday" / "spy_5min_2019.csv.gz", "wt") as out:
        out.write("\n".join([head, *rows]) + "\n")
    return check_intraday(folder, table)


def test_a_whole_day_in_utc_has_nothing_wrong(tmp_path, table):
    assert _said(tmp_path, table, _rows()) == ()


@pytest.mark.parametrize(
    ("rows", "said", "error"),
    [
        (_rows(hours=-5), "spy_5min_2019.csv.gz:2 (2019-03-05): 09:34 UTC is outside", True),
        ([*_rows(), _rows()[3]], ":80 (2019-03-05): a second bar", True),
        ([*_rows(), "2019-03-09 15:00:00,1,1,1,1,1,1,1"], ":80 (2019-03-09): not a session", True),
        ([*_rows()[:9], "2019-03-05 15:15:00,280,279,281,280,1,1,1", *_rows()[10:]],
         ":11 (2019-03-05): open or close lies outside", False),
        (_rows(60), "1 of 1 days have holes, from 2019-03-05", False),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_row(tmp_path, table, rows, said, error):
    found = _said(tmp_path, table, rows)
    assert any(said in str(each) and each.error == error for each in found), found


def test_what_cannot_be_read_leaves_no_history(tmp_path, table, market_data_dir):
    (tmp_path / "daily_1990_2021.csv.gz").symlink_to(market_data_dir / "daily_1990_2021.csv.gz")
    found = _said(tmp_path, table, ["2019-03-05 14:34:00,x,281,279,280,1,1,1"])
    assert (found[-1].row, found[-1].fatal) == (2, True)
    assert load_dataset(tmp_path, table).days == ()
    assert _said(tmp_path, table, [], head="time,open")[0].fatal


def test_a_file_in_another_time_zone_is_not_told_row_by_row(tmp_path, table):
    found = _said(tmp_path, table, _rows(hours=-5))
    assert len(found) < 25
    assert "more rows like these" in str(found[-2])


def test_the_public_bars_have_holes_on_55_days_and_nothing_worse(market_data_dir, table):
    found = check_intraday(market_data_dir, table)
    assert not any(each.error for each in found), found
    assert any("55 of 756 days have holes" in each.text for each in found)
