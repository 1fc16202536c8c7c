"""What the broker holds less of our condors and tranches than the book says: traded by hand, or an
execution that nobody told. Draws no conclusion from it.
"""

from dataclasses import dataclass

from domain.desk import Desk
from domain.instruments import Contract


@dataclass(frozen=True, slots=True)
class HeldLeg:
    """``ours`` contracts stand in the book, signed; the trade ``gone`` would explain what the
    broker holds less of them, 0 when it has them all.
    """

    contract: Contract
    ours: int
    gone: int


def legs_of(desk: Desk, campaign: str) -> tuple[HeldLeg, ...]:
    """Of an open condor or tranche, in its own order of legs; none for any other name.

    What more than one campaign holds of a contract is missing in each of them. A settled series
    lacks nothing: its end needs no trade.
    """
    condor, tranche = desk.book.condors.get(campaign), desk.book.tranches.get(campaign)
    if condor is not None and condor.is_open:
        held = [
            (contract, position.quantity)
            for contract, position in zip(condor.combo.contracts, condor.positions, strict=True)
        ]
    elif tranche is not None and tranche.quantity:
        held = [(tranche.contract, tranche.quantity)]
    else:
        return ()
    return tuple(HeldLeg(contract, count, _gone(desk, contract, count)) for contract, count in held)


def campaigns_missing(desk: Desk) -> tuple[str, ...]:
    """Open condors and tranches of which the broker holds less than our book, by name."""
    if not desk.mismatched:
        return ()
    names = [condor.id for condor in desk.book.open_condors]
    names += [tranche.id for tranche in desk.book.open_tranches]
    return tuple(name for name in names if any(leg.gone for leg in legs_of(desk, name)))


def _gone(desk: Desk, contract: Contract, ours: int) -> int:
    if contract not in desk.mismatched or desk.now >= desk.calendar.settles_at(contract):
        return 0
    told = (desk.broker_positions or {}).get(contract, 0)
    known = desk.book.positions().get(contract, 0) + desk.approvals.adopted.get(contract, 0)
    gap = told - known
    if gap * ours >= 0:
        return 0
    return max(gap, -ours) if ours > 0 else min(gap, -ours)
