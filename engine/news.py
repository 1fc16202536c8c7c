"""Changes that events brought and the log should tell: condors, tranches, trading state,
settlements.
"""

from domain.book import Condor, Tranche
from domain.desk import Desk
from domain.effects import RecordDecision, Verdict
from domain.orders import Layer
from engine.paper_reports import shadow_news


def news(before: Desk, desk: Desk) -> list[RecordDecision]:
    """What is different now, in book order."""
    found: list[RecordDecision] = []
    if before.trading is not desk.trading:
        text = f"{before.trading} to {desk.trading}: {desk.trading_why}"
        found.append(_told(desk, "trading", "4.7.state", text, desk.trading.value))
    if before.shadows is not desk.shadows:
        found += shadow_news(before, desk)
    if before.book is desk.book:
        return found
    traded = before.book.fills is not desk.book.fills
    for condor in desk.book.condors.values():
        found += _condor(desk, before.book.condors.get(condor.id), condor, traded=traded)
    for tranche in desk.book.tranches.values():
        found += _tranche(desk, before.book.tranches.get(tranche.id), tranche, traded=traded)
    return found


def _condor(desk: Desk, old: Condor | None, new: Condor, *, traded: bool) -> list[RecordDecision]:
    if old is new:
        return []
    units, before = _entered(new), 0 if old is None else _entered(old)
    told = []
    if units > before:
        strikes = "/".join(f"{contract.strike:g}" for contract in new.combo.contracts)
        text = f"{new.id}: {units} x {strikes} for {new.credit:.2f}"
        opened = (
            ("units", float(units)),
            ("credit", float(new.credit)),
            ("max_loss", float(new.max_loss_usd)),
        )
        told.append(_told(desk, "condor.opened", "4.2.entry", text, new.id, Layer.CONDOR, opened))
    if new.closed_at is not None and (old is None or old.closed_at is None):
        rule = _closing_rule(desk, new.id, traded=traded)
        text = f"{new.id} closed, result {new.realized:.2f} USD before fees"
        inputs = (("realized", float(new.realized)),)
        told.append(_told(desk, "condor.closed", rule, text, new.id, Layer.CONDOR, inputs))
    return told


def _tranche(
    desk: Desk, old: Tranche | None, new: Tranche, *, traded: bool
) -> list[RecordDecision]:
    before = 0 if old is None else old.quantity
    if new.quantity == before:
        return []
    bought = new.quantity > before
    topic = "hedge.bought" if bought else "hedge.sold"
    rule = "4.4.build" if bought else _closing_rule(desk, new.id, traded=traded)
    text = f"{new.id} {new.contract.label}: {before} to {new.quantity}"
    inputs = (
        ("before", float(before)),
        ("after", float(new.quantity)),
        ("cost", float(new.position.cost)),
        ("realized", float(new.realized)),
    )
    return [_told(desk, topic, rule, text, new.id, new.layer, inputs)]


def _entered(condor: Condor) -> int:
    return min(abs(count) for count in condor.entered)


def _closing_rule(desk: Desk, subject: str, *, traded: bool) -> str:
    """The rule of the newest order on ``subject``; settlement when there was none. Without an
    execution operators wrote it off.
    """
    if not traded:
        return "write_off"
    rules = [order.intent.rule for order in desk.orders.values() if order.intent.subject == subject]
    return rules[-1] if rules else "settlement"


def _told(
    desk: Desk,
    topic: str,
    rule: str,
    text: str,
    subject: str,
    layer: Layer | None = None,
    inputs: tuple[tuple[str, float], ...] = (),
) -> RecordDecision:
    return RecordDecision(
        desk.now, Verdict.CHANGED, topic, rule, text, layer=layer, subject=subject, inputs=inputs
    )
