"""Dollar basket (S18), property against shares (S49), rate differential (S48)."""

from datetime import date
from math import log
from statistics import median

import numpy as np

from domain.indicators import ZScore
from domain.instruments import DOLLAR_WEIGHTS, VIX
from domain.signals import Reading
from risk.signals.senses import Closes, Senses, aligned, missing, values

RATES = "RATE_DIFF"  # series we record: dollar less euro rate implied by 6E, percent a year


def dollar_z(senses: Senses) -> Reading:
    """z-score of the log level of the dollar against six currencies with the weights of DXY; of
    UUP when a pair is missing. A file of the real effective rate comes before both. Stressed when
    far from zero either way.
    """
    params = senses.params
    real = _real_rate(senses)
    if real is not None:
        return real
    pairs = tuple(senses.daily(name) for name, _, _ in DOLLAR_WEIGHTS)
    uup = senses.daily("UUP")

    def made() -> tuple[float, Closes, str] | None:
        if all(pairs):
            score = _z(dollar_levels(pairs), params.z_sessions)
            if score is not None:
                return score, pairs[0], "six currencies"
        score = _z([log(close) for close in values(uup)], params.z_sessions)
        return None if score is None else (score, uup, "UUP")

    found = senses.once("dollar", (*pairs, uup), made)
    if found is None:
        return missing("currency pairs or UUP closes")
    value, closes, source = found
    return Reading(value, senses.at(closes), abs(value) > params.dollar_z, source)


def _real_rate(senses: Senses) -> Reading | None:
    """z-score of the log of the real effective exchange rate by month; None without it."""
    params = senses.params
    known = senses.months(senses.external.real_exchange_rate)
    score = _z([log(rate) for _, rate in known], params.exchange_rate_months)
    if score is None:
        return None
    at = senses.desk.calendar.close_at(known[-1][0])
    return Reading(score, at, abs(score) > params.dollar_z, "real effective exchange rate")


def vix_normalised(senses: Senses) -> Reading:
    """VIX times the median over the present price-earnings ratio (S53): how high VIX would stand
    with shares as dear as usual. Informs only; off without a file.
    """
    known = senses.months(senses.external.price_earnings)
    ratios = values(known)[-senses.params.earnings_months :]
    if len(ratios) < senses.params.earnings_months:
        return missing("price-earnings file, or too short or old a one")
    vix = senses.level(VIX)
    if vix is None:
        return missing("VIX")
    return Reading(vix[0] * median(ratios) / ratios[-1], vix[1], None, "VIX, price-earnings file")


def dollar_levels(pairs: tuple[Closes, ...]) -> list[float]:
    """Log of the basket on every day that all of ``pairs``, in the order of the weights, have."""
    signed = [weight if dollar_first else -weight for _, weight, dollar_first in DOLLAR_WEIGHTS]
    return [
        sum(w * log(rate) for w, rate in zip(signed, rates, strict=True))
        for _, rates in aligned(*pairs)
    ]


def reit_z(senses: Senses) -> Reading:
    """z-score of the 20-session log return of VNQ over SPY. Stressed when low, and as a warning
    when VNQ has been much more volatile than SPY over the same sessions.
    """
    params = senses.params
    vnq, spy = senses.daily("VNQ"), senses.daily("SPY")

    def made() -> tuple[float, float] | None:
        rows = aligned(vnq, spy) if vnq and spy else []
        lead = relative_returns([row for _, row in rows], params.reit_sessions)
        score = _z(lead, params.z_sessions)
        return None if score is None else (score, vol_ratio(rows, params.reit_sessions))

    found = senses.once("reit", (vnq, spy), made)
    if found is None:
        return missing("VNQ or SPY closes")
    value, ratio = found
    stressed = value < params.reit_z or ratio > params.reit_vol_ratio
    return Reading(value, senses.at(vnq), stressed, f"VNQ over SPY, volatility ratio {ratio:.2f}")


def relative_returns(rows: list[tuple[float, ...]], sessions: int) -> list[float]:
    """Log return of the first over the second column in so many sessions, one per row from there
    on.
    """
    relative = [log(first / second) for first, second in rows]
    return [now - then for then, now in zip(relative, relative[sessions:], strict=False)]


def vol_ratio(rows: list[tuple[date, tuple[float, ...]]], sessions: int) -> float:
    """Deviation of the last daily log returns of the first over that of the second column."""
    table = np.log(np.array([row for _, row in rows[-sessions - 1 :]]))
    first, second = np.diff(table, axis=0).std(axis=0, ddof=1)
    return float(first / second) if second > 0 else float("inf")


def rate_differential(senses: Senses) -> Reading:
    """Change over 20 sessions of the rate difference that 6E implies (covered parity), percentage
    points a year. Stressed when large either way; the score does not count it.
    """
    params, recorded = senses.params, senses.daily(RATES)
    if len(recorded) <= params.rate_sessions:
        return missing(f"{params.rate_sessions + 1} recorded rate differences of 6E")
    change = recorded[-1][1] - recorded[-1 - params.rate_sessions][1]
    return Reading(change, senses.at(recorded), abs(change) > params.rate_change, "6E and EUR.USD")


def _z(levels: list[float], length: int) -> float | None:
    return ZScore(length).after(levels[-length:]).value
