"""``condorbot positions``: the condors, the hedge ladder, and what every layer earned."""

import orjson
import typer

from bot.cli import desk_blocks as blocks
from bot.cli.desk_now import Desktop, as_json
from bot.cli.past import ConfigOption, JournalOption
from bot.cli.printing import console
from bot.cli.status import JsonOption

_SHOWN = (
    "at", "age_s", "state", "notes", "condors", "tranches", "ladder", "hedge_share", "hedge_cap",
    "results", "mismatched",
)  # fmt: skip


def positions(
    config: ConfigOption = "paper",
    journal: JournalOption = None,
    as_one_object: JsonOption = False,
) -> None:
    """What is held, by layer, at the prices the journal last saw; our book, not the broker's.

    Where the broker says something else the difference is named.
    """
    desktop = Desktop(config, journal)
    now = desktop.look()
    desktop.close()
    if as_one_object:
        known = as_json(now)
        typer.echo(orjson.dumps({name: known[name] for name in _SHOWN}).decode())
        return
    out = console()
    for block in (
        blocks.head(now), "", blocks.condors(now), "", blocks.hedge_ladder(now),
        blocks.share_line(now), "", blocks.results(now),
    ):  # fmt: skip
        out.print(block)
    for contract in now.view.mismatched:
        out.print(f"MISMATCH {contract}: the broker holds something else", style="bold red")
