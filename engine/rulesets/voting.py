"""How rules vote at one look, what is recorded of it, and whom a BLOCK stops.

UNKNOWN is on the safe side: a rule that cannot be judged casts what it says for that case, which
is its own vote unless the file says otherwise, and an alert names it unless the file lets it pass.
Closing, selling and rolling are never stopped.
"""

from collections.abc import Iterable
from typing import Final

from domain.desk import Desk
from domain.effects import CancelOrder, RaiseAlert, RecordDecision, Severity, Verdict
from domain.orders import DenialCode, OrderIntent, OrderStatus, Purpose
from domain.replacing import replace
from domain.rulesets import Ballot, Rule, Scope, Vote
from engine.policy import Policy
from engine.rulesets.facts import facts
from risk.review import topic_of

TOPIC: Final = "rules"
SELF_TEST: Final = Rule(
    "self-test",
    "S46",
    "a rule does not hold on its own example",
    "false",
    Ballot.BLOCK,
    Ballot.BLOCK,
)
_UNKNOWN: Final = "rules_unknown"
_SCOPES: Final = {Purpose.OPEN_CONDOR: Scope.CONDOR, Purpose.BUY_HEDGE: Scope.HEDGE}


def cast(desk: Desk, policy: Policy) -> tuple[Vote, ...]:
    """Every rule's vote now, in the order of the file; on the first look of a day rules prove
    that they can fire, and while one cannot, nothing is opened.
    """
    rules = policy.rules.rules
    if not rules:
        return ()
    old = {vote.rule.name: vote for vote in desk.memory.votes}
    holds = policy.rules.judged(facts(desk, policy, policy.rules.names))
    pairs = zip(rules, holds, strict=True)
    votes = tuple(_vote(desk, rule, old.get(rule.name), holds=held) for rule, held in pairs)
    tested = desk.memory.rules_tested_on == desk.today
    broken = SELF_TEST.name in old if tested else bool(policy.rules.silent())
    return (*votes, Vote(SELF_TEST, Ballot.BLOCK, since=desk.now)) if broken else votes


def _vote(desk: Desk, rule: Rule, old: Vote | None, *, holds: bool | None) -> Vote:
    if holds is False:
        return Vote(rule, Ballot.ALLOW)
    known = holds is not None
    same = old is not None and old.since is not None and old.known is known
    since = old.since if same and old is not None else desk.now
    if not known:
        return Vote(rule, rule.unknown, known=False, since=since)
    lasted = since is not None and (desk.now - since).total_seconds() >= rule.for_s
    return Vote(rule, rule.vote if lasted else Ballot.ALLOW, since=since)


def recorded(desk: Desk, votes: tuple[Vote, ...], policy: Policy) -> list[RecordDecision]:
    """Votes that changed since the last look, and today's self-test."""
    old = {vote.rule.name: vote for vote in desk.memory.votes}
    found = []
    for vote in votes:
        before = old.get(vote.rule.name, Vote(vote.rule, Ballot.ALLOW))
        tolerated = before.ballot is vote.ballot is Ballot.ALLOW
        if (before.ballot, before.known) != (vote.ballot, vote.known) and not tolerated:
            found.append(_told(desk, vote))
    if policy.rules.rules and desk.memory.rules_tested_on != desk.today:
        silent = policy.rules.silent()
        count = len(policy.rules.rules)
        text = f"{count - len(silent)} of {count} rules hold on their own examples"
        if silent:
            text += f"; silent: {', '.join(silent)}"
        found.append(RecordDecision(desk.now, Verdict.CHANGED, "rules.test", "S46", text))
    return found


def _told(desk: Desk, vote: Vote) -> RecordDecision:
    word = vote.ballot.value if vote.known else f"{vote.ballot} (unknown)"
    text = f"{vote.rule.name}: {word}, {vote.rule.text}"
    return RecordDecision(
        desk.now, Verdict.CHANGED, TOPIC, vote.rule.row, text, subject=vote.rule.name
    )


def alerts(desk: Desk, votes: tuple[Vote, ...]) -> tuple[RaiseAlert, ...]:
    """Edges of the alerts that votes raise: one per rule that blocks or warns, one for UNKNOWN."""
    loud = {
        f"rule_{vote.rule.name}": vote.rule.text
        for vote in votes
        if vote.ballot is not Ballot.ALLOW and vote.known
    }
    unjudged = (v for v in votes if not v.known and v.ballot is not Ballot.ALLOW)
    names = ", ".join(vote.rule.name for vote in unjudged)
    if names:
        loud[_UNKNOWN] = f"cannot be judged: {names}"
    edges = [
        RaiseAlert(desk.now, code, _severity(code), text)
        for code, text in loud.items()
        if code not in desk.alerts
    ]
    for code in desk.alerts:
        if (code.startswith("rule_") or code == _UNKNOWN) and code not in loud:
            cleared = f"{code} cleared"
            edges.append(RaiseAlert(desk.now, code, _severity(code), cleared, active=False))
    return tuple(edges)


def _severity(code: str) -> Severity:
    if code == _UNKNOWN:
        return Severity.INFO
    critical = code == f"rule_{SELF_TEST.name}"
    return Severity.CRITICAL if critical else Severity.WARNING


def remembered(desk: Desk, votes: tuple[Vote, ...]) -> Desk:
    memory = replace(desk.memory, votes=votes, rules_tested_on=desk.today)
    return replace(desk, memory=memory)


def veto(votes: Iterable[Vote], intent: OrderIntent) -> Vote | None:
    """The first BLOCK that stops ``intent``; None for anything that opens nothing."""
    scope = _SCOPES.get(intent.purpose)
    if scope is None:
        return None
    return next((v for v in votes if v.ballot is Ballot.BLOCK and scope in v.rule.scope), None)


def vetoed(desk: Desk, intent: OrderIntent, vote: Vote) -> RecordDecision:
    """The denial to record."""
    why = "" if vote.known else ", which cannot be judged"
    text = f"rule {vote.rule.name}{why}: {vote.rule.text} ({intent.reason})"
    return RecordDecision(
        desk.now, Verdict.DENIED, topic_of(intent), intent.rule, text, intent.purpose,
        intent.layer, intent.subject, denial=DenialCode.RULE_VETO, inputs=intent.inputs,
    )  # fmt: skip


def withdrawn(desk: Desk, votes: tuple[Vote, ...]) -> tuple[CancelOrder, ...]:
    """Working orders that a BLOCK has overtaken."""
    cancels = []
    for order in desk.working:
        waiting = order.status is OrderStatus.ASKING  # judged again before it leaves
        if waiting or order.cancel_requested:
            continue
        vote = veto(votes, order.intent)
        if vote is not None:
            cancels.append(CancelOrder(order.order_ref, f"rule {vote.rule.name}", desk.now))
    return tuple(cancels)
