"""Which contracts need quotes now, most important first, never more than there are data lines."""

from collections.abc import Iterable

from domain.desk import Desk
from domain.instruments import SPX, VIX, VIX3M, VIX9D, Contract
from domain.recalled import recalled
from engine.policy import Policy
from risk import signals
from risk.curve import settlement_future
from risk.exposure import held_calls

_CORE = (SPX, VIX, VIX9D, VIX3M)
_FUTURES = 3


def watchlist(desk: Desk, wanted: Iterable[Contract], policy: Policy) -> tuple[Contract, ...]:
    """Indices, VX futures, what is held, what is worked, what signals listen to, and last the
    candidates of ``wanted``.

    Refused contracts are left out, duplicates too; the rest is cut at the limit.
    """
    listened = signals.wanted(desk, policy.signals, policy.releases)
    return _watched(desk, (*listened, *wanted), policy.limits.watch_lines_max)


@recalled("now", "book", "orders", "futures", "refused", "calendar", "approvals")
def _watched(desk: Desk, last: tuple[Contract, ...], lines_max: int) -> tuple[Contract, ...]:
    found = dict.fromkeys(_CORE)
    found |= dict.fromkeys(desk.futures[:_FUTURES])
    for condor in desk.book.open_condors:
        found |= dict.fromkeys(condor.combo.contracts)
    hedged = [contract for contract, _ in held_calls(desk)]
    worked = [leg.contract for order in desk.working for leg in order.intent.legs]
    for contract in (*hedged, *worked):
        found[contract] = None
        future = _forward(desk, contract)
        if future is not None:
            found[future] = None
    found |= dict.fromkeys(last)
    allowed = [c for c in found if c not in desk.refused] if desk.refused else list(found)
    return tuple(allowed[:lines_max])


def _forward(desk: Desk, contract: Contract) -> Contract | None:
    """The future that gives a VIX option its forward; wanted while the purchase is still working,
    so that the hedge can be measured from its first fill on.
    """
    if contract.symbol != "VIX" or contract.expiration is None:
        return None
    return settlement_future(desk, contract.expiration)
