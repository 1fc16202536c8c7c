"""How big each layer is: notional by every basis of the cap, unit by unit. Judges nothing.

Default basis (methodology 4.5): hedge = contracts x 100 x F x max(|delta|, floor), with F the
forward of the option's own expiration; condors = their maximum loss. Share = hedge / (hedge +
condors).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.desk import Desk
from domain.instruments import SPX, VIX, Contract, Right
from domain.option_readings import OptionReading
from domain.recalled import recalled
from risk.limits import CapBasis, RiskLimits
from risk.vix_calls import option_mid, vix_forward, vix_readings

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


@recalled("quotes", "futures", "now", "ready_at", "calendar", "book", "account", "approvals")
def notionals(desk: Desk, limits: RiskLimits, basis: CapBasis) -> Notionals:
    """Both layers as filled, adopted calls with ours, working orders left out."""
    held = [(contract, quantity) for contract, quantity in held_calls(desk) if quantity > 0]
    units = hedge_units(desk, [contract for contract, _ in held], limits, basis)
    hedge: float | None = 0.0
    for contract, quantity in held:
        unit = units[contract]
        hedge = None if unit is None or hedge is None else hedge + unit * quantity
    return Notionals(hedge, condor_notional(desk, basis))


@recalled("now", "book", "approvals", "calendar")
def held_calls(desk: Desk) -> tuple[tuple[Contract, int], ...]:
    """Every hedge call of the account: tranche by tranche, then what operators adopted."""
    ours = tuple((tranche.contract, tranche.quantity) for tranche in desk.book.open_tranches)
    return (*ours, *adopted_calls(desk))


def adopted_calls(desk: Desk) -> tuple[tuple[Contract, int], ...]:
    """Long VIX calls that operators adopted and that have not settled yet, with their number.

    They protect and lever like those we bought, so the cap counts them; no order ever sells them.
    """
    return tuple(
        (contract, quantity)
        for contract, quantity in desk.approvals.adopted.items()
        if contract.symbol == VIX.symbol
        and contract.right is Right.CALL
        and quantity > 0
        and desk.now < desk.calendar.settles_at(contract)
    )


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
    readings = vix_readings(desk, limits) if basis is CapBasis.DELTA_NOTIONAL else None
    units: dict[Contract, float | None] = {}
    for contract in wanted:
        assert contract.expiration is not None
        forward = vix_forward(desk, contract.expiration, limits)
        share = 1.0 if readings is None else _share(readings.get(contract), limits)
        units[contract] = (
            None if forward is None or share is None else _MULTIPLIER * forward * share
        )
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


def _share(reading: OptionReading | None, limits: RiskLimits) -> float | None:
    return None if reading is None else max(abs(reading.delta), limits.delta_floor)


def _bid_value(desk: Desk, contract: Contract, limits: RiskLimits) -> float | None:
    if option_mid(desk, contract, limits) is None:
        return None
    quote = desk.quote(contract)
    return None if quote is None else _MULTIPLIER * (quote.bid or 0.0)
