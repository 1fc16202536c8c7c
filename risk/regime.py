"""Which VIX regime is in force and how the futures curve stands, with persistence and hysteresis.

Methodology 4.1. An up-move counts at once in the sense that it waits for no close: it needs
``persist_s`` of uninterrupted VIX at or above the threshold. A down-move needs ``exit_closes``
closes below the exit of the level, none of them from before the level was raised. Missing or stale
data is UNKNOWN at once and known again at once. The broker sends changes only, so an unchanged VIX
is not stale while other quotes come in: the age that counts first is that of the newest quote of
anything.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from domain.desk import LEVELS, CurveState, Desk, Memory, Regime
from domain.effects import RecordDecision, Verdict
from domain.instruments import SPX, VIX
from domain.recalled import Same
from domain.replacing import replace
from domain.session import at_new_york
from domain.vx_curve import VxCurve
from risk.curve import curve_state, read_curve
from risk.parameters import RegimeParams

_CURVE_KEYS = tuple(f"curve_{state}" for state in CurveState)
_HISTORY = 120  # closes looked back over when nothing is remembered


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the market changed: the memory to keep, the decisions to record."""

    memory: Memory
    changes: tuple[RecordDecision, ...] = ()


def look(desk: Desk, params: RegimeParams) -> Looked:
    """Judge regime and curve now. Only to be called during regular hours, after ``watch_from``."""
    vix, curve = vix_level(desk, params), read_curve(desk, params)
    if vix is None or curve is None:
        return _lost(desk, "VIX" if vix is None else "VX curve")
    memory = _with_high(desk, vix)
    level, raised, memory = _level(desk, memory, vix, params)
    press, memory = _press(desk, memory, level, vix, params)
    regime = Regime.PRESS if press else level
    changes: tuple[RecordDecision, ...] = ()
    if regime is not desk.regime.regime or level is not desk.regime.level:
        inputs = (
            ("vix", vix),
            ("level", float(LEVELS.index(level))),
            ("raised", float(raised)),
            ("peak", vix_peak(desk, vix, params)),
            ("slope", curve.slope),
            ("cmf30", curve.constant_maturity()),
        )
        text = f"{_changed_words(desk, regime, level)} at VIX {vix:.2f}"
        changes = (_changed(desk, "regime", "4.1.regime", regime, text, inputs),)
    memory, curve_change = _curve(desk, memory, curve, params)
    return Looked(memory, changes + curve_change)


def _changed_words(desk: Desk, regime: Regime, level: Regime) -> str:
    """From which regime to which; beneath PRESS the level alone may have moved."""
    if regime is desk.regime.regime:
        return f"{regime} goes on, the level beneath it went from {desk.regime.level} to {level}"
    return f"{desk.regime.regime} to {regime}"


def looks_due(desk: Desk, params: RegimeParams) -> bool:
    """True from ``watch_from`` to the close of a session."""
    return desk.calendar.is_open(desk.now) and desk.now >= at_new_york(
        desk.today, params.watch_from
    )


def closes(desk: Desk, params: RegimeParams) -> tuple[RecordDecision, ...]:
    """Record today's closing levels once, from the first look after the close."""
    today = desk.today
    if not desk.calendar.is_session(today) or desk.now < desk.calendar.close_at(today):
        return ()
    if desk.regime.highs and desk.regime.highs[-1][0] >= today:
        return ()
    vix = _level_of_session(desk, today)
    if vix is None:
        return ()
    seen = desk.memory.vix_high
    high = max(vix, seen[1]) if seen is not None and seen[0] == today else vix
    text = f"VIX closed at {vix:.2f}, high {high:.2f}"
    recorded = [_changed(desk, "close", "4.1.close", "VIX", text, (("close", vix), ("high", high)))]
    spx = desk.level(SPX)
    if spx is not None:
        text = f"SPX closed at {spx:.2f}"
        recorded.append(_changed(desk, "close", "4.1.close", "SPX", text, (("close", spx),)))
    return tuple(recorded)


def vix_level(desk: Desk, params: RegimeParams) -> float | None:
    """VIX while the feed is alive and VIX itself not quiet for too long, else None."""
    if desk.feed_at is None or (desk.now - desk.feed_at).total_seconds() > params.feed_age_s_max:
        return None
    quote = desk.quote(VIX)
    if quote is None or quote.age_s(desk.now) > params.quiet_s_max:
        return None
    return quote.level if quote.level is not None and quote.level > 0 else None


def level_of(vix: float, params: RegimeParams) -> Regime:
    """The level of a VIX value by its thresholds alone; a threshold belongs to the level
    above it.
    """
    thresholds = (params.vix_low, params.vix_elevated, params.vix_high)
    return LEVELS[sum(vix >= threshold for threshold in thresholds)]


def lowered(level: Regime, closes_since: tuple[float, ...], params: RegimeParams) -> Regime:
    """``level`` after the last closes, oldest first, have had their say; may fall several
    levels.
    """
    last = closes_since[-params.exit_closes :]
    if len(last) < params.exit_closes:
        return level
    exits = (0.0, params.normal_exit, params.elevated_exit, params.high_exit)
    place = LEVELS.index(level)
    while place > 0 and all(close < exits[place] for close in last):
        place -= 1
    return LEVELS[place]


def level_by_closes(history: tuple[float, ...], params: RegimeParams) -> Regime | None:
    """The level a series of closes leads to when nothing else is known; None without closes."""
    level, since = None, 0
    for i, close in enumerate(history):
        raw = level_of(close, params)
        if level is None or LEVELS.index(raw) > LEVELS.index(level):
            level, since = raw, i
        else:
            level = lowered(level, history[since : i + 1], params)
    return level


def vix_peak(desk: Desk, vix: float, params: RegimeParams) -> float:
    """The highest VIX of the last ``press_sessions`` sessions, today's included."""
    recent = [
        value
        for on, value in (*desk.regime.highs, *desk.closes.get("VIX", ())[-params.press_sessions :])
        if desk.calendar.sessions_after(on, desk.today) < params.press_sessions
    ]
    seen = desk.memory.vix_high
    if seen is not None and seen[0] == desk.today:
        recent.append(seen[1])
    return max((*recent, vix))


def _lost(desk: Desk, what: str) -> Looked:
    memory = replace(desk.memory, pending={})
    if desk.regime.regime is Regime.UNKNOWN:
        return Looked(memory)
    text = f"{what} is missing or stale: no new risk"
    change = _changed(desk, "regime", "4.1.stale", Regime.UNKNOWN, text, ())
    return Looked(memory, (change,))


def _with_high(desk: Desk, vix: float) -> Memory:
    seen = desk.memory.vix_high
    if seen is not None and seen[0] == desk.today and seen[1] >= vix:
        return desk.memory
    return replace(desk.memory, vix_high=(desk.today, vix))


def _level(
    desk: Desk, memory: Memory, vix: float, params: RegimeParams
) -> tuple[Regime, bool, Memory]:
    """The confirmed level, and whether it was raised just now."""
    history = desk.closes.get("VIX", ())
    by_closes = _level_by(Same(history), params)
    raw = level_of(vix, params)
    old = desk.regime.level
    if old is None:
        start = by_closes or raw
        raised = LEVELS.index(raw) > LEVELS.index(start)
        return (raw if raised else start), raised, memory
    since = desk.regime.since
    last = history[-params.exit_closes :]
    counted = tuple([close for on, close in last if since is None or on >= since])
    level = lowered(old, counted, params)
    by_closes_higher = by_closes is not None and LEVELS.index(by_closes) > LEVELS.index(old)
    if level is old and by_closes_higher and history[-1][0] > (since or date.min):
        level = by_closes or level
    for higher in LEVELS[LEVELS.index(level) + 1 :]:
        above = LEVELS.index(raw) >= LEVELS.index(higher)
        lasted, memory = _lasting(
            memory, f"at_least_{higher}", desk.now, params.persist_s, holds=above
        )
        level = higher if lasted else level
    return level, LEVELS.index(level) > LEVELS.index(old), memory


@lru_cache(maxsize=16)  # asked every minute of several desks, answered anew once a day
def _level_by(history: Same, params: RegimeParams) -> Regime | None:
    return level_by_closes(tuple(close for _, close in history.value[-_HISTORY:]), params)


def _press(
    desk: Desk, memory: Memory, level: Regime, vix: float, params: RegimeParams
) -> tuple[bool, Memory]:
    """HIGH within the last sessions and VIX well below its peak; entering and leaving it must
    last.
    """
    on = desk.today if level is Regime.HIGH else desk.regime.high_on
    if on is None or desk.calendar.sessions_after(on, desk.today) >= params.press_sessions:
        return False, memory
    fallen = vix <= (1.0 - params.press_fall) * vix_peak(desk, vix, params)
    was = desk.regime.press
    lasted, memory = _lasting(memory, "press", desk.now, params.persist_s, holds=fallen is not was)
    return (fallen if lasted else was), memory


def _curve(
    desk: Desk, memory: Memory, curve: VxCurve, params: RegimeParams
) -> tuple[Memory, tuple[RecordDecision, ...]]:
    old, new = desk.regime.curve, curve_state(curve.slope, params)
    wait = 0.0 if old is CurveState.UNKNOWN else params.curve_persist_s
    lasted, memory = _lasting(memory, f"curve_{new}", desk.now, wait, holds=new is not old)
    others = [key for key in _CURVE_KEYS if key != f"curve_{new}" and key in memory.pending]
    if others:
        kept = {key: since for key, since in memory.pending.items() if key not in others}
        memory = replace(memory, pending=kept)
    if not lasted:
        return memory, ()
    inputs = (
        ("slope", curve.slope),
        ("front", curve.front),
        ("second", curve.second),
        ("cmf30", curve.constant_maturity()),
    )
    text = f"VX curve {old} to {new} at slope {curve.slope:+.2f}"
    return memory, (_changed(desk, "curve", "4.1.curve", new, text, inputs),)


def _lasting(
    memory: Memory, key: str, now: datetime, needed_s: float, *, holds: bool
) -> tuple[bool, Memory]:
    """Whether ``key`` has held without a break for ``needed_s``, and the memory of when it
    began.
    """
    if not holds:
        if key not in memory.pending:
            return False, memory
        rest = {name: since for name, since in memory.pending.items() if name != key}
        return False, replace(memory, pending=rest)
    since = memory.pending.get(key)
    if since is None:
        since = now
        memory = replace(memory, pending={**memory.pending, key: now})
    return (now - since).total_seconds() >= needed_s, memory


def _level_of_session(desk: Desk, day: date) -> float | None:
    """The last VIX level heard during ``day``'s session."""
    quote = desk.quote(VIX)
    if quote is None or quote.at < desk.calendar.open_at(day):
        return None
    return quote.level


def _changed(
    desk: Desk,
    topic: str,
    rule: str,
    subject: str,
    text: str,
    inputs: tuple[tuple[str, float], ...],
) -> RecordDecision:
    return RecordDecision(
        desk.now, Verdict.CHANGED, topic, rule, text, subject=str(subject), inputs=inputs
    )
