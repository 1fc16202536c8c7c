"""Everything the method listens to besides VIX regime and curve state, read from one desk.

Pure: the same desk, parameters and calendar give the same readings, live, in a replay or in a test.
A reading that cannot be computed is UNKNOWN and says what is missing.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from domain.desk import Desk, Memory
from domain.effects import RecordDecision, Verdict
from domain.releases import ReleaseCalendar
from domain.replacing import replace
from domain.signals import External, Kept, Reading, Signal
from risk.parameters import RegimeParams
from risk.signals import records
from risk.signals.breadth import ad_divergence, advance_decline
from risk.signals.lines import wanted
from risk.signals.macro import dollar_z, rate_differential, reit_z, vix_normalised
from risk.signals.momentum import macd_vixy, rsi_vix
from risk.signals.parameters import SignalParams
from risk.signals.senses import Senses
from risk.signals.shifts import atm_vol_shift, skew_shift, slope_shift, vvix_shift
from risk.signals.shocks import curve_value, macro_shock, vx_beta
from risk.signals.stress import stress
from risk.signals.surprises import fomc_surprise, price_surprise

__all__ = ["SignalParams", "changes", "look", "read", "recorded", "wanted"]

_Measure: TypeAlias = Callable[[Senses], Reading]
_OF_CLOSES: Mapping[Signal, _Measure] = {  # that read closes and the date, and nothing else
    Signal.ADVANCE_DECLINE: advance_decline,
    Signal.AD_DIVERGENCE: ad_divergence,
    Signal.DOLLAR_Z: dollar_z,
    Signal.REIT_Z: reit_z,
    Signal.RATE_DIFFERENTIAL: rate_differential,
    Signal.VX_BETA: vx_beta,
}
_OF_NOW: Mapping[Signal, _Measure] = {
    Signal.RSI_VIX: rsi_vix,
    Signal.MACD_VIXY: macd_vixy,
    Signal.ATM_VOL_SHIFT: atm_vol_shift,
    Signal.SKEW_SHIFT: skew_shift,
    Signal.SLOPE_SHIFT: slope_shift,
    Signal.VVIX_SHIFT: vvix_shift,
    Signal.MACRO_SHOCK: macro_shock,
    Signal.CURVE_VALUE: curve_value,
    Signal.VIX_NORMALISED: vix_normalised,
}

_NO_FILES = External()
_RUNG, _RINGS = "rung", "rings"  # alarms told today, and those of the last look: kept to tell once


def read(
    desk: Desk,
    params: SignalParams,
    releases: ReleaseCalendar,
    regime: RegimeParams | None = None,
    external: External | None = None,
) -> Mapping[Signal, Reading]:
    """One reading per signal, in the order of ``Signal``."""
    return look(desk, params, releases, regime or RegimeParams(), external).signals


def look(
    desk: Desk,
    params: SignalParams,
    releases: ReleaseCalendar,
    regime: RegimeParams,
    external: External | None = None,
) -> Memory:
    """The desk's memory with the readings of now, and the daily results they were made from."""
    senses = Senses(desk, params, regime, external or _NO_FILES)
    found = {
        **senses.today_once("of closes", lambda: _measured(senses, _OF_CLOSES)),
        **_measured(senses, _OF_NOW),
    }
    found[Signal.FOMC_SURPRISE] = fomc_surprise(senses, releases)
    found[Signal.PRICE_SURPRISE] = price_surprise(senses, releases)
    found[Signal.STRESS] = stress(senses, found)
    readings = {signal: found[signal] for signal in Signal}
    rings = frozenset(signal for signal in Signal if readings[signal].stressed)
    rung = _rung(desk, desk.memory.kept) | rings
    kept = {
        **desk.memory.kept,
        **senses.kept,
        _RUNG: Kept((desk.today,), rung),
        _RINGS: Kept((), rings),
    }
    return replace(desk.memory, signals=readings, kept=kept)


def recorded(
    desk: Desk, params: SignalParams, releases: ReleaseCalendar, regime: RegimeParams
) -> tuple[RecordDecision, ...]:
    """What must be written down now because nobody else keeps it."""
    return (
        *records.daily(desk, params, regime),
        *records.releases(desk, params, regime, releases),
    )


def changes(desk: Desk, before: Mapping[str, Kept]) -> tuple[RecordDecision, ...]:
    """A decision for every alarm that rings for the first time in this session and did not ring at
    the end of the last one; ``before`` is what was kept until this look.
    """
    rung = _rung(desk, before)
    return tuple(
        RecordDecision(
            desk.now, Verdict.CHANGED, "signal", "4.1.signal",
            f"{signal} at {reading.value:.4g} rings: {reading.source}",
            subject=signal.value, inputs=((signal.value, reading.value),),
        )
        for signal, reading in desk.memory.signals.items()
        if reading.stressed and reading.value is not None and signal not in rung
    )  # fmt: skip


def _measured(senses: Senses, measures: Mapping[Signal, _Measure]) -> dict[Signal, Reading]:
    return {signal: measure(senses) for signal, measure in measures.items()}


def _rung(desk: Desk, kept: Mapping[str, Kept]) -> frozenset[Signal]:
    """Alarms that have rung today, or did at the last look of the day before."""
    today, last = kept.get(_RUNG), kept.get(_RINGS)
    if today is None or last is None:
        return frozenset()
    rung: frozenset[Signal] = today.value if today.inputs == (desk.today,) else last.value
    return rung
