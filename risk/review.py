"""The one door every order goes through: all checks in order, the first that fails names itself."""

from dataclasses import dataclass

from domain.desk import Desk
from domain.effects import RecordDecision, Verdict
from domain.orders import DenialCode, Order, OrderIntent, Purpose, order_ref
from risk.checks import PRE_TRADE_CHECKS, order_rate_within_limit
from risk.denial import Denied
from risk.limits import RiskLimits

# Closing first: what is being closed no longer counts for what would be opened on top of it.
_ORDER = (
    Purpose.CLOSE_CONDOR,
    Purpose.SELL_HEDGE,
    Purpose.ROLL_HEDGE,
    Purpose.BUY_HEDGE,
    Purpose.OPEN_CONDOR,
)
_TOPICS = {
    Purpose.OPEN_CONDOR: "condor.entry",
    Purpose.CLOSE_CONDOR: "condor.close",
    Purpose.BUY_HEDGE: "hedge.build",
    Purpose.ROLL_HEDGE: "hedge.roll",
    Purpose.SELL_HEDGE: "hedge.sale",
}


@dataclass(frozen=True, slots=True)
class Verdicted:
    """The decision to record, and the order when it was approved."""

    decision: RecordDecision
    order: Order | None = None
    code: DenialCode | None = None


def in_review_order(intents: tuple[OrderIntent, ...]) -> list[OrderIntent]:
    """Closing before opening, otherwise as proposed."""
    return sorted(intents, key=lambda intent: _ORDER.index(intent.purpose))


def review(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Verdicted:
    """Judge one intent on the desk as it is, earlier approvals already working on it."""
    denied = first_denial(intent, desk, limits)
    topic = topic_of(intent)
    if denied is not None:
        decision = RecordDecision(
            desk.now,
            Verdict.DENIED,
            topic,
            intent.rule,
            f"{denied.text} ({intent.reason})",
            intent.purpose,
            intent.layer,
            intent.subject,
            "",
            denied.code,
            merged(intent.inputs, denied.inputs),
        )
        return Verdicted(decision, code=denied.code)
    ref = order_ref(intent.layer, desk.today, desk.tally.orders_today + 1)
    decision = RecordDecision(
        desk.now,
        Verdict.APPROVED,
        topic,
        intent.rule,
        intent.reason,
        intent.purpose,
        intent.layer,
        intent.subject,
        ref,
        None,
        intent.inputs,
    )
    return Verdicted(decision, Order(ref, intent, desk.now, intent.limit))


def first_denial(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    for check in PRE_TRADE_CHECKS:
        denied = check(intent, desk, limits)
        if denied is not None:
            return denied
    return None


def recheck(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Every check again for an order that waited; its own number in the rate is already counted."""
    for check in PRE_TRADE_CHECKS:
        denied = None if check is order_rate_within_limit else check(intent, desk, limits)
        if denied is not None:
            return denied
    return None


def topic_of(intent: OrderIntent) -> str:
    """Under which topic decisions about ``intent`` are recorded."""
    return _TOPICS[intent.purpose]


def merged(
    inputs: tuple[tuple[str, float], ...], more: tuple[tuple[str, float], ...]
) -> tuple[tuple[str, float], ...]:
    """``more`` wins where both name the same number."""
    return tuple({**dict(inputs), **dict(more)}.items())
