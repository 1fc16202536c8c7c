"""What an action rests on: the facts its signers are shown, what it could cost, whether it can be.

The proposer asks on a desk read from the journal, the daemon on its own desk when the plan is to
take effect; both must say the same. Pure.
"""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from hashlib import sha256

from bot.approvals.keyring import KeyRing, decode_draft, encode_ring, objection
from bot.approvals.plan import (
    AcceptConfig,
    Action,
    AdoptPosition,
    ChangeKeys,
    Halt,
    RaiseLimit,
    Reduce,
    ResolveOrder,
    Resume,
    WriteOff,
)
from domain.approvals import Raised
from domain.desk import Desk, TradingState
from domain.events import WrittenOff
from domain.instruments import Contract
from domain.missing import legs_of
from domain.orders import Layer, Order, OrderStatus
from engine.policy import Policy
from engine.raised import in_force, value_of, with_raised
from engine.written_off import written_off
from risk.expiry_loss import worst_by_expiration

_ZERO = Decimal(0)
_FACT_MAX = 300
_FACTS_MAX = 40


def facts(desk: Desk, policy: Policy, action: Action) -> tuple[str, ...]:
    """Sentences in printable ASCII, the same for equal desks; none for a stop."""
    match action:
        case Halt() | Reduce():
            found: tuple[str, ...] = ()
        case Resume():
            found = _of_resume(desk)
        case RaiseLimit(limit=limit):
            found = (f"{limit} is {_limit_now(desk, policy, limit)} now",)
        case AdoptPosition(contract=label):
            found = _of_position(desk, label)
        case ResolveOrder(order_ref=order_ref):
            found = _of_order(desk.orders.get(order_ref), order_ref)
        case WriteOff(campaign=campaign):
            found = _of_campaign(desk, campaign)
        case AcceptConfig():
            found = (f"the configuration accepted last is {desk.approvals.config or 'none'}",)
        case ChangeKeys(ring=ring):
            found = _of_keys(desk, ring)
    return tuple(line for text in found[:_FACTS_MAX] for line in _printable(text))[:_FACTS_MAX]


def worst_case(desk: Desk, policy: Policy, action: Action) -> Decimal | None:
    """An upper bound in USD of what may be lost once the action is taken; None: cannot be told.

    What adds risk is bounded by what the limits would allow then, and by what the book and its
    working orders can lose at expiration now, whichever is more. A stop costs nothing.
    """
    now = in_force(policy, desk)
    match action:
        case Halt() | Reduce():
            return _ZERO
        case Resume() | ChangeKeys():
            return _most(exposure(desk), _allowed(desk, _shares(now)))
        case RaiseLimit(limit=limit, value=value, until=until):
            try:
                then = with_raised(policy, desk, limit, Raised(value, until))
            except ValueError:
                return None
            return _most(exposure(desk), _allowed(desk, _shares(then)))
        case AcceptConfig(max_loss_share_total=total, hedge_budget_share=budget):
            return _most(exposure(desk), _allowed(desk, (total, budget)))
        case AdoptPosition():
            return exposure(desk)
        case WriteOff():
            left = exposure(_without_gone(desk, action))
            left = exposure(desk) if left is None else left
            return _most(left, _allowed(desk, _shares(now)))
        case ResolveOrder(order_ref=order_ref):
            order = desk.orders.get(order_ref)
            return _most(exposure(desk), None if order is None else _premium(order))


def bound(usd: Decimal) -> Decimal:
    """At least ``usd``, with two significant digits: room for an account that moves a little."""
    if usd <= 0:
        return _ZERO
    unit = Decimal(1).scaleb(max(0, usd.adjusted() - 1))
    return (usd / unit).to_integral_value(ROUND_CEILING) * unit


def exposure(desk: Desk) -> Decimal | None:
    """USD that the condors, working orders included, lose at most; None if without bound."""
    losses = [max(_ZERO, -worst) for worst in worst_by_expiration(desk).values()]
    total = sum(losses, _ZERO)
    return total if total.is_finite() else None


def impossible(desk: Desk, policy: Policy, action: Action) -> str | None:
    """Why the action cannot be taken on this desk; None if it can."""
    match action:
        case Resume():
            return "trading is active" if desk.trading is TradingState.ACTIVE else None
        case RaiseLimit(limit=limit, value=value, until=until):
            try:
                with_raised(policy, desk, limit, Raised(value, until))
            except ValueError as error:
                return str(error)
            return None
        case AdoptPosition():
            return _unadoptable(desk, action)
        case ResolveOrder():
            return _unresolvable(desk.orders.get(action.order_ref), action)
        case WriteOff():
            return _unwritable(desk, action)
        case ChangeKeys(ring=ring):
            if encode_ring(ring).decode() == desk.approvals.ring:
                return "this key ring is in force already"
            return objection(ring) or _forgetful(desk, ring)
        case _:
            return None


def ring_name(ring: str) -> str:
    """A short name for a key ring's exact text."""
    return sha256(ring.encode()).hexdigest()[:32] if ring else "none"


def contract_named(desk: Desk, label: str) -> Contract | None:
    """The one contract of this label that broker, book or an adoption knows."""
    for contract in {**(desk.broker_positions or {}), **desk.book.positions(), **_adopted(desk)}:
        if contract.label == label:
            return contract
    return None


def _of_resume(desk: Desk) -> tuple[str, ...]:
    return (
        f"trading is {desk.trading.value}: {desk.trading_why}",
        f"stops asked for so far: {desk.approvals.stops}, halts by itself: {desk.approvals.halts}",
        f"rejections by the broker since the last act on them: {len(desk.rejections)}",
        "uncertain orders: " + (", ".join(o.order_ref for o in desk.uncertain) or "none"),
        "in dispute with the broker: " + (", ".join(c.label for c in desk.mismatched) or "none"),
    )


def _of_position(desk: Desk, label: str) -> tuple[str, ...]:
    contract = contract_named(desk, label)
    if contract is None:
        return (f"nobody knows {label}",)
    told, explained, adopted = _counts(desk, contract)
    return (
        f"{label}: the broker reports {told}, orders explain {explained}, {adopted} were adopted",
    )


def _of_order(order: Order | None, order_ref: str) -> tuple[str, ...]:
    if order is None:
        return (f"there is no order {order_ref}",)
    intent = order.intent
    return (
        f"{order_ref} is {order.status.value}, {order.filled} of {intent.quantity} executed",
        f"executed by leg: {list(order.leg_fills)}",
        f"it was to {intent.purpose.value} at {order.limit} points: {intent.reason}",
        *(f"leg: {leg.ratio:+d} {leg.contract.label}" for leg in intent.legs),
    )


def _of_campaign(desk: Desk, campaign: str) -> tuple[str, ...]:
    legs = legs_of(desk, campaign)
    if not legs:
        return (f"{campaign} holds nothing",)
    told = desk.broker_positions or {}
    return tuple(
        f"{leg.contract.label}: {campaign} has {leg.ours}, the broker {told.get(leg.contract, 0)} "
        f"in all; to be booked: {leg.gone:+d}"
        for leg in legs
    )


def _of_keys(desk: Desk, ring: KeyRing) -> tuple[str, ...]:
    """Signers must see when fewer of them would be enough from then on."""
    known = desk.approvals.ring
    named = f"the key ring in force is {ring_name(known)}"
    if not known:
        return (named,)
    old = decode_draft(known)
    weaker = ": WEAKER than now" if ring.needed < old.needed else ""
    return (named, f"it needs {_quorum(old)}, the new one {_quorum(ring)}{weaker}")


def _quorum(ring: KeyRing) -> str:
    approvers = sum(person.role == "approver" for person in ring.persons)
    return f"{ring.needed} of {approvers} approvers"


def _limit_now(desk: Desk, policy: Policy, limit: str) -> str:
    try:
        return f"{value_of(in_force(policy, desk), limit):g}"
    except KeyError:
        return "not one that can be raised"


def _unadoptable(desk: Desk, action: AdoptPosition) -> str | None:
    contract = contract_named(desk, action.contract)
    if contract is None:
        return f"nobody knows {action.contract}"
    told, explained, adopted = _counts(desk, contract)
    if action.quantity == adopted:
        return f"{adopted} of {action.contract} are adopted already"
    if explained + action.quantity != told:
        return f"the broker reports {told} of {action.contract}, orders explain {explained}"
    return None


def _unresolvable(order: Order | None, action: ResolveOrder) -> str | None:
    if order is None or order.status is not OrderStatus.UNKNOWN:
        return f"{action.order_ref} is not uncertain"
    if action.filled > order.remaining:
        return f"only {order.remaining} of {action.order_ref} can still have been executed"
    legs = len(order.intent.legs)
    wanted = legs if action.filled else 0
    if len(action.prices) != wanted:
        return f"{wanted} prices are needed, {len(action.prices)} given"
    return None


def _without_gone(desk: Desk, action: WriteOff) -> Desk:
    for leg in legs_of(desk, action.campaign):
        gone = WrittenOff(desk.now, action.campaign, leg.contract, leg.gone, _ZERO, "")
        desk = written_off(desk, gone)
    return desk


def _unwritable(desk: Desk, action: WriteOff) -> str | None:
    legs = legs_of(desk, action.campaign)
    if not any(leg.gone for leg in legs):
        return f"the broker holds all that our book has of {action.campaign}"
    contracts = {leg.contract for leg in legs}
    for order in desk.working:  # what it executed may be what is missing
        if order.ever_sent and contracts & {leg.contract for leg in order.intent.legs}:
            return f"{order.order_ref} is still {order.status.value}: its end comes first"
    if len(action.prices) != len(legs):
        return f"{len(legs)} prices are needed, {len(action.prices)} given"
    return None


def _forgetful(desk: Desk, ring: KeyRing) -> str | None:
    """A key that was revoked once stays so in every later ring."""
    if not desk.approvals.ring:
        return None
    missing = sorted(set(decode_draft(desk.approvals.ring).revoked) - set(ring.revoked))
    return f"key {missing[0][:16]}... was revoked and must stay so" if missing else None


def _counts(desk: Desk, contract: Contract) -> tuple[int, int, int]:
    """Contracts reported by the broker, explained by orders, adopted."""
    told = (desk.broker_positions or {}).get(contract, 0)
    return told, desk.book.positions().get(contract, 0), _adopted(desk).get(contract, 0)


def _adopted(desk: Desk) -> Mapping[Contract, int]:
    return desk.approvals.adopted


def _shares(policy: Policy) -> tuple[float, float]:
    return policy.limits.max_loss_share_total, policy.limits.hedge_budget_share


def _allowed(desk: Desk, shares: tuple[float, float]) -> Decimal | None:
    """What limits of these shares of net liquidation let be lost, condors and hedge together."""
    total = desk.account.net_liquidation
    if total is None or not total.is_finite():
        return None
    return total * sum((Decimal(str(share)) for share in shares), _ZERO)


def _premium(order: Order) -> Decimal:
    """What a hedge order may have paid at its worst limit; condors are in the exposure."""
    if order.intent.layer is Layer.CONDOR:
        return _ZERO
    worst = max(order.limit, order.intent.walk.worst)
    return max(_ZERO, worst * order.intent.legs[0].contract.multiplier * order.intent.quantity)


def _most(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else max(one, other)


def _printable(text: str) -> tuple[str, ...]:
    """Everything else escaped, in lines that fit into a plan."""
    clean = text.encode("ascii", "backslashreplace").decode()
    clean = "".join(c if " " <= c <= "~" else "?" for c in clean) or "?"
    return tuple(clean[at : at + _FACT_MAX] for at in range(0, len(clean), _FACT_MAX))
