"""Which closes are asked for, how rarely, and what is done when the past is restated."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.broker.histories import NEEDED, SERIES, Histories, final_closes, last_refresh, next_refresh
from bot.broker.link import RequestRefused
from domain.events import DailyClosesLoaded, Event
from domain.instruments import SPY, VIX, VNQ, Contract
from tests.fakes.clock import FakeClock


@dataclass
class Bar:
    date: object
    close: float


@dataclass
class Broker:
    """Gives a close of every weekday, ``scale`` times the day of the month."""

    clock: FakeClock
    asked: list[tuple[str, str]] = field(default_factory=list)
    scale: float = 1.0
    refuse: Callable[[Contract], str] = lambda _: ""

    async def __call__(self, contract: Contract, duration: str) -> list[Bar]:
        self.asked.append((contract.series, duration))
        if text := self.refuse(contract):
            raise RequestRefused(162, text)
        count = {"2 Y": 500, "6 M": 126, "3 M": 63, "10 D": 10}[duration]
        today = self.clock.now().date()
        days = [today - timedelta(days=i) for i in range(count)][::-1]
        return [Bar(f"{d:%Y%m%d}", self.scale * (10 + d.day)) for d in days if d.weekday() < 5]


@dataclass
class Load:
    clock: FakeClock
    histories: Histories = field(default_factory=Histories)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.broker = Broker(self.clock)

    async def __call__(self) -> tuple[bool, int]:
        """Whether nothing has to be asked again soon, and how many questions there were."""
        self.events.clear()
        self.broker.asked.clear()
        complete = await self.histories.load(self.broker, self.clock, self.events.append)
        return complete, len(self.broker.asked)

    def told(self, contract: Contract) -> DailyClosesLoaded:
        (event,) = (
            e
            for e in self.events
            if isinstance(e, DailyClosesLoaded) and e.symbol == contract.symbol
        )
        return event


@pytest.fixture
def load() -> Load:
    return Load(FakeClock(datetime(2018, 2, 5, 15, 0, tzinfo=UTC)))  # a Monday, 10:00


async def test_everything_is_asked_once_and_what_is_needed_first(load: Load) -> None:
    assert await load() == (True, len(SERIES))
    assert [name for name, _ in load.broker.asked[:3]] == [c.series for c in NEEDED]
    assert load.told(VIX).closes[-1] == (date(2018, 2, 2), 12.0)
    assert await load() == (True, 0), "a reconnect asks nothing again"
    assert load.events == []


async def test_the_next_evening_only_the_new_day_is_told(load: Load) -> None:
    await load()
    load.clock.at = datetime(2018, 2, 5, 22, 5, tzinfo=UTC)
    assert await load() == (True, len(SERIES))
    assert {duration for _, duration in load.broker.asked} == {"10 D"}
    assert load.told(VNQ).closes == ((date(2018, 2, 5), 15.0),)
    load.clock.at = datetime(2018, 2, 6, 13, 31, tzinfo=UTC)
    assert await load() == (True, 0), "in the morning there is nothing new to ask for"


async def test_a_past_that_was_restated_is_loaded_anew(load: Load) -> None:
    await load()
    load.clock.at = datetime(2018, 2, 5, 22, 5, tzinfo=UTC)
    load.broker.scale = 0.5  # two shares for one
    complete, questions = await load()
    assert (complete, questions) == (True, 2 * len(SERIES))
    assert len(load.told(SPY).closes) > 300
    assert load.told(SPY).closes[-1] == (date(2018, 2, 5), 7.5)


async def test_after_a_long_absence_the_whole_is_asked_again(load: Load) -> None:
    await load()
    load.clock.at = datetime(2018, 3, 5, 22, 5, tzinfo=UTC)
    await load()
    assert {duration for _, duration in load.broker.asked} == {"2 Y", "6 M", "3 M"}
    assert load.told(VIX).closes[0][0] == date(2018, 2, 5), "only what is new is told"


async def test_what_is_needed_is_asked_again_soon_the_rest_not_before_the_next_time(
    load: Load,
) -> None:
    load.broker.refuse = lambda contract: "no permissions" if contract is VIX else ""
    assert await load() == (False, 1)
    load.broker.refuse = lambda contract: "no data" if contract is VNQ else ""
    assert await load() == (True, len(SERIES))
    assert await load() == (True, 0)
    load.clock.at = datetime(2018, 2, 5, 22, 5, tzinfo=UTC)
    load.broker.refuse = lambda _: ""
    await load()
    assert ("VNQ", "2 Y") in load.broker.asked


async def test_a_broker_that_loses_patience_is_left_alone(load: Load) -> None:
    text = "Historical data request pacing violation"
    load.broker.refuse = lambda contract: text if contract is VNQ else ""
    complete, questions = await load()
    assert complete is False
    assert questions == 4, "the fourth question was one too many"
    load.broker.refuse = lambda _: ""
    assert await load() == (True, len(SERIES) - 3)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "then", "before"),
    [
        ("2018-02-05 12:00", "2018-02-05 13:30", "2018-02-02 22:00"),  # before 08:30 in New York
        ("2018-02-05 13:30", "2018-02-05 22:00", "2018-02-05 13:30"),  # at 08:30: the next one
        ("2018-02-02 22:00", "2018-02-05 13:30", "2018-02-02 22:00"),  # over a weekend
        ("2018-03-09 22:00", "2018-03-12 12:30", "2018-03-09 22:00"),  # into summer time
        ("2018-03-11 12:00", "2018-03-12 12:30", "2018-03-09 22:00"),
    ],
)
def test_it_is_asked_before_the_open_and_after_the_close_of_weekdays(
    now: str, then: str, before: str
) -> None:
    assert next_refresh(instant(now)) == instant(then)
    assert last_refresh(instant(now)) == instant(before)


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
