"""The report of a study: one HTML page that needs nothing else, the same facts as JSON, and the ten
numbers that matter. Computes nothing that a results value does not hold.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from html import escape
from typing import Any

from engine.kpi.figure import Figure
from study.books import HEDGED, UNHEDGED
from study.bootstrap import LEVEL, Interval
from study.calibration import Calibration
from study.costs import interest, trading_costs
from study.metrics import HIGH, drawdown, returns
from study.plots import Line, bar_chart, line_chart
from study.prose import LIMITS, METHOD, MISSING, STYLE
from study.report_calibration import calibration_section
from study.report_costs import costs_section, dynamic_against_static, ratio_section
from study.run import Results
from study.store_checks import Finding

_FINDINGS_SHOWN = 12


def ten_numbers(results: Results) -> tuple[tuple[str, str], ...]:
    """What a reader in a hurry should take away, as (what, value)."""
    u, h = results.book(UNHEDGED), results.book(HEDGED)
    high_days = sum(day.vix >= HIGH for day in results.run(UNHEDGED).days)
    t1, t2, t3 = (results.claims[i].interval for i in range(3))
    return (
        ("sessions replayed", f"{len(results.run(UNHEDGED).days)}"),
        ("days with VIX at or above 30", f"{high_days} in {len(results.episodes)} episodes"),
        ("condor entries, unhedged / hedged", f"{u.condors_opened} / {h.condors_opened}"),
        ("return a year", f"{percent(u.annual_return)} / {percent(h.annual_return)}"),
        ("volatility a year", f"{percent(u.annual_volatility)} / {percent(h.annual_volatility)}"),
        ("maximum drawdown", f"{percent(u.max_drawdown)} / {percent(h.max_drawdown)}"),
        ("mean of the worst 5 % of days", f"{percent(-u.es95_daily)} / {percent(-h.es95_daily)}"),
        ("volatility taken away at VIX >= 30", spread(t1)),
        ("drawdown taken away", spread(t2)),
        ("cost of the hedge in calm years", spread(t3)),
    )


def as_json(
    results: Results, findings: Sequence[Finding] = (), calibration: Calibration | None = None
) -> str:
    """Every number of the report, and every book's daily series; keys sorted, so runs compare."""
    moving = dynamic_against_static(results)
    facts: dict[str, Any] = {
        "period": [results.first, results.last],
        "source": results.source,
        "seed": results.seed,
        "policy": results.fingerprint,
        "numbers": dict(ten_numbers(results)),
        "claims": [asdict(claim) for claim in results.claims],
        "regimes": [asdict(cut) for cut in results.cuts],
        "episodes": [
            asdict(episode) | {"benefit": episode.benefit} for episode in results.episodes
        ],
        "ablation": asdict(results.ablation),
        "figures": {run.name: [asdict(each) for each in run.figures] for run in results.runs},
        "calm_years": [asdict(year) for year in results.calm],
        "books": [asdict(book) for book in results.books],
        "costs": {run.name: [asdict(cost) for cost in trading_costs(run)] for run in results.runs},
        "interest": {run.name: interest(run) for run in results.runs},
        "dynamic_ratio": None if moving is None else asdict(moving),
        "calibration": None if calibration is None else asdict(calibration),
        "findings": [str(finding) for finding in findings],
        "days": {
            run.name: [[day.on, round(day.nlv, 2), round(day.hedge_pnl, 2)] for day in run.days]
            for run in results.runs
        },
    }
    return json.dumps(facts, default=_plain, sort_keys=True, indent=1) + "\n"


def as_html(
    results: Results, findings: Sequence[Finding] = (), calibration: Calibration | None = None
) -> str:
    """The whole page; styles and plots are inside it."""
    title = f"Does the hedge preserve capital? {results.first} to {results.last}"
    body = [
        f"<h1>{escape(title)}</h1>",
        _lead(results),
        _numbers(results),
        "<h2>Verdicts</h2>",
        _claims(results),
        _plots(results),
        "<h2>By regime</h2>",
        _regimes(results),
        "<h2>By episode</h2>",
        _episodes(results),
        "<h2>Calm years</h2>",
        _calm(results),
        "<h2>Key figures</h2>",
        _figures(results),
        "<h2>Each layer alone</h2>",
        _ablation(results),
        "<h2>All books</h2>",
        _books(results),
        ratio_section(results, _table, spread),
        costs_section(results, _table),
        calibration_section(calibration, _table),
        "<h2>Method</h2>",
        _items(METHOD),
        "<h2>Limits</h2>",
        _items((*LIMITS, *_data_notes(findings))),
        "<h2>Not studied here</h2>",
        _items(MISSING),
        _foot(results),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        + "\n".join(body)
        + "</main></body></html>\n"
    )


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def spread(found: Interval, *, plain: bool = False) -> str:
    """An estimate and its interval in percent, or as numbers when ``plain``."""
    show = (lambda v: "-" if v is None else f"{v:g}") if plain else percent
    if found.low is None or found.high is None:
        return f"{show(found.estimate)} (no interval)"
    return f"{show(found.estimate)} ({show(found.low)} to {show(found.high)})"


def _lead(results: Results) -> str:
    return (
        "<p>Iron condors on SPX with and without a layer of VIX calls, decided by the engine of "
        f"condorbot on every session. Daily history: {escape(results.source)}; option prices, "
        f"fills and the course of each day are modelled (seed {results.seed}). Two numbers with a "
        "stroke are the unhedged and the hedged book.</p>"
    )


def _foot(results: Results) -> str:
    return (
        f'<p class="small">Policy {results.fingerprint[:16]}, seed {results.seed}. Simulated '
        "results of a model market; no promise of anything.</p>"
    )


def _numbers(results: Results) -> str:
    cells = "".join(
        f"<div><b>{escape(value)}</b><span>{escape(what)}</span></div>"
        for what, value in ten_numbers(results)
    )
    return f'<section class="numbers">{cells}</section>'


def _claims(results: Results) -> str:
    rows = [
        (
            claim.text,
            f'<em class="{claim.verdict.replace(" ", "-")}">{claim.verdict}</em>',
            spread(claim.interval, plain=claim.code in ("T7", "T8")),
            f"{claim.n} {claim.of}",
            claim.why,
        )
        for claim in results.claims
    ]
    heads = ("claim", "verdict", f"estimate ({LEVEL:.0%} interval)", "rests on", "why")
    return _table(heads, rows, raw=(1,))


def _plots(results: Results) -> str:
    days = [day.on for day in results.run(UNHEDGED).days]
    both = (UNHEDGED, HEDGED)
    equity = [
        Line(run.name, [day.nlv / 1e6 for day in run.days], run.name in both)
        for run in results.runs
    ]
    under = [Line(n, (-100 * drawdown(returns(results.run(n)))).tolist()) for n in both]
    vix = [Line("VIX", [day.vix for day in results.run(UNHEDGED).days])]
    spikes = [(f"{e.first:%Y-%m}", (100 * e.unhedged, 100 * e.hedged)) for e in results.episodes]
    charts = [
        line_chart("Net liquidation, million USD", days, equity),
        line_chart("Drawdown", days, under, "%"),
        line_chart("VIX at the close", days, vix),
    ]
    if spikes:
        charts.append(bar_chart("Result of each spike, % of net liquidation", spikes, both))
    return "".join(f"<figure>{chart}</figure>" for chart in charts)


def _regimes(results: Results) -> str:
    pairs = zip(
        results.book(UNHEDGED).volatility_by_regime,
        results.book(HEDGED).volatility_by_regime,
        results.cuts,
        strict=True,
    )
    rows = [
        (name, str(days), percent(u), percent(h), spread(cut.cut), f"{cut.cut.block:.0f}")
        for (name, u, days), (_, h, _), cut in pairs
    ]
    heads = ("VIX close", "days", "volatility U", "volatility Hd", "taken away", "mean block, days")
    return _table(heads, rows)


def _episodes(results: Results) -> str:
    rows = [
        (
            f"{e.first} to {e.last}", f"{e.peak:.1f}", str(e.high_days),
            "fast" if e.fast else "slow", percent(e.unhedged), percent(e.hedged),
            percent(e.benefit),
        )
        for e in results.episodes
    ]  # fmt: skip
    heads = ("spike", "peak VIX", "days at 30", "reversion", "U", "Hd", "benefit")
    return _table(heads, rows)


def _calm(results: Results) -> str:
    rows = [(str(y.year), percent(y.cost), str(y.sessions)) for y in results.calm]
    return _table(("year", "cost of the hedge, share of NLV", "sessions"), rows)


def _figures(results: Results) -> str:
    """What the daemon itself would say of both books at the end."""
    both = [results.run(name).figures for name in (UNHEDGED, HEDGED)]
    named = [{figure.name: figure for figure in figures} for figures in both]
    rows = [
        (name, figure.row, figure.unit, *(_figure(each.get(name)) for each in named))
        for name, figure in named[1].items()
        if any(each[name].value is not None for each in named if name in each)
    ]
    text = (
        "As condorbot kpi computes them, over the newest sessions that a daemon keeps. "
        "A star marks a figure with less history than it needs."
    )
    heads = ("figure", "row of the method", "unit", UNHEDGED, HEDGED)
    return f"<p>{escape(text)}</p>" + _table(heads, rows)


def _figure(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "-"
    text = f"{figure.value:,.0f}" if abs(figure.value) >= 1000 else f"{figure.value:.4g}"
    return text if figure.supported else f"{text} *"


def _ablation(results: Results) -> str:
    found = results.ablation
    rows = [
        (c.name, percent(c.annual_return), percent(c.volatility), percent(c.max_drawdown),
         percent(c.es95_daily))
        for c in found.corners
    ]  # fmt: skip
    heads = ("layers", "return a year", "volatility", "max drawdown", "ES95 a day")
    text = (
        "What both earn together beyond the sum of each alone, a year: "
        f"{spread(found.interaction)}. The hedge alone is the same calls without the condors."
    )
    return _table(heads, rows) + f"<p>{escape(text)}</p>"


def _books(results: Results) -> str:
    rows = [
        (
            b.name, b.meaning, percent(b.annual_return), percent(b.annual_volatility),
            percent(b.max_drawdown), percent(b.es95_daily), percent(b.ulcer),
            percent(b.hedge_pnl_annual), str(b.condors_opened), percent(b.condor_win_share),
            f"{b.fees:,.0f}", str(b.over_cap_marks), str(b.settled_calls),
        )
        for b in results.books
    ]  # fmt: skip
    heads = (
        "book", "what", "return a year", "volatility", "max drawdown", "ES95 a day", "ulcer",
        "hedge a year", "entries", "profit exits", "fees USD", "marks over cap", "calls settled",
    )  # fmt: skip
    return _table(heads, rows)


def _data_notes(findings: Sequence[Finding]) -> tuple[str, ...]:
    shown = [f"Data: {finding}" for finding in findings[:_FINDINGS_SHOWN]]
    if len(findings) > _FINDINGS_SHOWN:
        shown.append(f"Data: {len(findings) - _FINDINGS_SHOWN} more notes in the JSON")
    return tuple(shown)


def _items(texts: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], raw: Sequence[int] = ()) -> str:
    """``raw`` columns hold markup of our own; everything else is escaped."""
    if not rows:
        return "<p>None in this period.</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    lines = "".join(
        "<tr>"
        + "".join(f"<td>{cell if i in raw else escape(cell)}</td>" for i, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{lines}</table></div>'


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")
