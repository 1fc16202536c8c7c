"""Which rules are looked at when: regime and proposals every minute, marks every few, alerts with
them.

The only place that knows all of strategy and risk; it holds no rule of its own.
"""

from collections.abc import Iterable, Mapping

from domain.desk import Desk
from domain.effects import Effect, RecordDecision, Verdict
from domain.instruments import SPY
from domain.orders import DenialCode, OrderIntent
from domain.proposals import Proposal, Skip
from domain.replacing import replace
from domain.vwap import heard as vwap
from engine.fold import apply_effect
from engine.kpi.conduct import violations
from engine.kpi.marks import day_marks
from engine.margin import on_its_way
from engine.policy import Policy
from engine.rulesets import voting
from engine.settlement import settlements
from engine.walk import withdrawn
from engine.watchlist import watchlist as watch
from risk import (
    box_rate,
    hedge_build,
    hedge_changes,
    hedge_parity,
    hedge_redeploy,
    hedge_roll,
    hedge_sale,
    hedge_trim,
    liquidity,
    regime,
    signals,
)
from risk.alerts import Rules, raised
from risk.review import Verdicted, in_review_order, review
from strategies.iron_condor import IronCondorStrategy
from strategies.iron_condor.parameters import Roll

__all__ = ["look", "rules_of", "watch"]


def look(desk: Desk, policy: Policy) -> tuple[Desk, list[Effect]]:
    """Everything due at this tick; nothing when the minute was already looked at."""
    minute = int(desk.now.timestamp() // 60)
    if minute == desk.memory.minute:
        return desk, []
    desk = replace(desk, memory=replace(desk.memory, minute=minute))
    effects: list[Effect] = []
    if desk.ready_at is not None:
        desk = _record(desk, settlements(desk), effects)
        desk = _record(desk, regime.closes(desk, policy.regime), effects)
        kept = signals.recorded(desk, policy.signals, policy.releases, policy.regime)
        desk = _record(desk, kept, effects)
        desk = _record(desk, liquidity.closes(desk, policy.limits), effects)
        desk = _record(desk, day_marks(desk, policy), effects)
        if regime.looks_due(desk, policy.regime):
            desk = _session(desk, policy, effects)
        else:
            desk = replace(desk, memory=replace(desk.memory, wanted=(), legs=(), skips={}))
    desk = _record(desk, raised(desk, rules_of(policy)), effects)
    return _record(desk, violations(desk, tuple(effects), policy), effects), effects


def rules_of(policy: Policy) -> Rules:
    """The parameters that alerts look at."""
    return Rules(policy.limits, policy.hedge, policy.regime, policy.signals, policy.releases)


def _session(desk: Desk, policy: Policy, effects: list[Effect]) -> Desk:
    """One minute of regular hours."""
    looked = regime.look(desk, policy.regime)
    desk = _record(replace(desk, memory=looked.memory), looked.changes, effects)
    desk = replace(desk, memory=liquidity.listen(desk, policy.limits))
    desk = _averaged(desk, policy)
    heard = desk.memory.kept
    memory = signals.look(desk, policy.signals, policy.releases, policy.regime, policy.external)
    desk = replace(desk, memory=memory)
    desk = _record(desk, signals.changes(desk, heard), effects)
    noted = hedge_changes.changes(desk, policy.hedge, policy.limits, policy.regime)
    desk = _record(desk, noted, effects)
    mark = int(desk.now.timestamp() // policy.limits.mark_every_s)
    if mark != desk.memory.mark:
        desk = _marked(desk, mark, policy)
        desk = _record(desk, hedge_sale.rungs(desk, policy.hedge, policy.regime), effects)
    desk = _voted(desk, policy, effects)
    desk = _record(desk, withdrawn(desk, policy.limits), effects)
    proposal = _proposals(desk, policy)
    desk = _record(desk, proposal.cancels, effects)
    desk, denials = _reviewed(desk, proposal.intents, policy, effects)
    desk = _skipped(desk, proposal.skips, denials, effects)
    smile = proposal.smile or desk.memory.smile
    memory = replace(desk.memory, wanted=proposal.wanted, legs=proposal.legs, smile=smile)
    return _forgotten(replace(desk, memory=memory), policy)


def _voted(desk: Desk, policy: Policy, effects: list[Effect]) -> Desk:
    """The operator's rules have their say before anything is proposed. Without any, what earlier
    ones raised is over.
    """
    if not policy.rules.rules:
        return _record(desk, voting.alerts(desk, ()), effects)
    votes = voting.cast(desk, policy)
    desk = _record(desk, voting.recorded(desk, votes, policy), effects)
    desk = _record(desk, voting.alerts(desk, votes), effects)
    desk = _record(desk, voting.withdrawn(desk, votes), effects)
    return voting.remembered(desk, votes)


def _averaged(desk: Desk, policy: Policy) -> Desk:
    """The session's average of SPY, for profiles that roll by it."""
    if policy.condor.roll is not Roll.RANGE:
        return desk
    average = vwap(desk.memory.vwap, desk.today, desk.quote(SPY))
    return replace(desk, memory=replace(desk.memory, vwap=average))


def _proposals(desk: Desk, policy: Policy) -> Proposal:
    strategy = IronCondorStrategy(policy.condor, policy.allowance, policy.releases)
    profit = hedge_sale.propose_profit(desk, policy.hedge, policy.regime)
    return (
        strategy.propose(desk)
        + profit
        + hedge_trim.propose_trim(desk, policy.hedge, policy.limits, profit.intents)
        + hedge_roll.propose(desk, policy.hedge, policy.limits)
        + hedge_build.propose(desk, policy.hedge, policy.limits, policy.regime)
        + hedge_redeploy.propose(desk, policy.hedge, policy.limits, policy.regime)
        + hedge_parity.propose(desk, policy.hedge)
        + box_rate.propose(desk, policy.hedge)
    )


def _marked(desk: Desk, mark: int, policy: Policy) -> Desk:
    """Count consecutive marks of every condition; one that cannot be measured keeps its count."""
    found: Mapping[str, bool | None] = {
        **IronCondorStrategy(policy.condor, policy.allowance, policy.releases).conditions(desk),
        **hedge_trim.conditions(desk, policy.limits, policy.regime),
    }
    old = desk.memory.marks
    marks = {
        key: old.get(key, 0) if holds is None else (old.get(key, 0) + 1 if holds else 0)
        for key, holds in found.items()
    }
    within = hedge_trim.condors_within(desk, policy.limits)
    memory = replace(desk.memory, mark=mark, marks=marks, condors_at_risk_within=within)
    return replace(desk, memory=memory)


def _reviewed(
    desk: Desk, intents: tuple[OrderIntent, ...], policy: Policy, effects: list[Effect]
) -> tuple[Desk, dict[str, str]]:
    """Approve or deny one by one, every approval working before the next is judged.

    A denial equal to the one of the minute before is not recorded again.
    """
    denials: dict[str, str] = {}
    for intent in in_review_order(_one_per_subject(intents)):
        verdict = _verdict(desk, intent, policy)
        if verdict.order is not None:
            desk = _record(
                desk, (verdict.decision, on_its_way(verdict.order, policy.limits)), effects
            )
            continue
        key = f"denied:{intent.purpose}:{intent.layer}:{intent.subject}"
        denials[key] = str(verdict.code)
        if desk.memory.skips.get(key) != denials[key]:
            desk = _record(desk, (verdict.decision,), effects)
    return desk, denials


def _verdict(desk: Desk, intent: OrderIntent, policy: Policy) -> Verdicted:
    """An operator's veto comes before our own checks."""
    vote = voting.veto(desk.memory.votes, intent)
    if vote is None:
        return review(intent, desk, policy.limits)
    return Verdicted(voting.vetoed(desk, intent, vote), code=DenialCode.RULE_VETO)


def _one_per_subject(intents: tuple[OrderIntent, ...]) -> tuple[OrderIntent, ...]:
    """Several rules may want the same condor or tranche gone: the first one gets its order."""
    taken: set[str] = set()
    kept = []
    for intent in intents:
        if intent.subject not in taken:
            kept.append(intent)
        if intent.subject:
            taken.add(intent.subject)
    return tuple(kept)


def _skipped(
    desk: Desk, skips: tuple[Skip, ...], denials: dict[str, str], effects: list[Effect]
) -> Desk:
    """Record a reason for not trading once, when it becomes the reason."""
    now = dict(denials)
    for skip in skips:
        now[skip.topic] = skip.reason
        if desk.memory.skips.get(skip.topic) != skip.reason:
            decision = RecordDecision(
                desk.now,
                Verdict.SKIPPED,
                skip.topic,
                skip.rule,
                skip.reason,
                layer=skip.layer,
                denial=skip.denial,
                inputs=skip.inputs,
            )
            desk = _record(desk, (decision,), effects)
    if now == desk.memory.skips:
        return desk
    return replace(desk, memory=replace(desk.memory, skips=now))


def _forgotten(desk: Desk, policy: Policy) -> Desk:
    """Drop quotes of contracts no longer watched: if they are wanted again, they must be heard
    anew.
    """
    old, new = desk.memory.watchlist, watch(desk, desk.memory.wanted, policy)
    watched = set(new) if old == new else {*old, *new}
    if len(desk.quotes) <= len(watched):
        return desk
    kept = {contract: quote for contract, quote in desk.quotes.items() if contract in watched}
    return replace(desk, quotes=kept)


def _record(desk: Desk, effects: Iterable[Effect], recorded: list[Effect]) -> Desk:
    """Apply effects to the desk and note them, in order."""
    for effect in effects:
        desk = apply_effect(desk, effect)
        recorded.append(effect)
    return desk
