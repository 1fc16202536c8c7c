"""Read models: the numbers every console, topic and report shows, taken from one desk.

Only strings, numbers, booleans, ``None`` and tuples of such views, so that any encoder can write
them.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from domain.book import Condor, Position, Tranche
from domain.combos import package_quote
from domain.desk import Desk
from domain.instruments import SPX, VIX, Contract
from domain.orders import HEDGE_LAYERS, Layer, Order
from domain.shadows import ShadowRecord
from engine.paper_reports import day_return
from engine.policy import Policy
from engine.raised import in_force
from risk.curve import read_curve
from risk.exposure import cap_shares, notionals


@dataclass(frozen=True, slots=True)
class CondorView:
    id: str
    expiration: str
    dte: int
    strikes: tuple[float, float, float, float]
    quantity: int
    credit: float  # points received per unit
    debit: float | None  # points to close at mid now
    max_loss: float
    unrealized: float | None
    realized: float
    opened_at: str


@dataclass(frozen=True, slots=True)
class TrancheView:
    id: str
    layer: str
    contract: str
    quantity: int
    cost: float  # USD of what is still held
    bid: float | None
    multiple: float | None  # bid over unit cost
    dte: int
    days_held: int
    unrealized: float | None
    realized: float


@dataclass(frozen=True, slots=True)
class OrderView:
    order_ref: str
    purpose: str
    layer: str
    rule: str
    legs: str
    quantity: int
    filled: int
    limit: float
    status: str


@dataclass(frozen=True, slots=True)
class LayerResult:
    """USD. ``unrealized`` is at mid, ``None`` when something held has no usable quote."""

    layer: str
    realized: float
    unrealized: float | None
    fees: float


@dataclass(frozen=True, slots=True)
class ShadowView:
    """A book on paper. USD; ``result`` since it began, ``day_return`` of its newest session."""

    name: str
    worth: float | None
    result: float | None
    day_return: float | None
    sessions: int
    complete: int  # of them, seen whole


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One instant of the desk. Shares are fractions of 1, money USD, times ISO 8601 in UTC."""

    at: str
    connected: bool
    regime: str
    curve: str
    vix: float | None
    spx: float | None
    front: float | None
    slope: float | None
    cmf30: float | None
    trading_state: str
    trading_why: str
    net_liquidation: float | None
    excess_liquidity: float | None
    condors: tuple[CondorView, ...]
    tranches: tuple[TrancheView, ...]
    condor_contracts: int
    hedge_contracts: int
    hedge_share: float | None
    hedge_cap: float
    hedge_shares: tuple[tuple[str, float | None], ...]  # by every basis
    hedge_notional: float | None
    condor_notional: float
    hedge_spend_year: float
    results: tuple[LayerResult, ...]
    open_orders: tuple[OrderView, ...]
    orders_sent: int
    orders_denied: int
    mismatched: tuple[str, ...]
    alerts: tuple[str, ...]
    shadows: tuple[ShadowView, ...] = ()


def snapshot(desk: Desk, policy: Policy) -> Snapshot:
    """What the outside may see of ``desk``; computed on demand, not on every step."""
    policy = in_force(policy, desk)
    curve = read_curve(desk, policy.regime)
    measure = notionals(desk, policy.limits, policy.limits.cap_basis)
    condors = tuple(_condor(desk, condor) for condor in desk.book.open_condors)
    tranches = tuple(_tranche(desk, tranche) for tranche in desk.book.open_tranches)
    return Snapshot(
        at=desk.now.isoformat(),
        connected=desk.ready_at is not None,
        regime=desk.regime.regime.value,
        curve=desk.regime.curve.value,
        vix=desk.level(VIX),
        spx=desk.level(SPX),
        front=None if curve is None else curve.front,
        slope=None if curve is None else curve.slope,
        cmf30=None if curve is None else curve.constant_maturity(),
        trading_state=desk.trading.value,
        trading_why=desk.trading_why,
        net_liquidation=_usd(desk.account.net_liquidation),
        excess_liquidity=_usd(desk.account.excess_liquidity),
        condors=condors,
        tranches=tranches,
        condor_contracts=desk.book.condor_contracts,
        hedge_contracts=sum(tranche.quantity for tranche in desk.book.open_tranches),
        hedge_share=None if measure.hedge is None else measure.share,
        hedge_cap=policy.limits.hedge_share_max,
        hedge_shares=cap_shares(desk, policy.limits),
        hedge_notional=measure.hedge,
        condor_notional=measure.condor,
        hedge_spend_year=float(desk.book.spend_since(desk.today - timedelta(days=365))),
        results=_results(desk, condors, tranches),
        open_orders=tuple(_order(order) for order in desk.working),
        orders_sent=desk.tally.sent,
        orders_denied=desk.tally.denied,
        mismatched=tuple(contract.label for contract in desk.mismatched),
        alerts=tuple(desk.alerts),
        shadows=tuple(_shadow(name, record) for name, record in desk.shadows.items()),
    )


def _condor(desk: Desk, condor: Condor) -> CondorView:
    market = package_quote(condor.combo.closing, desk.quote, worthless_bid=True)
    expiration = condor.combo.short_put.expiration
    assert expiration is not None
    strikes = condor.combo.contracts
    unrealized = _marked(desk, tuple(zip(strikes, condor.positions, strict=True)))
    return CondorView(
        id=condor.id,
        expiration=expiration.isoformat(),
        dte=(expiration - desk.today).days,
        strikes=(strikes[0].strike, strikes[1].strike, strikes[2].strike, strikes[3].strike),
        quantity=condor.quantity,
        credit=float(condor.credit),
        debit=None if market is None else market.mid,
        max_loss=float(condor.max_loss_usd),
        unrealized=unrealized,
        realized=float(condor.realized),
        opened_at=condor.opened_at.isoformat(),
    )


def _tranche(desk: Desk, tranche: Tranche) -> TrancheView:
    quote = desk.quote(tranche.contract)
    bid = None if quote is None else quote.bid
    unit_cost = float(tranche.unit_cost)
    expiration = tranche.contract.expiration
    assert expiration is not None
    return TrancheView(
        id=tranche.id,
        layer=tranche.layer.value,
        contract=tranche.contract.label,
        quantity=tranche.quantity,
        cost=float(tranche.position.cost),
        bid=bid,
        multiple=None if bid is None or unit_cost <= 0 else bid / unit_cost,
        dte=(expiration - desk.today).days,
        days_held=(desk.today - tranche.opened_on).days,
        unrealized=_marked(desk, ((tranche.contract, tranche.position),)),
        realized=float(tranche.realized),
    )


def _order(order: Order) -> OrderView:
    intent = order.intent
    return OrderView(
        order_ref=order.order_ref,
        purpose=intent.purpose.value,
        layer=intent.layer.value,
        rule=intent.rule,
        legs=", ".join(f"{leg.ratio:+d} {leg.contract.label}" for leg in intent.legs),
        quantity=intent.quantity,
        filled=order.filled,
        limit=float(order.limit),
        status=order.status.value,
    )


def _results(
    desk: Desk, condors: tuple[CondorView, ...], tranches: tuple[TrancheView, ...]
) -> tuple[LayerResult, ...]:
    book = desk.book
    open_by_layer: dict[str, list[float | None]] = {
        Layer.CONDOR.value: [view.unrealized for view in condors]
    }
    for view in tranches:
        open_by_layer.setdefault(view.layer, []).append(view.unrealized)
    return tuple(
        LayerResult(
            layer=layer.value,
            realized=float(book.realized.get(layer, 0)),
            unrealized=_sum(open_by_layer.get(layer.value, [])),
            fees=float(book.fees.get(layer, 0)),
        )
        for layer in (Layer.CONDOR, *HEDGE_LAYERS)
    )


def _shadow(name: str, record: ShadowRecord) -> ShadowView:
    known = record.worth is not None and record.start is not None
    return ShadowView(
        name=name,
        worth=record.worth,
        result=(record.worth or 0.0) - (record.start or 0.0) if known else None,
        day_return=day_return(record),
        sessions=len(record.days),
        complete=sum(day.complete for day in record.days),
    )


def _marked(desk: Desk, held: tuple[tuple[Contract, Position], ...]) -> float | None:
    """Value at mid less cost in USD, a missing bid under a real ask counting as zero."""
    total = 0.0
    for contract, position in held:
        if not position.quantity:
            continue
        quote = desk.quote(contract)
        if quote is None or quote.ask is None:
            return None
        mid = 0.5 * ((quote.bid or 0.0) + quote.ask)
        total += position.quantity * mid * contract.multiplier - float(position.cost)
    return total


def _sum(amounts: list[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _usd(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
