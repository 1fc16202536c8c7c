"""What is still to be asked for, given what was answered."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.fetch_plan import (
    Record,
    Stretch,
    duration,
    known,
    last_session,
    missing,
    newest_run,
    windows,
)
from config.load import session_calendar


def jan(first: int, last: int) -> Stretch:
    return Stretch(date(2018, 1, first), date(2018, 1, last))


@pytest.mark.parametrize(
    ("answered", "left"),
    [
        (None, [jan(5, 20)]),
        (jan(1, 31), []),
        (jan(5, 10), [jan(11, 20)]),
        (jan(10, 25), [jan(5, 9)]),
        (jan(8, 12), [jan(13, 20), jan(5, 7)]),
        (jan(1, 4), [jan(5, 20)]),
        (jan(1, 2), [jan(5, 20)]),  # too far away: no holes
        (jan(25, 31), [jan(5, 20)]),
    ],
)
def test_only_what_was_not_answered_is_missing(
    answered: Stretch | None, left: list[Stretch]
) -> None:
    assert missing(jan(5, 20), answered) == left


_DAYS = st.integers(1, 31)
_STRETCHES = st.builds(lambda a, b: jan(min(a, b), max(a, b)), _DAYS, _DAYS)


@given(_STRETCHES, st.none() | _STRETCHES)
def test_answers_in_the_given_order_leave_no_hole_and_overlap_nowhere(
    wanted: Stretch, answered: Stretch | None
) -> None:
    have = answered if answered is not None and answered.touches(wanted) else None
    for each in missing(wanted, answered):
        assert have is None or have.touches(each)
        assert have is None or each.last < have.first or have.last < each.first
        have = each if have is None else have.joined(each)
    assert have is not None
    assert have.first <= wanted.first <= wanted.last <= have.last


def test_stored_days_count_as_far_back_as_they_have_no_hole() -> None:
    days = [date(2017, 12, 1), date(2017, 12, 20), date(2017, 12, 22), date(2017, 12, 26)]
    assert newest_run(days) == Stretch(date(2017, 12, 20), date(2017, 12, 26))
    assert newest_run([]) is None


def test_record_and_store_are_one_where_they_touch() -> None:
    assert known(jan(1, 10), jan(11, 20)) == jan(1, 20)
    assert known(jan(1, 10), jan(15, 20)) == jan(15, 20)
    assert known(None, jan(1, 2)) == known(jan(1, 2), None) == jan(1, 2)
    assert known(None, None) is None


def test_windows_cover_a_stretch_once_in_either_direction() -> None:
    forward = windows(jan(1, 20), 7, backward=False)
    assert forward == [jan(1, 7), jan(8, 14), jan(15, 20)]
    assert windows(jan(1, 20), 7, backward=True) == forward[::-1]


@pytest.mark.parametrize(
    ("stretch", "words"),
    [
        (jan(8, 12), "6 D"),
        (jan(12, 12), "2 D"),
        (Stretch(date(2017, 1, 1), date(2017, 12, 31)), "2 Y"),
        (Stretch(date(2008, 1, 14), date(2018, 1, 12)), "11 Y"),
    ],
)
def test_durations_reach_beyond_the_stretch(stretch: Stretch, words: str) -> None:
    assert duration(stretch) == words


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2018, 1, 16, 21, 29, tzinfo=UTC), date(2018, 1, 12)),  # 16:29 New York
        (datetime(2018, 1, 16, 21, 30, tzinfo=UTC), date(2018, 1, 16)),
        (datetime(2018, 1, 14, 12, 0, tzinfo=UTC), date(2018, 1, 12)),
        (datetime(2018, 11, 23, 18, 30, tzinfo=UTC), date(2018, 11, 23)),  # an early close
    ],
)
def test_a_session_counts_when_its_prices_are_final(now: datetime, last: date) -> None:
    assert last_session(session_calendar(), now) == last


def test_the_record_survives_the_process(tmp_path: Path) -> None:
    record = Record.read(tmp_path)
    record.answered("daily/SPX", jan(1, 5))
    record.answered("daily/SPX", jan(6, 9))
    record.answered("daily/VIX", jan(1, 5))
    record.answered("daily/VIX", jan(20, 25))
    record.done("SPXW-2018-01-16", date(2018, 1, 19))
    again = Record.read(tmp_path)
    assert again.stretches == {"daily/SPX": jan(1, 9), "daily/VIX": jan(20, 25)}
    assert again.series == {"SPXW-2018-01-16": ["2018-01-19"]}


def test_a_stretch_has_at_least_one_day() -> None:
    with pytest.raises(ValueError, match="a stretch from"):
        Stretch(date(2018, 1, 2), date(2018, 1, 2) - timedelta(days=1))
