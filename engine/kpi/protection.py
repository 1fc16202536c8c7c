"""What the hedge does: layer results and decay, offset of the press window, stress coverage, tenor.

Looks at recorded sessions and at the quotes on the desk; asks no broker and knows no orders.
"""

from collections.abc import Sequence
from math import isfinite, sqrt

import numpy as np

from domain.desk import Desk, Regime
from domain.instruments import SPX, Contract, Right
from domain.option_readings import OptionReading, read_options, read_parity
from domain.orders import HEDGE_LAYERS, Layer
from domain.payoff import stress_coverage, vega_weighted_tenor
from domain.pricing import greeks
from domain.record import DayMark, Record
from domain.scenario_grid import Legs, legs, linked_vix_moves, scenario_values
from domain.signals import UNKNOWN, Signal
from engine.kpi.capital import total
from engine.kpi.figure import Figure
from engine.policy import Policy
from risk.curve import read_curve
from risk.limits import RiskLimits
from risk.vix_calls import option_mid, vix_forward

SHOCKS = (-0.05, -0.10)
_BETA_SESSIONS = 60
_HIGH = (Regime.HIGH.value, Regime.PRESS.value)


def protection_figures(desk: Desk, policy: Policy) -> tuple[Figure, ...]:
    return (
        *attribution(desk.record.days),
        *decays(desk.record),
        offset_ratio(desk.record.days),
        *coverage(desk, policy),
        *tenor(desk, policy.limits),
    )


def attribution(days: Sequence[DayMark]) -> tuple[Figure, ...]:
    """S5: result of each layer since the first recorded session, after fees."""
    found = []
    for layer in (Layer.CONDOR, *HEDGE_LAYERS):
        first = total(days[0], (layer,)) if days else None
        last = total(days[-1], (layer,)) if days else None
        value = None if first is None or last is None else last - first
        text = "not quoted at the first or last close" if value is None else "realized and open"
        found.append(Figure(f"result_{layer.value}", "S5", "USD", value, text, len(days), 2))
    return tuple(found)


def decays(record: Record) -> tuple[Figure, ...]:
    """S10, S31: mean share of time value lost a day by layer, and short layer less long layer."""
    means: dict[Layer, float | None] = {}
    found = []
    for layer in HEDGE_LAYERS:
        marks = [day.layers[layer.value].decay for day in record.days if layer.value in day.layers]
        rates = [rate for rate in marks if rate is not None and isfinite(rate)]
        means[layer] = sum(rates) / len(rates) if rates else None
        text = "mean of the sessions" if rates else "held and quoted at two closes: never so far"
        found.append(
            Figure(
                f"decay_{layer.value}", "S31", "share of time value a day", means[layer], text,
                len(rates), 20,
            )
        )  # fmt: skip
    short, long = means[Layer.HEDGE_SHORT], means[Layer.HEDGE_LONG]
    value = None if short is None or long is None else short - long
    text = "short less long layer" if value is not None else "one of the two layers has no decay"
    seen = min(found[0].seen, found[2].seen)
    found.append(Figure("decay_differential", "S10", "share a day", value, text, seen, 20))
    return tuple(found)


def offset_ratio(days: Sequence[DayMark]) -> Figure:
    """S24: press cash / condor loss since the regime became HIGH, of the newest press window.

    Press cash = hedge realized after fees + condor result, both within the window. Loss = fall of
    the condor result from the last close before HIGH to the last close before the window.
    """
    name, row, unit = "offset_ratio", "S24", "share of the loss"
    found = _press_window(days)
    if found is None:
        return Figure(name, row, unit, None, "no press window after a recorded calm session")
    before, opened, closed = found
    points = [total(days[i], (Layer.CONDOR,)) for i in (before, opened - 1, closed)]
    if any(point is None for point in points):
        return Figure(name, row, unit, None, "condors not quoted at a close of the episode")
    start, low, end = (point or 0.0 for point in points)
    text = f"{days[opened].on} to {days[closed].on}"
    if low >= start:
        return Figure(name, row, unit, None, f"{text}: the condors had lost nothing")
    cash = _hedge_cash(days[closed]) - _hedge_cash(days[opened - 1]) + end - low
    return Figure(name, row, unit, cash / (start - low), text, closed - opened + 1, 5)


def _press_window(days: Sequence[DayMark]) -> tuple[int, int, int] | None:
    """Places of the last close before HIGH, and of the window's first and last close."""
    last = max((i for i, day in enumerate(days) if day.regime == Regime.PRESS.value), default=-1)
    if last < 0:
        return None
    first = last
    while first > 0 and days[first - 1].regime == Regime.PRESS.value:
        first -= 1
    before = first - 1
    while before >= 0 and days[before].regime in _HIGH:
        before -= 1
    return (before, first, last) if 0 <= before < first - 1 else None


def _hedge_cash(day: DayMark) -> float:
    marks = [day.layers[layer.value] for layer in HEDGE_LAYERS if layer.value in day.layers]
    return sum(mark.realized - mark.fees for mark in marks)


def coverage(desk: Desk, policy: Policy) -> tuple[Figure, ...]:
    """S28: hedge gain / condor loss when SPX falls at once, VX following by its beta."""
    condors, hedge = _condor_legs(desk, policy.limits), hedge_legs(desk, policy.limits)
    beta = desk.memory.signals.get(Signal.VX_BETA, UNKNOWN).value
    curve = read_curve(desk, policy.regime)
    found = []
    for shock in SHOCKS:
        name, unit = f"stress_coverage_{-shock:.0%}", "share of the loss"
        missing = _missing(desk, (condors, hedge), beta, no_curve=curve is None)
        if missing or curve is None or beta is None or condors is None or hedge is None:
            found.append(Figure(name, "S28", unit, None, missing))
            continue
        move = linked_vix_moves(shock, beta, curve.front, float(curve.days[0]))
        loss, gain = (_change(book, shock, float(move)) for book in (condors, hedge))
        value = float(stress_coverage(gain, -loss))
        text = f"condors {loss:+.0f}, hedge {gain:+.0f} USD, VIX {float(move):+.1f}"
        known = value if isfinite(value) else None
        found.append(Figure(name, "S28", unit, known, text, _BETA_SESSIONS, _BETA_SESSIONS))
    return tuple(found)


def _missing(
    desk: Desk, books: tuple[Legs | None, Legs | None], beta: float | None, *, no_curve: bool
) -> str:
    if not desk.book.open_condors:
        return "no condor is open"
    if beta is None:
        return "beta of VX to SPX unknown"
    if no_curve:
        return "no quotes of the VX futures"
    return "a held option has no usable quote" if None in books else ""


def _change(book: Legs, shock: float, vix_points: float) -> float:
    values = scenario_values(book, [0.0, shock], [0.0, vix_points], [0.0])
    return float(values[1, 1, 0] - values[0, 0, 0]) if values.size else 0.0


def _condor_legs(desk: Desk, limits: RiskLimits) -> Legs | None:
    held: dict[Contract, int] = {}
    for condor in desk.book.open_condors:
        for contract, position in zip(condor.combo.contracts, condor.positions, strict=True):
            held[contract] = held.get(contract, 0) + position.quantity
    return _legs(desk, limits, held)


def hedge_legs(desk: Desk, limits: RiskLimits) -> Legs | None:
    """The hedge as options on their own forwards; None when one cannot be read."""
    held: dict[Contract, int] = {}
    for tranche in desk.book.open_tranches:
        held[tranche.contract] = held.get(tranche.contract, 0) + tranche.quantity
    return _legs(desk, limits, held)


def _legs(desk: Desk, limits: RiskLimits, held: dict[Contract, int]) -> Legs | None:
    book = legs([], [], [], [], [], [], [])
    for expiration in dict.fromkeys(contract.expiration for contract in held):
        series = [contract for contract in held if contract.expiration == expiration]
        read = _read(desk, series, limits)
        if read is None or len(read[1]) != len(series):
            return None
        forward, options, discount = read
        vix = series[0].symbol == "VIX"
        book += legs(
            [held[option.contract] for option in options],
            [option.contract.multiplier for option in options],
            [option.contract.strike for option in options],
            [option.contract.right is Right.CALL for option in options],
            [desk.calendar.years_to_settlement(o.contract, desk.now) for o in options],
            [option.vol for option in options],
            forward,
            discount,
            vix=vix,
        )
    return book


def _read(
    desk: Desk, series: Sequence[Contract], limits: RiskLimits
) -> tuple[float, list[OptionReading], float] | None:
    """Forward, readings and discount of options of one expiration; None when one has no mid."""
    mids = [(contract, option_mid(desk, contract, limits)) for contract in series]
    quoted = [(contract, mid) for contract, mid in mids if mid is not None]
    expiration = series[0].expiration
    assert expiration is not None
    forward, discount = vix_forward(desk, expiration, limits), 1.0
    if series[0].symbol != "VIX":
        parity = read_parity(desk.quotes, desk.quote, series[0], desk.calendar, desk.now)
        forward = desk.level(SPX) if parity is None else parity.forward
        discount = 1.0 if parity is None else parity.discount
    if forward is None or len(quoted) != len(series):
        return None
    return forward, read_options(quoted, forward, desk.calendar, desk.now, discount), discount


def tenor(desk: Desk, limits: RiskLimits) -> tuple[Figure, ...]:
    """S2: vega-weighted mean days to expiration of the hedge, and the spread around that mean."""
    book = hedge_legs(desk, limits)
    missing = "no call is held" if not desk.book.open_tranches else "a held call has no quote"
    mean = spread = None
    series = len({tranche.contract.expiration for tranche in desk.book.open_tranches})
    if book is not None and book.strike.size:
        vega = greeks(book.forward, book.strike, book.years, book.vol, book.call).vega
        days = 365.0 * book.years
        found = vega_weighted_tenor(book.quantity, vega, days)
        if isfinite(found):
            mean = found
            weights = np.nan_to_num(book.quantity * vega)
            spread = sqrt(float(np.sum(weights * (days - mean) ** 2) / np.sum(weights)))
    text = missing if mean is None else f"{series} expirations"
    return (
        Figure("mean_tenor", "S2", "days", mean, text, series, 1),
        Figure("tenor_dispersion", "S2", "days", spread, text, series, 2),
    )
