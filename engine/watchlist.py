"""Which contracts need quotes now, most important first, never more than there are data lines."""

from collections.abc import Iterable

from domain.desk import Desk
from domain.instruments import SPX, VIX, VIX3M, VIX9D, Contract
from engine.policy import Policy
from risk.curve import settlement_future

_CORE = (SPX, VIX, VIX9D, VIX3M)
_FUTURES = 3


def watchlist(desk: Desk, wanted: Iterable[Contract], policy: Policy) -> tuple[Contract, ...]:
    """Indices, VX futures, what is held, what is worked, and last the candidates of ``wanted``.

    Refused contracts are left out, duplicates too; the rest is cut at the limit.
    """
    found = dict.fromkeys(_CORE)
    found |= dict.fromkeys(desk.futures[:_FUTURES])
    for condor in desk.book.open_condors:
        found |= dict.fromkeys(condor.combo.contracts)
    for tranche in desk.book.open_tranches:
        found[tranche.contract] = None
        assert tranche.contract.expiration is not None
        future = settlement_future(desk, tranche.contract.expiration)
        if future is not None:
            found[future] = None
    for order in desk.working:
        found |= dict.fromkeys(leg.contract for leg in order.intent.legs)
    found |= dict.fromkeys(wanted)
    allowed = [contract for contract in found if contract not in desk.refused]
    return tuple(allowed[: policy.limits.watch_lines_max])
