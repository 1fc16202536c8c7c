"""How long the questions about the past must wait, by the broker's own limits."""

import asyncio

import pytest

from bot.broker.pacing import Pace
from sim.virtual_time import run


def asked_at(pace: Pace, questions: list[tuple[str, str, int]]) -> list[float]:
    async def ask() -> list[float]:
        clock, at = asyncio.get_running_loop().time, []
        for contract, question, weight in questions:
            await pace.turn(contract, question, weight)
            at.append(clock())
        return at

    return run(ask())


def test_the_sixty_first_question_waits_until_the_first_is_ten_minutes_old() -> None:
    at = asked_at(Pace(60), [(f"c{i}", "bars", 1) for i in range(125)])
    assert at[59] == 0
    assert 600 < at[60] < 601
    assert at[119] == at[60]
    assert 1200 < at[120] < 1202


def test_quotes_of_both_sides_count_twice() -> None:
    at = asked_at(Pace(60), [(f"c{i}", "quotes", 2) for i in range(31)])
    assert at[29] == 0
    assert at[30] > 600


def test_the_same_question_waits_fifteen_seconds() -> None:
    at = asked_at(Pace(), [("SPX", "bars", 1), ("SPX", "bars", 1), ("VIX", "bars", 1)])
    assert at[0] == 0
    assert 15 < at[1] < 15.1
    assert at[2] == at[1]


def test_five_questions_about_one_contract_fill_two_seconds() -> None:
    at = asked_at(Pace(), [("SPX", str(i), 1) for i in range(12)])
    assert at[4] == 0
    assert 2 < at[5] < 2.1
    assert 4 < at[10] < 4.1


@pytest.mark.parametrize("budget", [0, 1, 61])
def test_a_budget_beyond_the_brokers_is_refused(budget: int) -> None:
    with pytest.raises(ValueError, match="2 to 60"):
        Pace(budget)
