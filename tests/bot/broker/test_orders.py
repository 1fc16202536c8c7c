"""The order book: what messages mean, also when they come late, doubled or out of order."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broker.orders import OrderBook, Standing
from bot.broker.translate import Execution
from domain.events import (
    CommissionReported,
    Event,
    LimitModified,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
)
from domain.instruments import Contract
from domain.orders import Leg, OrderStatus
from tests.bot.broker.builders import (
    CONDOR,
    HEDGE,
    LONG_CALL,
    LONG_PUT,
    NOON,
    SHORT_CALL,
    SHORT_PUT,
    after,
    an_order,
)

US, ID, PERM = 1, 40, 9001
REF = "condor-20180205-1"
LIMIT = Decimal("-3.20")


@pytest.fixture
def book() -> OrderBook:
    book = OrderBook(US, timedelta(seconds=30))
    book.sent(NOON, an_order(), ID)
    return book


def opened(book: OrderBook, limit: Decimal = LIMIT, status: str = "Submitted") -> list[Event]:
    return book.open_order(NOON, REF, ID, PERM, US, limit, status)


def said(book: OrderBook, status: str) -> list[Event]:
    return book.status(NOON, ID, PERM, US, status)


def report(
    contract: Contract | None = LONG_PUT,
    quantity: int = 1,
    exec_id: str = "a.b.1",
    revision: int = 1,
) -> Execution:
    return Execution(exec_id, revision, REF, ID, PERM, US, contract, quantity, Decimal("12.30"))


def fill_all(book: OrderBook) -> list[Event]:
    legs = [(LONG_PUT, 1), (SHORT_PUT, -1), (SHORT_CALL, -1), (LONG_CALL, 1)]
    events: list[Event] = []
    for number, (contract, quantity) in enumerate(legs):
        events += book.execution(NOON, report(contract, quantity, f"a.b.{number}"))
    return events


def test_an_order_is_accepted_once_however_often_it_is_said(book: OrderBook) -> None:
    assert opened(book, status="PreSubmitted") == [OrderAccepted(NOON, REF, PERM)]
    assert said(book, "PreSubmitted") == []
    assert opened(book) == []
    assert said(book, "Submitted") == []


def test_every_leg_is_told_and_the_summary_of_the_combo_is_not(book: OrderBook) -> None:
    opened(book)
    assert book.execution(NOON, report(None, 1, "a.b.0")) == []
    filled = fill_all(book)
    assert [type(event) for event in filled] == [OrderFilled] * 4
    assert book.unfinished == ()


def test_a_fill_needs_no_status_at_all(book: OrderBook) -> None:
    assert len(fill_all(book)) == 4
    assert said(book, "Filled") == []
    assert said(book, "Submitted") == []  # late news of a finished order


def test_the_same_execution_counts_once(book: OrderBook) -> None:
    assert len(book.execution(NOON, report())) == 1
    assert book.execution(NOON, report()) == []


def test_a_correction_is_told_with_its_revision_and_an_older_one_never_after_it(
    book: OrderBook,
) -> None:
    book.execution(NOON, report(revision=1))
    (corrected,) = book.execution(NOON, replace(report(revision=2), price=Decimal("12.35")))
    assert isinstance(corrected, OrderFilled)
    assert (corrected.revision, corrected.price) == (2, Decimal("12.35"))
    assert book.execution(NOON, report(revision=1)) == []


def test_a_commission_waits_for_its_execution_and_is_told_once(book: OrderBook) -> None:
    assert book.commission(NOON, "a.b.1.1", Decimal("1.25")) == []
    _, fee = book.execution(NOON, report())
    assert fee == CommissionReported(NOON, "a.b.1", Decimal("1.25"))
    assert book.commission(NOON, "a.b.1.1", Decimal("1.25")) == []


def test_the_commission_of_a_correction_replaces_the_first(book: OrderBook) -> None:
    book.execution(NOON, report())
    book.commission(NOON, "a.b.1.1", Decimal("1.25"))
    corrected = book.commission(NOON, "a.b.1.2", Decimal("1.30"))
    assert corrected == [CommissionReported(NOON, "a.b.1", Decimal("1.30"))]


@pytest.mark.parametrize("code", [201, 110, 321, 103, 10268])
def test_a_new_order_that_is_refused_is_rejected(book: OrderBook, code: int) -> None:
    assert book.error(NOON, ID, code, "no") == [OrderRejected(NOON, REF, code, "no")]
    assert said(book, "Inactive") == []
    assert book.unfinished == ()


@pytest.mark.parametrize("code", [10349, 399, 2109, 2161, 404])
def test_remarks_about_a_living_order_change_nothing(book: OrderBook, code: int) -> None:
    opened(book)
    assert book.error(NOON, ID, code, "by the way") == []
    assert not book.in_doubt
    assert [tracked.standing for tracked in book.unfinished] == [Standing.LIVE]


@pytest.mark.parametrize("code", [201, 202, 10147, 10148, 161, 104, 105, 321, 2102, 99999])
def test_no_error_alone_ends_an_order_that_was_accepted(book: OrderBook, code: int) -> None:
    opened(book)
    assert book.error(NOON, ID, code, "something") == []
    assert book.in_doubt == {REF}
    assert len(book.unfinished) == 1


def test_a_refused_modification_leaves_the_original_and_its_limit_is_told(book: OrderBook) -> None:
    opened(book)
    book.modify_sent(NOON, REF, Decimal("-3.15"))
    assert book.error(NOON, ID, 201, "Order rejected - reason: no") == []
    assert book.in_doubt == {REF}
    assert opened(book, LIMIT) == [LimitModified(NOON, REF, LIMIT)]
    assert len(book.unfinished) == 1


def test_a_modification_is_confirmed_by_the_limit_the_broker_names(book: OrderBook) -> None:
    opened(book)
    book.modify_sent(NOON, REF, Decimal("-3.15"))
    assert opened(book, LIMIT) == []  # the old one, still on its way
    assert opened(book, Decimal("-3.15")) == [LimitModified(NOON, REF, Decimal("-3.15"))]
    assert opened(book, Decimal("-3.15")) == []


def test_a_refusal_then_the_end_is_a_rejection_in_either_order(book: OrderBook) -> None:
    opened(book, status="PreSubmitted")
    book.error(NOON, ID, 201, "margin")
    assert said(book, "Inactive") == [OrderRejected(NOON, REF, 201, "margin")]
    other = OrderBook(US, timedelta(seconds=30))
    other.sent(NOON, an_order(), ID)
    assert said(other, "Inactive") == [OrderAccepted(NOON, REF, PERM)]
    assert other.error(NOON, ID, 201, "margin") == [OrderRejected(NOON, REF, 201, "margin")]


def test_an_inactive_order_without_refusal_is_held_and_may_revive(book: OrderBook) -> None:
    opened(book)
    assert said(book, "Inactive") == []
    assert said(book, "Submitted") == []
    assert len(book.unfinished) == 1


def test_a_cancel_is_told_with_its_reason_and_a_later_fill_all_the_same(book: OrderBook) -> None:
    opened(book)
    assert book.error(NOON, ID, 202, "Order Canceled - reason:") == []
    (canceled,) = said(book, "Cancelled")
    assert isinstance(canceled, OrderCanceled)
    assert "202" in canceled.reason
    assert not book.in_doubt
    assert len(fill_all(book)) == 4


def test_after_a_partial_fill_the_rest_is_canceled_and_never_rejected(book: OrderBook) -> None:
    opened(book)
    book.execution(NOON, report())
    book.error(NOON, ID, 201, "margin")
    assert [type(event) for event in said(book, "Cancelled")] == [OrderCanceled]


def test_filled_without_executions_is_a_question(book: OrderBook) -> None:
    opened(book)
    assert said(book, "Filled") == []
    assert book.in_doubt == {REF}
    fill_all(book)
    assert not book.in_doubt


def test_silence_becomes_uncertainty_at_the_deadline_and_only_once(book: OrderBook) -> None:
    assert book.overdue(after(29.9)) == []
    (uncertain,) = book.overdue(after(30))
    assert isinstance(uncertain, OrderUncertain)
    assert book.overdue(after(60)) == []
    assert opened(book) == [OrderAccepted(NOON, REF, PERM)]


def test_an_unanswered_cancel_is_asked_about(book: OrderBook) -> None:
    opened(book)
    book.cancel_sent(after(10), REF)
    assert book.overdue(after(40)) == []
    assert book.in_doubt == {REF}


def test_losing_the_connection_makes_only_the_unanswered_uncertain(book: OrderBook) -> None:
    opened(book)
    hedge = an_order("hedge-1", (Leg(HEDGE, 1),), 1, "0.85")
    book.sent(NOON, hedge, ID + 1)
    (uncertain,) = book.link_lost(after(1))
    assert isinstance(uncertain, OrderUncertain)
    assert uncertain.order_ref == "hedge-1"


def test_a_reference_is_sent_once(book: OrderBook) -> None:
    with pytest.raises(ValueError, match="sent before"):
        book.sent(NOON, an_order(), ID + 1)


def test_an_adopted_order_is_recognised_by_its_reference_and_learns_its_ids() -> None:
    book = OrderBook(US, timedelta(seconds=30))
    book.adopt(an_order(status=OrderStatus.UNKNOWN))
    assert opened(book) == [OrderAccepted(NOON, REF, PERM)]
    tracked = book.find(REF)
    assert tracked is not None
    assert (tracked.order_id, tracked.perm_id) == (ID, PERM)
    assert said(book, "Cancelled") == [OrderCanceled(NOON, REF, "Cancelled")]


def test_the_same_order_id_of_another_client_is_not_ours(book: OrderBook) -> None:
    assert book.status(NOON, ID, 77, US + 1, "Cancelled") == []
    assert book.open_order(NOON, "theirs", ID, 77, US + 1, LIMIT, "Submitted") == []
    assert (77, "theirs") in book.take_foreign()
    assert book.take_foreign() == []
    assert len(book.unfinished) == 1


MESSAGES = st.sampled_from(
    [
        ("open", "PreSubmitted"), ("open", "Submitted"), ("open", "Filled"),
        ("status", "PreSubmitted"), ("status", "Submitted"), ("status", "Filled"),
        ("status", "Inactive"), ("status", "PendingCancel"),
        ("error", 10147), ("error", 10349), ("error", 2109), ("error", 10148), ("error", 104),
        ("fill", 0), ("fill", 1), ("fill", 2), ("fill", 3), ("fee", 0), ("fee", 3),
    ]
)  # fmt: skip


@given(st.lists(MESSAGES, max_size=30))
def test_in_any_order_each_execution_is_told_once_and_nothing_ends_without_proof(
    messages: list[tuple[str, object]],
) -> None:
    book = OrderBook(US, timedelta(seconds=30))
    book.sent(NOON, an_order(), ID)
    events: list[Event] = []
    for kind, what in messages:
        match kind, what:
            case "open", str(status):
                events += opened(book, status=status)
            case "status", str(status):
                events += said(book, status)
            case "error", int(code):
                events += book.error(NOON, ID, code, "x")
            case "fill", int(number):
                leg = CONDOR[number]
                events += book.execution(NOON, report(leg.contract, leg.ratio, f"a.b.{number}"))
            case "fee", int(number):
                events += book.commission(NOON, f"a.b.{number}.1", Decimal("1.25"))
    told = [event.exec_id for event in events if isinstance(event, OrderFilled)]
    assert sorted(told) == sorted({f"a.b.{n}" for kind, n in messages if kind == "fill"})
    assert not any(isinstance(event, OrderCanceled | OrderRejected) for event in events)
    assert sum(isinstance(event, OrderAccepted) for event in events) <= 1
