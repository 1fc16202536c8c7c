"""What a verified command changes on the desk when it is folded. Signatures were checked before.

An approval takes effect here or nowhere: its nonce is used up in the same batch.
"""

from datetime import datetime
from typing import TypeAlias, assert_never

from domain.approvals import Approvals, Raised
from domain.desk import Desk, TradingState
from domain.events import (
    ApprovalsVoided,
    CommandAccepted,
    CommandRefused,
    ConfigAccepted,
    KeyRingChanged,
    LimitRaised,
    PositionAdopted,
    ResumeRequested,
)
from domain.replacing import replace

Approved: TypeAlias = (
    CommandAccepted
    | CommandRefused
    | ApprovalsVoided
    | LimitRaised
    | PositionAdopted
    | ConfigAccepted
    | KeyRingChanged
)


def approved(desk: Desk, event: Approved) -> Desk:
    """The desk after ``event``; book and orders are left alone."""
    old = desk.approvals
    match event:
        case CommandRefused():
            return desk
        case CommandAccepted():
            used = {nonce: expires for nonce, expires in old.used.items() if expires >= event.at}
            new = replace(old, used={**used, event.nonce: event.expires})
        case ApprovalsVoided():
            new = replace(old, epoch=old.epoch + 1)
        case LimitRaised():
            new = replace(old, raised=_raised(old, event))
        case PositionAdopted():
            others = {c: count for c, count in old.adopted.items() if c != event.contract}
            kept = {event.contract: event.quantity} if event.quantity else {}
            new = replace(old, adopted={**others, **kept})
        case ConfigAccepted():
            new = replace(old, config=event.config_hash, config_shares=event.shares)
        case KeyRingChanged():
            new = replace(old, ring=event.ring)
        case _:
            assert_never(event)
    return replace(desk, approvals=new)


def moves_holdings(event: Approved) -> bool:
    """Whether book and broker must be compared anew."""
    return isinstance(event, PositionAdopted)


def stopped(desk: Desk) -> Desk:
    """Somebody asked for a stop: whoever approves a resume must have known of it."""
    approvals = replace(desk.approvals, stops=desk.approvals.stops + 1)
    return replace(desk, approvals=approvals)


def halted(desk: Desk, why: str) -> Desk:
    """The desk halts itself: a resume that was signed without knowing of it does not end it."""
    approvals = replace(desk.approvals, halts=desk.approvals.halts + 1)
    return replace(
        desk, approvals=approvals,
        trading=TradingState.HALTED, trading_why=why, trading_since=desk.now,
    )  # fmt: skip


def outdated(desk: Desk, event: ResumeRequested) -> bool:
    """Whether another stop or halt came after the one that this resume was to end."""
    known = desk.approvals
    return (event.stops is not None and event.stops != known.stops) or (
        event.halts is not None and event.halts != known.halts
    )


def unforgiven(desk: Desk, event: ResumeRequested) -> tuple[tuple[datetime, str], ...]:
    """Rejections by the broker that whoever resumes did not know of."""
    return () if event.rejections is None else desk.rejections[event.rejections :]


def _raised(old: Approvals, event: LimitRaised) -> dict[str, Raised]:
    kept = {
        name: raised
        for name, raised in old.raised.items()
        if name != event.limit and raised.until > event.at
    }
    return {**kept, event.limit: Raised(event.value, event.until)}
