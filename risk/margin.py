"""What an opening order does to the account's margin: the broker's answer, or our own.

Knows no wire: an answer is four numbers or a reason why there are none. Without a usable answer our
own model decides when the limits allow it to: a condor needs its maximum loss, a call its premium.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.combos import IronCondor
from domain.desk import Desk
from domain.events import MarginAnswered
from domain.orders import DenialCode, Order, OrderIntent, Purpose
from risk.denial import Denied
from risk.limits import RiskLimits
from risk.trading_state import adds_risk


@dataclass(frozen=True, slots=True)
class MarginVerdict:
    """``denied`` is None when the order may leave; ``text`` says who decided and on what."""

    text: str
    inputs: tuple[tuple[str, float], ...]
    denied: Denied | None = None


def judge_answer(
    order: Order, answer: MarginAnswered | None, desk: Desk, limits: RiskLimits
) -> MarginVerdict:
    """The broker's answer when it is complete, else our own model where that may stand in.

    ``desk`` no longer holds ``order``. ``answer`` is None when it did not come in time.
    """
    total = desk.account.net_liquidation
    if answer is None or answer.initial_change is None or answer.maintenance_after is None:
        why = "no answer in time" if answer is None else answer.reason or "unset"
        return _own_model(order, why, limits)
    if total is None:
        denied = Denied(DenialCode.MARGIN_FLOOR, "net liquidation unknown")
        return MarginVerdict(denied.text, (), denied)
    equity = total if answer.equity_after is None else answer.equity_after
    others = working_need(desk)
    excess = equity - answer.maintenance_after - others
    floor = Decimal(str(limits.excess_liquidity_min)) * total
    inputs = (
        ("initial_change", float(answer.initial_change)),
        ("maintenance_after", float(answer.maintenance_after)),
        ("equity_after", float(equity)),
        ("working", float(others)),
        ("excess_after", float(excess)),
        ("floor", float(floor)),
    )
    text = f"the broker wants {answer.initial_change:.0f} more, {excess:.0f} stay free"
    if excess >= floor:
        return MarginVerdict(text, inputs)
    denied = Denied(DenialCode.MARGIN_FLOOR, f"{text}, below {floor:.0f}", inputs)
    return MarginVerdict(denied.text, inputs, denied)


def margin_above_floor(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Our own model: excess liquidity after every working and asked opening order."""
    if not adds_risk(intent):
        return None
    excess, total = desk.account.excess_liquidity, desk.account.net_liquidation
    if excess is None or total is None:
        return Denied(DenialCode.MARGIN_FLOOR, "excess liquidity unknown")
    needed = capital_needed(intent, intent.quantity) + working_need(desk)
    floor = Decimal(str(limits.excess_liquidity_min)) * total
    if excess - needed >= floor:
        return None
    inputs = (("excess", float(excess)), ("needed", float(needed)), ("floor", float(floor)))
    return Denied(DenialCode.MARGIN_FLOOR, "excess liquidity would fall below the floor", inputs)


def working_need(desk: Desk) -> Decimal:
    """USD that the working opening orders will need when they fill whole."""
    return sum(
        (capital_needed(order.intent, order.remaining) for order in desk.working), Decimal(0)
    )


def capital_needed(intent: OrderIntent, quantity: int) -> Decimal:
    """USD an opening order ties up at its worst price: maximum loss of a condor, premium of calls.

    0 for orders that close.
    """
    if intent.purpose is Purpose.OPEN_CONDOR:
        return entry_risk(intent, quantity)
    if not adds_risk(intent):
        return Decimal(0)
    worst = max(Decimal(0), intent.limit, intent.walk.worst)
    return worst * intent.legs[0].contract.multiplier * quantity


def entry_risk(intent: OrderIntent, quantity: int) -> Decimal:
    """Maximum loss in USD of an entry at the worst credit it may be filled at; 0 for other
    orders.
    """
    if intent.purpose is not Purpose.OPEN_CONDOR:
        return Decimal(0)
    condor = IronCondor.of_legs(intent.legs)
    return condor.max_loss_usd(-max(intent.limit, intent.walk.worst), quantity)


def _own_model(order: Order, why: str, limits: RiskLimits) -> MarginVerdict:
    """Every pre-trade check, ``margin_above_floor`` among them, was just passed again."""
    needed = capital_needed(order.intent, order.intent.quantity)
    inputs = (("needed", float(needed)),)
    if limits.margin_own_model:
        text = f"no margin from the broker ({why}): our own model counts {needed:.0f} and agrees"
        return MarginVerdict(text, inputs)
    text = f"no margin from the broker ({why})"
    return MarginVerdict(text, inputs, Denied(DenialCode.MARGIN_FLOOR, text, inputs))
