"""What each durable decision of ours changes on the desk when it is folded, by topic."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from domain.book import Tranche, settle
from domain.desk import LEVELS, CurveState, Desk, Regime
from domain.effects import RecordDecision
from domain.hedge_state import RATIOS_KEPT, HedgeState
from domain.liquidity import DAYS_KEPT, LiquidityDay
from domain.orders import Layer
from domain.session import new_york
from engine.approved import halted
from engine.kpi.folding import (
    campaign_recorded,
    day_recorded,
    fill_recorded,
    violation_recorded,
)

Change: TypeAlias = Callable[[Desk, RecordDecision], Desk]

_HIGHS_KEPT = 15
_SERIES_KEPT = 300  # sessions: more than the longest window over them
_MARKS_KEPT = 12  # more than any two sessions can bring


def _regime(desk: Desk, decision: RecordDecision) -> Desk:
    """``subject`` is the regime now in force, ``level`` its confirmed level without PRESS."""
    inputs = dict(decision.inputs)
    today = new_york(decision.at).date()
    old = desk.regime
    regime = Regime(decision.subject)
    if regime is Regime.UNKNOWN:
        return replace(desk, regime=replace(old, known=False))
    level = LEVELS[int(inputs["level"])]
    was_high = old.level is Regime.HIGH or level is Regime.HIGH
    state = replace(
        old,
        level=level,
        known=True,
        press=regime is Regime.PRESS,
        since=today if inputs["raised"] else old.since,
        high_on=today if was_high else old.high_on,
    )
    return replace(desk, regime=state)


def _curve(desk: Desk, decision: RecordDecision) -> Desk:
    """``subject`` is the new curve state; the day a state was left is its last day."""
    today = new_york(decision.at).date()
    new = CurveState(decision.subject)
    ends = {desk.regime.curve, new}
    state = replace(
        desk.regime,
        curve=new,
        contango_on=today if CurveState.CONTANGO in ends else desk.regime.contango_on,
        inverted_on=(
            today if ends & {CurveState.INVERTED, CurveState.DEEP} else desk.regime.inverted_on
        ),
    )
    return replace(desk, regime=state)


def _close(desk: Desk, decision: RecordDecision) -> Desk:
    """The session's last level of an index, and for VIX its high and the states it ended in."""
    inputs = dict(decision.inputs)
    today = new_york(decision.at).date()
    known = desk.closes.get(decision.subject, ())
    if not known or known[-1][0] < today:
        known = (*known, (today, inputs["close"]))
    desk = replace(desk, closes={**desk.closes, decision.subject: known})
    if decision.subject != "VIX":
        return desk
    old = desk.regime
    kept = tuple(pair for pair in old.highs if pair[0] < today)[-_HIGHS_KEPT + 1 :]
    state = replace(
        old,
        highs=(*kept, (today, inputs["high"])),
        high_on=today if old.level is Regime.HIGH else old.high_on,
        contango_on=today if old.curve is CurveState.CONTANGO else old.contango_on,
        inverted_on=(
            today if old.curve in (CurveState.INVERTED, CurveState.DEEP) else old.inverted_on
        ),
    )
    return replace(desk, regime=state)


def _recorded(desk: Desk, decision: RecordDecision) -> Desk:
    """Today's value of a series that nobody else keeps; the first of a day stands."""
    today = new_york(decision.at).date()
    known = desk.closes.get(decision.subject, ())
    if known and known[-1][0] >= today:
        return desk
    value = dict(decision.inputs)["close"]
    series = (*known, (today, value))[-_SERIES_KEPT:]
    return replace(desk, closes={**desk.closes, decision.subject: series})


def _release(desk: Desk, decision: RecordDecision) -> Desk:
    """Levels around a release; ``subject`` names release and side."""
    kept = list(desk.release_marks.items())[-_MARKS_KEPT + 1 :]
    marks = {**dict(kept), decision.subject: dict(decision.inputs)}
    return replace(desk, release_marks=marks)


def _settlement(desk: Desk, decision: RecordDecision) -> Desk:
    """An expired leg left the broker's account: take it out of the book at the recorded price."""
    inputs = dict(decision.inputs)
    owner, place = decision.subject, int(inputs["leg"])
    price = Decimal(str(inputs["price"]))
    condor, tranche = desk.book.condors.get(owner), desk.book.tranches.get(owner)
    if condor is not None:
        contract = condor.combo.contracts[place]
    elif tranche is not None:
        contract = tranche.contract
        desk = replace(desk, hedge=_carried(desk.hedge, tranche))
    else:
        return desk
    today = new_york(decision.at).date()
    return replace(desk, book=settle(desk.book, owner, contract, price, decision.at, today))


def _carried(hedge: HedgeState, tranche: Tranche) -> HedgeState:
    """Count calls that reached their settlement, apart those that nobody would have bought."""
    if tranche.unsellable_on is not None:
        return replace(hedge, unsellable=hedge.unsellable + tranche.quantity)
    return replace(hedge, settled=hedge.settled + tranche.quantity)


def _rung(desk: Desk, decision: RecordDecision) -> Desk:
    """A tranche reached a rung of the profit ladder, or a harvest: it may keep so many
    contracts.
    """
    inputs = dict(decision.inputs)
    tranche = desk.book.tranches.get(decision.subject)
    if tranche is None:
        return desk
    keep = int(inputs["keep"])
    tranche = replace(
        tranche,
        keep=keep if tranche.keep is None else min(keep, tranche.keep),
        rung=max(tranche.rung, int(inputs.get("rung", 0.0))),
        harvested=tranche.harvested or "harvest" in inputs,
    )
    tranches = {**desk.book.tranches, tranche.id: tranche}
    return replace(desk, book=replace(desk.book, tranches=tranches))


def _deficit(desk: Desk, decision: RecordDecision) -> Desk:
    """A hedge layer fell short of its target, or reached it again."""
    layer = Layer(decision.subject)
    others = {key: day for key, day in desk.deficits.items() if key is not layer}
    if dict(decision.inputs)["deficit"] > 0:
        others[layer] = new_york(decision.at).date()
    return replace(desk, deficits=others)


def _ratio(desk: Desk, decision: RecordDecision) -> Desk:
    """The ratio h of the hedge from today on."""
    today = new_york(decision.at).date()
    earlier = tuple(pair for pair in desk.hedge.ratios if pair[0] < today)[-RATIOS_KEPT + 1 :]
    ratios = (*earlier, (today, dict(decision.inputs)["ratio"]))
    return replace(desk, hedge=replace(desk.hedge, ratios=ratios))


def _momentum(desk: Desk, decision: RecordDecision) -> Desk:
    """MACD(VIXY) changed its sign; the day it went down was its last day up."""
    up, was = decision.subject == "up", desk.hedge.momentum_up
    on = new_york(decision.at).date() if up or was else desk.hedge.up_on
    return replace(desk, hedge=replace(desk.hedge, momentum_up=up, up_on=on))


def _unsellable(desk: Desk, decision: RecordDecision) -> Desk:
    """Nobody bid for a tranche through its whole deadline window: it will expire worthless."""
    tranche = desk.book.tranches.get(decision.subject)
    if tranche is None:
        return desk
    tranche = replace(tranche, unsellable_on=new_york(decision.at).date())
    tranches = {**desk.book.tranches, tranche.id: tranche}
    return replace(desk, book=replace(desk.book, tranches=tranches))


def _invariant(desk: Desk, decision: RecordDecision) -> Desk:
    """Something that must hold did not: halted until an operator resumes."""
    return halted(desk, f"invariant: {decision.text}")


def _strikes(desk: Desk, decision: RecordDecision) -> Desk:
    """The broker rejected too often: halted until an operator resumes, and counted anew."""
    return replace(halted(desk, decision.text), rejections=())


def _liquidity(desk: Desk, decision: RecordDecision) -> Desk:
    """One more session of how SPX options traded."""
    day = LiquidityDay.of(new_york(decision.at).date(), decision.inputs)
    return replace(desk, liquidity=(*desk.liquidity, day)[-DAYS_KEPT:])


DURABLE_CHANGES: Mapping[str, Change] = {
    "liquidity": _liquidity,
    "regime": _regime,
    "curve": _curve,
    "close": _close,
    "day": day_recorded,
    "campaign": campaign_recorded,
    "fill": fill_recorded,
    "steward": violation_recorded,
    "invariant": _invariant,
    "settlement": _settlement,
    "strikes": _strikes,
    "signal.record": _recorded,
    "release": _release,
    "hedge.rung": _rung,
    "hedge.deficit": _deficit,
    "hedge.ratio": _ratio,
    "hedge.momentum": _momentum,
    "hedge.unsellable": _unsellable,
}
