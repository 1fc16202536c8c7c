"""Books on paper in the shell: they cannot order anything, and cannot take the desk with them."""

import ast
from pathlib import Path

import pytest

from bot.execute import Executor
from bot.gate import SendGate
from bot.inbox import Inbox
from bot.loop import DeskLoop
from bot.shadow import ShadowBooks
from bot.supervise import Dispensable
from config.load import load_settings
from config.settings import Settings
from config.shadow import ShadowSettings
from domain.events import AccountUpdated, BrokerReady, ClockTicked, QuoteUpdated, ShadowReported
from engine.policy import Policy
from tests.bot.samples import AT, after
from tests.builders import RELEASES, TUESDAY, Market, ny, quoted, ready_desk
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeJournal
from tests.fakes.telemetry import FakeTelemetry

ROOT = Path(__file__).parents[2]
POLICY = Policy(releases=RELEASES)


class Failing:
    """Books that raise wherever they are asked."""

    def __init__(self, where: str) -> None:
        self.where = where

    def _at(self, place: str) -> None:
        if place == self.where:
            raise ZeroDivisionError(place)

    def sift(self, events):
        self._at("sift")
        return []

    def lines(self, live):
        self._at("lines")
        return (*live, "more")

    def observe(self, desk):
        self._at("observe")


def a_loop(desk, beside, inbox=None):
    inbox, broker, journal = inbox or Inbox(), FakeBroker(), FakeJournal()
    executor = Executor(broker, FakeTelemetry(), inbox, FakeClock(), SendGate())
    return DeskLoop(desk, POLICY, inbox, journal, executor, broker, (), beside)


@pytest.mark.parametrize("where", ["sift", "lines", "observe"])
def test_books_that_fail_are_switched_off_once_and_the_desk_goes_on(where):
    errors = []
    guarded = Dispensable(Failing(where), errors.append)
    loop = a_loop(ready_desk(AT), guarded)
    for second in (60, 120, 180):
        loop.turn([BrokerReady(after(second)), ClockTicked(after(second))])
    assert [str(error) for error in errors] == [where]
    assert loop.turns == 3
    assert loop.desk.now == after(180)
    events = [ClockTicked(after(240))]
    assert guarded.sift(events) is events, "off: everything is the desk's again"
    assert guarded.lines(()) == ()


async def test_nothing_a_book_on_paper_decides_reaches_broker_executor_or_record():
    """The live book is kept from trading, the books on paper are not: no order leaves."""
    inbox = Inbox()
    settings = ShadowSettings(books=("U", "Hd"), lines_max=100)
    books = ShadowBooks(POLICY, settings, inbox.put)
    start = quoted(ready_desk(ny(2018, 1, 16, 10, 50)), Market())
    halted = a_loop(start, books, inbox)
    market = Market()
    while halted.desk.now < ny(2018, 1, 16, 11, 40):
        now = after((halted.desk.now - AT).total_seconds() + 30)
        lines = books.lines(halted.desk.memory.watchlist)
        quotes = [QuoteUpdated(now, c, market.quote(c, now)) for c in lines]
        # Without margin the live desk may not open; the paper accounts have their own.
        poor = AccountUpdated(now, excess_liquidity=0)
        waiting = await inbox.drain() if len(inbox) else []
        halted.turn([*quotes, *waiting, poor, ClockTicked(now)])
    on_paper = [book.shadow.desk for book in books.books.values()]
    assert all(desk.book.open_condors for desk in on_paper), "they traded"
    assert not halted.desk.book.positions()
    assert not halted.desk.orders
    asked = {name for name, _ in halted.broker.calls}
    assert asked == {"watch"}
    kinds = {type(record).__name__ for record in halted.journal.records}
    assert "ShadowReported" in kinds
    assert not kinds & {"PlaceOrder", "AskMargin", "ModifyLimit", "CancelOrder"}
    assert set(halted.desk.shadows) == {"U", "Hd"}


def test_the_books_know_neither_broker_nor_executor():
    """Not by import, and not by what they are given."""
    sources = [ROOT / "bot" / "shadow.py", *sorted((ROOT / "engine" / "shadow").glob("*.py"))]
    imported = {
        node.module or ""
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    assert not {name for name in imported if name.startswith(("sim", "study", "bot"))}
    assert ShadowBooks.__slots__[:3] == ("policy", "settings", "put")


def test_the_paper_profile_runs_them_and_the_demo_does_not():
    assert load_settings("paper").shadow.enabled
    assert not load_settings("demo").shadow.enabled
    assert not Settings().shadow.enabled


def test_a_book_named_twice_and_a_cheaper_spike_are_refused():
    with pytest.raises(ValueError, match="twice"):
        ShadowSettings(books=("U", "U"))
    with pytest.raises(ValueError, match="cost_calm"):
        ShadowSettings(cost_calm=0.2, cost_high=0.1)


def test_books_begin_with_what_the_live_account_is_worth():
    put = []
    books = ShadowBooks(POLICY, ShadowSettings(books=("U",)), put.append)
    loop = a_loop(quoted(ready_desk(TUESDAY, nlv="250000"), Market()), books)
    loop.turn([ClockTicked(TUESDAY)])
    (report,) = put
    assert isinstance(report, ShadowReported)
    assert (report.book, report.worth) == ("U", 250_000.0)
