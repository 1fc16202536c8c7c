"""When the broker's rejections add up to a halt: a durable decision, like every other."""

from datetime import timedelta

from domain.desk import Desk, TradingState
from domain.effects import RecordDecision, Verdict
from risk.limits import RiskLimits

RULE = "4.7.strikes"


def strikes(desk: Desk, limits: RiskLimits) -> tuple[RecordDecision, ...]:
    """The halt, once as many orders were rejected within the window as are allowed at most.

    Rejections from before the last halt or resume do not count. A desk that is halted already
    stays as it is.
    """
    if not limits.rejections_max or desk.trading is TradingState.HALTED:
        return ()
    since = desk.now - timedelta(seconds=limits.rejections_window_s)
    recent = [text for at, text in desk.rejections if at > since]
    if len(recent) < limits.rejections_max:
        return ()
    text = f"the broker rejected {len(recent)} orders, the last one {recent[-1]}"
    inputs = (("rejected", float(len(recent))), ("limit", float(limits.rejections_max)))
    return (
        RecordDecision(
            desk.now, Verdict.CHANGED, "strikes", RULE, text, subject="broker", inputs=inputs
        ),
    )
