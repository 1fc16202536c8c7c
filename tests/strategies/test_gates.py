"""The conditions of a new condor as data: each at its limit, one step below and one above, and the
reason given is the first that is not open.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest

from domain.desk import Desk, Regime
from domain.gates import Gate
from domain.instruments import VIX
from domain.orders import DenialCode
from domain.proposals import Proposal
from domain.quotes import Quote
from domain.releases import Release, ReleaseCalendar, ReleaseKind
from domain.session import at_new_york
from domain.signals import UNKNOWN, Reading, Signal
from engine.policy import Policy
from strategies.iron_condor import IronCondorParams, entry_gates
from strategies.iron_condor.entry import propose
from tests.builders import (
    RELEASES,
    TUESDAY,
    Market,
    condor,
    ny,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)

PARAMS, ALLOWANCE = IronCondorParams(), Policy().allowance


def gates(
    desk: Desk, params: IronCondorParams = PARAMS, releases: ReleaseCalendar = RELEASES
) -> Mapping[str, Gate]:
    return {gate.name: gate for gate in entry_gates(desk, params, ALLOWANCE, releases)}


def settled(desk: Desk, params: IronCondorParams = PARAMS) -> tuple[Desk, Proposal]:
    """The desk once everything the entry asked to see is quoted, and what it says then."""
    market = Market()
    proposal = propose(desk, params, ALLOWANCE, RELEASES)
    for _ in range(3):
        desk = quoted(desk, market, proposal.wanted)
        proposal = propose(desk, params, ALLOWANCE, RELEASES)
    return desk, proposal


def calm(now: datetime = TUESDAY) -> Desk:
    return quoted(ready_desk(now), Market())


def account(desk: Desk, **values: str) -> Desk:
    changed = {name: Decimal(value) for name, value in values.items()}
    return replace(desk, account=replace(desk.account, **changed))


def scored(score: float | None) -> Desk:
    desk = calm()
    reading = UNKNOWN if score is None else Reading(score, desk.now)
    return replace(desk, memory=replace(desk.memory, signals={Signal.STRESS: reading}))


def vix_at(level: float) -> Desk:
    desk = calm()
    return replace(desk, quotes={**desk.quotes, VIX: Quote(desk.now, last=level)})


def test_every_gate_is_judged_and_all_are_open_when_a_condor_is_proposed() -> None:
    desk, proposal = settled(calm())
    assert proposal.intents
    found = gates(desk)
    assert list(found) == [
        "window", "regime", "stress", "blackout", "spacing", "vix_ceiling", "count", "working",
        "retry", "allocation", "quick_ratio", "excess_liquidity", "tier", "chain", "strikes",
        "net_delta", "market", "credit", "size", "liquidity", "break_even",
    ]  # fmt: skip
    assert all(gate.open for gate in found.values())
    assert not any(gate.reason or gate.denial for gate in found.values())


SHUT: tuple[tuple[str, Callable[[], Desk], DenialCode | None], ...] = (
    ("window", lambda: calm(ny(2018, 1, 16, 14, 30)), None),
    ("regime", lambda: quoted(ready_desk(regime=Regime.ELEVATED), Market()),
     DenialCode.REGIME_BLOCKS_ENTRY),
    ("stress", lambda: scored(4.0), DenialCode.STRESS_HIGH),
    ("spacing", lambda: with_condor(calm()), DenialCode.ENTRY_SPACING),
    ("vix_ceiling", lambda: vix_at(20.0), DenialCode.REGIME_BLOCKS_ENTRY),
    ("quick_ratio", lambda: account(calm(), cash="1490000", maintenance_margin="1000000"),
     DenialCode.MARGIN_FLOOR),
    ("excess_liquidity", lambda: account(calm(), excess_liquidity="149999"),
     DenialCode.MARGIN_FLOOR),
)  # fmt: skip
OPEN: tuple[tuple[str, Callable[[], Desk]], ...] = (
    ("window", lambda: calm(ny(2018, 1, 16, 14, 29))),
    ("window", lambda: calm(ny(2018, 1, 16, 11, 0))),
    ("regime", lambda: quoted(ready_desk(regime=Regime.NORMAL), Market())),
    ("stress", lambda: scored(3.0)),
    ("vix_ceiling", lambda: vix_at(19.99)),
    ("quick_ratio", lambda: account(calm(), cash="1500000", maintenance_margin="1000000")),
    ("excess_liquidity", lambda: account(calm(), excess_liquidity="150000")),
)


@pytest.mark.parametrize(("name", "desk", "denial"), SHUT, ids=[row[0] for row in SHUT])
def test_a_shut_gate_says_why_and_others_are_judged_all_the_same(
    name: str, desk: Callable[[], Desk], denial: DenialCode | None
) -> None:
    found = gates(desk())
    assert found[name].open is False
    assert found[name].reason
    assert found[name].denial is denial
    assert len(found) > 10


@pytest.mark.parametrize(("name", "desk"), OPEN, ids=[row[0] for row in OPEN])
def test_at_its_limit_or_on_the_right_side_of_it_a_gate_is_open(
    name: str, desk: Callable[[], Desk]
) -> None:
    assert gates(desk())[name].open is True


UNREADABLE: tuple[tuple[str, Callable[[], Desk]], ...] = (
    ("regime", lambda: quoted(ready_desk(regime=Regime.UNKNOWN), Market())),
    ("stress", lambda: scored(None)),
    ("vix_ceiling", lambda: replace(calm(), quotes={})),
    ("tier", lambda: replace(calm(), closes={})),
    ("chain", lambda: replace(calm(), chains={})),
    ("quick_ratio", lambda: replace(calm(), account=replace(calm().account, cash=None))),
    ("allocation", lambda: replace(calm(), account=replace(calm().account, net_liquidation=None))),
)


@pytest.mark.parametrize(("name", "desk"), UNREADABLE, ids=[row[0] for row in UNREADABLE])
def test_what_cannot_be_judged_is_unknown_and_keeps_the_way_shut(
    name: str, desk: Callable[[], Desk]
) -> None:
    gate = gates(desk())[name]
    assert gate.open is None
    assert gate.reason
    assert not propose(desk(), PARAMS, ALLOWANCE, RELEASES).intents


def test_the_reason_for_skipping_is_the_first_gate_that_is_not_open() -> None:
    desk = account(with_condor(scored(5.0)), excess_liquidity="0")
    (skip,) = propose(desk, PARAMS, ALLOWANCE, RELEASES).skips
    first = next(gate for gate in gates(desk).values() if not gate.open)
    assert (skip.reason, skip.denial, skip.rule) == (first.reason, first.denial, first.rule)
    assert first.name == "stress"
    assert dict(skip.inputs)["gate.stress"] == 5.0, "the numbers of the other gates are kept too"


def release(kind: ReleaseKind, at: datetime) -> ReleaseCalendar:
    return ReleaseCalendar.of((*RELEASES.releases, Release(at, kind)))


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (ny(2018, 1, 31, 12, 59), False),  # the eve began at 15:00 on the 30th
        (ny(2018, 1, 30, 14, 59), True),
        (ny(2018, 1, 30, 15, 0), False),
        (ny(2018, 1, 31, 14, 29), False),  # 14:00 plus half an hour is 14:30
        (ny(2018, 1, 31, 14, 30), True),
    ],
)
def test_a_blackout_lasts_from_three_the_day_before_until_half_an_hour_after(
    now: datetime, is_open: bool
) -> None:
    """A decision of the FOMC on 2018-01-31 at 14:00."""
    params = replace(PARAMS, entry_until=time(15, 30))
    fomc = release(ReleaseKind.FOMC, ny(2018, 1, 31, 14, 0))
    gate = gates(calm(now), params, fomc)["blackout"]
    assert gate.open is is_open
    assert gate.denial is (None if is_open else DenialCode.BLACKOUT)


def test_a_monday_release_blacks_out_the_friday_afternoon_before() -> None:
    cpi = release(ReleaseKind.CPI, ny(2018, 1, 22, 8, 30))
    assert gates(calm(ny(2018, 1, 19, 15, 0)), releases=cpi)["blackout"].open is False
    assert gates(calm(ny(2018, 1, 22, 9, 0)), releases=cpi)["blackout"].open is True


def test_unknown_dates_of_a_watched_release_shut_the_gate() -> None:
    gate = gates(calm(), releases=ReleaseCalendar())["blackout"]
    assert gate.open is None
    assert gate.denial is DenialCode.BLACKOUT
    unwatched = replace(PARAMS, blackout=())
    assert gates(calm(), unwatched, ReleaseCalendar())["blackout"].open is True


def test_the_quick_ratio_by_hand() -> None:
    """(cash 150,000 + 2 calls bid 0.50 x 100) / margin 100,000 = 150,100 / 100,000 = 1.501."""
    desk = with_calls(account(calm(), cash="150000", maintenance_margin="100000"))
    (tranche,) = desk.book.open_tranches
    desk = replace(desk, quotes={**desk.quotes, tranche.contract: Quote(desk.now, 0.50, 0.60)})
    gate = gates(desk)["quick_ratio"]
    assert gate.value == pytest.approx(1.501)
    assert gate.open is True
    without = account(desk, cash="149899")
    assert gates(without)["quick_ratio"].open is False, "149,999 / 100,000 is below 1.5"


def test_the_allocation_by_hand() -> None:
    """4 condors of (30 - 7.00) x 100 = 9,200 on 92,000 are 10 %, which is all there may be."""
    desk = with_condor(calm())
    assert gates(account(desk, net_liquidation="92001"))["allocation"].open is True
    full = gates(account(desk, net_liquidation="92000"))["allocation"]
    assert full.open is False
    assert full.value == pytest.approx(0.10)
    assert full.denial is DenialCode.MAX_LOSS_LIMIT


def test_a_condor_that_has_settled_counts_for_nothing_any_more() -> None:
    """It expires on 2018-03-02 at 16:00; the broker may show it until the morning after."""
    combo = condor()
    held = with_condor(ready_desk(), combo=combo).book
    before = replace(calm(ny(2018, 3, 2, 15, 59)), book=held)
    after = replace(calm(ny(2018, 3, 2, 16, 0)), book=held)
    assert gates(before)["count"].value == 1
    assert gates(after)["count"].value == 0
    assert gates(after)["allocation"].value == 0.0


def test_the_net_delta_by_hand() -> None:
    """In deltas of 0.01: bought put and call count as they are, sold ones the other way round."""
    desk, proposal = settled(calm())
    inputs = dict(proposal.intents[0].inputs)
    gate = gates(desk)["net_delta"]
    shorts = -(inputs["put_delta"] + inputs["call_delta"])
    assert gate.value is not None
    assert abs(gate.value) < 5.0
    assert gate.value == pytest.approx(inputs["net_delta"])
    assert abs(gate.value / 100 - shorts) < 0.08, "the wings have the rest"
    tight = replace(PARAMS, net_delta_max=abs(gate.value) - 0.1)
    leaning = gates(desk, tight)["net_delta"]
    assert leaning.open is False
    assert leaning.denial is DenialCode.NET_DELTA


def test_five_sessions_of_spacing_by_hand() -> None:
    """Entry on Tuesday the 16th: 17, 18, 19, 22 are four sessions, the 23rd is the fifth."""
    held = with_condor(ready_desk()).book
    monday = gates(replace(calm(ny(2018, 1, 22)), book=held))["spacing"]
    tuesday = gates(replace(calm(ny(2018, 1, 23)), book=held))["spacing"]
    assert (monday.value, monday.open) == (4.0, False)
    assert (tuesday.value, tuesday.open) == (5.0, True)


def test_nothing_is_watched_for_a_candidate_while_another_gate_is_shut() -> None:
    assert propose(calm(), PARAMS, ALLOWANCE, RELEASES).wanted
    assert not propose(scored(5.0), PARAMS, ALLOWANCE, RELEASES).wanted


def test_a_gate_tells_how_old_its_datum_is() -> None:
    desk = calm()
    later = replace(desk, now=desk.now + timedelta(seconds=40))
    assert gates(later)["regime"].age_s == 40.0
    assert gates(later)["stress"].age_s == 40.0


def test_the_window_is_shut_where_the_market_is() -> None:
    """2018-07-03 ended at 13:15; a window in the afternoon does not open that day."""
    params = replace(PARAMS, entry_from=time(14, 0), entry_until=time(15, 0))
    short_day = gates(calm(ny(2018, 7, 3, 14, 10)), params)["window"]
    assert short_day.open is False
    assert gates(calm(ny(2018, 7, 5, 14, 10)), params)["window"].open is True
    assert (
        gates(calm(at_new_york(TUESDAY.date().replace(day=14), time(11, 0))))["window"].reason
        == "no session today"
    )
