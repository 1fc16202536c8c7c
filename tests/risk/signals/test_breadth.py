"""Advance-decline from the exchange's counts, from sectors, from equal weight; and divergence."""

import pytest

from domain.instruments import SECTORS
from domain.signals import Signal
from risk.signals.breadth import BREADTH, NET, line_slope
from tests.risk.signals.desks import desk, reading

RATIOS = [0.1, -0.3, -0.2, -0.4, -0.3]


def sectors(daily: list[int]) -> dict[str, list[float]]:
    """Eleven funds; on day i the first ``daily[i]`` of them rise by 1 %, the others fall."""
    made = {contract.symbol: [100.0] for contract in SECTORS}
    for up in daily:
        for place, prices in enumerate(made.values()):
            prices.append(prices[-1] * (1.01 if place < up else 0.99))
    return made


def test_the_mean_of_five_recorded_days() -> None:
    found = reading(desk({BREADTH: RATIOS}), Signal.ADVANCE_DECLINE)
    assert found.value == pytest.approx((0.1 - 0.3 - 0.2 - 0.4 - 0.3) / 5)  # -0.22
    assert (found.stressed, found.source) == (True, "AD-NYSE, recorded")
    calmer = reading(desk({BREADTH: [0.2, *RATIOS[1:]]}), Signal.ADVANCE_DECLINE)
    assert calmer.value == pytest.approx(-0.2)
    assert calmer.stressed is False, "the limit itself is not below it"


def test_four_recorded_days_are_not_five_and_old_ones_do_not_count() -> None:
    assert reading(desk({BREADTH: RATIOS[1:]}), Signal.ADVANCE_DECLINE).value is None
    holed = desk({BREADTH: [0.0] * 20})
    kept = (*holed.closes[BREADTH][:4], holed.closes[BREADTH][-1])
    holed.closes[BREADTH] = kept  # type: ignore[index]
    assert reading(holed, Signal.ADVANCE_DECLINE).value is None


def test_sectors_stand_in_by_their_share() -> None:
    # Over five days 3, 3, 4, 4 and 5 of 11 rise: (up - down) / 11 is -5, -5, -3, -3, -1 over 11.
    found = reading(desk(sectors([6] * 5 + [3, 3, 4, 4, 5])), Signal.ADVANCE_DECLINE)
    assert found.value == pytest.approx((-5 - 5 - 3 - 3 - 1) / 55)  # -0.309
    assert (found.stressed, found.source) == (True, "share of 11 sectors up")


def test_a_missing_sector_leaves_it_to_equal_weight() -> None:
    funds = sectors([6] * 10)
    del funds["XLU"]
    # RSP falls 3 % in ten days, SPY stays: 0.97 - 1 = -0.03, below -0.02.
    weights = {"RSP": [100.0] + [97.0] * 10, "SPY": [250.0] * 11}
    found = reading(desk({**funds, **weights}), Signal.ADVANCE_DECLINE)
    assert found.value == pytest.approx(-0.03)
    assert (found.stressed, found.source) == (True, "RSP less SPY")
    assert reading(desk(funds), Signal.ADVANCE_DECLINE).value is None


def test_divergence_is_a_falling_line_under_a_rising_index() -> None:
    net = [-100.0] * 10  # the line falls by 100 a day: its slope is -100
    assert line_slope(net) == pytest.approx(-100.0)
    rising, falling = [2700.0 + i for i in range(11)], [2700.0 - i for i in range(11)]
    both = {BREADTH: [0.0] * 10, NET: net}
    found = reading(desk({**both, "SPX": rising}), Signal.AD_DIVERGENCE)
    assert (found.value, found.stressed) == (1.0, True)
    found = reading(desk({**both, "SPX": falling}), Signal.AD_DIVERGENCE)
    assert (found.value, found.stressed) == (0.0, False)
    found = reading(desk({BREADTH: [0.0] * 10, "SPX": rising}), Signal.AD_DIVERGENCE)
    assert found.value is None, "five days of ratio without ten of the line"


def test_the_slope_is_that_of_least_squares() -> None:
    # Cumulated 1, 3, 2: places -1, 0, 1, so (-1 * 1 + 1 * 2) / 2.
    assert line_slope([1.0, 2.0, -1.0]) == pytest.approx(0.5)
