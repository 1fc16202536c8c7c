"""The difference between wanted and active lines."""

from hypothesis import given
from hypothesis import strategies as st

from bot.broker.subscriptions import line_change
from domain.instruments import index

CONTRACTS = [index(f"I{n}") for n in range(12)]
some = st.lists(st.sampled_from(CONTRACTS))


def test_only_the_difference_is_touched() -> None:
    a, b, c = CONTRACTS[:3]
    change = line_change([b, c], [a, b], 100)
    assert change.cancel == (a,)
    assert change.request == (c,)


def test_the_most_important_win_when_the_budget_is_short() -> None:
    a, b, c = CONTRACTS[:3]
    change = line_change([a, b, c], [c], 2)
    assert change.cancel == (c,)
    assert change.request == (a, b)


@given(
    wanted=some, active=st.lists(st.sampled_from(CONTRACTS), unique=True), budget=st.integers(-1, 8)
)
def test_after_the_change_the_most_important_are_active_and_the_budget_holds(
    wanted: list[object], active: list[object], budget: int
) -> None:
    change = line_change(wanted, active, budget)  # type: ignore[arg-type]
    result = [c for c in active if c not in change.cancel] + list(change.request)
    assert len(result) <= max(0, budget)
    assert set(result) == set(list(dict.fromkeys(wanted))[: max(0, budget)])
    assert line_change(wanted, result, budget).cancel == ()  # type: ignore[arg-type]
