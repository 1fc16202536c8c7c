"""Blackouts around releases, what is known when, and the table that comes with the product."""

import csv
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from config.load import ConfigError, load_settings
from config.releases import ReleaseTableError, release_calendar
from domain.releases import Release, ReleaseCalendar, ReleaseKind, blackout
from domain.session import new_york
from tests.builders import CALENDAR, ny

FOMC = Release(ny(2018, 1, 31, 14, 0), ReleaseKind.FOMC)
CPI = Release(ny(2018, 2, 14, 8, 30), ReleaseKind.CPI)
SPAN = Release(ny(2018, 3, 12, 8, 30), ReleaseKind.CPI, days=3)
KNOWN = ReleaseCalendar.of([FOMC, CPI, SPAN])
# What the table of events leaves out or brings at another time than it was.
ADDED = {("CPI", date(2008, 1, 16)), ("PPI", date(2008, 1, 15))}


def shut(now: datetime) -> Release | None:
    return blackout(KNOWN, CALENDAR, now, time(15, 0), 30.0)


@pytest.mark.parametrize(
    ("now", "release"),
    [
        (ny(2018, 1, 30, 14, 59), None),  # the day before, a minute too early
        (ny(2018, 1, 30, 15, 0), FOMC),
        (ny(2018, 1, 31, 11, 0), FOMC),
        (ny(2018, 1, 31, 14, 29), FOMC),
        (ny(2018, 1, 31, 14, 30), None),  # half an hour after it is over
        (ny(2018, 2, 13, 15, 30), CPI),
        (ny(2018, 2, 14, 8, 59), CPI),
        (ny(2018, 2, 14, 9, 0), None),
        (ny(2018, 3, 9, 15, 0), SPAN),  # a Friday: the last session before Monday the 12th
        (ny(2018, 3, 9, 14, 59), None),
        (ny(2018, 3, 14, 11, 0), SPAN),  # any day of a span may be the one
        (ny(2018, 3, 15, 8, 59), SPAN),
        (ny(2018, 3, 15, 9, 0), None),
    ],
)
def test_a_blackout_lasts_from_the_eve_until_half_an_hour_after(
    now: datetime, release: Release | None
) -> None:
    assert shut(now) == release


def test_of_two_releases_the_earlier_one_is_named() -> None:
    ppi = Release(ny(2018, 2, 15, 8, 30), ReleaseKind.PPI)
    both = ReleaseCalendar.of([CPI, ppi])
    assert blackout(both, CALENDAR, ny(2018, 2, 14, 8, 45), time(15, 0), 30.0) == CPI
    assert blackout(both, CALENDAR, ny(2018, 2, 14, 15, 0), time(15, 0), 30.0) == ppi
    assert blackout(both, CALENDAR, ny(2018, 2, 14, 9, 0), time(15, 0), 30.0) is None


def test_after_a_holiday_the_eve_is_the_session_before_it() -> None:
    tuesday = Release(ny(2018, 2, 20, 8, 30), ReleaseKind.PPI)  # Monday was a holiday
    known = ReleaseCalendar.of([tuesday])
    assert blackout(known, CALENDAR, ny(2018, 2, 16, 15, 1), time(15, 0), 30.0) == tuesday


def test_a_calendar_knows_between_its_first_and_last_of_a_kind() -> None:
    calendar = ReleaseCalendar.of([CPI, Release(ny(2018, 4, 11, 8, 30), ReleaseKind.CPI)])
    assert calendar.knows(ny(2018, 3, 1), ReleaseKind.CPI)
    assert not calendar.knows(ny(2018, 2, 1), ReleaseKind.CPI)
    assert not calendar.knows(ny(2018, 5, 1), ReleaseKind.CPI)
    assert calendar.unknown(ny(2018, 3, 1)) == (ReleaseKind.FOMC, ReleaseKind.PPI)
    assert ReleaseCalendar().unknown(ny(2018, 3, 1)) == tuple(ReleaseKind)


def test_an_end_is_near_when_no_announced_day_lies_beyond_it() -> None:
    last = ny(2018, 2, 14, 8, 30)
    all_of_them = ReleaseCalendar.of([Release(last, kind) for kind in ReleaseKind])
    month = timedelta(days=30)
    assert all_of_them.ending(last - month - timedelta(minutes=1), month) == ()
    assert all_of_them.ending(last - month, month) == tuple(ReleaseKind)
    spans = ReleaseCalendar.of([CPI, SPAN])
    assert ReleaseKind.CPI in spans.ending(CPI.at - timedelta(days=20), month)


def test_latest_counts_sessions_not_days() -> None:
    assert KNOWN.latest(ny(2018, 2, 14, 9, 35), 2, CALENDAR) == [CPI]
    assert KNOWN.latest(ny(2018, 2, 15, 16, 0), 2, CALENDAR) == [CPI]
    assert KNOWN.latest(ny(2018, 2, 16, 9, 35), 2, CALENDAR) == []
    assert KNOWN.between(FOMC.at, CPI.at) == (CPI,)


def test_a_span_has_a_length_and_releases_an_order() -> None:
    with pytest.raises(ValueError, match="order of time"):
        ReleaseCalendar((CPI, FOMC))
    with pytest.raises(ValueError, match="uncertain"):
        ReleaseCalendar.of([Release(CPI.at, ReleaseKind.CPI, 10)])


# The table that comes with the product


def test_the_built_in_table_reaches_from_2003_through_2027() -> None:
    calendar = release_calendar()
    for kind in ReleaseKind:
        of_kind = [r for r in calendar.releases if r.kind is kind]
        assert of_kind[0].at < datetime(2003, 2, 1, tzinfo=UTC)
        assert of_kind[-1].at > datetime(2027, 12, 1, tzinfo=UTC)
        gaps = [b.at - a.at for a, b in pairwise(of_kind)]
        # Eight meetings a year; prices once a month, less when the government was shut.
        longest = 92 if kind is ReleaseKind.FOMC else 77
        assert max(gaps) < timedelta(days=longest)


def test_expected_days_are_spans_and_only_in_the_future_of_the_table() -> None:
    spans = [r for r in release_calendar().releases if r.days]
    assert {r.kind for r in spans} == {ReleaseKind.CPI, ReleaseKind.PPI}
    assert {new_york(r.at).year for r in spans} == {2027}
    assert len(spans) == 24


@pytest.mark.parametrize(
    ("day", "clock", "kind"),
    [
        (date(2018, 1, 31), time(14, 0), "FOMC"),
        (date(2018, 2, 14), time(8, 30), "CPI"),
        (date(2011, 4, 27), time(12, 30), "FOMC"),  # the first press conference
        (date(2012, 3, 13), time(14, 15), "FOMC"),
        (date(2025, 10, 24), time(8, 30), "CPI"),  # late, after a shutdown
    ],
)
def test_days_that_are_easy_to_get_wrong(day: date, clock: time, kind: str) -> None:
    found = [r for r in release_calendar().releases if new_york(r.at).date() == day]
    assert [(r.kind.value, new_york(r.at).time()) for r in found] == [(kind, clock)]


def test_the_table_agrees_with_public_dates(market_data_dir: Path) -> None:
    names = {"fomc_decision": "FOMC", "cpi": "CPI", "ppi": "PPI"}
    with (market_data_dir / "macro_events_2000_2027.csv").open(encoding="utf-8") as lines:
        public = {
            (names[row["event"]], date.fromisoformat(row["date"]))
            for row in csv.DictReader(lines)
            if row["event"] in names and row["date"] >= "2003"
        }
    ours = {
        (r.kind.value, new_york(r.at).date()) for r in release_calendar().releases if not r.days
    }
    assert ours - public == ADDED
    assert public - ours == set()


# Files of the user


def table(folder: Path, text: str) -> Path:
    path = folder / "mine.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_replaces_the_table_or_adds_to_it(tmp_path: Path) -> None:
    mine = table(tmp_path, "CPI 2027 08:30 01-13  # announced\n\n# and a remark\n")
    alone = release_calendar(mine)
    assert [(r.kind, r.days) for r in alone.releases] == [(ReleaseKind.CPI, 0)]
    both = release_calendar(None, mine)
    january = [
        r for r in both.releases
        if r.kind is ReleaseKind.CPI and (new_york(r.at).year, new_york(r.at).month) == (2027, 1)
    ]  # fmt: skip
    assert [(new_york(r.at).day, r.days) for r in january] == [(13, 0)], "the span is gone"
    assert len(both.releases) == len(release_calendar().releases)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("CIP 2027 08:30 01-13", "no release is called CIP"),
        ("CPI 27 08:30 01-13", "27 is no year"),
        ("CPI 2027 8:30 01-13", "8:30 is no time of day"),
        ("CPI 2027 24:30 01-13", "24:30 is no time of day"),
        ("CPI 2027 08:30", "KIND YEAR HH:MM and days"),
        ("CPI 2027 08:30 1-13", "1-13 is no day"),
        ("CPI 2027 08:30 02-30", "2027 has no day 02-30"),
        ("CPI 2027 08:30 01-15..01-11", "must span"),
        ("CPI 2027 08:30 01-01..01-20", "must span"),
        ("CPI 2027 08:30 01-13 01-13", "is there already"),
    ],
)
def test_a_bad_row_is_refused_by_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    path = table(tmp_path, f"# first line\n{line}\nPPI 2027 08:30 01-14\n")
    with pytest.raises(ReleaseTableError) as refused:
        release_calendar(path)
    (mistake,) = refused.value.errors
    assert mistake.startswith(f"{path}:2: ")
    assert said in mistake


def test_files_that_are_no_calendar_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReleaseTableError, match="cannot be read"):
        release_calendar(tmp_path / "none.txt")
    with pytest.raises(ReleaseTableError, match="no releases in it"):
        release_calendar(table(tmp_path, "# nothing\n"))
    (tmp_path / "raw").write_bytes(b"\xff\xfe")
    with pytest.raises(ReleaseTableError, match="not UTF-8"):
        release_calendar(tmp_path / "raw")


def test_the_profile_names_the_files_and_a_mistake_in_them_is_a_mistake_of_it(
    tmp_path: Path,
) -> None:
    good = table(tmp_path, "CPI 2027 08:30 01-13\n")
    profile = tmp_path / "profile.toml"
    profile.write_text(f'[calendar]\nmore_releases = "{good}"\n', encoding="utf-8")
    announced = Release(ny(2027, 1, 13, 8, 30), ReleaseKind.CPI)
    assert announced in load_settings(profile).policy().releases.releases
    bad = tmp_path / "bad.txt"
    bad.write_text("CPI 2027\n", encoding="utf-8")
    profile.write_text(f'[calendar]\nreleases = "{bad}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad.txt:1: "):
        load_settings(profile)


@pytest.mark.parametrize("hours", range(-24 * 7, 24 * 60, 37))
def test_what_is_known_is_what_a_look_at_every_release_finds(hours: int) -> None:
    now = FOMC.at + timedelta(hours=hours)
    for kind in ReleaseKind:
        before = any(r.at <= now for r in KNOWN.releases if r.kind is kind)
        after = any(r.at > now for r in KNOWN.releases if r.kind is kind)
        assert KNOWN.knows(now, kind) is (before and after)
        announced = [r.at for r in KNOWN.releases if r.kind is kind and not r.days]
        ends = not any(at > now + timedelta(days=5) for at in announced)
        assert (kind in KNOWN.ending(now, timedelta(days=5))) is ends
