"""The stress score of 4.1: how many of seven alarms ring. Advisory but for the entry gate."""

from collections.abc import Mapping

from domain.signals import Reading, Signal
from risk.curve import read_curve
from risk.signals.senses import Senses

PARTS = ("slope", "RSI", "MACD", "breadth", "dollar", "REIT", "release")


def stress(senses: Senses, readings: Mapping[Signal, Reading]) -> Reading:
    """Count of the alarms that ring; ``source`` names them and those that are unknown.

    An unknown alarm does not ring: the method lets only VIX and its futures block when they are
    missing. Unknown altogether when every one is. Stressed from the number that blocks entries.
    """
    alarms = parts(senses, readings)
    known = [rings for rings in alarms.values() if rings is not None]
    if not known:
        return Reading(source="no part of it is known")
    count = sum(known)
    ringing = ", ".join(name for name, rings in alarms.items() if rings) or "none"
    unknown = ", ".join(name for name, rings in alarms.items() if rings is None) or "none"
    source = f"{ringing} of {len(alarms)}; unknown: {unknown}"
    return Reading(float(count), senses.desk.now, count >= senses.params.stress_block, source)


def parts(senses: Senses, readings: Mapping[Signal, Reading]) -> dict[str, bool | None]:
    """The seven alarms in order; None where one is unknown."""
    curve = read_curve(senses.desk, senses.regime)
    reit = readings[Signal.REIT_Z].value
    found = (
        None if curve is None else curve.slope <= 0,
        readings[Signal.RSI_VIX].stressed,
        readings[Signal.MACD_VIXY].stressed,
        _either(readings[Signal.ADVANCE_DECLINE], readings[Signal.AD_DIVERGENCE]),
        readings[Signal.DOLLAR_Z].stressed,
        None if reit is None else reit < senses.params.reit_z,
        _either(readings[Signal.FOMC_SURPRISE], readings[Signal.PRICE_SURPRISE]),
    )
    return dict(zip(PARTS, found, strict=True))


def _either(first: Reading, second: Reading) -> bool | None:
    """Whether one of them rings; False only if both are known not to."""
    if first.stressed or second.stressed:
        return True
    return None if first.stressed is None or second.stressed is None else False
