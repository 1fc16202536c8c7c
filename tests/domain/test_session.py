"""Sessions, settlement instants and time to expiry, on dates whose answers are public."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.instruments import Right, spxw_option, vix_option, vx_future
from domain.session import SessionCalendar, days_to_expiration

CALENDAR = SessionCalendar(
    first=date(2018, 1, 1),
    last=date(2018, 12, 31),
    closures=frozenset({date(2018, 1, 1), date(2018, 1, 15), date(2018, 2, 19), date(2018, 3, 30)}),
    early_closes=frozenset({date(2018, 7, 3)}),
)


def test_a_holiday_and_a_weekend_are_stepped_over():
    assert CALENDAR.next_session(date(2018, 1, 12)) == date(2018, 1, 16)
    assert CALENDAR.previous_session(date(2018, 1, 16)) == date(2018, 1, 12)
    assert CALENDAR.sessions_after(date(2018, 1, 12), date(2018, 1, 17)) == 2


def test_a_day_outside_the_table_is_refused_rather_than_guessed():
    with pytest.raises(ValueError, match="covers"):
        CALENDAR.is_session(date(2019, 1, 2))


def test_hours_follow_new_york_through_daylight_saving():
    assert CALENDAR.open_at(date(2018, 3, 9)) == datetime(2018, 3, 9, 14, 30, tzinfo=UTC)
    assert CALENDAR.open_at(date(2018, 3, 12)) == datetime(2018, 3, 12, 13, 30, tzinfo=UTC)


def test_an_early_close_ends_the_session_three_hours_earlier():
    assert CALENDAR.close_at(date(2018, 7, 3)) == datetime(2018, 7, 3, 17, 15, tzinfo=UTC)
    assert CALENDAR.close_at(date(2018, 7, 3), expiring_pm=True).hour == 17


def test_the_market_is_open_from_the_opening_to_just_before_the_close():
    assert CALENDAR.is_open(datetime(2018, 2, 5, 14, 30, tzinfo=UTC))
    assert not CALENDAR.is_open(datetime(2018, 2, 5, 21, 15, tzinfo=UTC))


def test_vix_options_settle_the_morning_after_their_last_trading_day():
    call = vix_option(date(2018, 2, 13), 14.0)
    assert CALENDAR.settles_at(call) == CALENDAR.open_at(date(2018, 2, 14))
    assert CALENDAR.settles_at(vx_future(date(2018, 2, 14))) == CALENDAR.open_at(date(2018, 2, 14))


def test_weeklies_settle_at_four_in_the_afternoon():
    put = spxw_option(date(2018, 3, 2), 2690.0, Right.PUT)
    assert CALENDAR.settles_at(put) == datetime(2018, 3, 2, 21, 0, tzinfo=UTC)


def test_time_to_settlement_counts_calendar_days_and_never_goes_negative():
    put = spxw_option(date(2018, 3, 2), 2690.0, Right.PUT)
    now = datetime(2018, 3, 1, 21, 0, tzinfo=UTC)
    assert CALENDAR.years_to_settlement(put, now) == pytest.approx(1 / 365)
    assert CALENDAR.years_to_settlement(put, datetime(2018, 3, 5, tzinfo=UTC)) == 0.0
    assert days_to_expiration(put, now) == 1


@pytest.mark.parametrize("start", [date(2017, 12, 31), date(2018, 1, 12), date(2018, 3, 30)])
def test_sessions_are_counted_as_if_day_by_day(start):
    for length in range(-3, 260, 7):
        end = start + timedelta(days=length)
        days = (start + timedelta(days=day + 1) for day in range(max(0, length)))
        assert CALENDAR.sessions_after(start, end) == sum(map(CALENDAR.is_session, days))


@pytest.mark.parametrize(
    ("start", "end"),
    [(date(2017, 12, 29), date(2018, 1, 5)), (date(2018, 12, 20), date(2019, 1, 1))],
)
def test_no_session_is_counted_outside_the_table(start, end):
    with pytest.raises(ValueError, match="covers"):
        CALENDAR.sessions_after(start, end)
    assert CALENDAR.sessions_after(end, start) == 0
