"""Books on paper, run by the engine beside a live desk on the same market."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from bot.shadow import ShadowBooks, UnreadableState
from config.shadow import ShadowSettings
from domain.book import Book
from domain.desk import Desk
from domain.events import BrokerReady, ClockTicked, QuoteUpdated, ShadowReported
from domain.orders import HEDGE_LAYERS
from domain.shadows import ShadowRecord
from engine.fold import fold
from engine.policy import Policy
from engine.shadow import venue
from engine.shadow.book import State, begun, state_of
from engine.shadow.books import DYNAMIC, live_books, study_books
from risk.parameters import RatioMode
from tests.builders import (
    RELEASES,
    TUESDAY,
    Market,
    ny,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)
from tests.engine.scripted import Script

POLICY = Policy(releases=RELEASES)
BEGIN = TUESDAY - timedelta(minutes=10)


class Beside:
    """A scripted live desk, and books on paper that hear what the loop would let them hear."""

    def __init__(self, names: tuple[str, ...], desk: Desk | None = None, lines: int = 60) -> None:
        start = desk or quoted(ready_desk(BEGIN), Market())
        self.script = Script(start, Market(), POLICY)
        self.reports: list[ShadowReported] = []
        settings = ShadowSettings(books=names, lines_max=lines)
        self.books = ShadowBooks(POLICY, settings, self.reports.append)

    def run_until(self, end) -> None:
        script, books = self.script, self.books
        while script.desk.now < end:
            now = script.desk.now + script.every
            lines = books.lines(script.desk.memory.watchlist)
            quotes = [QuoteUpdated(now, c, script.market.quote(c, now)) for c in lines]
            told = books.sift([*quotes, *script._exchange(now)])
            script.feed([*told, ClockTicked(now)])
            books.observe(script.desk)

    def desk(self, name: str) -> Desk:
        return self.books.books[name].shadow.desk


def hedge(desk: Desk) -> dict:
    return {c.label: q for c, q in desk.book.positions().items() if c.symbol == "VIX"}


@pytest.fixture(scope="module")
def morning() -> Beside:
    beside = Beside(("Hd", "U", "Hd-static", "Hd-premium", "U-ungated"))
    beside.run_until(ny(2018, 1, 16, 12, 0))
    return beside


def test_under_the_live_rules_a_book_on_paper_comes_to_the_live_holdings(morning):
    live, paper = morning.script.desk.book.positions(), morning.desk("Hd").book.positions()
    assert live, "a condor was opened"
    assert {c.label: q for c, q in paper.items()} == {c.label: q for c, q in live.items()}
    assert hedge(morning.desk("Hd")), "and its hedge bought"


def test_without_a_hedge_the_same_condor_is_opened_and_no_call_is_ever_bought(morning):
    live, paper = morning.script.desk.book, morning.desk("U").book
    assert not hedge(morning.desk("U"))
    assert all(paper.realized.get(layer, 0) == 0 for layer in HEDGE_LAYERS)
    assert not any(
        order.intent.layer in HEDGE_LAYERS for order in morning.desk("U").orders.values()
    )
    ours = [(c.combo, c.quantity) for c in paper.open_condors]
    assert ours == [(c.combo, c.quantity) for c in live.open_condors]


def test_money_on_paper_adds_up_fees_included(morning):
    desk, start = morning.desk("Hd"), Decimal(1_000_000)
    fills = desk.book.fills.values()
    paid = sum(fill.price * fill.quantity * fill.contract.multiplier for fill in fills)
    fees = Decimal("1.25") * sum(abs(fill.quantity) for fill in fills)
    assert venue.cash(desk, start) == start - paid - fees
    assert fees > 0


def test_no_fill_on_paper_is_better_than_the_market_offered(morning):
    market, desk = morning.script.market, morning.desk("Hd")
    for order in desk.orders.values():
        if not order.filled:
            continue
        fills = [f for f in desk.book.fills.values() if f.order_ref == order.order_ref]
        price = sum(f.price * f.quantity for f in fills) / order.intent.quantity
        at = fills[0].at
        mids = sum(leg.ratio * market.quote(leg.contract, at).mid for leg in order.intent.legs)
        assert float(price) >= mids - 1e-9, "always bought: never below the mid"
        assert price <= order.intent.walk.worst


def test_the_live_book_goes_first_and_its_list_is_left_as_it_is(morning):
    live = morning.script.desk.memory.watchlist
    lines = morning.books.lines(live)
    assert lines[: len(live)] == live


def test_without_lines_of_its_own_a_book_says_that_it_could_not_see():
    """Holding what the live book has not, with no line for it."""
    desk = quoted(ready_desk(BEGIN), Market())
    held = with_condor(replace(desk, book=Book()))
    beside = Beside(("U",), desk, lines=0)
    text = _spelled(State(start=Decimal(1_000_000), book=held.book))
    record = ShadowRecord(BEGIN, 1_000_000.0, None, text)
    beside.script.desk = replace(desk, shadows={"U": record})
    beside.run_until(TUESDAY - timedelta(minutes=5))
    assert beside.books.books["U"].shadow.lacking == "no line for a quote"
    seen = Beside(("U",), replace(desk, shadows={"U": record}))
    seen.run_until(TUESDAY - timedelta(minutes=5))
    assert seen.books.books["U"].shadow.lacking == ""


def test_after_a_restart_a_book_goes_on_with_what_it_held(morning):
    desk = morning.script.desk
    for report in morning.reports:
        desk = fold(desk, report)
    again = Beside(("Hd", "U"), desk)
    again.run_until(desk.now + timedelta(minutes=2))
    for name in ("Hd", "U"):
        before, after = morning.desk(name), again.desk(name)
        assert after.book.positions() == before.book.positions()
        assert after.book.cash == before.book.cash
        assert sum(after.book.fees.values()) == sum(before.book.fees.values())
        assert after.book.last_entry_on == before.book.last_entry_on
        assert after.tally.orders_today >= before.tally.orders_today - 1


def test_a_state_comes_back_whole():
    desk = with_calls(with_condor(ready_desk()))
    (spec, *_) = live_books(POLICY)
    shadow = begun(spec, ready_desk(), State(start=Decimal(5), book=desk.book))
    state = state_of(shadow)
    assert state_of(begun(spec, ready_desk(), state)) == state
    assert state.book.fills == {}, "executions are left behind"
    assert state.book.cash == desk.book.cash


def test_a_state_of_another_program_is_refused_by_name():
    desk = replace(
        quoted(ready_desk(BEGIN), Market()),
        shadows={"U": ShadowRecord(BEGIN, 1.0, 1.0, '{"start": []}')},
    )
    beside = Beside(("U",), desk)
    with pytest.raises(UnreadableState, match="shadow book U"):
        beside.run_until(BEGIN + timedelta(minutes=2))


def test_quotes_that_only_paper_wants_do_not_reach_the_live_desk():
    beside = Beside(("U",))
    beside.run_until(BEGIN + timedelta(minutes=2))
    books, live = beside.books, beside.script.desk.memory.watchlist
    option = with_condor(ready_desk()).book.open_condors[0].combo.short_put
    quote = Market().quote(option, TUESDAY)
    books._extra, books._live = (option,), ()
    assert option in books.lines(live)
    assert books.sift([QuoteUpdated(TUESDAY, option, quote)]) == []
    ready = BrokerReady(TUESDAY)
    assert books.sift([ready]) == [ready], "everything else does"
    books.lines((*live, option))
    assert beside.reports[-1] == QuoteUpdated(TUESDAY, option, quote), "wanted now: told at once"
    assert books.sift([QuoteUpdated(TUESDAY, option, quote)]) != []


def test_study_and_daemon_mean_the_same_by_a_name():
    study = {spec.name: spec.policy for spec in study_books(POLICY)}
    live = {spec.name: spec.policy for spec in live_books(POLICY)}
    shared = study.keys() & live.keys()
    assert {"U", "Hd", "Hd-premium", "U-ungated"} <= shared
    assert all(study[name] == live[name] for name in shared)


def test_the_study_has_eight_books_and_one_of_them_moves_its_ratio():
    books = {spec.name: spec.policy for spec in study_books(POLICY)}
    assert len(books) == 8
    moving = [name for name, policy in books.items() if policy.hedge.ratio_mode != "static"]
    assert moving == [DYNAMIC]
    stress = replace(POLICY, hedge=replace(POLICY.hedge, ratio_mode=RatioMode.STRESS))
    of_stress = {spec.name: spec.policy for spec in study_books(stress)}
    assert of_stress[DYNAMIC].hedge.ratio_mode is RatioMode.STRESS


def _spelled(state: State) -> str:
    return msgspec.json.encode(state).decode()
