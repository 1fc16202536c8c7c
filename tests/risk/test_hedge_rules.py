"""Build, roll, ladder and harvest of the hedge layers, rule by rule."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.desk import CurveState, Desk, Regime
from domain.instruments import vix_option
from domain.orders import DenialCode, Layer, Purpose
from domain.proposals import Proposal
from domain.quotes import Quote
from engine.fold import apply_effect
from risk import hedge_build, hedge_roll, hedge_sale
from risk.hedge_target import deficit_changes, deficits, scaled, targets, targets_of
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams
from tests.builders import Market, ny, quoted, ready_desk, with_calls, with_condor

HEDGE, LIMITS, REGIME = HedgeParams(), RiskLimits(), RegimeParams()
TRANCHE = "cb-hedge-20180116-2"


@pytest.mark.parametrize(
    ("condors", "wanted"),
    [
        (0, (0, 0, 0)),
        (1, (0, 1, 0)),
        (2, (1, 1, 0)),
        (3, (1, 1, 1)),
        (4, (2, 2, 1)),
        (10, (4, 4, 2)),
        (12, (5, 5, 2)),
    ],
)
def test_targets_are_4_4_2_per_10_rounded_half_up(
    condors: int, wanted: tuple[int, int, int]
) -> None:
    """1 condor rounds to nothing, so one medium call is held; 3 x 0.2 = 0.6 rounds up."""
    assert targets(condors, HEDGE) == wanted


def test_a_condor_whose_result_is_decided_wants_no_hedge_although_the_broker_still_shows_it() -> (
    None
):
    """It settled on 2018-03-02 at the close; the broker drops it in the night."""
    desk = with_condor(ready_desk(), 10)
    assert desk.book.condor_contracts == 10
    assert sum(targets_of(desk, HedgeParams()).values()) == 10
    settled = replace(desk, now=ny(2018, 3, 2, 16, 5))
    assert settled.book.condor_contracts == 10
    assert sum(targets_of(settled, HedgeParams()).values()) == 0
    assert deficits(settled, HedgeParams()) == {}


def test_a_deficit_takes_its_proportion_of_what_is_left() -> None:
    """5 of 10 short at 100 each, 600 left: 5 x 0.6 = 3."""
    assert scaled(5, 10, 600.0, 100.0) == 3
    assert scaled(5, 10, 1000.0, 100.0) == 5
    assert scaled(5, 10, 0.0, 100.0) == 0


def build(desk: Desk, market: Market) -> Proposal:
    proposal = hedge_build.propose(desk, HEDGE, LIMITS, REGIME)
    for _ in range(3):
        desk = quoted(desk, market, [*proposal.wanted, *desk.book.positions()])
        proposal = hedge_build.propose(desk, HEDGE, LIMITS, REGIME)
    return proposal


def test_the_short_layer_is_bought_at_once_and_all_numbers_are_recorded() -> None:
    desk = quoted(with_condor(ready_desk()), Market())
    short = next(i for i in build(desk, Market()).intents if i.layer is Layer.HEDGE_SHORT)
    inputs = dict(short.inputs)
    assert short.quantity == 2
    assert abs(inputs["delta"] - 0.30) < 0.05
    assert {"cap", "used", "asked", "granted"} <= set(inputs)
    assert inputs["used"] + inputs["granted"] <= inputs["cap"]
    assert short.limit > 0


def test_longer_layers_wait_for_a_steep_curve_or_five_sessions() -> None:
    shallow = Market(vx_step=1.0)
    desk = with_condor(ready_desk())
    for change in deficit_changes(desk, HEDGE):
        desk = apply_effect(desk, change)
    layers = {i.layer for i in build(quoted(desk, shallow), shallow).intents}
    assert layers == {Layer.HEDGE_SHORT}
    patient = replace(ready_desk(ny(2018, 1, 23)), book=desk.book, deficits=desk.deficits)
    waited = {i.layer for i in build(quoted(patient, shallow), shallow).intents}
    assert Layer.HEDGE_MEDIUM in waited
    steep = {i.layer for i in build(quoted(desk, Market()), Market()).intents}
    assert Layer.HEDGE_MEDIUM in steep


@pytest.mark.parametrize("regime", [Regime.ELEVATED, Regime.HIGH, Regime.PRESS, Regime.UNKNOWN])
def test_no_net_purchase_outside_low_and_normal(regime: Regime) -> None:
    desk = quoted(with_condor(ready_desk(regime=regime)), Market())
    proposal = build(desk, Market())
    assert not proposal.intents
    assert proposal.skips[0].denial is DenialCode.REGIME_BLOCKS_HEDGE_BUY


def test_an_empty_budget_buys_nothing() -> None:
    desk = quoted(with_condor(ready_desk()), Market())
    spent = replace(desk.book, hedge_spend=((date(2017, 6, 1), Decimal(20_000)),))
    proposal = build(replace(desk, book=spent), Market())
    assert not proposal.intents
    assert DenialCode.HEDGE_BUDGET in {skip.denial for skip in proposal.skips}
    last_year = replace(desk.book, hedge_spend=((date(2017, 1, 10), Decimal(20_000)),))
    assert build(replace(desk, book=last_year), Market()).intents


def test_a_deficit_lasts_until_contracts_are_held() -> None:
    desk = with_condor(ready_desk())
    for change in deficit_changes(desk, HEDGE):
        desk = apply_effect(desk, change)
    assert set(desk.deficits) == {Layer.HEDGE_SHORT, Layer.HEDGE_MEDIUM, Layer.HEDGE_LONG}
    desk = with_calls(desk, quantity=2)
    assert deficits(desk, HEDGE) == {Layer.HEDGE_MEDIUM: 2, Layer.HEDGE_LONG: 1}
    for change in deficit_changes(desk, HEDGE):
        desk = apply_effect(desk, change)
    assert Layer.HEDGE_SHORT not in desk.deficits


def rolling(
    regime: Regime = Regime.ELEVATED, market: Market | None = None, condors: int = 4
) -> Proposal:
    """The short tranche 26 days after it was bought, two days before its last."""
    market = market or Market(vx={date(2018, 2, 14): 14.0})
    bought = with_calls(with_condor(ready_desk(), condors), strike=13.0).book
    desk = quoted(
        replace(ready_desk(ny(2018, 2, 11 + 1, 10, 30), regime), book=bought),
        market,
        bought.positions(),
    )
    proposal = hedge_roll.propose(desk, HEDGE, LIMITS)
    for _ in range(3):
        desk = quoted(desk, market, proposal.wanted)
        proposal = hedge_roll.propose(desk, HEDGE, LIMITS)
    return proposal


def test_a_due_tranche_is_rolled_one_to_one_as_one_package() -> None:
    (intent,) = rolling().intents
    assert intent.purpose is Purpose.ROLL_HEDGE
    assert [leg.ratio for leg in intent.legs] == [-1, 1]
    assert intent.legs[1].contract.expiration == date(2018, 3, 20)
    assert intent.quantity == 2
    assert intent.subject == TRANCHE
    inputs = dict(intent.inputs)
    assert (inputs["tenor_before"], inputs["tenor_after"]) == (1.0, 36.0)


def test_in_a_spike_a_roll_goes_one_layer_longer_and_only_if_the_sale_pays() -> None:
    rich = Market(
        vix=35.0, vx={date(2018, 2, 14): 35.0, date(2018, 5, 16): 20.0, date(2018, 6, 20): 19.0}
    )
    (intent,) = rolling(Regime.HIGH, rich, condors=12).intents
    assert intent.rule == "4.4.shift"
    assert intent.layer is Layer.HEDGE_MEDIUM
    assert intent.walk.worst <= 0
    poor = rolling(
        Regime.HIGH, Market(vx={date(2018, 2, 14): 13.2, date(2018, 5, 16): 35.0}), condors=12
    )
    assert not poor.intents


def test_what_the_target_no_longer_wants_is_sold_at_the_roll_date() -> None:
    market = Market(vx={date(2018, 2, 14): 14.0})
    bought = with_calls(ready_desk(), strike=13.0).book
    desk = replace(ready_desk(ny(2018, 2, 12, 10, 30)), book=bought)
    desk = quoted(desk, market, bought.positions())
    (intent,) = hedge_roll.propose(desk, HEDGE, LIMITS).intents
    assert (intent.rule, intent.quantity) == ("4.4.excess", 2)


@pytest.mark.parametrize(
    ("hour", "minute", "rule"), [(13, 29, None), (13, 30, "4.4.flat"), (15, 0, "4.4.flat")]
)
def test_nothing_is_held_into_settlement(hour: int, minute: int, rule: str | None) -> None:
    """Outright sale at the bid from 13:30 of the last trading day, whatever the regime."""
    bought = with_calls(ready_desk(), quantity=2).book
    desk = replace(ready_desk(ny(2018, 2, 13, hour, minute), Regime.UNKNOWN), book=bought)
    desk = quoted(desk, Market(vx={date(2018, 2, 14): 16.0}), bought.positions())
    intents = hedge_roll.propose(desk, HEDGE, LIMITS).intents
    assert (intents[0].rule if intents else None) == rule
    if intents:
        quote = desk.quotes[vix_option(date(2018, 2, 13), 15.0)]
        assert quote.bid is not None
        assert float(-intents[0].limit) <= quote.bid


@pytest.mark.parametrize(
    ("quantity", "rung", "reached", "kept"),
    [
        (4, 0, 1, 2),
        (3, 0, 1, 1),
        (1, 0, 1, 1),
        (1, 1, 2, 0),
        (2, 1, 2, 1),
        (4, 0, 2, 1),
        (5, 0, 3, 0),
        (1, 0, 3, 0),
    ],
)
def test_the_ladder_sells_half_half_and_all(
    quantity: int, rung: int, reached: int, kept: int
) -> None:
    """3x: 50 %, 5x: 50 % of the rest, 8x: all, sales rounded up; a single contract goes at 5x."""
    assert hedge_sale.kept_after(quantity, rung, reached, HEDGE) == kept


def at_multiple(bid: float, quantity: int = 4) -> Desk:
    desk = with_calls(with_condor(ready_desk(), 12), quantity=quantity, price_paid="0.50")
    call = vix_option(date(2018, 2, 13), 15.0)
    return replace(desk, quotes={call: Quote(desk.now, bid, bid + 0.05)})


def test_a_rung_is_remembered_when_the_price_falls_again() -> None:
    assert not hedge_sale.rungs(at_multiple(1.49), HEDGE, REGIME)
    desk = at_multiple(1.50)
    for change in hedge_sale.rungs(desk, HEDGE, REGIME):
        desk = apply_effect(desk, change)
    assert desk.book.tranches[TRANCHE].keep == 2
    call = vix_option(date(2018, 2, 13), 15.0)
    fallen = replace(desk, quotes={call: Quote(desk.now, 1.20, 1.25)})
    assert not hedge_sale.rungs(fallen, HEDGE, REGIME), "reached once, reached for good"
    (intent,) = hedge_sale.propose_profit(fallen, HEDGE, REGIME).intents
    assert (intent.rule, intent.quantity) == ("4.6.ladder", 2)


def test_a_collapsed_contango_lets_a_sale_chase_the_bid() -> None:
    desk = at_multiple(1.50)
    for change in hedge_sale.rungs(desk, HEDGE, REGIME):
        desk = apply_effect(desk, change)
    patient = hedge_sale.propose_profit(desk, HEDGE, REGIME).intents[0]
    state = replace(desk.regime, curve=CurveState.INVERTED, contango_on=date(2018, 1, 10))
    chasing = hedge_sale.propose_profit(replace(desk, regime=state), HEDGE, REGIME).intents[0]
    assert patient.limit < chasing.limit == Decimal("-1.50")


def test_press_harvests_once_the_curve_is_upright_again() -> None:
    desk = at_multiple(0.60)
    spike = replace(
        desk.regime,
        level=Regime.HIGH,
        press=True,
        inverted_on=date(2018, 1, 10),
        curve=CurveState.FLAT,
    )
    desk = replace(desk, regime=spike)
    changes = hedge_sale.rungs(desk, HEDGE, REGIME)
    assert [dict(change.inputs)["keep"] for change in changes] == [0.0], "all of the short layer"
    for change in changes:
        desk = apply_effect(desk, change)
    assert not hedge_sale.rungs(desk, HEDGE, REGIME)
    never = replace(desk, regime=replace(spike, inverted_on=None))
    assert not hedge_sale.harvest_due(never, REGIME)
