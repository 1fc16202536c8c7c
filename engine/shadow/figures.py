"""Figures from the books on paper: what the hedge took from the swings, on the daemon's days."""

from domain.desk import Desk
from engine.kpi.figure import Figure
from engine.shadow.resampling import ROWS_MIN
from engine.shadow.verdict import EPISODES_NEEDED, LiveVerdict, Reduction, verdict

_UNKNOWN = "no sessions of the unhedged book on paper yet"


def shadow_figures(desk: Desk) -> tuple[Figure, ...]:
    """S1, S12, S25 and S54, live against the unhedged book on paper."""
    found = verdict(desk)
    if found is None:
        return tuple(
            Figure(name, row, "share", None, _UNKNOWN)
            for name, row in (
                ("volatility reduction, VIX 30 or more", "S25"),
                ("volatility reduction, all days", "S25"),
                ("drawdown less than unhedged", "S1"),
                ("result more than unhedged", "S1"),
                ("interaction of the layers", "S54"),
            )
        )
    return (
        _reduction("volatility reduction, VIX 30 or more", found.high_days, found),
        _reduction("volatility reduction, all days", found.all_days, None),
        _spiked(
            "drawdown less than unhedged", "S1",
            found.drawdown_unhedged - found.drawdown_live, found,
        ),
        _spiked("result more than unhedged", "S1", found.difference, found),
        _spiked("interaction of the layers", "S54", found.interaction, found),
    )  # fmt: skip


def _reduction(name: str, seen: Reduction, spikes: LiveVerdict | None) -> Figure:
    """Days count for all days; for days in high VIX it is the spikes that count."""
    if spikes is not None:
        over = sum(episode.over for episode in spikes.episodes)
        text = spikes.sentence
        return Figure(
            name, "S25", "share", seen.value, text, over, EPISODES_NEEDED, seen.low, seen.high
        )
    text = f"{seen.days} daily results of both books"
    return Figure(name, "S25", "share", seen.value, text, seen.days, ROWS_MIN, seen.low, seen.high)


def _spiked(name: str, row: str, value: float | None, found: LiveVerdict) -> Figure:
    over = sum(episode.over for episode in found.episodes)
    text = f"{over} finished spikes in {found.days} daily results"
    return Figure(name, row, "share", value, text, over, EPISODES_NEEDED)
