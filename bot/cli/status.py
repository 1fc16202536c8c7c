"""``condorbot status``: is it alive, what may it do, where does it stand, what was decided."""

from typing import Annotated

import orjson
import typer

from bot.cli import desk_blocks as blocks
from bot.cli.desk_now import Desktop, as_json
from bot.cli.past import ConfigOption, JournalOption
from bot.cli.printing import console

_DECISIONS = 6

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def status(
    config: ConfigOption = "paper",
    journal: JournalOption = None,
    as_one_object: JsonOption = False,
) -> None:
    """One screen: alive or not, trading state, market, account, hedge share, alerts, decisions.

    Reads the journal and the health file of a running daemon, or of one that has ended; asks
    nobody and changes nothing. Prices in the journal are up to half a minute old.
    """
    desktop = Desktop(config, journal)
    now = desktop.look()
    desktop.close()
    if as_one_object:
        last = [
            {"at": d.at, "topic": d.topic, "verdict": d.verdict, "text": d.text}
            for d in now.decisions[:_DECISIONS]
        ]
        typer.echo(orjson.dumps({**as_json(now), "decisions": last}).decode())
        return
    out = console()
    for block in (
        blocks.head(now), "", blocks.counts_line(now), blocks.share_line(now), blocks.alerts(now),
        "", blocks.decisions(now, _DECISIONS),
    ):  # fmt: skip
        out.print(block)
