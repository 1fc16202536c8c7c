"""When reference data are asked for, and which closes are final."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from bot.broker.reference import final_closes, next_refresh


@dataclass
class Bar:
    date: object
    close: float


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2018-02-05 12:00", "2018-02-05 13:30"),  # before 08:30 in New York
        ("2018-02-05 13:30", "2018-02-05 22:00"),  # at 08:30: the next one
        ("2018-02-02 22:00", "2018-02-05 13:30"),  # over a weekend
        ("2018-03-09 22:00", "2018-03-12 12:30"),  # into summer time
    ],
)
def test_it_is_asked_before_the_open_and_after_the_close_of_weekdays(now: str, then: str) -> None:
    def instant(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert next_refresh(instant(now)) == instant(then)


def test_the_bar_of_a_running_session_is_no_close() -> None:
    bars = [Bar("20180202", 17.31), Bar("20180205", 29.0)]
    during = datetime(2018, 2, 5, 20, 0, tzinfo=UTC)
    after = datetime(2018, 2, 5, 21, 30, tzinfo=UTC)
    assert final_closes(bars, during) == ((date(2018, 2, 2), 17.31),)
    assert final_closes(bars, after)[-1] == (date(2018, 2, 5), 29.0)


def test_closes_are_ordered_and_what_is_no_price_is_left_out() -> None:
    bars = [
        Bar("20180201", 13.47), Bar("20180131", 13.54), Bar(date(2018, 1, 30), 14.79),
        Bar("20180129", -1.0), Bar("20180126", float("nan")), Bar("20180125", 1.8e308),
        Bar("finished", 1.0),
    ]  # fmt: skip
    closes = final_closes(bars, datetime(2018, 2, 2, 12, 0, tzinfo=UTC))
    assert closes == (
        (date(2018, 1, 30), 14.79), (date(2018, 1, 31), 13.54), (date(2018, 2, 1), 13.47),
    )  # fmt: skip
