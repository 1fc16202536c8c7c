"""Files of every known format into the store: what they say, what is refused, by file and row."""

import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from bot.cli import app
from study.dataset import DatasetError, load_dataset
from study.store.importers import read_file
from study.store.prices import Hints
from study.store.reading import Unreadable
from study.store.tables import Part, Store, Table

UTC_ZONE = ZoneInfo("UTC")


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def only_rows(path: Path, hints: Hints | None = None):
    """The rows of the only part that a file brings, and its findings as text."""
    _, found = read_file(path, hints)
    ((part, rows),) = found.rows.items()
    return part, rows, [str(finding) for finding in found.findings]


def test_an_index_history_of_cboe_is_daily_prices(tmp_path):
    path = written(
        tmp_path, "VIX_History.csv", "DATE,OPEN,HIGH,LOW,CLOSE\n02/05/2018,18.44,38.8,16.8,37.32\n"
    )
    part, rows, findings = only_rows(path)
    assert part == Part(Table.DAILY, "VIX")
    assert rows == [
        {"on": date(2018, 2, 5), "open": 18.44, "high": 38.8, "low": 16.8, "close": 37.32}
    ]
    assert findings == []


def test_an_index_with_one_column_has_closes_only(tmp_path):
    _, rows, _ = only_rows(written(tmp_path, "SKEW_History.csv", "DATE,SKEW\n01/02/1990,126.09\n"))
    assert rows[0]["close"] == 126.09
    assert rows[0]["open"] is None


def test_a_vx_contract_takes_its_settlement_day_from_its_name(tmp_path):
    text = (
        "Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest\n"
        "2018-02-05,G (Feb 2018),1,2,1,2,33.225,0,1,0,1\n"
        "2018-02-06,G (Feb 2018),0,0,0,0,0,0,0,0,0\n"
        "2018-02-15,G (Feb 2018),1,2,1,2,20.0,0,1,0,1\n"
    )
    part, rows, findings = only_rows(written(tmp_path, "VX_2018-02-14.csv", text))
    assert part == Part(Table.VX, "2018")
    assert rows == [{"on": date(2018, 2, 5), "expiry": date(2018, 2, 14), "settle": 33.225}]
    assert "VX_2018-02-14.csv:3 (2018-02-06): no settlement price" in findings
    assert "VX_2018-02-14.csv:4 (2018-02-15): traded after its expiry 2018-02-14" in findings
    with pytest.raises(Unreadable, match="not named for its settlement day"):
        read_file(written(tmp_path, "february.csv", text))


def test_prices_in_the_old_unit_are_refused_and_the_reason_is_told(tmp_path):
    text = "trade_date,expiry,settle\n2006-05-01,2006-05-17,125.3\n2018-05-01,2018-05-16,158.0\n"
    _, found = read_file(written(tmp_path, "vx.csv", text))
    assert found.count == 0
    assert [str(finding) for finding in found.findings] == [
        (
            "vx.csv:2 (2006-05-01): settle 125.3 looks ten times too large, "
            "as VX was quoted before 2007-03-26"
        ),
        "vx.csv:3 (2018-05-01): settle 158 looks ten times too large",
    ]


def test_delayed_quotes_of_cboe_are_a_chain_with_both_sides(tmp_path):
    text = (
        "\nStandard & Poors 500 Index,Last: 4500.5298,Change:  23.0898\n"
        '"Date: February 5 2022, 8:09 PM EST",Bid: 4420.5,Ask: 4615.4302,Size: 1*1,Volume: 0\n'
        "Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,"
        "Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest\n"
        "Mon Feb 07 2022,SPXW220207C02400000,0,0,2087.8,2102.6,0,4.285,1,0,0,2400.00,"
        "SPXW220207P02400000,0.07,0,0,0.05,0,1.9229,0,0,106\n"
        "Mon Feb 07 2022,SPXW220207C09200000,0,0,17.1,0,0,0,1,0,0,9200.00,"
        "SPXW220207P09200000,0.07,0,4690,4700,0,0,0,0,106\n"
    )  # fmt: skip
    part, rows, findings = only_rows(written(tmp_path, "quotes.csv", text))
    assert part == Part(Table.CHAINS, "SPXW-2022-02-05")
    assert [(row["right"], row["strike"], row["bid"], row["ask"]) for row in rows] == [
        ("C", 2400.0, 2087.8, 2102.6), ("P", 2400.0, 0.0, 0.05), ("P", 9200.0, 4690.0, 4700.0),
    ]  # fmt: skip
    assert rows[0]["underlying"] == 4500.5298
    assert rows[0]["implied_vol"] == 4.285
    assert rows[2]["implied_vol"] is None
    assert findings == ["quotes.csv:6 (2022-02-05): C 9200: bid 17.1, ask 0: crossed"]


def test_a_chain_of_a_day_names_its_class_from_the_option_root(tmp_path):
    text = (
        "underlying,underlying_last,optionroot,type,expiration,quotedate,strike,bid,ask,impliedvol\n"
        "SPX,2919.04,SPXW190426C00800000,call,04/26/2019,04/25/2019,800.0,2109.9,2128.2,7.9432\n"
        "SPX,2919.04,nonsense,call,04/26/2019,04/25/2019,800.0,2109.9,2128.2,7.9432\n"
    )
    part, rows, findings = only_rows(written(tmp_path, "chain.csv", text))
    assert part.name == "SPXW-2019-04-25"
    assert (rows[0]["strike"], rows[0]["expiration"]) == (800.0, date(2019, 4, 26))
    assert findings == ["chain.csv:3 (2019-04-25): no option series: 'nonsense'"]


def test_lean_minutes_are_new_york_time_and_ten_thousandths(tmp_path):
    path = tmp_path / "20210104_quote_european.zip"
    inside = "20210104_spxw_minute_quote_european_put_37000000_20210106.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            inside,
            "34200000,651000,671000,635000,649000,48,692000,707000,674000,679000,15\n"
            "34260000,649000,658000,630000,643000,19,,,,,0\n"
            "34320000,1,2\n"
            "34380000,649000,658000,630000,700000,19,679000,679000,659000,660000,19\n",
        )
    part, rows, findings = only_rows(path)
    assert part == Part(Table.MINUTES, "SPXW-2021-01-04")
    # 34,200 s after midnight is 09:30 in New York, 14:30 UTC in January.
    assert rows[0] == {
        "start": datetime(2021, 1, 4, 14, 30, tzinfo=UTC), "expiration": date(2021, 1, 6),
        "right": "P", "strike": 3700.0, "bid": 64.9, "ask": 67.9,
    }  # fmt: skip
    assert rows[1]["ask"] is None
    assert [finding.split(": ", 1)[1] for finding in findings] == [
        f"{inside}: 3 columns instead of 11", f"{inside}: bid 70 above ask 66",
    ]  # fmt: skip


def test_zeros_of_shiller_mean_missing(tmp_path):
    text = (
        "Date,SP500,Dividend,Earnings,Consumer Price Index,Long Interest Rate,PE10\n"
        "2023-07-01,4500,70,0,305,3.9,0\n"
    )
    _, found = read_file(written(tmp_path, "shiller.csv", text))
    assert {part.name for part in found.rows} == {"sp500", "us-cpi", "us-10y"}
    assert "0 means missing: sp500-earnings, pe10" in str(found.findings[0])


def test_bars_with_times_need_a_symbol_and_a_time_zone(tmp_path):
    text = (
        "index,open,high,low,close,volume\n"
        "2018-01-02 14:34:00,1,2,1,2,5\n"
        "2018-01-02 14:39:00,2,3,2,3,5\n"
    )
    path = written(tmp_path, "bars.csv", text)
    with pytest.raises(Unreadable, match="--symbol"):
        read_file(path)
    with pytest.raises(Unreadable, match="--time-zone"):
        read_file(path, Hints("SPY"))
    part, rows, _ = only_rows(path, Hints("SPY", UTC_ZONE))
    assert part == Part(Table.BARS, "SPY-300")
    assert rows[0]["start"] == datetime(2018, 1, 2, 14, 34, tzinfo=UTC)
    _, rows, _ = only_rows(path, Hints("SPY", ZoneInfo("America/New_York")))
    assert rows[0]["start"] == datetime(2018, 1, 2, 19, 34, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "unknown columns"),
        ("", "unknown columns"),
        ("\x00\xff", "unknown columns"),
    ],
)
def test_a_file_that_is_nothing_known_is_refused_with_what_is_known(tmp_path, text, said):
    with pytest.raises(Unreadable, match=said):
        read_file(written(tmp_path, "strange.csv", text))


@pytest.mark.parametrize("content", [b"\x1f\x8bgarbage", b"PK\x03\x04garbage"])
def test_a_broken_archive_is_refused_by_name(tmp_path, content):
    for name in ("broken.csv.gz", "broken.zip"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Unreadable, match="broken"):
            read_file(tmp_path / name)


@pytest.mark.parametrize("value", ["nan", "inf", "-3", "abc"])
def test_a_price_that_is_none_is_refused_with_its_row(tmp_path, value):
    path = written(
        tmp_path, "VIX_History.csv", f"DATE,OPEN,HIGH,LOW,CLOSE\n02/05/2018,18,19,17,{value}\n"
    )
    _, found = read_file(path)
    assert found.count == 0
    assert found.findings[0].row == 2
    assert found.findings[0].error


def test_a_fact_once_stored_is_never_overwritten(tmp_path):
    store, part = Store(tmp_path), Part(Table.DAILY, "VIX")
    first = store.merge(part, [{"on": date(2018, 2, 5), "close": 37.32}])
    again = store.merge(
        part, [{"on": date(2018, 2, 5), "close": 37.32}, {"on": date(2018, 2, 2), "close": 17.31}]
    )
    other = store.merge(part, [{"on": date(2018, 2, 5), "close": 12.0}])
    assert (first.added, again.added, again.same, other.added) == (1, 1, 1, 0)
    assert other.contradicted == ["daily/VIX 2018-02-05: close is 37.32, the file says 12.0"]
    assert [(row["on"], row["close"]) for row in store.read(part)] == [
        (date(2018, 2, 2), 17.31), (date(2018, 2, 5), 37.32),
    ]  # fmt: skip


def test_a_part_is_a_name_and_no_path():
    for name in ("", "../x", "a/b", "a b"):
        with pytest.raises(ValueError, match="not a name"):
            Part(Table.DAILY, name)


def test_the_command_counts_what_it_brought_and_refuses_contradictions(tmp_path):
    store = tmp_path / "store"
    good = written(
        tmp_path, "VIX_History.csv", "DATE,OPEN,HIGH,LOW,CLOSE\n02/05/2018,18.4,38.8,16.8,37.3\n"
    )
    asked = ["data", "import", str(good), "--into", str(store)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "Cboe index history, 1 new, 0 known, 0 refused" in done.output
    assert "0 new, 1 known" in CliRunner().invoke(app, asked).output
    written(
        tmp_path, "VIX_History.csv", "DATE,OPEN,HIGH,LOW,CLOSE\n02/05/2018,18.4,38.8,16.8,30.0\n"
    )
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 2
    assert "close is 37.3, the file says 30.0" in refused.output
    assert CliRunner().invoke(app, [*asked, "--time-zone", "Mars/Olympus"]).exit_code == 2


def test_an_empty_store_says_how_to_fill_it(tmp_path, table):
    with pytest.raises(DatasetError, match="condorbot data import"):
        load_dataset(tmp_path, table)


def test_imported_files_replay_as_the_files_themselves(tmp_path, market_data_dir, table):
    store = Store(tmp_path)
    bars = Hints("SPY", ZoneInfo("UTC"))
    for name, hints in (
        ("daily_1990_2021.csv.gz", None),
        ("vx_settlements_2004_2021.csv.gz", None),
        ("intraday/spy_5min_2018_2020.csv.gz", bars),
    ):
        _, found = read_file(market_data_dir / name, hints)
        for part, rows in found.rows.items():
            assert store.merge(part, rows).contradicted == []
    assert load_dataset(tmp_path, table).days == load_dataset(market_data_dir, table).days
    assert not load_dataset(tmp_path, table).errors


def test_every_public_chain_at_hand_is_read(market_data_dir):
    counts = {}
    for path in sorted((market_data_dir / "chains").rglob("*.*")):
        kind, found = read_file(path)
        assert found.count > 500, path.name
        wrong = sum(finding.error for finding in found.findings)
        assert wrong <= found.count / 100, found.findings[:3]  # crossed minutes are real
        counts[kind] = counts.get(kind, 0) + 1
    assert set(counts) == {
        "15:45 chain", "Cboe delayed quotes", "LEAN option minutes", "end-of-day chain",
    }  # fmt: skip


def test_bytes_of_any_kind_are_read_or_refused_but_never_crash(tmp_path):
    header = io.StringIO("DATE,OPEN,HIGH,LOW,CLOSE")
    for tail in ("\n", "\n,,,,\n", "\n1/2\n", "\n13/45/2018,1,1,1,1\n", "\nx" * 50):
        path = written(tmp_path, "VIX_History.csv", header.getvalue() + tail)
        _, found = read_file(path)
        assert found.count == 0
