"""RSI of VIX (S17) and MACD of VIXY (S11): whether volatility has run, and which way it turns."""

from domain.indicators import Macd, Rsi, macd_state
from domain.instruments import VIX, VIXY
from domain.signals import Reading
from risk.signals.senses import Senses, missing


def rsi_vix(senses: Senses) -> Reading:
    """Wilder's RSI on VIX closes, today's level standing for today's close. Stressed when high."""
    params, closes = senses.params, senses.daily("VIX")
    if not closes:
        return missing("VIX closes")
    state = senses.followed("rsi", closes, Rsi(params.rsi_length), Rsi.next)
    now = senses.provisional(closes, VIX)
    value = (state if now is None else state.next(now[0])).value
    if value is None:
        return missing(f"{params.rsi_length + 1} VIX closes")
    at, source = (senses.at(closes), "VIX closes") if now is None else (now[1], "VIX with today's")
    return Reading(value, at, value >= params.rsi_high, source)


def macd_vixy(senses: Senses) -> Reading:
    """Histogram of the MACD of VIXY in USD; above zero volatility gains speed. Stressed then."""
    closes = senses.daily("VIXY")
    if not closes:
        return missing("VIXY closes")
    start = macd_state(*senses.params.macd_lengths)
    state = senses.followed("macd", closes, start, Macd.next)
    now = senses.provisional(closes, VIXY)
    value = (state if now is None else state.next(now[0])).value
    if value is None:
        return missing("enough VIXY closes")
    at, source = (
        (senses.at(closes), "VIXY closes") if now is None else (now[1], "VIXY with today's")
    )
    return Reading(value.histogram, at, value.histogram > 0, source)
