"""When a condor is closed, in which order of reasons, and at what price."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.desk import Desk
from domain.orders import Purpose
from domain.quotes import Quote
from engine.policy import Policy
from strategies.iron_condor import IronCondorParams
from strategies.iron_condor.management import MARGIN, conditions, propose
from tests.builders import condor, ny, ready_desk, with_condor

PARAMS = IronCondorParams()
ALLOWANCE = Policy().allowance
ID = "cb-condor-20180116-1"


def marked(debit: float, half_spread: float = 0.40, desk: Desk | None = None) -> Desk:
    """A condor of credit 7.00 whose package costs ``debit`` at mid."""
    desk = desk or with_condor(ready_desk())
    legs = condor().contracts
    mids = (1.0, 1.0 + debit, 1.0, 1.0)
    quotes = {
        contract: Quote(desk.now, mid - half_spread / 4, mid + half_spread / 4)
        for contract, mid in zip(legs, mids, strict=True)
    }
    return replace(desk, quotes=quotes)


@pytest.mark.parametrize(
    ("debit", "stop", "profit"),
    [(3.50, False, True), (3.55, False, False), (20.95, False, False), (21.0, True, False)],
)
def test_stop_at_three_times_and_profit_at_half_the_credit(
    debit: float, stop: bool, profit: bool
) -> None:
    """Credit 7.00: profit at 3.50 or less, stop at 21.00 or more."""
    found = conditions(marked(debit), PARAMS, ALLOWANCE)
    assert found[f"{ID}:stop"] is stop
    assert found[f"{ID}:profit"] is profit


def test_a_condor_without_quotes_cannot_be_measured() -> None:
    found = conditions(with_condor(ready_desk()), PARAMS, ALLOWANCE)
    assert found[f"{ID}:stop"] is None


def with_marks(desk: Desk, **marks: int) -> Desk:
    named = {f"{ID}:{name}": count for name, count in marks.items()}
    return replace(desk, memory=replace(desk.memory, marks=named))


def test_one_mark_is_not_enough_and_two_are() -> None:
    desk = marked(21.5)
    assert not propose(with_marks(desk, stop=1), PARAMS).intents
    (intent,) = propose(with_marks(desk, stop=2), PARAMS).intents
    assert intent.purpose is Purpose.CLOSE_CONDOR
    assert intent.rule == "4.3.stop"
    assert intent.limit == Decimal("21.50")
    assert intent.walk.worst == Decimal("21.90"), "mid plus half the spread is what the market asks"
    assert intent.quantity == 4
    assert {leg.ratio for leg in intent.legs} == {1, -1}


def test_profit_is_not_bought_above_half_the_credit() -> None:
    (intent,) = propose(with_marks(marked(3.45), profit=2), PARAMS).intents
    assert intent.rule == "4.3.profit"
    assert intent.walk.worst <= Decimal("3.50")


def test_low_margin_comes_first_and_closes_the_worst() -> None:
    desk = with_marks(marked(21.5), stop=2)
    desk = replace(desk, memory=replace(desk.memory, marks={**desk.memory.marks, MARGIN: 2}))
    (intent,) = propose(desk, PARAMS).intents
    assert intent.rule == "4.3.margin"
    low = replace(desk, account=replace(desk.account, excess_liquidity=Decimal(149_000)))
    assert conditions(low, PARAMS, ALLOWANCE)[MARGIN] is True
    assert conditions(desk, PARAMS, ALLOWANCE)[MARGIN] is False


def test_at_21_days_the_condor_goes_from_two_to_three_in_the_afternoon() -> None:
    """2018-02-09 is 21 days before 2018-03-02."""
    held = with_condor(ready_desk()).book
    for when, rule in (
        (ny(2018, 2, 8, 14), None),
        (ny(2018, 2, 9, 13, 59), None),
        (ny(2018, 2, 9, 14), "4.3.dte"),
    ):
        desk = marked(5.0, desk=replace(ready_desk(when), book=held))
        intents = propose(desk, PARAMS).intents
        assert (intents[0].rule if intents else None) == rule


def test_in_the_last_quarter_hour_the_time_exit_pays_the_market() -> None:
    held = with_condor(ready_desk()).book
    desk = marked(5.0, desk=replace(ready_desk(ny(2018, 2, 9, 14, 46)), book=held))
    (intent,) = propose(desk, PARAMS).intents
    assert intent.limit == Decimal("5.40")


def test_an_overdue_condor_is_not_kept_waiting_for_the_afternoon() -> None:
    held = with_condor(ready_desk()).book
    desk = marked(5.0, desk=replace(ready_desk(ny(2018, 2, 12, 10)), book=held))
    assert propose(desk, PARAMS).intents


def test_never_more_than_the_width_is_paid() -> None:
    (intent,) = propose(with_marks(marked(29.9, half_spread=4.0), stop=2), PARAMS).intents
    assert intent.walk.worst == Decimal("30.00")
