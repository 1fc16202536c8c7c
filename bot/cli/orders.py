"""``condorbot orders``: what works at the broker, and what nobody knows the fate of."""

import orjson
import typer

from bot.cli import desk_blocks as blocks
from bot.cli.desk_now import Desktop, as_json
from bot.cli.past import ConfigOption, JournalOption
from bot.cli.printing import console
from bot.cli.status import JsonOption


def orders(
    config: ConfigOption = "paper",
    journal: JournalOption = None,
    as_one_object: JsonOption = False,
) -> None:
    """Open orders by reference, with status, legs, fills and limit; UNKNOWN ones stand out.

    An UNKNOWN order was perhaps sent, and the broker has not answered for it. Nothing new is opened
    meanwhile: see the runbook under order_uncertain.
    """
    desktop = Desktop(config, journal)
    now = desktop.look()
    desktop.close()
    uncertain = [order.order_ref for order in now.desk.uncertain]
    if as_one_object:
        known = as_json(now)
        shown = {name: known[name] for name in ("at", "age_s", "state", "notes", "open_orders")}
        typer.echo(orjson.dumps({**shown, "uncertain": uncertain}).decode())
        return
    out = console()
    for block in (blocks.head(now), "", blocks.open_orders(now)):
        out.print(block)
    for ref in uncertain:
        out.print(f"UNKNOWN {ref}: the broker does not answer for it", style="bold red")
