"""The part of the report that says how far the modelled market can be trusted."""

from collections.abc import Callable, Sequence

from study.calibration import (
    CORRELATION_MIN,
    MEAN_GAP_MAX,
    PUBLISHED_DRAWDOWNS,
    VOLATILITY_GAP_MAX,
    Calibration,
)
from study.chain_fit import BANDS, ChainFit, mean_error
from study.replicas.published import Comparison

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def calibration_section(found: Calibration | None, table: Table) -> str:
    """Markup of our own numbers; ``table`` escapes its cells."""
    title = "<h2>Can the modelled market be trusted?</h2>"
    if found is None:
        return title + "<p>The history is too short to rebuild a published index on it.</p>"
    return (
        title
        + "<p>Two public option indices, rebuilt by their own rules on the same modelled market "
        + f"from {found.first} to {found.last}. Nothing was fitted to them.</p>"
        + _condors(found, table)
        + _overlay(found, table)
        + _chains(found.chains, table)
    )


def _condors(found: Calibration, table: Table) -> str:
    title = "<h3>Iron condors: Cboe CNDR, month by month</h3>"
    cndr = found.cndr
    if cndr is None:
        return title + "<p>No published levels in the data folder: nothing to compare with.</p>"
    reached = "reaches" if found.cndr_reached else "does not reach"
    verdict = (
        f"<p>Over {cndr.months} months the replica {reached} what was asked of it: correlation "
        f"{CORRELATION_MIN:.2f}, volatility within {100 * VOLATILITY_GAP_MAX:.2f} and mean within "
        f"{100 * MEAN_GAP_MAX:.1f} points a year.</p>"
    )
    return title + verdict + _both(cndr, table) + _months(cndr, table)


def _both(cndr: Comparison, table: Table) -> str:
    rows = (
        ("monthly correlation", f"{cndr.correlation:.3f}", ""),
        ("tracking error a year", _percent(cndr.tracking_error), ""),
        ("volatility a year", *(_percent(value) for value in cndr.volatility)),
        ("mean a year", *(_percent(value) for value in cndr.mean)),
    )
    return table(("", "replica", "published"), rows)


def _months(cndr: Comparison, table: Table) -> str:
    rows = [(f"{on:%Y-%m}", _percent(ours), _percent(theirs)) for on, ours, theirs in cndr.worst]
    return table(("worst published months", "replica", "published"), rows)


def _overlay(found: Calibration, table: Table) -> str:
    title = "<h3>One-month VIX calls on the index: Cboe VXTH</h3>"
    rows: list[Sequence[str]] = [
        (
            f"{each.published.name}: {each.published.first} to {each.published.last}",
            _percent(each.index),
            _percent(each.published.index),
            _percent(each.overlay),
            _percent(each.published.overlay),
        )
        for each in found.episodes
    ]
    drawdowns = (found.index_drawdown, PUBLISHED_DRAWDOWNS[1],
                 found.overlay_drawdown, PUBLISHED_DRAWDOWNS[0])  # fmt: skip
    rows.append(("deepest drawdown", *(_percent(-value) for value in drawdowns)))
    heads = ("", "index here", "index published", "overlay here", "overlay published")
    note = (
        "<p>Published: an independent frictionless replication, 2006 to 2025. Both pay mids "
        "and leave dividends out.</p>"
    )
    return title + note + table(heads, rows)


def _chains(chains: Sequence[ChainFit], table: Table) -> str:
    """By band, on the days of the fit and on those kept to judge it."""
    title = "<h3>SPX volatilities against recorded chains</h3>"
    if not chains:
        return title + "<p>The data hold no recorded chains to compare with.</p>"
    rows = [
        row
        for fitted in (True, False)
        for band, _, _ in BANDS
        for row in _band(band, [c for c in chains if c.fitted is fitted])
    ]
    text = (
        f"<p>Model less market in volatility points, {len(chains)} days from {chains[0].on} to "
        f"{chains[-1].on}. Eight numbers, the same for all days, were fitted to the "
        f"{sum(c.fitted for c in chains)} days in even weeks of the year; the others were never "
        "fitted. Before: one smile for all tenors and days at a fixed share of VIX. Full chains "
        "are compared at the index levels they imply themselves, the others at those of the "
        "close.</p>"
    )
    heads = ("options", "days", "how many", "mean", "mean size", "before", "worst day")
    return title + text + table(heads, rows)


def _band(band: str, chains: Sequence[ChainFit]) -> list[Sequence[str]]:
    mean, size, before = (
        mean_error(chains, band, value)
        for value in (lambda e: e.mean, lambda e: e.absolute, lambda e: e.before)
    )
    if mean is None or size is None or before is None:
        return []
    days = [(c.on, e) for c in chains for e in c.bands if e.band == band]
    on, worst = max(days, key=lambda day: day[1].absolute)
    options, kind = sum(error.n for _, error in days), "fitted" if chains[0].fitted else "kept"
    return [
        (band, f"{len(days)} {kind}", f"{options:,}", f"{mean:+.2f}", f"{size:.2f}",
         f"{before:.2f}", f"{worst.absolute:.2f}, {on}")
    ]  # fmt: skip


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"
