"""The durable record of a session at its close: one decision with every number the KPIs need.

Taken once per session at the first look after the close, while quotes are still there. What cannot
be measured is left out of the decision and stays None in the record.
"""

from domain.book import Condor, Fill
from domain.desk import Desk
from domain.effects import RecordDecision, Verdict
from domain.instruments import VIX, Right
from domain.orders import HEDGE_LAYERS, Layer, Purpose
from domain.payoff import decay_rate, extrinsic
from domain.record import Campaign
from domain.session import new_york
from engine.policy import Policy
from engine.views import Snapshot, snapshot
from risk.vix_calls import option_mid, vix_forward

TOPIC = "day"
CAMPAIGN = "campaign"
_HEDGE = frozenset(HEDGE_LAYERS)

Inputs = tuple[tuple[str, float], ...]


def day_marks(desk: Desk, policy: Policy) -> tuple[RecordDecision, ...]:
    """Today's mark and the campaigns that moved; nothing before the close or a second time."""
    today = desk.today
    if not desk.calendar.is_session(today) or desk.now < desk.calendar.close_at(today):
        return ()
    if desk.record.days and desk.record.days[-1].on >= today:
        return ()
    seen = snapshot(desk, policy)
    inputs = (*_account(desk), *_condors(desk), *_hedge(desk, seen), *_layers(desk, seen, policy))
    total = desk.account.net_liquidation
    worth = "net liquidation unknown" if total is None else f"net liquidation {total:.2f}"
    text = f"{today}: {worth}, {desk.book.condor_contracts} condors, {seen.hedge_contracts} calls"
    day = RecordDecision(
        desk.now, Verdict.CHANGED, TOPIC, "kpi.day", text,
        subject=desk.regime.regime.value, inputs=inputs,
    )  # fmt: skip
    return (day, *_campaigns(desk))


def _account(desk: Desk) -> Inputs:
    account = desk.account
    values = (
        ("net_liquidation", account.net_liquidation),
        ("cash", account.cash),
        ("margin", account.maintenance_margin),
        ("vix", desk.level(VIX)),
    )
    return tuple((name, float(value)) for name, value in values if value is not None)


def _condors(desk: Desk) -> Inputs:
    """Cash of all condor trades = realized - what the open legs cost - fees."""
    book = desk.book
    held = book.open_condors
    cost = sum(float(p.cost) for condor in held for p in condor.positions)
    realized = float(book.realized.get(Layer.CONDOR, 0))
    fees = float(book.fees.get(Layer.CONDOR, 0))
    return (
        ("units", float(book.condor_contracts)),
        ("at_risk", float(sum(condor.max_loss_usd for condor in held))),
        ("condor_cash", realized - cost - fees),
    )


def _hedge(desk: Desk, seen: Snapshot) -> Inputs:
    found: list[tuple[str, float]] = []
    bids = [None if t.bid is None else 100.0 * t.bid * t.quantity for t in seen.tranches]
    value = [bid for bid in bids if bid is not None]
    if len(value) == len(bids):
        found.append(("hedge_value", sum(value)))
    traded = sum(
        abs(float(fill.price) * fill.contract.multiplier * fill.quantity)
        for fill in _since_last_mark(desk)
        if _layer(desk, fill) in _HEDGE
    )
    return (*found, ("hedge_traded", traded))


def _since_last_mark(desk: Desk) -> tuple[Fill, ...]:
    """Executions on days after the last mark, newest revisions."""
    days = desk.record.days
    return tuple(
        fill
        for fill in desk.book.fills.values()
        if not days or new_york(fill.at).date() > days[-1].on
    )


def _layer(desk: Desk, fill: Fill) -> Layer | None:
    order = desk.orders.get(fill.order_ref)
    return None if order is None else order.intent.layer


def _layers(desk: Desk, seen: Snapshot, policy: Policy) -> Inputs:
    found: list[tuple[str, float]] = []
    for result in seen.results:
        found += [
            (f"{result.layer}.realized", result.realized),
            (f"{result.layer}.fees", result.fees),
        ]
        if result.unrealized is not None:
            found.append((f"{result.layer}.unrealized", result.unrealized))
    points = _extrinsic(desk, policy)
    found += [(f"{layer}.decay", rate) for layer, rate in _decays(desk, points).items()]
    return (*found, *((f"extrinsic:{name}", value) for name, value in points.items()))


def _extrinsic(desk: Desk, policy: Policy) -> dict[str, float]:
    """Points of time value per held tranche: mid less intrinsic value on its own forward (S10)."""
    found = {}
    for tranche in desk.book.open_tranches:
        contract = tranche.contract
        assert contract.expiration is not None
        forward = vix_forward(desk, contract.expiration, policy.limits)
        mid = option_mid(desk, contract, policy.limits)
        if forward is not None and mid is not None:
            call = contract.right is Right.CALL
            found[tranche.id] = float(extrinsic(mid, forward, contract.strike, call))
    return found


def _decays(desk: Desk, points: dict[str, float]) -> dict[str, float]:
    """Share of time value lost a calendar day since the last mark, by layer, weighted by value."""
    days = desk.record.days
    if not days:
        return {}
    old, apart = days[-1].extrinsic, (desk.today - days[-1].on).days
    sums: dict[str, tuple[float, float]] = {}
    for tranche in desk.book.open_tranches:
        before, after = old.get(tranche.id), points.get(tranche.id)
        if before is None or after is None or before <= 0:
            continue
        first, last = sums.get(tranche.layer.value, (0.0, 0.0))
        sums[tranche.layer.value] = (
            first + before * tranche.quantity,
            last + after * tranche.quantity,
        )
    return {layer: float(decay_rate(first, last, apart)) for layer, (first, last) in sums.items()}


def _campaigns(desk: Desk) -> tuple[RecordDecision, ...]:
    """Condors opened, closed or charged since they were last recorded."""
    fees: dict[str, float] = {}
    for fill in _since_last_mark(desk):
        order = desk.orders.get(fill.order_ref)
        charged = desk.book.commissions.get(fill.exec_id)
        if order is None or charged is None or order.intent.layer is not Layer.CONDOR:
            continue
        opening = order.intent.purpose is Purpose.OPEN_CONDOR
        condor_id = order.order_ref if opening else order.intent.subject
        fees[condor_id] = fees.get(condor_id, 0.0) + float(charged)
    found = []
    for condor in desk.book.condors.values():
        known = desk.record.campaigns.get(condor.id)
        if known is not None and known.closed_on is not None:
            continue
        if known is None or condor.id in fees or not condor.is_open:
            found.append(_campaign(desk, condor, known, fees.get(condor.id, 0.0)))
    return tuple(found)


def _campaign(desk: Desk, condor: Condor, known: Campaign | None, fees: float) -> RecordDecision:
    units = min(abs(count) for count in condor.entered)
    total = fees + (0.0 if known is None else known.fees)
    closed = not condor.is_open
    state = "ended" if closed else "runs"
    text = f"{condor.id} {state}: {condor.realized:.2f} USD before {total:.2f} of fees"
    inputs = [("units", float(units)), ("fees", total), ("result", float(condor.realized))]
    inputs.append(("opened", float(new_york(condor.opened_at).date().toordinal())))
    if closed:
        ended = condor.closed_at or desk.now
        inputs.append(("closed", float(new_york(ended).date().toordinal())))
    return RecordDecision(
        desk.now, Verdict.CHANGED, CAMPAIGN, "kpi.campaign", text,
        layer=Layer.CONDOR, subject=condor.id, inputs=tuple(inputs),
    )  # fmt: skip
