"""What makes the book of orders ask: counts without executions, executions without commissions."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.broker.orders import OrderBook, Standing
from bot.broker.translate import Execution
from domain.events import CommissionReported, OrderCanceled
from domain.orders import Leg
from tests.bot.broker.builders import HEDGE, NOON, after, an_order

US, ID, PERM = 1, 40, 9001
REF = "hedge-1"


@pytest.fixture
def book():
    book = OrderBook(US, timedelta(seconds=30))
    book.sent(NOON, an_order(REF, (Leg(HEDGE, 1),), 3, "0.80"), ID)
    return book


def execute(book, number, at=NOON):
    exec_id = f"a.b.{number}"
    return book.execution(at, Execution(exec_id, 1, REF, ID, PERM, US, HEDGE, 1, Decimal("0.75")))


def test_a_filled_count_without_its_executions_is_a_doubt(book):
    book.status(NOON, ID, PERM, US, "Submitted", 0.0)
    assert book.in_doubt == set()
    book.status(NOON, ID, PERM, US, "Submitted", 1.0)
    assert book.in_doubt == {REF}


def test_a_filled_count_that_the_executions_confirm_is_none(book):
    execute(book, 1)
    book.status(NOON, ID, PERM, US, "Submitted", 1.0)
    assert book.in_doubt == set()


def test_a_cancel_that_tells_of_unknown_fills_ends_the_order_and_is_asked_about(book):
    assert isinstance(book.status(NOON, ID, PERM, US, "Cancelled", 2.0)[-1], OrderCanceled)
    assert book.in_doubt == {REF}
    assert book.find(REF).standing is Standing.DONE


def test_a_missing_commission_is_asked_for_three_times_and_then_given_up(book):
    for number in (1, 2, 3):
        execute(book, number)
    asked = 0
    for minute in range(1, 10):
        book.in_doubt.clear()
        book.overdue(after(60 * minute))
        asked += book.in_doubt == {REF}
    assert asked == 3
    assert not book.unpaid


def test_a_commission_of_zero_is_not_the_last_word(book):
    execute(book, 1)
    assert book.commission(NOON, "a.b.1.01", Decimal(0)) == []
    assert book.unpaid
    told = book.commission(NOON, "a.b.1.01", Decimal("1.25"))
    assert told == [CommissionReported(NOON, "a.b.1", Decimal("1.25"))]
    assert not book.unpaid


def test_a_refusal_that_was_not_about_the_order_is_forgotten_when_the_order_lives_on(book):
    book.status(NOON, ID, PERM, US, "Submitted")
    book.error(NOON, ID, 201, "something else was rejected")
    book.status(NOON, ID, PERM, US, "Submitted")
    (ended,) = book.status(NOON, ID, PERM, US, "Cancelled")
    assert isinstance(ended, OrderCanceled)
