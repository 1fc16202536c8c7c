"""What trading and idle cash came to: half-spreads met and paid by regime, and interest beside the
books. Judges nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from study.replay import BookRun
from study.venue import Trade

REGIMES = (("VIX < 20", 0.0, 20.0), ("20 to 30", 20.0, 30.0), ("VIX >= 30", 30.0, 1e9))
LAYERS = ("condors", "hedge")


@dataclass(frozen=True, slots=True)
class TradingCost:
    """Of one layer on days whose VIX closed in one regime.

    ``half`` is the half-spread and ``paid`` what was given up against mid, both as shares of the
    mid price traded, by volume. Rolls are left out: the price of a roll is a difference.
    """

    layer: str
    regime: str
    executions: int
    half: float
    paid: float


def trading_costs(run: BookRun) -> tuple[TradingCost, ...]:
    """Layer by layer, calm first; only where something was traded."""
    levels = {day.on: day.vix for day in run.days}
    found = []
    for layer in LAYERS:
        own = [t for t in run.trades if _layer(t) == layer and t.purpose != "roll_hedge"]
        for name, low, high in REGIMES:
            chosen = [t for t in own if low <= levels.get(t.at.date(), 0.0) < high]
            worth = sum(abs(float(t.mid)) * t.quantity for t in chosen)
            if worth > 0:
                half, paid = (
                    sum(float(value) * t.quantity for t, value in zip(chosen, values, strict=True))
                    for values in ([t.half for t in chosen], [t.price - t.mid for t in chosen])
                )
                found.append(TradingCost(layer, name, len(chosen), half / worth, paid / worth))
    return tuple(found)


def interest(run: BookRun) -> float | None:
    """USD that the cash of every close would have earned in 13-week bills until the next.

    It is not in the book's results. A day without a yield has that of the day before; None where
    the data hold no yield at all.
    """
    if all(day.bill is None for day in run.days):
        return None
    total, rate, before = 0.0, 0.0, run.days[0]
    for day in run.days[1:]:
        rate = before.bill if before.bill is not None else rate
        total += before.cash * rate / 100 * _years(before.on, day.on)
        before = day
    return total


def yearly(amount: float, run: BookRun) -> float:
    """An amount in USD as a share of the money at the start, a calendar year."""
    return amount / run.start_nlv / max(_years(run.days[0].on, run.days[-1].on), 1 / 365)


def fees_by_layer(trades: Sequence[Trade]) -> tuple[tuple[str, float], ...]:
    """Commissions and fees in USD."""
    return tuple(
        (layer, float(sum(t.fees for t in trades if _layer(t) == layer))) for layer in LAYERS
    )


def _layer(trade: Trade) -> str:
    return LAYERS[0] if trade.layer == "L1" else LAYERS[1]


def _years(first: date, last: date) -> float:
    return (last - first).days / 365
