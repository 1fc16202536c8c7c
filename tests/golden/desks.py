"""Desks that several worked examples start from."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from domain.desk import Desk
from domain.proposals import Proposal
from domain.quotes import Quote
from engine.fold import apply_effect
from risk.parameters import RegimeParams
from risk.regime import look
from tests.builders import Market, quoted

REGIME = RegimeParams()


def looked(desk: Desk) -> Desk:
    """The desk after one look at regime and curve, its decisions applied."""
    result = look(desk, REGIME)
    desk = replace(desk, memory=result.memory)
    for change in result.changes:
        desk = apply_effect(desk, change)
    return desk


def later(desk: Desk, minutes: int, market: Market) -> Desk:
    """Minute by minute, as the engine looks."""
    for _ in range(minutes):
        desk = replace(desk, now=desk.now + timedelta(minutes=1))
        desk = looked(quoted(desk, market))
    return desk


def with_futures(desk: Desk, *mids: float) -> Desk:
    """The next futures at these prices, bid and offered 0.05 away."""
    pairs = zip(desk.futures, mids, strict=False)
    quotes = {future: Quote(desk.now, mid - 0.05, mid + 0.05, 10, 10) for future, mid in pairs}
    return replace(desk, quotes={**desk.quotes, **quotes})


def settled(
    desk: Desk, market: Market, propose: Callable[[Desk], Proposal]
) -> tuple[Desk, Proposal]:
    """The desk once everything that was asked for is quoted, and what is proposed then."""
    proposal = propose(desk)
    for _ in range(3):
        desk = quoted(desk, market, [*proposal.wanted, *desk.book.positions()])
        proposal = propose(desk)
    return desk, proposal
