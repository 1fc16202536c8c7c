"""The broker's trading hours: pieces of days in its own zone, and everything unreadable."""

from datetime import UTC, date, datetime

import pytest

from bot.broker.hours import sessions_from_ib
from domain.session import Session

TUESDAY, SATURDAY = date(2018, 1, 16), date(2018, 1, 20)
OPENS, CLOSES = (
    datetime(2018, 1, 16, 14, 30, tzinfo=UTC),
    datetime(2018, 1, 16, 21, 15, tzinfo=UTC),
)


@pytest.mark.parametrize("zone", ["US/Central", "CST", "America/Chicago"])
def test_chicago_hours_become_instants(zone: str) -> None:
    text = "20180116:0830-20180116:1515;20180120:CLOSED"
    assert sessions_from_ib(text, zone) == (Session(TUESDAY, OPENS, CLOSES), Session(SATURDAY))


def test_of_several_pieces_the_longest_counts_and_the_night_does_not() -> None:
    text = "20180115:1915-20180116:0815;20180116:0830-20180116:1515;20180116:1530-20180116:1600"
    assert sessions_from_ib(text, "US/Central") == (Session(TUESDAY, OPENS, CLOSES),)


@pytest.mark.parametrize(
    "text", ["", ";", "20180116", "20180116:0830", "x:y-z", "20180116:1515-20180116:0830"]
)
def test_what_cannot_be_read_is_no_session(text: str) -> None:
    assert sessions_from_ib(text, "US/Central") == ()


def test_an_unknown_zone_tells_nothing() -> None:
    assert sessions_from_ib("20180116:0830-20180116:1515", "Mars/Olympus") == ()
