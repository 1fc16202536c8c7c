"""How big each layer is: notional by every basis of the cap, unit by unit. Judges nothing.

Default basis (methodology 4.5): hedge = contracts x 100 x F x max(|delta|, floor), with F the
forward of the option's own expiration; condors = their maximum loss. Share = hedge / (hedge +
condors).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from domain.desk import Desk
from domain.instruments import SPX, VIX, Contract
from domain.option_readings import read_each, read_parity
from domain.recalled import recalled
from risk.curve import future_price, settlement_future
from risk.limits import CapBasis, RiskLimits

_MULTIPLIER = 100


@dataclass(frozen=True, slots=True)
class Notionals:
    """USD by layer. ``hedge`` is None when a held call has no usable quote."""

    hedge: float | None
    condor: float

    @property
    def share(self) -> float:
        """Hedge / (hedge + condor), 0 when nothing is held; 1 when the hedge cannot be measured."""
        if self.hedge is None:
            return 1.0
        total = self.hedge + self.condor
        return self.hedge / total if total > 0 else 0.0


@recalled("quotes", "futures", "now", "ready_at", "calendar", "book", "account")
def notionals(desk: Desk, limits: RiskLimits, basis: CapBasis) -> Notionals:
    """Both layers as filled, working orders left out."""
    held = [tranche for tranche in desk.book.open_tranches if tranche.quantity > 0]
    units = hedge_units(desk, [tranche.contract for tranche in held], limits, basis)
    hedge: float | None = 0.0
    for tranche in held:
        unit = units[tranche.contract]
        hedge = None if unit is None or hedge is None else hedge + unit * tranche.quantity
    return Notionals(hedge, condor_notional(desk, basis))


def cap_shares(desk: Desk, limits: RiskLimits) -> tuple[tuple[str, float | None], ...]:
    """The hedge share by every basis, for the log."""
    found = []
    for basis in CapBasis:
        measure = notionals(desk, limits, basis)
        found.append((basis.value, None if measure.hedge is None else measure.share))
    return tuple(found)


def condor_notional(desk: Desk, basis: CapBasis, without: frozenset[str] = frozenset()) -> float:
    """Condor notional in USD; condors whose id is in ``without`` are taken for closed."""
    condors = [condor for condor in desk.book.open_condors if condor.id not in without]
    if basis is CapBasis.SPX_NOTIONAL:
        spx = desk.level(SPX) or 0.0
        return sum(condor.quantity for condor in condors) * _MULTIPLIER * spx
    at_risk = float(sum(condor.max_loss_usd for condor in condors))
    margin = desk.account.maintenance_margin
    if basis is CapBasis.MARGIN and margin is not None and not without:
        return float(margin)
    return at_risk


def hedge_units(
    desk: Desk, contracts: Iterable[Contract], limits: RiskLimits, basis: CapBasis
) -> dict[Contract, float | None]:
    """Notional of one contract in USD, by contract; None where there is no usable quote or
    forward.
    """
    wanted = list(dict.fromkeys(contracts))
    if basis in (CapBasis.PREMIUM, CapBasis.MARGIN):
        return {contract: _bid_value(desk, contract, limits) for contract in wanted}
    forwards: dict[date | None, float | None] = {}
    for contract in wanted:
        expiration = contract.expiration
        assert expiration is not None
        if expiration not in forwards:
            forwards[expiration] = vix_forward(desk, expiration, limits)
    if basis is CapBasis.DELTA_NOTIONAL:
        return _delta_units(desk, wanted, forwards, limits)
    units: dict[Contract, float | None] = {}
    for contract in wanted:
        forward = forwards[contract.expiration]
        units[contract] = None if forward is None else _MULTIPLIER * forward
    return units


def worst_unit(desk: Desk, contract: Contract, unit: float | None, limits: RiskLimits) -> float:
    """``unit``, or when it could not be measured the most it could be: delta 1 on the highest
    forward.

    Infinite when not even a VIX level is known, so that nothing fits under a cap.
    """
    if unit is not None:
        return unit
    assert contract.expiration is not None
    levels = [vix_forward(desk, contract.expiration, limits), desk.level(VIX)]
    known = [level for level in levels if level is not None]
    return _MULTIPLIER * max(known) if known else float("inf")


def vix_forward(desk: Desk, expiration: date, limits: RiskLimits) -> float | None:
    """Forward of VIX options with last trading day ``expiration``.

    From the VX future that settles with them, else from put-call parity of what is quoted.
    """
    future = settlement_future(desk, expiration)
    if future is not None:
        price = future_price(desk, future, limits.quote_age_s_max)
        if price is not None:
            return price
    like = next((c for c in desk.quotes if c.expiration == expiration and c.symbol == "VIX"), None)
    if like is None or like.right is None:
        return None
    parity = read_parity(desk.quotes, desk.quote, like, desk.calendar, desk.now)
    return None if parity is None else parity.forward


def option_mid(desk: Desk, contract: Contract, limits: RiskLimits) -> float | None:
    """Mid of a fresh quote, a missing bid under a real ask counting as zero."""
    quote = desk.quote(contract)
    if quote is None or quote.ask is None or quote.age_s(desk.now) > limits.quote_age_s_max:
        return None
    bid = quote.bid or 0.0
    return None if bid > quote.ask else 0.5 * (bid + quote.ask)


def _delta_units(
    desk: Desk,
    wanted: list[Contract],
    forwards: Mapping[date | None, float | None],
    limits: RiskLimits,
) -> dict[Contract, float | None]:
    """All expirations are read in one call."""
    quoted = []
    for contract in wanted:
        forward, mid = forwards[contract.expiration], option_mid(desk, contract, limits)
        if forward is not None and mid is not None:
            quoted.append((contract, mid, forward))
    units: dict[Contract, float | None] = dict.fromkeys(wanted)
    known = {contract: forward for contract, _, forward in quoted}
    for reading in read_each(quoted, desk.calendar, desk.now):
        delta = max(abs(reading.delta), limits.delta_floor)
        units[reading.contract] = _MULTIPLIER * known[reading.contract] * delta
    return units


def _bid_value(desk: Desk, contract: Contract, limits: RiskLimits) -> float | None:
    if option_mid(desk, contract, limits) is None:
        return None
    quote = desk.quote(contract)
    return None if quote is None else _MULTIPLIER * (quote.bid or 0.0)
