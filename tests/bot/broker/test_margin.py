"""What the broker may say to a what-if: numbers, no numbers, an error, nothing, too late."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.broker.margin import MarginQuestions
from domain.events import MarginAnswered

AT = datetime(2018, 1, 16, 16, 0, tzinfo=UTC)


@dataclass
class State:
    initMarginChange: object = "9750.25"  # noqa: N815 (the library's spelling)
    maintMarginAfter: object = 9750.0  # noqa: N815
    equityWithLoanAfter: object = "1000000"  # noqa: N815
    warningText: str = ""  # noqa: N815


def asked() -> MarginQuestions:
    questions = MarginQuestions()
    questions.asked(7, "condor-1")
    return questions


def test_numbers_come_back_exactly_and_once() -> None:
    questions = asked()
    assert questions.answered(AT, 7, State()) == MarginAnswered(
        AT, "condor-1", Decimal("9750.25"), Decimal("9750.0"), Decimal(1_000_000)
    )
    assert questions.answered(AT, 7, State()) is None
    assert questions.answered(AT, 8, State()) is None


@pytest.mark.parametrize(
    "unset", ["", "1.7976931348623157E308", 1.7976931348623157e308, "nan", None]
)
def test_an_unset_number_is_no_number(unset: object) -> None:
    answer = asked().answered(AT, 7, State(maintMarginAfter=unset))
    assert answer is not None
    assert answer.maintenance_after is None
    assert answer.initial_change == Decimal("9750.25")


def test_an_error_ends_the_question_and_an_order_s_error_is_not_touched() -> None:
    questions = asked()
    assert questions.refused(AT, 8, 201, "another order") is None
    answer = questions.refused(AT, 7, 360, "what-if is not supported")
    assert answer == MarginAnswered(AT, "condor-1", reason="360: what-if is not supported")
    assert questions.answered(AT, 7, State()) is None


def test_forgotten_questions_do_not_pile_up() -> None:
    questions = MarginQuestions()
    for number in range(1, 152):
        questions.asked(number, f"condor-{number}")
    assert questions.answered(AT, 51, State()) is None
    assert questions.answered(AT, 52, State()) is not None
