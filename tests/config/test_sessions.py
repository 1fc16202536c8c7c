"""The session table against its source and against days that are easy to get wrong."""

import importlib.util
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.load import session_calendar


def generator(repository: Path) -> Any:
    spec = importlib.util.spec_from_file_location(
        "make_sessions", repository / "scripts/make_sessions.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore:Series.values")
def test_the_table_is_what_exchange_calendars_says(repository: Path) -> None:
    made = generator(repository)
    assert made.TARGET.read_text(encoding="utf-8") == made.rendered()


@pytest.mark.parametrize(
    "closed",
    [
        date(2001, 9, 11),  # the four days after the attacks
        date(2012, 10, 29),  # hurricane
        date(2018, 12, 5),  # a national day of mourning
        date(2025, 1, 9),  # another one
        date(2026, 6, 19),
        date(2018, 3, 30),  # Good Friday
    ],
)
def test_days_without_a_session(closed: date) -> None:
    assert not session_calendar().is_session(closed)


@pytest.mark.parametrize("short", [date(2018, 11, 23), date(2026, 12, 24), date(2017, 7, 3)])
def test_sessions_that_end_early(short: date) -> None:
    calendar = session_calendar()
    assert calendar.is_session(short)
    assert short in calendar.early_closes


def test_a_year_has_about_252_sessions() -> None:
    calendar = session_calendar()
    for year in range(1999, 2028):
        assert 248 <= calendar.sessions_after(date(year - 1, 12, 31), date(year, 12, 31)) <= 254


def test_a_day_beyond_the_table_is_an_error_not_a_session() -> None:
    calendar = session_calendar()
    with pytest.raises(ValueError, match="no session table"):
        calendar.is_session(date(calendar.last.year + 1, 1, 2))
