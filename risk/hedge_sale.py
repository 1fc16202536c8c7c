"""When calls are sold for their gain: the ladder, and the harvest of a spike. Methodology 4.6.

Rungs are judged on bid over cost and remembered: a rung once reached is owed, whatever the price
does before the sale fills.
"""

from datetime import date
from math import ceil

from domain.book import Tranche
from domain.desk import CurveState, Desk, Regime
from domain.effects import RecordDecision, Verdict
from domain.gates import Gate
from domain.orders import HEDGE_LAYERS
from domain.proposals import Proposal
from risk.hedge_orders import Urgency, sell
from risk.hedge_timing import must_be_flat
from risk.parameters import HedgeParams, RegimeParams

_INVERTED = (CurveState.INVERTED, CurveState.DEEP)


def rungs(desk: Desk, params: HedgeParams, regime: RegimeParams) -> tuple[RecordDecision, ...]:
    """Rungs of the ladder reached now for the first time, and harvests of a spike that is over."""
    changes: list[RecordDecision] = []
    harvesting = harvest_due(desk, regime)
    for tranche in desk.book.open_tranches:
        multiple = bid_multiple(desk, tranche)
        if multiple is None or tranche.quantity < 1:
            continue
        reached = sum(multiple >= rung for rung in params.ladder_multiples)
        owned = tranche.quantity if tranche.keep is None else min(tranche.quantity, tranche.keep)
        if reached > tranche.rung:
            keep = kept_after(owned, tranche.rung, reached, params)
            text = f"{tranche.id} bid at {multiple:.1f} times its cost: keep {keep} of {owned}"
            inputs = (("rung", float(reached)), ("multiple", multiple), ("keep", float(keep)))
            changes.append(_keep(desk, tranche, "4.6.ladder", text, inputs))
        share = params.press_sell_share[HEDGE_LAYERS.index(tranche.layer)]
        if harvesting and share > 0 and not tranche.harvested:
            keep = owned - ceil(share * owned - 1e-9)
            why = "curve is upright" if curve_turned(desk, regime) else "momentum turned down"
            text = f"{tranche.id}: the {why} again after the spike, keep {keep}"
            inputs = (("harvest", 1.0), ("multiple", multiple), ("keep", float(keep)))
            changes.append(_keep(desk, tranche, "4.6.press", text, inputs))
    return tuple(changes)


def kept_after(quantity: int, rung: int, reached: int, params: HedgeParams) -> int:
    """Contracts left after selling at rungs ``rung`` + 1 to ``reached``; sales round up.

    A single contract is not sold in half: where the first rung sells a part, it goes at the second.
    """
    for place in range(rung, reached):
        if quantity == 1 and place == 0 and params.ladder_shares[0] < 1.0:
            continue
        quantity -= min(quantity, ceil(params.ladder_shares[place] * quantity - 1e-9))
    return quantity


def bid_multiple(desk: Desk, tranche: Tranche) -> float | None:
    """Bid over unit cost; None without a real two-sided quote."""
    quote = desk.quote(tranche.contract)
    cost = float(tranche.unit_cost)
    if quote is None or quote.mid is None or not quote.bid or cost <= 0:
        return None
    return quote.bid / cost


def harvest_due(desk: Desk, regime: RegimeParams) -> bool:
    """PRESS, and either half of its condition: the curve or the momentum turned."""
    pressed = desk.regime.regime is Regime.PRESS
    return pressed and (curve_turned(desk, regime) or momentum_turned(desk, regime))


def curve_turned(desk: Desk, regime: RegimeParams) -> bool:
    """The curve, inverted during the episode, slopes up again."""
    on = desk.regime.inverted_on
    upright = desk.regime.curve in (CurveState.CONTANGO, CurveState.FLAT)
    return upright and on is not None and _recent(desk, on, regime)


def momentum_turned(desk: Desk, regime: RegimeParams) -> bool:
    """MACD(VIXY), above its signal during the episode, lies below it (S11)."""
    on = desk.hedge.up_on
    return desk.hedge.momentum_up is False and on is not None and _recent(desk, on, regime)


def gates(
    desk: Desk, tranche: Tranche, params: HedgeParams, regime: RegimeParams
) -> tuple[Gate, ...]:
    """The ladder and the harvest of one tranche."""
    multiple, place = bid_multiple(desk, tranche), tranche.rung
    last = place >= len(params.ladder_multiples)
    rung = None if last else params.ladder_multiples[place]
    reached = None if multiple is None else rung is not None and multiple >= rung
    owed = tranche.keep is not None and tranche.quantity > tranche.keep
    share = params.press_sell_share[HEDGE_LAYERS.index(tranche.layer)]
    due = harvest_due(desk, regime) and share > 0 and not tranche.harvested
    topic = f"hedge.ladder.{tranche.id}"
    return (
        Gate(topic, "multiple", "4.6.ladder", True if owed else reached, "bid over cost, times",
             multiple, rung,
             reason="" if owed or reached else "no rung reached" if multiple else "no bid or cost"),
        Gate(f"hedge.harvest.{tranche.id}", "press", "4.6.press", due,
             f"{desk.regime.regime}, share of {tranche.layer} sold when curve or momentum turns",
             share, reason="" if due else "harvested" if tranche.harvested else "nothing turned"),
    )  # fmt: skip


def contango_collapsed(desk: Desk, regime: RegimeParams) -> bool:
    """CONTANGO within the last ``collapse_sessions``, inverted now: sales may chase the bid."""
    on = desk.regime.contango_on
    if desk.regime.curve not in _INVERTED or on is None:
        return False
    return desk.calendar.sessions_after(on, desk.today) < regime.collapse_sessions


def propose_profit(desk: Desk, params: HedgeParams, regime: RegimeParams) -> Proposal:
    """Sell what a tranche may no longer keep, unless all of it must go today anyway."""
    urgency = Urgency.NOW if contango_collapsed(desk, regime) else Urgency.PATIENT
    intents = []
    for tranche in desk.book.open_tranches:
        if tranche.keep is None or tranche.quantity <= tranche.keep or busy(desk, tranche):
            continue
        if must_be_flat(desk, tranche, params):
            continue
        intent = sell(
            desk,
            tranche,
            tranche.quantity - tranche.keep,
            urgency,
            params,
            rule="4.6.press" if tranche.harvested else "4.6.ladder",
            reason=f"taking profit, {tranche.keep} kept",
            inputs=(
                ("multiple", bid_multiple(desk, tranche) or 0.0),
                ("rung", float(tranche.rung)),
            ),
        )
        if intent is not None:
            intents.append(intent)
    return Proposal(tuple(intents))


def busy(desk: Desk, tranche: Tranche) -> bool:
    """An order out of this tranche, or the one that buys it, is still working."""
    return any(tranche.id in (order.intent.subject, order.order_ref) for order in desk.working)


def _recent(desk: Desk, on: date, regime: RegimeParams) -> bool:
    return desk.calendar.sessions_after(on, desk.today) < regime.press_sessions


def _keep(
    desk: Desk, tranche: Tranche, rule: str, text: str, inputs: tuple[tuple[str, float], ...]
) -> RecordDecision:
    return RecordDecision(
        desk.now,
        Verdict.CHANGED,
        "hedge.rung",
        rule,
        text,
        layer=tranche.layer,
        subject=tranche.id,
        inputs=inputs,
    )
