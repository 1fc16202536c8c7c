"""Every invariant catches what is planted against it; what is broken does not leave."""

import ast
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.desk import Desk, TradingState
from domain.effects import Effect, ModifyLimit, PlaceOrder, RaiseAlert
from domain.events import ClockTicked, OrderUncertain, ResumeRequested
from domain.instruments import vix_option
from domain.orders import Layer, Leg, Order, OrderStatus, Purpose
from domain.session import Session
from engine.fold import apply_effect, fold
from engine.guards import GUARDS, Guard
from engine.invariants import INVARIANTS, Moment, objection
from engine.policy import Policy
from engine.step import step
from tests.builders import (
    RELEASES,
    Market,
    condor,
    order,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)

ROOT = Path(__file__).parents[2]
POLICY = Policy(releases=RELEASES)
REF = "cb-condor-20180116-1"
CALL = vix_option(date(2018, 2, 13), 15.0)


def waiting(desk: Desk | None = None, **changes: object) -> tuple[Desk, Order]:
    """A desk on which a sound entry of one unit has just been asked about, and that entry."""
    desk = quoted(desk or ready_desk(), Market(), condor().contracts)
    mid = sum(leg.ratio * (desk.quotes[leg.contract].mid or 0.0) for leg in condor().opening)
    price = f"{round(mid * 20) / 20:.2f}"
    sound = order(REF, Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, price, at=desk.now)
    changed = replace(sound, intent=replace(sound.intent, **changes))  # type: ignore[arg-type]
    asked = replace(changed, status=OrderStatus.ASKING)
    return replace(desk, orders={**desk.orders, REF: asked}), changed


def sending(
    desk: Desk, placed: Order, policy: Policy = POLICY, extra: tuple[Effect, ...] = ()
) -> Moment:
    effects = (PlaceOrder(placed), *extra)
    after = desk
    for effect in effects:
        after = apply_effect(after, effect)
    return Moment(desk, after, effects, policy)


def sent(change: Callable[[Desk], Desk] = lambda desk: desk, policy: Policy = POLICY) -> Moment:
    desk, placed = waiting()
    return sending(change(desk), placed, policy)


def unrecorded() -> Moment:
    moment = sent()
    other = replace(moment.desk.orders[REF], limit=Decimal("-9.95"))
    return replace(moment, desk=replace(moment.desk, orders={REF: other}))


def twice() -> Moment:
    desk, placed = waiting()
    return sending(apply_effect(desk, PlaceOrder(placed)), placed)


def beside_uncertain() -> Moment:
    def change(desk: Desk) -> Desk:
        other = order("u", Purpose.CLOSE_CONDOR, Layer.CONDOR, condor().closing, 1, "7.00", "x")
        return fold(apply_effect(desk, PlaceOrder(other)), OrderUncertain(desk.now, "u", "silence"))

    return sent(change)


def unexplained() -> Moment:
    desk = with_calls(ready_desk(), quantity=2, ref="h")
    (known,) = desk.book.fills.values()
    fills = {known.exec_id: replace(known, quantity=3)}
    return looked_at(replace(desk, book=replace(desk.book, fills=fills)))


def overfilled() -> Moment:
    desk = with_calls(ready_desk(), quantity=2, ref="h")
    orders = {"h": replace(desk.orders["h"], leg_fills=(3,), exec_ids=frozenset({"gone"}))}
    return looked_at(replace(desk, orders=orders))


def miscounted(**changes: object) -> Desk:
    """A book that has traded, with one running total off by a cent."""
    desk = with_condor(ready_desk())
    known = {name: getattr(desk.book, name) for name in changes}
    off = {
        name: value + changes[name] if isinstance(value, Decimal) else {**value, **changes[name]}  # type: ignore[dict-item, operator]
        for name, value in known.items()
    }
    return replace(desk, book=replace(desk.book, **off))


def looked_at(desk: Desk) -> Moment:
    return Moment(desk, desk, (), POLICY)


def bare() -> Moment:
    desk, _ = waiting()
    legs = (Leg(condor().short_call, -1),)
    return sending(desk, order("n", Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, legs, 1, "-5.00"))


def too_much_to_lose() -> Moment:
    desk, placed = waiting(quantity=40)
    return sending(desk, placed)


def purchase(contract: object = CALL, quantity: int = 40) -> Moment:
    desk = with_condor(ready_desk(), 1)
    desk = quoted(desk, Market(), [CALL, *desk.book.positions()])
    legs = (Leg(contract, 1),)  # type: ignore[arg-type]
    buying = order("h", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, legs, quantity, "0.50", at=desk.now)
    asked = replace(buying, status=OrderStatus.ASKING)
    return sending(replace(desk, orders={**desk.orders, "h": asked}), buying)


def crowded(desk: Desk) -> Desk:
    recent = tuple((desk.now - timedelta(seconds=n), False) for n in range(11))
    return replace(desk, tally=replace(desk.tally, recent_sends=recent))


def priced(limit: str) -> Moment:
    desk, placed = waiting()
    return sending(desk, replace(placed, limit=Decimal(limit)))


def moved_too_far() -> Moment:
    desk, placed = waiting()
    worse = placed.intent.walk.worst + Decimal("0.05")
    return sending(desk, placed, extra=(ModifyLimit(REF, worse),))


def unasked() -> Moment:
    desk, placed = waiting()
    return sending(replace(desk, orders={}), placed)


PLANTED: dict[str, tuple[Callable[[], Moment], ...]] = {
    "A1": (unrecorded,),
    "A2": (twice,),
    "A3": (lambda: sent(lambda desk: replace(desk, foreign=("order somebody (7)",))),),
    "A4": (beside_uncertain,),
    "B1": (unexplained,),
    "B2": (lambda: sent(lambda desk: replace(desk, mismatched=(CALL,))),),
    "B3": (overfilled,),
    "B4": (
        lambda: looked_at(miscounted(cash=Decimal("0.01"))),
        lambda: looked_at(miscounted(fees={Layer.CONDOR: Decimal("0.01")})),
        lambda: looked_at(miscounted(realized={Layer.CONDOR: Decimal("-0.01")})),
    ),
    "C1": (bare,),
    "C2": (
        too_much_to_lose,
        lambda: sent(lambda d: replace(d, account=replace(d.account, net_liquidation=None))),
    ),
    "C3": (purchase,),
    "C4": (lambda: sent(lambda desk: replace(desk, trading=TradingState.REDUCING)),),
    "C5": (
        lambda: sent(crowded),
        lambda: sent(lambda d: replace(d, tally=replace(d.tally, orders_today=301))),
    ),
    "C6": (lambda: priced("NaN"), lambda: priced("-10.33"), moved_too_far),
    "C7": (
        lambda: sent(lambda desk: replace(desk, quotes={})),
        lambda: sent(lambda desk: replace(desk, now=desk.now + timedelta(minutes=11))),
    ),
    "C8": (unasked,),
    "C9": (
        lambda: sent(lambda desk: replace(desk, hours={})),
        lambda: sent(lambda desk: replace(desk, hours={desk.today: Session(desk.today)})),
        lambda: sent(lambda desk: replace(desk, now=desk.now + timedelta(hours=9))),
    ),
    "C10": (
        lambda: purchase(replace(CALL, multiplier=10), 1),
        lambda: purchase(replace(CALL, currency="EUR"), 1),
    ),
}
CASES = [(name, number) for name, plants in PLANTED.items() for number in range(len(plants))]


def test_every_invariant_has_something_planted_against_it() -> None:
    ids = [rule.id for rule in INVARIANTS]
    assert list(PLANTED) == ids
    named = [*(f"A{n}" for n in range(1, 10)), *(f"B{n}" for n in range(1, 5))]
    named += [
        *(f"C{n}" for n in range(1, 11)),
        "D1",
        "D2",
        "E1",
        "E2",
        "E3",
        *(f"F{n}" for n in range(1, 5)),
    ]
    assert {*ids, *(guard.id for guard in GUARDS)} == set(named)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.id)
def test_what_keeps_an_invariant_outside_the_core_exists_and_so_does_its_planted_bug(
    guard: Guard,
) -> None:
    for place in (guard.kept_by, guard.planted):
        path, _, name = place.partition(":")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, functions)}, place


@pytest.mark.parametrize(("name", "number"), CASES)
def test_what_is_planted_is_caught(name: str, number: int) -> None:
    rule = next(rule for rule in INVARIANTS if rule.id == name)
    assert rule.checker(PLANTED[name][number]()) is not None


def test_a_sound_entry_breaks_none() -> None:
    moment = sent()
    assert [rule.id for rule in INVARIANTS if rule.checker(moment) is not None] == []
    assert objection(moment, everything=True) == ()


@pytest.mark.parametrize(("name", "number"), CASES)
def test_what_breaks_one_does_not_leave_and_halts(name: str, number: int) -> None:
    moment = PLANTED[name][number]()
    desk, effects = moment.folded, objection(moment, everything=True)
    assert not [effect for effect in effects if isinstance(effect, PlaceOrder | ModifyLimit)]
    for effect in effects:
        desk = apply_effect(desk, effect)
    assert desk.trading is TradingState.HALTED
    assert [code for code in desk.alerts if code.startswith("invariant_")]


def test_a_broken_state_halts_the_daemon_once_and_a_resume_asks_again() -> None:
    desk = replace(overfilled().desk, ready_at=None, away_since=ready_desk().now)
    first = step(desk, [ClockTicked(desk.now + timedelta(seconds=1))], POLICY)
    assert first.desk.trading is TradingState.HALTED
    assert [e.code for e in first.effects if isinstance(e, RaiseAlert)] == ["invariant_B3"]
    second = step(first.desk, [ClockTicked(desk.now + timedelta(seconds=2))], POLICY)
    assert "invariant_B3" not in [e.code for e in second.effects if isinstance(e, RaiseAlert)]
    resumed = fold(second.desk, ResumeRequested(second.desk.now, "anna", "looked at"))
    assert "invariant_B3" not in resumed.alerts
    third = step(resumed, [ClockTicked(desk.now + timedelta(seconds=3))], POLICY)
    assert third.desk.trading is TradingState.HALTED
