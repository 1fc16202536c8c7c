"""A calendar of the years that ship with the product, and markets of two short scenarios."""

from datetime import date

import pytest

from domain.session import SessionCalendar
from sim.exchange.market import Market
from sim.exchange.scenarios import load

_CLOSED = """
2014-01-01 2014-07-04 2014-11-27 2014-12-25 2015-01-01 2015-11-26 2015-12-25 2016-01-01 2016-01-18
2016-02-15 2016-03-25 2016-05-30 2016-07-04 2016-09-05 2016-11-24 2016-12-26 2017-01-02 2017-01-16
2017-02-20 2017-04-14 2017-05-29 2017-07-04 2017-09-04 2017-11-23 2017-12-25 2018-01-01 2018-01-15
2018-02-19 2018-03-30 2018-05-28 2018-07-04 2018-09-03 2018-11-22 2018-12-05 2018-12-25 2019-01-01
2019-01-21 2019-02-18 2019-04-19 2019-05-27 2019-07-04 2019-09-02 2019-11-28 2019-12-25
"""


@pytest.fixture(scope="session")
def calendar() -> SessionCalendar:
    return SessionCalendar(
        first=date(2014, 1, 1),
        last=date(2019, 12, 31),
        closures=frozenset(map(date.fromisoformat, _CLOSED.split())),
        early_closes=frozenset({date(2017, 7, 3), date(2017, 11, 24)}),
    )


@pytest.fixture(autouse=True)
def _history_that_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine offers, these tests read the files inside `arch` unless they say so."""
    monkeypatch.delenv("CONDORBOT_DATA", raising=False)


@pytest.fixture
def volmageddon(calendar: SessionCalendar) -> Market:
    return Market(load("volmageddon"), calendar, seed=7)


@pytest.fixture
def july_2017(calendar: SessionCalendar) -> Market:
    """Begins on an early close, 2017-07-03, the day before a holiday."""
    return Market(load("calm-2017", start=date(2017, 7, 3), days=5), calendar, seed=7)
