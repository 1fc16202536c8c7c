"""Days that never happened, made of blocks of days that did.

Matched block bootstrap: each block is drawn among those that began at a similar VIX, so that calm
follows calm and a spike decays as spikes did, while the order of events is new.
"""

from collections.abc import Sequence
from datetime import date
from math import exp, log

import numpy as np

from sim.exchange.history import Day

BLOCK_SESSIONS = 10
_NEIGHBOURS = 40  # how many similar starting points a block is drawn from


def resample(
    history: Sequence[Day], warmup: Sequence[Day], dates: Sequence[date], seed: int
) -> list[Day]:
    """One synthetic Day per date, continuing from the last day of ``warmup``. Deterministic in
    ``seed``.

    Index moves are those of the source day relative to its previous close. VIX keeps the source's
    level up to a ratio fixed at the block's start that fades over the block. VX settlements are
    left to the model.
    """
    rng = np.random.default_rng([seed, 0xB10C])
    levels = np.log([day.vix_close for day in history])
    starts = np.arange(1, len(history) - BLOCK_SESSIONS)
    made: list[Day] = []
    spx, vix = warmup[-1].spx_close, warmup[-1].vix_close
    while len(made) < len(dates):
        order = np.argsort(np.abs(levels[starts - 1] - log(vix)), kind="stable")
        begin = int(starts[order[rng.integers(_NEIGHBOURS)]])
        ratio = log(vix / history[begin - 1].vix_close)
        for step in range(min(BLOCK_SESSIONS, len(dates) - len(made))):
            source, before = history[begin + step], history[begin + step - 1]
            scale = spx / before.spx_close
            level = exp(ratio * (1.0 - (step + 1) / BLOCK_SESSIONS))
            made.append(_scaled(source, dates[len(made)], scale, level))
            spx, vix = made[-1].spx_close, made[-1].vix_close
    return made


def _scaled(source: Day, on: date, scale: float, level: float) -> Day:
    def vix(value: float) -> float:
        return round(value * level, 2)

    def maybe(value: float | None) -> float | None:
        return None if value is None else vix(value)

    def spx(value: float) -> float:
        return round(value * scale, 2)

    return Day(
        on, spx(source.spx_open), spx(source.spx_high), spx(source.spx_low), spx(source.spx_close),
        vix(source.vix_open), vix(source.vix_high), vix(source.vix_low), vix(source.vix_close),
        maybe(source.vix9d), maybe(source.vix3m), source.vvix, source.skew,
        vix6m=maybe(source.vix6m),
    )  # fmt: skip
