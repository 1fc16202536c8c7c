"""Why there is, or is not, a condor, a purchase, a roll, a sale right now: every gate, shut ones
first.

Shows the very gates the rules act on, and judges nothing itself but what stands above all rules:
connection, trading state, what the broker says, the operator's rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from domain.book import Condor
from domain.combos import package_quote
from domain.denials import MEANINGS
from domain.desk import Desk, TradingState
from domain.effects import RecordDecision
from domain.gates import Gate
from domain.orders import DenialCode, Order, Purpose
from domain.rulesets import Ballot, Scope, Vote
from engine.policy import Policy
from risk.hedge_gates import hedge_gates
from strategies.iron_condor import entry_gates
from strategies.iron_condor.parameters import IronCondorParams

DESK: Final = "desk"
ENTRY: Final = "condor.entry"
CLOSE: Final = "condor.close"
_BUILD: Final = "hedge.build"
_WORKING: Final = {
    Purpose.OPEN_CONDOR: ENTRY,
    Purpose.CLOSE_CONDOR: CLOSE,
    Purpose.BUY_HEDGE: _BUILD,
    Purpose.ROLL_HEDGE: "hedge.roll",
    Purpose.SELL_HEDGE: "hedge.sale",
}


@dataclass(frozen=True, slots=True)
class Working:
    """An order that is already at work behind the gates."""

    order_ref: str
    topic: str
    subject: str
    rule: str
    reason: str
    status: str
    filled: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Topic:
    """``gates`` shut first, each group in the order in which the rule asks. ``reason`` is that of
    the first one that is not open; when all are, it is what the rule or a check said at its last
    look, and empty when they said nothing: then the rule acts.
    """

    name: str
    reason: str
    gates: tuple[Gate, ...]

    @property
    def open(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Explanation:
    at: str  # ISO 8601, UTC
    regime: str
    curve: str
    trading: str
    topics: tuple[Topic, ...]
    working: tuple[Working, ...]
    decisions: tuple[RecordDecision, ...]  # the last one on each topic, newest first


def explain(
    desk: Desk, policy: Policy, decisions: Mapping[str, RecordDecision] | None = None
) -> Explanation:
    """The desk in words. ``decisions`` are the last ones by topic, from whoever has heard them."""
    gates = (
        *desk_gates(desk, policy),
        *entry_gates(desk, policy.condor, policy.allowance, policy.releases),
        *_vetoes(desk.memory.votes, Scope.CONDOR, ENTRY),
        *(gate for condor in desk.book.open_condors for gate in exit_gates(desk, condor, policy)),
        *hedge_gates(desk, policy.hedge, policy.limits, policy.regime),
        *_vetoes(desk.memory.votes, Scope.HEDGE, _BUILD),
    )
    heard = sorted((decisions or {}).values(), key=attrgetter("at"), reverse=True)
    return Explanation(
        desk.now.isoformat(),
        desk.regime.regime.value,
        desk.regime.curve.value,
        f"{desk.trading.value}: {desk.trading_why}" if desk.trading_why else desk.trading.value,
        topics(gates, held_back(desk)),
        tuple(_working(order) for order in desk.working),
        tuple(heard),
    )


def held_back(desk: Desk) -> Mapping[str, str]:
    """What kept a rule from acting at its last look, by topic: its own reason, or a denial."""
    found = {}
    for key, reason in desk.memory.skips.items():
        if not key.startswith("denied:"):
            found[key] = reason
            continue
        _, purpose, layer, subject = key.split(":", 3)
        code = DenialCode(reason)
        place = {"buy_hedge": f".{layer}", "close_condor": f":{subject}"}.get(purpose)
        place = place if place is not None else f".{subject}" if subject else ""
        found[_WORKING[Purpose(purpose)] + place] = f"denied, {code}: {MEANINGS[code]}"
    return found


def topics(gates: Iterable[Gate], held: Mapping[str, str]) -> tuple[Topic, ...]:
    """Gates by topic, topics in the order in which they first appear; ``held`` as held_back."""
    found: dict[str, list[Gate]] = {}
    for gate in gates:
        found.setdefault(gate.topic, []).append(gate)
    return tuple(_topic(name, group, held.get(name, "")) for name, group in found.items())


def _topic(name: str, gates: list[Gate], held: str) -> Topic:
    ranked = sorted(gates, key=lambda gate: gate.open is True)
    first = ranked[0]
    reason = held if first.open else first.reason or first.text
    return Topic(name, reason, tuple(ranked))


def desk_gates(desk: Desk, policy: Policy) -> tuple[Gate, ...]:
    """What stands above every rule that opens something."""
    heard = None if desk.feed_at is None else (desk.now - desk.feed_at).total_seconds()
    limits = policy.limits
    return (
        _gate("connection", "4.7", desk.ready_at is not None, "the broker is connected",
              "no broker connection", DenialCode.QUOTE_MISSING),
        _gate("trading", "4.7.state", desk.trading is TradingState.ACTIVE,
              "trading is active", f"trading is {desk.trading}",
              DenialCode.TRADING_HALTED if desk.trading is TradingState.HALTED
              else DenialCode.ONLY_REDUCING),
        _gate("session", "4.7", desk.calendar.is_open(desk.now), "the market is open",
              "the market is closed", DenialCode.SESSION_CLOSED),
        Gate(DESK, "feed", "4.1", None if heard is None else heard <= limits.feed_age_s_max,
             f"some quote within {limits.feed_age_s_max:g} s; seconds", heard,
             limits.feed_age_s_max, heard,
             "" if heard is not None and heard <= limits.feed_age_s_max else "no quotes arrive",
             DenialCode.QUOTE_STALE),
        _gate("agreement", "4.7", not desk.mismatched, "book and broker agree",
              "book and broker disagree", DenialCode.POSITION_MISMATCH),
        _gate("certainty", "4.7", not desk.uncertain, "every order is accounted for",
              "nobody answers for an order", DenialCode.ORDER_UNCERTAIN),
        _day_loss(desk, limits.daily_loss_share),
    )  # fmt: skip


def _gate(name: str, rule: str, holds: object, text: str, reason: str, denial: DenialCode) -> Gate:
    """Of the desk; ``holds`` is taken for its truth."""
    if holds:
        return Gate(DESK, name, rule, True, text)
    return Gate(DESK, name, rule, False, text, reason=reason, denial=denial)


def _day_loss(desk: Desk, limit: float) -> Gate:
    start, worth = desk.account.day_start, desk.account.net_liquidation
    lost = None if not start or worth is None else float((start - worth) / start)
    holds = None if lost is None else lost < limit
    reason = "" if holds else "account values missing" if lost is None else "daily loss limit"
    return Gate(
        DESK, "daily_loss", "4.7", holds, f"lost less than {limit:.1%} today; share", lost, limit,
        None, reason, None if holds else DenialCode.DAILY_LOSS_LIMIT,
    )  # fmt: skip


def _vetoes(votes: tuple[Vote, ...], scope: Scope, topic: str) -> tuple[Gate, ...]:
    """The operator's rules as gates: shut by a BLOCK, unknown where the rule could not be judged
    and blocks for that.
    """
    found = []
    for vote in votes:
        if scope not in vote.rule.scope or vote.rule.vote is not Ballot.BLOCK:
            continue
        shut = vote.ballot is Ballot.BLOCK
        holds = not shut if vote.known or not shut else None
        found.append(
            Gate(
                topic, f"rule:{vote.rule.name}", vote.rule.row, holds,
                f"not: {vote.rule.text}", reason=vote.rule.text if shut else "",
                denial=DenialCode.RULE_VETO if shut else None,
            )
        )  # fmt: skip
    return tuple(found)


def exit_gates(desk: Desk, condor: Condor, policy: Policy) -> tuple[Gate, ...]:
    """Each reason to close one condor; any one that is open closes it."""
    params, topic = policy.condor, f"{CLOSE}:{condor.id}"
    market = package_quote(condor.combo.closing, desk.quote, worthless_bid=True)
    debit, credit = None if market is None else market.mid, float(condor.credit)
    stop, profit = params.stop_debit_multiple * credit, params.take_profit_share * credit
    ages = [desk.quotes[c].age_s(desk.now) for c in condor.combo.contracts if c in desk.quotes]
    age = max(ages, default=None)
    lost = None if debit is None else debit >= stop
    won = None if debit is None else debit <= profit
    return (
        Gate(topic, "stop", "4.3.stop", lost, "the debit reaches the stop; points", debit, stop,
             age, _not(lost, "the stop is not reached")),
        Gate(topic, "profit", "4.3.profit", won, "the debit is down to the profit target; points",
             debit, profit, age, _not(won, "the profit target is not reached")),
        _time_exit(desk, condor, params, topic),
    )  # fmt: skip


def _time_exit(desk: Desk, condor: Condor, params: IronCondorParams, topic: str) -> Gate:
    expiration = condor.combo.short_put.expiration
    assert expiration is not None
    left = (expiration - desk.today).days
    near = left <= params.dte_exit
    text = f"at most {params.dte_exit} days to expiration, from {params.exit_from:%H:%M}; days"
    return Gate(
        topic, "time", "4.3.dte", near, text, float(left), float(params.dte_exit), None,
        _not(near, "expiration is not near"),
    )  # fmt: skip


def _not(holds: object, reason: str) -> str:
    if holds:
        return ""
    return "a leg has no quote" if holds is None else reason


def _working(order: Order) -> Working:
    intent = order.intent
    return Working(
        order.order_ref, _WORKING[intent.purpose], intent.subject, intent.rule, intent.reason,
        order.status.value, order.filled, intent.quantity,
    )  # fmt: skip
