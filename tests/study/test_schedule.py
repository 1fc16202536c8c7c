"""When the engine is woken."""

from datetime import date, datetime, timedelta

from domain.session import new_york
from study.schedule import morning, planned, report


def clock(at: datetime) -> str:
    return f"{new_york(at):%H:%M}"


def test_the_hours_of_the_rules_are_in_every_plan(table):
    times = [clock(at) for at in planned(table, date(2018, 1, 16))]
    assert times == sorted(times)
    assert {"10:00", "10:55", "11:00", "14:00", "15:00", "16:15"} <= set(times)
    assert times[-1] == "16:15"


def test_an_early_close_cuts_the_plan(table):
    times = [clock(at) for at in planned(table, date(2018, 7, 3))]
    assert times[-1] == "13:15"
    assert "14:00" not in times


def test_marks_lie_on_the_grid_of_the_daemon(table):
    many = planned(table, date(2018, 1, 16), marks=80)
    assert len({at for at in many if at.timestamp() % 300 == 0}) >= 77


def test_the_day_begins_after_the_open_and_ends_after_the_close(table):
    day = date(2018, 1, 16)
    assert morning(table, day) - table.open_at(day) == timedelta(minutes=1)
    assert report(table, day) > table.close_at(day)
