"""Read models that only people look at: the hedge ladder, the VX curve, signals, how data age.

Like ``engine.views``: strings, numbers, booleans, ``None`` and tuples of such views.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.book import Tranche
from domain.desk import Desk
from domain.instruments import VIX, VIX3M, VIX9D, Contract
from domain.orders import HEDGE_LAYERS, Layer
from domain.session import days_to_expiration
from domain.signals import UNKNOWN, Signal
from engine.policy import Policy
from risk.curve import future_price, read_curve
from risk.hedge_target import held, targets
from risk.parameters import HedgeParams


@dataclass(frozen=True, slots=True)
class RungView:
    """One tranche on the ladder. Multiples are bid over unit cost; ``next_at`` the next rung's."""

    id: str
    contract: str
    quantity: int
    unit_cost: float  # points
    bid: float | None  # points
    quote_age_s: float | None
    multiple: float | None
    rung: int
    next_at: float | None
    keep: int | None
    dte: int
    days_held: int
    roll_in_days: int  # calendar days until a roll is due; 0 or less: due


@dataclass(frozen=True, slots=True)
class LadderView:
    layer: str
    target: int
    held: int
    dte_target: int
    tranches: tuple[RungView, ...]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    label: str
    days: int  # calendar days to settlement
    price: float | None  # points; None when unheard of for too long
    age_s: float | None


@dataclass(frozen=True, slots=True)
class CurveView:
    points: tuple[CurvePoint, ...]
    vix: float | None
    vix9d: float | None
    vix3m: float | None
    front: float | None
    slope: float | None
    constant_30: float | None
    state: str


@dataclass(frozen=True, slots=True)
class SignalView:
    name: str
    value: float | None
    stressed: bool | None
    age_s: float | None
    source: str


def ladder(desk: Desk, policy: Policy) -> tuple[LadderView, ...]:
    """The three hedge layers, nearest first, with what they hold and what they should hold."""
    params = policy.hedge
    wanted = targets(desk.live_contracts, params)
    return tuple(
        LadderView(
            layer=layer.value,
            target=target,
            held=held(desk, layer, params),
            dte_target=params.dte_target[place],
            tranches=tuple(_rung(desk, t, params, place) for t in _tranches(desk, layer)),
        )
        for place, (layer, target) in enumerate(zip(HEDGE_LAYERS, wanted, strict=True))
    )


def curve_view(desk: Desk, policy: Policy) -> CurveView:
    """Every monthly VX future the broker listed, and the indices beside them."""
    curve = read_curve(desk, policy.regime)
    quiet = policy.regime.quiet_s_max
    return CurveView(
        points=tuple(
            CurvePoint(
                label=contract.expiration.isoformat(),
                days=days_to_expiration(contract, desk.now),
                price=future_price(desk, contract, quiet),
                age_s=quote_age_s(desk, contract),
            )
            for contract in desk.futures
            if contract.expiration is not None
        ),
        vix=desk.level(VIX),
        vix9d=desk.level(VIX9D),
        vix3m=desk.level(VIX3M),
        front=None if curve is None else curve.front,
        slope=None if curve is None else curve.slope,
        constant_30=None if curve is None else curve.constant_maturity(),
        state=desk.regime.curve.value,
    )


def signals(desk: Desk) -> tuple[SignalView, ...]:
    """All there are, in their own order; one that was never read is unknown."""
    found = []
    for signal in Signal:
        reading = desk.memory.signals.get(signal, UNKNOWN)
        found.append(
            SignalView(
                signal.value,
                reading.value,
                reading.stressed,
                seconds_since(desk.now, reading.at),
                reading.source,
            )
        )
    return tuple(found)


def quote_age_s(desk: Desk, contract: Contract) -> float | None:
    """Seconds since the newest quote of this connection; None when there is none."""
    quote = desk.quote(contract)
    return None if quote is None else round(quote.age_s(desk.now), 1)


def seconds_since(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else round((now - then).total_seconds(), 1)


def _tranches(desk: Desk, layer: Layer) -> list[Tranche]:
    return [tranche for tranche in desk.book.open_tranches if tranche.layer is layer]


def _rung(desk: Desk, tranche: Tranche, params: HedgeParams, place: int) -> RungView:
    quote = desk.quote(tranche.contract)
    bid = None if quote is None else quote.bid
    cost = float(tranche.unit_cost)
    later = params.ladder_multiples[tranche.rung :]
    dte = days_to_expiration(tranche.contract, desk.now)
    days_held = (desk.today - tranche.opened_on).days
    return RungView(
        id=tranche.id,
        contract=tranche.contract.label,
        quantity=tranche.quantity,
        unit_cost=cost,
        bid=bid,
        quote_age_s=quote_age_s(desk, tranche.contract),
        multiple=None if bid is None or cost <= 0 else bid / cost,
        rung=tranche.rung,
        next_at=later[0] if later else None,
        keep=tranche.keep,
        dte=dte,
        days_held=days_held,
        roll_in_days=min(
            params.roll_days_held[place] - days_held, dte - params.roll_dte_min[place]
        ),
    )
