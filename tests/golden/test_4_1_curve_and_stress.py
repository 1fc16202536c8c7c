"""Section 4.1 by hand: the two months of the curve, its states, CMF30, and the stress score."""

from dataclasses import replace

import pytest

from domain.desk import CurveState, Desk
from domain.instruments import VIX, VIXY, Contract, vx_future
from domain.orders import DenialCode
from domain.quotes import Quote
from domain.signals import UNKNOWN, Reading, Signal
from engine.policy import Policy
from risk import hedge_build
from risk.alerts import stress_high
from risk.curve import curve_state, monthly_pair, read_curve
from risk.limits import RiskLimits
from risk.parameters import HedgeParams
from risk.signals import SignalParams
from risk.signals.momentum import macd_vixy, rsi_vix
from risk.signals.senses import Senses
from risk.signals.stress import parts, stress
from strategies.iron_condor import IronCondorParams, entry_gates
from tests.builders import RELEASES, VX_DAYS, Market, ny, quoted, ready_desk, with_condor
from tests.golden.desks import REGIME, looked, settled, with_futures
from tests.risk.signals.desks import NOW
from tests.risk.signals.desks import desk as listening
from tests.risk.test_alerts import RULES

JANUARY, FEBRUARY, MARCH, APRIL = (vx_future(day) for day in VX_DAYS[:4])


@pytest.mark.parametrize(
    ("day", "front", "second"),
    [
        (9, FEBRUARY, MARCH),  # 02-14 less 02-09 is 5 days: still F1
        (12, MARCH, APRIL),  # 02-14 less 02-12 is 2 days: March is F1
    ],
)
def test_f1_is_the_first_month_five_calendar_days_from_settlement_and_f2_the_next(
    day: int, front: Contract, second: Contract
) -> None:
    assert monthly_pair(ready_desk(ny(2018, 2, day)), REGIME) == (front, second)


def test_cmf30_lies_on_the_line_between_f1_and_f2() -> None:
    """2018-01-30: 15 days to 02-14, 50 to 03-21; F1 14.00, F2 15.40.

    14.00 + (15.40 - 14.00) (30 - 15) / (50 - 15) = 14.00 + 1.40 x 15 / 35 = 14.60.
    """
    curve = read_curve(with_futures(ready_desk(ny(2018, 1, 30)), 14.00, 15.40), REGIME)
    assert curve is not None
    assert list(curve.days) == [15, 50]
    assert curve.slope == pytest.approx(1.40)
    assert curve.constant_maturity() == pytest.approx(14.60)


def test_cmf30_goes_on_along_the_line_when_f1_is_further_than_thirty_days() -> None:
    """2018-02-12: 37 days to 03-21, 65 to 04-18: 14.90 + 1.40 (30 - 37) / 28 = 14.55."""
    curve = read_curve(with_futures(ready_desk(ny(2018, 2, 12)), 14.00, 14.90, 16.30), REGIME)
    assert curve is not None
    assert curve.constant_maturity() == pytest.approx(14.55)


@pytest.mark.parametrize(
    ("second", "state"),
    [
        (16.50, CurveState.CONTANGO),  # 16.50 - 15.00 = 1.50
        (16.49, CurveState.FLAT),
        (15.01, CurveState.FLAT),
        (15.00, CurveState.INVERTED),  # 0 is no longer flat
        (13.01, CurveState.INVERTED),
        (13.00, CurveState.DEEP),  # -2.00
    ],
)
def test_the_state_of_the_curve_is_that_of_f2_less_f1(second: float, state: CurveState) -> None:
    assert curve_state(round(second - 15.00, 2), REGIME) is state
    desk = ready_desk(ny(2018, 1, 30))
    unseen = replace(desk, regime=replace(desk.regime, curve=CurveState.UNKNOWN))
    seen = looked(with_futures(quoted(unseen, Market()), 15.00, second))
    assert seen.regime.curve is state


def rings(value: float = 1.0) -> Reading:
    return Reading(value, NOW, stressed=True)


CALM = {signal: Reading(0.0, NOW, stressed=False) for signal in Signal}
ALL_SEVEN = {
    Signal.RSI_VIX: rings(70.0),
    Signal.MACD_VIXY: rings(0.01),
    Signal.ADVANCE_DECLINE: rings(-0.21),
    Signal.AD_DIVERGENCE: rings(),
    Signal.DOLLAR_Z: rings(-2.01),
    Signal.REIT_Z: rings(-1.51),
    Signal.FOMC_SURPRISE: rings(5.0),
    Signal.PRICE_SURPRISE: rings(-2.0),
}


def sloping(slope: float) -> Senses:
    desk = replace(listening({}), futures=(FEBRUARY, MARCH))
    return Senses(with_futures(desk, 20.0, 20.0 + slope), SignalParams(), REGIME)


def test_the_score_counts_seven_alarms_two_of_a_kind_once() -> None:
    """Slope, RSI, MACD, breadth (two), dollar, REIT and release (two): 9 readings, 7 alarms."""
    found = stress(sloping(0.0), {**CALM, **ALL_SEVEN})
    assert (found.value, found.stressed) == (7.0, True)
    assert stress(sloping(0.01), {**CALM, **ALL_SEVEN}).value == 6.0
    assert stress(sloping(0.01), CALM).value == 0.0


def test_rsi_rings_from_70_on() -> None:
    """14 changes of the closes: 7 of +1 and 7 of -0.4286. Mean gain 0.5, mean loss 0.2143:
    RS = 7 / 3, RSI = 100 - 100 / (1 + 7 / 3) = 70. A little more loss and it is 69.99.
    """
    for loss, stressed in ((3.0 / 7.0 - 1e-6, True), (3.0 / 7.0 + 1e-3, False)):
        closes, level = [20.0], 20.0
        for _ in range(7):
            closes += [level + 1.0, level + 1.0 - loss]
            level = closes[-1]
        found = rsi_vix(Senses(today("VIX", VIX, closes), SignalParams(), REGIME))
        assert found.value == pytest.approx(70.0, abs=0.1)
        assert found.stressed is stressed


def today(name: str, contract: Contract, closes: list[float]) -> Desk:
    """All but the last as closes, the last as today's level."""
    return listening({name: closes[:-1]}, {contract: Quote(NOW, last=closes[-1])})


def test_macd_rings_above_zero() -> None:
    """60 closes of 10, then 11 today. EMA(12) moves 2 / 13 of the way, EMA(26) 2 / 27: MACD =
    0.153846 - 0.074074 = 0.079772; its EMA(9) moves 2 / 10: 0.015954; histogram 0.063818.
    """
    found = macd_vixy(Senses(today("VIXY", VIXY, [10.0] * 60 + [11.0]), SignalParams(), REGIME))
    macd = 2 / 13 - 2 / 27
    assert found.value == pytest.approx(macd - 0.2 * macd)
    assert found.value == pytest.approx(0.063818, abs=1e-6)
    assert found.stressed is True
    down = macd_vixy(Senses(today("VIXY", VIXY, [10.0] * 60 + [9.0]), SignalParams(), REGIME))
    assert (down.value, down.stressed) == (pytest.approx(-0.063818, abs=1e-6), False)


def test_the_reit_alarm_is_its_z_below_minus_one_and_a_half() -> None:
    for z, alarm in ((-1.5, False), (-1.51, True)):
        readings = {**CALM, Signal.REIT_Z: Reading(z, NOW)}
        assert parts(sloping(1.0), readings)["REIT"] is alarm


def scored(score: float | None) -> Desk:
    reading = UNKNOWN if score is None else Reading(score, ny(2018, 1, 16, 11), source="four")
    desk = quoted(ready_desk(), Market())
    return replace(desk, memory=replace(desk.memory, signals={Signal.STRESS: reading}))


@pytest.mark.parametrize(
    ("score", "shut"),
    [(3.0, None), (4.0, DenialCode.STRESS_HIGH), (None, DenialCode.REGIME_UNKNOWN)],
)
def test_a_score_of_four_blocks_new_condors_and_alerts(
    score: float | None, shut: DenialCode | None
) -> None:
    desk = scored(score)
    gates = entry_gates(desk, IronCondorParams(), Policy().allowance, RELEASES)
    (gate,) = (gate for gate in gates if gate.name == "stress")
    assert gate.denial is shut
    assert (stress_high(desk, RULES) is not None) is (score == 4.0)


def test_no_score_ever_buys_a_hedge() -> None:
    """7 of 7, no condor: no target, and nothing is bought. With one: the same calls as at 0."""
    desk = scored(7.0)
    params, limits = HedgeParams(), RiskLimits()
    assert not hedge_build.propose(desk, params, limits, REGIME).intents
    asked = []
    for score in (0.0, 7.0):
        held = with_condor(scored(score))
        _, proposal = settled(
            held, Market(), lambda d: hedge_build.propose(d, params, limits, REGIME)
        )
        asked.append(proposal.intents)
    assert asked[0] == asked[1] != ()
