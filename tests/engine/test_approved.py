"""What approvals change on the desk, and the limits that are in force because of them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.approvals import Raised
from domain.desk import TradingState
from domain.events import (
    ApprovalsVoided,
    CommandAccepted,
    CommandRefused,
    ConfigAccepted,
    HaltRequested,
    LimitRaised,
    OrderFilled,
    PositionAdopted,
    PositionsReported,
    ReduceRequested,
    ResumeRequested,
)
from domain.instruments import vix_option
from domain.orders import Layer, Purpose
from engine.fold import fold
from engine.greeks_view import layer_greeks
from engine.policy import Policy
from engine.raised import RAISABLE, in_force, value_of, with_raised
from engine.views import snapshot
from risk.closure import collisions
from tests.builders import (
    TUESDAY,
    Market,
    condor,
    order,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)

HOUR = timedelta(hours=1)
CALL = vix_option(TUESDAY.date() + timedelta(days=28), 20.0)


def after(hours):
    return TUESDAY + hours * HOUR


def accepted(at, nonce, expires):
    return CommandAccepted(at, nonce, expires, "halt", "00", ("anna",), "why")


def raised_desk(limit="condors_max", value=8.0, hours=1):
    return fold(ready_desk(), LimitRaised(TUESDAY, limit, value, after(hours), "anna, ben"))


def test_a_nonce_is_remembered_until_its_plan_has_expired():
    desk = fold(ready_desk(), accepted(TUESDAY, "aa", after(1)))
    assert set(fold(desk, accepted(after(1), "bb", after(3))).approvals.used) == {"aa", "bb"}
    assert set(fold(desk, accepted(after(2), "bb", after(3))).approvals.used) == {"bb"}


def test_a_refusal_changes_nothing_but_the_time():
    desk = ready_desk()
    assert fold(desk, CommandRefused(desk.now, "expired", "", "mqtt", "00")) == desk


def test_every_void_is_another_epoch():
    desk = fold(fold(ready_desk(), ApprovalsVoided(TUESDAY, "x")), ApprovalsVoided(TUESDAY, "x"))
    assert desk.approvals.epoch == 2


@pytest.mark.parametrize("again", [HaltRequested, ReduceRequested])
def test_a_resume_ends_only_the_stop_it_was_signed_for(again):
    desk = fold(ready_desk(), HaltRequested(TUESDAY, "anna", "smoke"))
    known = desk.approvals.stops
    assert fold(desk, ResumeRequested(TUESDAY, "all", "", known)).trading is TradingState.ACTIVE
    desk = fold(desk, again(TUESDAY, "ben", "fire"))
    assert fold(desk, ResumeRequested(TUESDAY, "all", "", known)).trading is TradingState.HALTED
    assert fold(desk, ResumeRequested(TUESDAY, "local", "")).trading is TradingState.ACTIVE


def test_a_halt_of_the_desk_s_own_outdates_a_resume_that_was_signed_before_it():
    """An execution of nobody's order, told in the same batch as the resume."""
    desk = fold(ready_desk(), HaltRequested(TUESDAY, "anna", "smoke"))
    known = desk.approvals
    signed = ResumeRequested(TUESDAY, "all", "", known.stops, known.halts, 0)
    assert fold(desk, signed).trading is TradingState.ACTIVE
    strange = OrderFilled(TUESDAY, "cb-nobody", "1", 1, CALL, 1, Decimal(1))
    desk = fold(desk, strange)
    assert fold(desk, signed).trading is TradingState.HALTED
    assert fold(desk, signed).trading_why == "execution of unknown order cb-nobody"
    aware = ResumeRequested(TUESDAY, "all", "", known.stops, desk.approvals.halts, 0)
    assert fold(desk, aware).trading is TradingState.ACTIVE
    older = ResumeRequested(TUESDAY, "all", "", known.stops)
    assert fold(desk, older).trading is TradingState.ACTIVE, "as journals of older versions mean it"


def test_an_accepted_configuration_replaces_the_one_before():
    desk = fold(ready_desk(), ConfigAccepted(TUESDAY, "one", (0.1, 0.02), "all"))
    desk = fold(desk, ConfigAccepted(TUESDAY, "two", (0.2, 0.02), "all"))
    assert (desk.approvals.config, desk.approvals.config_shares) == ("two", (0.2, 0.02))


def test_an_adopted_holding_ends_the_dispute_and_its_end_begins_it_again():
    desk = fold(ready_desk(), PositionsReported(TUESDAY, ((CALL, 3),)))
    assert desk.mismatched == (CALL,)
    desk = fold(desk, PositionAdopted(TUESDAY, CALL, 3, "all"))
    assert desk.mismatched == ()
    desk = fold(desk, PositionsReported(TUESDAY, ()))
    assert desk.mismatched == (CALL,)
    desk = fold(desk, PositionAdopted(TUESDAY, CALL, 0, "all"))
    assert desk.mismatched == ()
    assert desk.approvals.adopted == {}


def test_no_leg_of_ours_may_offset_an_adopted_one():
    bought = condor().short_put
    opening = order("cb-1", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, "-7.00").intent
    desk = ready_desk()
    assert collisions(desk, opening) == ()
    adopted = fold(desk, PositionAdopted(TUESDAY, bought, 1, "all"))
    assert collisions(adopted, opening) == (bought,)


def test_nothing_raised_is_the_very_policy():
    policy = Policy()
    assert in_force(policy, ready_desk()) is policy


def test_a_raised_limit_lapses_at_its_time():
    policy, desk = Policy(), raised_desk()
    assert in_force(policy, desk).limits.condors_max == 8
    assert in_force(policy, desk).allowance.condors_max == 8
    assert in_force(policy, replace(desk, now=after(1))) is policy
    assert snapshot(desk, policy).hedge_cap == policy.limits.hedge_share_max


def test_limits_that_contradict_each_other_do_not_hold():
    """The one it leaned on lapsed first: back to what is configured."""
    desk = raised_desk("max_loss_share_entry", 0.02)
    desk = fold(desk, LimitRaised(TUESDAY, "max_loss_share_expiration", 0.015, after(1), "all"))
    policy = Policy()
    assert in_force(policy, desk) is policy


@pytest.mark.parametrize("limit", RAISABLE)
def test_every_raisable_limit_exists_and_its_ceiling_is_above_its_default(limit):
    policy = Policy()
    assert 0 < value_of(policy, limit) < RAISABLE[limit]
    beyond = Raised(RAISABLE[limit] * 1.01, after(1))
    with pytest.raises(ValueError, match="at most"):
        with_raised(policy, ready_desk(), limit, beyond)


def test_greeks_are_told_by_layer_and_only_where_every_leg_is_quoted():
    desk = with_calls(with_condor(ready_desk()), Layer.HEDGE_SHORT)
    held = tuple(desk.book.positions())
    blind = layer_greeks(desk, Policy())
    seen = layer_greeks(quoted(desk, Market(), held), Policy())
    assert [(g.layer, g.delta) for g in blind] == [("L1", None), ("L2a", None)]
    condor, hedge = seen
    assert condor.vega is not None
    assert condor.vega < 0 < hedge.vega
    assert condor.theta > 0 > hedge.theta
    assert 0 < hedge.delta < 2 * 100
    assert layer_greeks(ready_desk(), Policy()) == ()
