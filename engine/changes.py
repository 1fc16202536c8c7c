"""What each durable decision of ours changes on the desk when it is folded, by topic."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from domain.book import settle
from domain.desk import LEVELS, CurveState, Desk, Regime, TradingState
from domain.effects import RecordDecision
from domain.orders import Layer
from domain.session import new_york

Change: TypeAlias = Callable[[Desk, RecordDecision], Desk]

_HIGHS_KEPT = 15


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
    else:
        return desk
    today = new_york(decision.at).date()
    return replace(desk, book=settle(desk.book, owner, contract, price, decision.at, today))


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


def _invariant(desk: Desk, decision: RecordDecision) -> Desk:
    """Something that must hold did not: halted until an operator resumes."""
    return replace(
        desk,
        trading=TradingState.HALTED,
        trading_why=f"invariant: {decision.text}",
        trading_since=decision.at,
    )


DURABLE_CHANGES: Mapping[str, Change] = {
    "regime": _regime,
    "curve": _curve,
    "close": _close,
    "invariant": _invariant,
    "settlement": _settlement,
    "hedge.rung": _rung,
    "hedge.deficit": _deficit,
}
