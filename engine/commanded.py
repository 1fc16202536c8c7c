"""An operator's word on the trading state: halt, reduce, resume. Only a resume ends a halt.

Whether somebody may give it was decided before it became an event.
"""

from typing import assert_never

from domain.desk import Desk, TradingState
from domain.events import HaltRequested, ReduceRequested, ResumeRequested
from domain.replacing import replace
from engine.approved import outdated, stopped, unforgiven

INVARIANT_ALERT = "invariant_"


def commanded(desk: Desk, event: HaltRequested | ReduceRequested | ResumeRequested) -> Desk:
    """The desk after it; a resume that was signed before the newest stop changes nothing."""
    why = f"{event.who}: {event.why}"
    match event:
        case HaltRequested():
            return _trading(stopped(desk), TradingState.HALTED, why)
        case ReduceRequested():
            already = desk.trading is TradingState.HALTED
            desk = stopped(desk)
            return desk if already else _trading(desk, TradingState.REDUCING, why)
        case ResumeRequested():
            if outdated(desk, event):
                return desk
            alerts = {code: at for code, at in desk.alerts.items() if not _is_invariant(code)}
            cleared = replace(desk, alerts=alerts, rejections=unforgiven(desk, event))
            return _trading(cleared, TradingState.ACTIVE, why)
        case _:
            assert_never(event)


def _is_invariant(alert_code: str) -> bool:
    """Alerts about broken invariants end with the halt they caused."""
    return alert_code.startswith(INVARIANT_ALERT)


def _trading(desk: Desk, state: TradingState, why: str) -> Desk:
    return replace(desk, trading=state, trading_why=why, trading_since=desk.now)
