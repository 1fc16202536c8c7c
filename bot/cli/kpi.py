"""``condorbot kpi``: the figures by which the method is judged, with how little is behind them."""

from typing import Annotated

import orjson
import typer
from rich.table import Table
from rich.text import Text

from bot.cli.past import AtOption, ConfigOption, JournalOption, doubts, past_or_exit, stamp
from bot.cli.printing import console
from engine.kpi.board import kpis
from engine.kpi.figure import Figure
from engine.shadow.figures import shadow_figures


def kpi(
    at: AtOption = "",
    journal: JournalOption = None,
    config: ConfigOption = "paper",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Cost of collateral, internal rates, drawdowns, hedge coverage, decay, expectancy, conduct.

    Read from the journal, also that of a running daemon. A figure without enough history says so.
    """
    past, settings = past_or_exit(config, journal, at)
    figures = (*kpis(past.desk, settings.policy()), *shadow_figures(past.desk))
    if as_json:
        known = [{**_fields(figure), "supported": figure.supported} for figure in figures]
        typer.echo(orjson.dumps({"at": past.at, "figures": known, "doubts": doubts(past)}).decode())
        return
    out = console()
    days = len(past.desk.record.days)
    out.print(Text(f"{stamp(past.at)} New York, {days} recorded sessions", style="bold"))
    for doubt in doubts(past):
        out.print(Text(f"note: {doubt}", style="yellow"))
    out.print(_table(figures))


def _fields(figure: Figure) -> dict[str, object]:
    return {name: getattr(figure, name) for name in figure.__slots__}


def _table(figures: tuple[Figure, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("figure", "row", "value", "unit", "behind it"):
        table.add_column(name, justify="right" if name == "value" else "left")
    for figure in figures:
        style = "" if figure.supported else "dim"
        table.add_row(
            figure.name, figure.row, _value(figure), figure.unit, _behind(figure), style=style
        )
    return table


def _value(figure: Figure) -> str:
    if figure.value is None:
        return "unknown"
    bounds = "" if figure.low is None else f" [{figure.low:.4g}, {figure.high:.4g}]"
    return f"{figure.value:.4g}{bounds}"


def _behind(figure: Figure) -> str:
    """What is missing, or how much of what is needed has been seen."""
    if figure.value is None or figure.supported:
        return figure.text
    return f"{figure.seen} of {figure.needed} needed; {figure.text}"
