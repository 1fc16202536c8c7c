"""S21 by hand: an SPX box against a Treasury bill, and a reversal; told, never traded."""

from dataclasses import replace
from datetime import timedelta
from math import log

import pytest

from domain.desk import Desk
from domain.instruments import Right, spxw_option
from domain.parity import parity_gaps
from domain.proposals import Proposal
from domain.quotes import Quote
from risk.box_rate import box_gap, box_rate, propose
from risk.limits import RiskLimits
from risk.parameters import HedgeParams
from tests.builders import EXPIRATION, condor, ready_desk, with_condor

LIMITS = RiskLimits()
ON = HedgeParams(parity_monitor=True, bill_rate=0.02)
YEARS = (45 + 5 / 24) / 365  # 2018-01-16 11:00 to 2018-03-02 16:00
LOW_CALL = spxw_option(EXPIRATION, 2685.0, Right.CALL)
LOW_PUT = spxw_option(EXPIRATION, 2685.0, Right.PUT)
HIGH_CALL = spxw_option(EXPIRATION, 2850.0, Right.CALL)
HIGH_PUT = spxw_option(EXPIRATION, 2850.0, Right.PUT)


def boxed(dearer: float = 0.0) -> Desk:
    """C - P at 2685 is 90.00 at 90.40, at 2850 it is -74.60 at -74.20; ``dearer`` moves the box."""
    desk = with_condor(ready_desk())
    sides = {
        LOW_CALL: (100.10 + dearer, 100.30 + dearer),
        LOW_PUT: (9.90, 10.10),
        HIGH_CALL: (8.00, 8.20),
        HIGH_PUT: (82.40, 82.60),
    }
    return replace(desk, quotes={c: Quote(desk.now, *pair) for c, pair in sides.items()})


def test_what_the_box_lends_and_borrows_at() -> None:
    """165 wide for 45.208 days. Bought: 90.40 + 74.60 = 165.00 paid for 165: 0 %. Sold: 90.00 +
    74.20 = 164.20: ln(165 / 164.20) / 0.12386 = 3.92 %.
    """
    box = box_rate(boxed(), ON, LIMITS)
    assert box is not None
    assert (box.low, box.high, box.expiration) == (2685.0, 2850.0, EXPIRATION)
    assert box.lend == pytest.approx(log(165 / 165.00) / YEARS, abs=1e-9)
    assert box.borrow == pytest.approx(log(165 / 164.20) / YEARS)
    assert box.borrow == pytest.approx(0.0392, abs=0.0001)
    assert box.middle == pytest.approx(0.0196, abs=0.0001)


@pytest.mark.parametrize(
    ("dearer", "told"),
    [
        # a bill pays 2 %, between 0 % and 3.92 %
        (0.0, None),
        # 164.49: ln(165 / 164.49) / 0.12386 = 2.50 %, not yet half a per cent more than the bill
        (-0.508, None),
        # 164.48: 2.55 % is
        (-0.52, "SPX box 2685 to 2850 of 2018-03-02 lends at 2.55%, a bill pays 2.00%"),
        # sold at 164.70: ln(165 / 164.70) / 0.12386 = 1.47 %, 0.53 % less than the bill
        (0.50, "SPX box 2685 to 2850 of 2018-03-02 borrows at 1.47%, a bill pays 2.00%"),
        # 164.68: 1.57 %, 0.43 % less
        (0.48, None),
    ],
)
def test_half_a_per_cent_beyond_the_bill_at_the_touch_is_told(
    dearer: float, told: str | None
) -> None:
    assert box_gap(boxed(dearer), ON, LIMITS) == told


def test_the_two_options_that_no_condor_holds_are_asked_for_and_nothing_is_ordered() -> None:
    assert propose(boxed(), ON) == Proposal(wanted=(LOW_CALL, HIGH_PUT))
    assert propose(ready_desk(), ON) == Proposal()


def test_it_is_off_unless_asked_for_and_compares_with_nothing_that_was_not_given() -> None:
    off = HedgeParams()
    assert propose(boxed(), off) == Proposal()
    assert box_rate(boxed(-5.0), off, LIMITS) is None
    without = HedgeParams(parity_monitor=True)
    assert box_rate(boxed(-5.0), without, LIMITS) is not None
    assert box_gap(boxed(-5.0), without, LIMITS) is None


@pytest.mark.parametrize("contract", [LOW_CALL, LOW_PUT, HIGH_CALL, HIGH_PUT])
def test_without_one_of_four_fresh_sides_there_is_no_rate(contract: object) -> None:
    desk = boxed(-5.0)
    for broken in (
        None, Quote(desk.now, None, 10.0), Quote(desk.now, 10.0, 9.0),
        Quote(desk.now - timedelta(seconds=601), 10.0, 10.2),
    ):  # fmt: skip
        quotes = {c: q for c, q in desk.quotes.items() if c != contract}
        if broken is not None:
            quotes = {**quotes, contract: broken}  # type: ignore[dict-item]
        assert box_rate(replace(desk, quotes=quotes), ON, LIMITS) is None


def test_of_several_condors_the_one_that_lasts_longest_counts() -> None:
    later = condor(2600, 2630, 2900, 2930, EXPIRATION + timedelta(days=7))
    desk = with_condor(boxed(), 1, "later", later)
    assert {contract.strike for contract in propose(desk, ON).wanted} == {2630.0, 2900.0}


def test_a_reversal_pays_when_the_put_is_bid_too_high() -> None:
    """Strike 18, future 17.50 at 17.60: fair C - P = 17.50 - 18 = -0.50. Call bought at 0.80, put
    sold at 1.60, future sold at 17.50: (17.50 - 18) - (0.80 - 1.60) = 0.30.
    """
    gaps = parity_gaps([18.0], [0.70], [0.80], [1.60], [1.70], 17.50, 17.60, 1.0)
    assert gaps.reversal == pytest.approx([0.30])
    assert gaps.conversion == pytest.approx([(0.70 - 1.70) - (17.60 - 18.0)])


def test_the_bill_is_a_fraction_a_year() -> None:
    with pytest.raises(ValueError, match="fraction a year"):
        HedgeParams(bill_rate=5.0)
