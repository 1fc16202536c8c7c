"""What complete answers prove about an order, and what their silence does not."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.broker.reconcile import Answers, Believed, Completed, findings
from domain.events import Event, OrderCanceled, OrderRejected, OrderUncertain
from tests.bot.broker.builders import NOON, after

LATER = after(60)
REF = "condor-20180205-1"
SENT = Believed(REF, NOON, doubtful=False, executed=False, filled_up=False, absent_since=None,
                positions_agree=True)  # fmt: skip


def judged(order: Believed, answers: Answers, at: datetime = LATER) -> tuple[Event, ...]:
    return findings(at, [order], answers).events


def silence() -> Answers:
    return Answers(after(50))


def test_an_open_order_needs_no_judgement() -> None:
    found = findings(after(60), [SENT], Answers(after(50), open={REF}))
    assert (found.events, found.absent) == ((), ())


def test_an_order_sent_after_the_question_is_not_missed() -> None:
    found = findings(after(60), [replace(SENT, since=after(55))], silence())
    assert (found.events, found.absent) == ((), ())


def test_the_first_silence_is_uncertainty_and_is_said_once() -> None:
    found = findings(after(60), [SENT], silence())
    assert [type(event) for event in found.events] == [OrderUncertain]
    assert found.absent == (REF,)
    assert judged(replace(SENT, doubtful=True), silence()) == ()


def test_a_second_silence_half_a_minute_later_proves_that_it_never_arrived() -> None:
    doubtful = replace(SENT, doubtful=True, absent_since=after(20))
    assert judged(doubtful, silence(), after(49.9)) == ()
    assert [type(event) for event in judged(doubtful, silence(), after(50))] == [OrderCanceled]


def test_silence_proves_nothing_while_a_leg_of_it_has_moved_at_the_broker() -> None:
    moved = replace(SENT, doubtful=True, absent_since=after(0), positions_agree=False)
    found = findings(after(60), [moved], silence())
    assert (found.events, found.absent) == ((), (REF,))


def test_past_midnight_silence_proves_nothing_any_more() -> None:
    yesterday = NOON - timedelta(days=1)
    order = replace(SENT, doubtful=True, since=yesterday, absent_since=after(0))
    found = findings(after(60), [order], silence())
    assert found.events == ()
    assert found.absent == (REF,)


def test_an_order_with_executions_is_never_thought_to_have_been_lost() -> None:
    order = replace(SENT, doubtful=True, executed=True, absent_since=after(0))
    assert judged(order, silence()) == ()


def test_completed_orders_say_how_it_ended() -> None:
    canceled = Answers(after(50), completed={REF: Completed("Cancelled", "Cancelled by Trader")})
    assert judged(SENT, canceled) == (OrderCanceled(after(60), REF, "Cancelled by Trader"),)
    refused = Answers(after(50), completed={REF: Completed("Inactive", "margin")})
    assert judged(SENT, refused) == (OrderRejected(after(60), REF, 201, "margin"),)


def test_filled_without_executions_stays_uncertain() -> None:
    answers = Answers(after(50), completed={REF: Completed("Filled", "Filled Size: 1")})
    (event,) = judged(SENT, answers)
    assert isinstance(event, OrderUncertain)
    assert judged(replace(SENT, doubtful=True, absent_since=after(0)), answers) == ()


def test_filled_with_all_executions_is_finished() -> None:
    found = findings(after(60), [replace(SENT, executed=True, filled_up=True)], silence())
    assert (found.events, found.filled) == ((), (REF,))
