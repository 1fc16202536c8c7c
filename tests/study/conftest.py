"""One short real period, replayed once for all tests of the study."""

from datetime import date

import pytest

from config.load import session_calendar
from domain.session import SessionCalendar
from engine.policy import Policy
from sim.exchange.scenarios import Scenario
from study.books import HEDGED, UNHEDGED, BookSpec, shadow_books
from study.dataset import load_dataset, scenario
from study.replay import BookRun, replay
from tests.builders import RELEASES

FIRST, LAST = date(2018, 1, 16), date(2018, 2, 7)


@pytest.fixture(scope="session")
def table() -> SessionCalendar:
    return session_calendar()


@pytest.fixture(scope="session")
def volmageddon(table: SessionCalendar) -> Scenario:
    return scenario(load_dataset(None, table), FIRST, LAST)


@pytest.fixture(scope="session")
def both() -> tuple[BookSpec, ...]:
    return tuple(
        book for book in shadow_books(Policy(releases=RELEASES)) if book.name in (UNHEDGED, HEDGED)
    )


@pytest.fixture(scope="session")
def runs(
    volmageddon: Scenario, table: SessionCalendar, both: tuple[BookSpec, ...]
) -> tuple[BookRun, ...]:
    return replay(volmageddon, table, both, seed=3)
