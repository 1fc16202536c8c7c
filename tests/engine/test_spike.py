"""Numbers like those of 2018-02-05: VIX through 30 in the last ninety minutes, the cap binds."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain.desk import Desk, Regime
from domain.effects import Verdict
from domain.instruments import vix_option
from domain.orders import Layer, Purpose
from engine.policy import Policy
from engine.views import snapshot
from risk.exposure import notionals
from risk.limits import CapBasis, RiskLimits
from risk.parameters import HedgeParams
from tests.builders import RELEASES, Market, condor, ny, quoted, ready_desk, with_calls, with_condor
from tests.engine.scripted import Script

# The ladder is put out of reach: what is under test is the cap alone.
POLICY = Policy(hedge=HedgeParams(ladder_multiples=(30.0, 50.0, 80.0)), releases=RELEASES)


def hedged_desk(now: datetime) -> Desk:
    """One condor of 4 x 30 wide and 2/2/1 calls, bought calm, far enough from their roll dates."""
    desk = with_condor(ready_desk(now, Regime.NORMAL), 4, combo=condor(2505, 2535, 2850, 2880))
    desk = with_calls(
        desk, Layer.HEDGE_SHORT, 2, "1.00", 21.0, date(2018, 3, 20), "cb-hedge-20180205-a"
    )
    desk = with_calls(
        desk, Layer.HEDGE_MEDIUM, 2, "1.00", 22.0, date(2018, 5, 15), "cb-hedge-20180205-b"
    )
    return with_calls(
        desk, Layer.HEDGE_LONG, 1, "1.00", 26.0, date(2018, 9, 18), "cb-hedge-20180205-c"
    )


def storm(market: Market, now: datetime) -> None:
    """VIX 20 at 14:30 to 37 at 16:00, the front future behind it, back months less."""
    start = ny(2018, 2, 5, 14, 30)
    share = min(1.0, max(0.0, (now - start) / timedelta(minutes=90)))
    market.vix = round(20.0 + 17.0 * share, 2)
    market.spx, market.spx_vol = round(2720.0 - 70.0 * share, 2), 0.18 + 0.10 * share
    market.vx = {
        date(2018, 2, 14): 18.0 + 15.0 * share,
        date(2018, 3, 21): 17.0 + 12.0 * share,
        date(2018, 5, 16): 17.0 + 5.0 * share,
        date(2018, 9, 19): 17.5 + 3.0 * share,
    }


@pytest.fixture
def script() -> Script:
    now = ny(2018, 2, 5, 14, 25)
    market = Market(vol_of_vol=1.0)
    storm(market, now)
    held = hedged_desk(now)
    desk = quoted(held, market, held.book.positions())
    return Script(desk, market, POLICY)


def test_a_share_above_the_cap_in_a_spike_is_trimmed_below_the_trim_level(script: Script) -> None:
    script.run_until(ny(2018, 2, 5, 16, 10), storm)
    trims = [o for o in script.placed() if o.intent.rule == "4.5.trim"]
    assert trims
    assert trims[0].intent.layer is Layer.HEDGE_SHORT, "the short layer goes first"
    limits = script.policy.limits
    assert notionals(script.desk, limits, limits.cap_basis).share <= limits.hedge_share_max
    after = notionals(script.desk, limits, limits.cap_basis)
    assert after.hedge is not None


def test_every_trim_says_cap_used_asked_and_granted(script: Script) -> None:
    script.run_until(ny(2018, 2, 5, 16, 10), storm)
    approved = [d for d in script.decisions("hedge.sale", Verdict.APPROVED) if d.rule == "4.5.trim"]
    first = dict(approved[0].inputs)
    assert first["used"] > first["cap"] > 0
    assert first["asked"] == pytest.approx(
        first["used"] - first["cap"] / (0.4 / 0.6) * (0.38 / 0.62), rel=1e-9
    )
    granted = sum(dict(d.inputs)["granted"] for d in approved if d.at == approved[0].at)
    assert granted >= first["asked"], "what is sold covers what is over"
    assert {f"share_{basis.value}" for basis in CapBasis} <= set(first), "every basis is logged"


def test_nothing_is_trimmed_at_the_first_mark_above_the_cap(script: Script) -> None:
    script.run_until(ny(2018, 2, 5, 16, 10), storm)
    first_trim = next(d.at for d in script.decisions("hedge.sale") if d.rule == "4.5.trim")
    crossed = ny(2018, 2, 5, 14, 30) + timedelta(minutes=90 * 10 / 17)  # VIX 30
    assert first_trim - crossed >= timedelta(minutes=5)


def test_an_elevated_share_below_the_spike_is_left_alone(script: Script) -> None:
    """Up to VIX 30 the hedge may outgrow its cap: that is what it is for."""
    script.run_until(ny(2018, 2, 5, 15, 20), storm)
    assert not [o for o in script.placed() if o.intent.purpose is Purpose.SELL_HEDGE]


def test_the_cap_sleeps_once_no_condor_is_open(script: Script) -> None:
    held = replace(script.desk.book, condors={})
    script.desk = replace(script.desk, book=held)
    script.run_until(ny(2018, 2, 5, 16, 10), storm)
    assert not [o for o in script.placed() if o.intent.rule == "4.5.trim"]


def test_a_spike_is_confirmed_after_half_an_hour_and_shown(script: Script) -> None:
    script.run_until(ny(2018, 2, 5, 16, 10), storm)
    regimes = [d.subject for d in script.decisions("regime")]
    assert regimes[-1] == "high"
    shown = snapshot(script.desk, script.policy)
    assert shown.regime == "high"
    assert shown.hedge_share is not None
    assert shown.hedge_share <= RiskLimits().hedge_share_max
    assert vix_option(date(2018, 3, 20), 21.0).label.startswith("VIX 2018-03-20")
