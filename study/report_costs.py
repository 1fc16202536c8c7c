"""The parts of the report about money that is no result of the rules: costs and interest; and what
a hedge ratio that moves changes against one that does not.
"""

from collections.abc import Callable, Sequence

from engine.shadow.books import DYNAMIC
from study.books import HEDGED
from study.bootstrap import Interval
from study.costs import fees_by_layer, interest, trading_costs, yearly
from study.layers import RatioChange, ratio_change
from study.run import Results

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]
Spread = Callable[[Interval], str]


def costs_section(results: Results, table: Table) -> str:
    """What the hedged book met and paid."""
    run = results.run(HEDGED)
    rows = [
        (cost.layer, cost.regime, str(cost.executions), _percent(cost.half), _percent(cost.paid))
        for cost in trading_costs(run)
    ]
    fees = ", ".join(f"{layer} {usd:,.0f} USD" for layer, usd in fees_by_layer(run.trades))
    text = (
        "<p>Book Hd, by the VIX close of the day, as shares of the mid price traded. Rolls of the "
        f"hedge are left out here, not of the results. Commissions and fees: {fees}.</p>"
    )
    heads = ("layer", "VIX close", "executions", "half-spread met", "given up against mid")
    return "<h2>What trading cost</h2>" + text + table(heads, rows) + _interest(results, table)


def ratio_section(results: Results, table: Table, spread: Spread) -> str:
    """Nothing where the study has no book with a moving ratio."""
    found = dynamic_against_static(results)
    if found is None:
        return ""
    rows = (
        ("volatility taken away", spread(found.volatility)),
        ("maximum drawdown taken away", spread(found.drawdown)),
        ("return a year gained", spread(found.gain)),
    )
    text = (
        f"<p>{DYNAMIC} estimates its ratio anew when something is rolled, between half and one and "
        f"a half times the base; {HEDGED} holds it at one. What the first does against the second, "
        "on the same days.</p>"
    )
    title = "<h2>A hedge ratio that moves, or one that does not</h2>"
    return title + text + table(("", "estimate and interval"), rows)


def dynamic_against_static(results: Results) -> RatioChange | None:
    """None unless both books were run."""
    named = {run.name: run for run in results.runs}
    if HEDGED not in named or DYNAMIC not in named:
        return None
    return ratio_change(named[HEDGED], named[DYNAMIC], seed=results.seed)


def _interest(results: Results, table: Table) -> str:
    found = [(run, interest(run)) for run in results.runs]
    title = "<h3>Interest, in none of the results above</h3>"
    rows = [
        (run.name, f"{usd:,.0f}", _percent(yearly(usd, run)))
        for run, usd in found
        if usd is not None
    ]
    if not rows:
        return title + "<p>The data hold no bill yields: no interest is counted anywhere.</p>"
    text = (
        "<p>All books are shown as excess over cash. This is what their cash would have earned in "
        "13-week Treasury bills; the difference between two books is the interest on premiums.</p>"
    )
    return title + text + table(("book", "USD", "share of the start a year"), rows)


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"
