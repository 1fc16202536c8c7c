"""Books over processes, and one market told to all of them."""

from dataclasses import replace

import pytest

from domain.events import ContractRefused, QuoteUpdated
from domain.instruments import SPX, VIX, Right, spxw_option
from engine.policy import Policy
from sim.exchange.market import Market
from study.board import Board
from study.books import BookSpec, phase_books, shadow_books
from study.run import shared_out
from study.schedule import morning
from tests.builders import RELEASES

POLICY = Policy(releases=RELEASES)


def hedged(share: tuple[BookSpec, ...]) -> int:
    return sum(any(book.policy.hedge.ratio) for book in share)


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_every_book_is_shared_out_once_and_dear_ones_evenly(workers):
    books = shadow_books(POLICY) + phase_books(POLICY)
    shares = shared_out(books, workers)
    assert sorted(book.name for share in shares for book in share) == sorted(
        book.name for book in books
    )
    assert max(map(hedged, shares)) - min(map(hedged, shares)) <= 1


def test_there_are_never_more_shares_than_books():
    books = shadow_books(POLICY)[:2]
    assert [len(share) for share in shared_out(books, 8)] == [1, 1]


def test_all_books_are_told_the_same_quote_in_the_same_object(volmageddon, table):
    board = Board(Market(volmageddon, table, seed=3))
    day = volmageddon.days[0].on
    board.new_day()
    board.advance(morning(table, day))
    one, other = board.news((SPX, VIX)), board.news((VIX, SPX))
    assert one[0] is other[1]
    assert isinstance(one[0], QuoteUpdated)
    assert one[0].quote.level == pytest.approx(volmageddon.days[0].spx_open, rel=0.02)
    board.advance(table.close_at(day))
    (later,) = board.news((SPX,))
    assert later is not one[0]
    assert later.at == table.close_at(day)


def test_what_has_expired_is_refused_from_the_next_day_on(volmageddon, table):
    board = Board(Market(volmageddon, table, seed=3))
    board.new_day()
    board.advance(morning(table, volmageddon.days[0].on))
    expiration = next(chain for chain in board.chains() if chain.symbol == "SPX").expirations[0]
    option = spxw_option(expiration, 2750.0, Right.PUT)
    off_the_grid = replace(option, strike=2751.0)
    told, refused = board.news((option, off_the_grid))
    assert isinstance(told, QuoteUpdated)
    assert refused == ContractRefused(board.now, off_the_grid, "not listed")
    gone = next(day.on for day in volmageddon.days if day.on > expiration)
    board.new_day()
    board.advance(morning(table, gone))
    assert board.news((option,)) == [ContractRefused(board.now, option, "not listed")]
