"""What was done against what the method asks for: prices of fills, and breaches of its discipline.

Everything found becomes a journaled decision; nothing is refused here.
"""

from collections.abc import Iterable

from domain.combos import IronCondor, package_quote
from domain.desk import Desk, Regime
from domain.effects import Effect, RaiseAlert, RecordDecision, Verdict
from domain.orders import TERMINAL, Layer, Order, Purpose
from engine.policy import Policy

FILL = "fill"
VIOLATION = "steward"
_NET_ADDS = frozenset({Regime.LOW, Regime.NORMAL})


def fill_quality(before: Desk, desk: Desk) -> list[RecordDecision]:
    """One decision per order that has just ended with something filled (S22).

    ``saved`` = (mid of the package now - price paid) x multiplier x units; left out without a
    two-sided market in every leg, or when the legs do not make whole units.
    """
    if before.orders is desk.orders:
        return []
    ended = []
    for ref, order in desk.orders.items():
        old = before.orders.get(ref)
        if order is old or order.status not in TERMINAL or not any(order.leg_fills):
            continue
        if old is None or old.status not in TERMINAL:
            ended.append(_quality(desk, order))
    return ended


def _quality(desk: Desk, order: Order) -> RecordDecision:
    intent = order.intent
    fills = [desk.book.fills[name] for name in sorted(order.exec_ids) if name in desk.book.fills]
    paid = sum(float(f.price) * f.contract.multiplier * f.quantity for f in fills)
    contracts = sum(abs(fill.quantity) for fill in fills)
    market = package_quote(intent.legs, desk.quote)
    inputs: tuple[tuple[str, float], ...] = (("paid", paid), ("contracts", float(contracts)))
    whole = all(
        done == leg.ratio * order.filled
        for done, leg in zip(order.leg_fills, intent.legs, strict=True)
    )
    text = f"{order.order_ref}: {contracts} contracts, nothing to compare the price with"
    if market is not None and whole:
        fair = market.mid * intent.legs[0].contract.multiplier * order.filled
        inputs = (*inputs, ("mid", fair), ("saved", fair - paid))
        text = f"{order.order_ref}: {contracts} contracts, {fair - paid:+.2f} USD against mid"
    return RecordDecision(
        desk.now, Verdict.CHANGED, FILL, "kpi.fill", text, intent.purpose, intent.layer,
        intent.subject, order.order_ref, inputs=inputs,
    )  # fmt: skip


def violations(desk: Desk, effects: Iterable[Effect], policy: Policy) -> list[RecordDecision]:
    """Breaches among what was just decided (S34); limits should make each of them impossible."""
    found = []
    for effect in effects:
        if isinstance(effect, RaiseAlert) and effect.code == "hedge_above_cap" and effect.active:
            found.append(_breach(desk, "over_cap", "4.5.cap", effect.text))
        if isinstance(effect, RecordDecision) and effect.verdict is Verdict.APPROVED:
            order = desk.orders.get(effect.order_ref)
            found += [] if order is None else _order_breaches(desk, order, policy)
    return found


def _order_breaches(desk: Desk, order: Order, policy: Policy) -> list[RecordDecision]:
    intent, regime = order.intent, desk.regime.regime
    if intent.purpose is Purpose.BUY_HEDGE and regime not in _NET_ADDS:
        text = f"{order.order_ref} adds to the hedge while the regime is {regime}"
        return [_breach(desk, "unscheduled_add", "4.4.build", text)]
    if intent.purpose is not Purpose.OPEN_CONDOR:
        return []
    found = []
    if not any(name.startswith("be_") for name, _ in intent.inputs):
        text = f"{order.order_ref} opens without a look at the break-evens"
        found.append(_breach(desk, "break_even_skipped", "S35", text))
    total = desk.account.net_liquidation
    at_risk = IronCondor.of_legs(intent.legs).max_loss_usd(-intent.walk.worst, intent.quantity)
    share = None if not total else float(at_risk / total)
    if share is None or share > policy.limits.max_loss_share_entry + 1e-9:
        text = f"{order.order_ref} risks more than the fixed share of net liquidation"
        found.append(_breach(desk, "size_up", "4.3.size", text))
    return found


def _breach(desk: Desk, kind: str, rule: str, text: str) -> RecordDecision:
    layer = Layer.CONDOR if kind in ("size_up", "break_even_skipped") else None
    return RecordDecision(
        desk.now, Verdict.CHANGED, VIOLATION, rule, text, layer=layer, subject=kind
    )
