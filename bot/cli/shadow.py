"""``condorbot shadow``: the books on paper, and what they say about the hedge so far."""

from typing import Annotated

import orjson
import typer
from rich.table import Table
from rich.text import Text

from bot.cli.past import AtOption, ConfigOption, JournalOption, past_or_exit, stamp
from bot.cli.printing import console
from domain.desk import Desk
from engine.shadow.verdict import LiveVerdict, Reduction, verdict
from engine.views import snapshot


def shadow(
    at: AtOption = "",
    journal: JournalOption = None,
    config: ConfigOption = "paper",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Books on paper beside the live one, and whether the hedge has preserved anything so far.

    Read from the journal, also that of a running daemon.
    """
    past, settings = past_or_exit(config, journal, at)
    views = snapshot(past.desk, settings.policy()).shadows
    found = verdict(past.desk)
    if as_json:
        known = {"at": past.at, "books": views, "verdict": found}
        typer.echo(orjson.dumps(known).decode())
        return
    out = console()
    out.print(Text(f"{stamp(past.at)} New York", style="bold"))
    if not views:
        out.print("no book on paper in this journal; [shadow] enabled = true in the profile")
        return
    out.print(_books(past.desk))
    if found is None:
        out.print("fewer than two sessions that the live and the unhedged book both saw whole")
        return
    out.print(_verdict(found))
    if found.episodes:
        out.print(_episodes(found))
    out.print(Text(found.sentence))


def _books(desk: Desk) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("book", "worth", "since it began", "sessions", "complete", "last missing"):
        table.add_column(name, justify="left" if name in ("book", "last missing") else "right")
    for name, record in desk.shadows.items():
        lacking = next((day.lacking for day in reversed(record.days) if day.lacking), "")
        known = record.worth is not None and record.start
        table.add_row(
            name,
            "unknown" if record.worth is None else f"{record.worth:,.2f}",
            _percent((record.worth or 0.0) / (record.start or 1.0) - 1.0 if known else None),
            str(len(record.days)),
            str(sum(day.complete for day in record.days)),
            lacking,
        )
    return table


def _verdict(found: LiveVerdict) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("live against unhedged", "value", "behind it"):
        table.add_column(name)
    table.add_row("less volatility, VIX 30 or more", *_reduction(found.high_days))
    table.add_row("less volatility, all days", *_reduction(found.all_days))
    drawdowns = f"{found.drawdown_live:.2%} live, {found.drawdown_unhedged:.2%} unhedged"
    table.add_row("deepest drawdown", drawdowns, f"{found.days} daily results")
    skipped = f"{found.skipped} sessions left out"
    table.add_row("result more than unhedged", _percent(found.difference), skipped)
    table.add_row("of it beyond the hedge's own", _percent(found.interaction), "interaction, S54")
    table.add_row("ruling", found.ruling.value, f"{len(found.episodes)} spikes")
    return table


def _episodes(found: LiveVerdict) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("spike", "peak", "how it ended", "unhedged", "live", "benefit"):
        table.add_column(name)
    for each in found.episodes:
        ended = ("fast" if each.fast else "slow") if each.over else "not over"
        table.add_row(
            f"{each.first} to {each.last}", f"{each.peak:.1f}", ended,
            _percent(each.unhedged), _percent(each.live), _percent(each.benefit),
        )  # fmt: skip
    return table


def _reduction(seen: Reduction) -> tuple[str, str]:
    bounds = "" if seen.low is None else f" [{_percent(seen.low)}, {_percent(seen.high)}]"
    return f"{_percent(seen.value)}{bounds}", f"{seen.days} daily results"


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:+.2%}"
