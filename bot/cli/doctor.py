"""``condorbot doctor``: looks at everything a run needs, one by one, and says how to mend it."""

import asyncio
import textwrap
from collections.abc import Sequence
from typing import Annotated

import orjson
import structlog
import typer
from rich.console import Console
from rich.text import Text

from bot.broker.examine import Findings, examine
from bot.cli import doctor_house as house
from bot.cli.doctor_gateway import judged
from bot.cli.options import settings_or_exit
from bot.cli.past import ConfigOption
from bot.cli.printing import console
from bot.cli.status import JsonOption
from bot.cli.verdict import Level, Verdict, fine, warn
from bot.clock import SystemClock
from config.load import session_calendar
from config.settings import BrokerSettings, Settings

CLIENT_ID_BESIDE = 100  # added to the daemon's, so that both can be connected
_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}
_MARGIN = 6


def doctor(
    config: ConfigOption = "paper",
    offline: Annotated[
        bool, typer.Option("--offline", help="Leave out the gateway and the MQTT broker.")
    ] = False,
    as_one_object: JsonOption = False,
) -> None:
    """Check everything a run needs, say how to mend what fails; sends no order, changes nothing.

    Connects with the daemon's client id plus 100, so a running daemon is not disturbed. Ends with 1
    if anything fails, else 0; warnings do not count.
    """
    settings = settings_or_exit(config)  # which has told of every mistake in it
    structlog.configure(processors=[_silence])  # what it looks at is judged, not logged
    now = SystemClock().now()
    verdicts = [fine("settings", f"{config} is in order"), *asyncio.run(_all(settings, offline))]
    if as_one_object:
        rows = [{name: getattr(one, name) for name in one.__slots__} for one in verdicts]
        typer.echo(orjson.dumps({"at": now, "checks": rows}).decode())
    else:
        _show(verdicts, console())
    raise typer.Exit(1 if any(one.level is Level.FAIL for one in verdicts) else 0)


def beside(settings: BrokerSettings) -> BrokerSettings:
    """The same gateway under a client id that the daemon does not use."""
    return settings.model_copy(update={"client_id": settings.client_id + CLIENT_ID_BESIDE})


async def _all(settings: Settings, offline: bool) -> Sequence[Verdict]:
    clock, calendar = SystemClock(), session_calendar()
    now = clock.now()
    daemon = house.running(settings, now)
    found = [
        house.versions(),
        *house.calendars(settings, calendar.last, now),
        *house.disk(settings.journal.path.parent),
        *house.journal(settings),
        house.keys(settings),
        *house.listening(settings, daemon=daemon.text.startswith("alive")),
        daemon,
    ]
    if offline:
        return [*found, warn("gateway", "not looked at", "leave out --offline")]
    found.append(await house.mqtt(settings.mqtt))
    told: Findings = await examine(beside(settings.broker), clock)
    return [*found, *judged(told, settings.broker, calendar, clock.now())]


def _silence(_logger: object, _method: str, _fields: object) -> str:
    raise structlog.DropEvent


def _show(verdicts: Sequence[Verdict], out: Console) -> None:
    width = max(len(one.name) for one in verdicts)
    for one in verdicts:
        line = Text(f"{one.level.value.upper():<{_MARGIN}}", style=_STYLES[one.level])
        line.append(f"{one.name:<{width}}  ", style="bold")
        _hang(out, line, one.text, _MARGIN + width + 2)
        if one.mend:
            _hang(out, Text(" " * _MARGIN + "mend: "), one.mend, _MARGIN + len("mend: "))
    failed = sum(one.level is Level.FAIL for one in verdicts)
    warned = sum(one.level is Level.WARN for one in verdicts)
    out.print(Text(f"{len(verdicts)} checks: {failed} failed, {warned} warnings", style="bold"))


def _hang(out: Console, line: Text, text: str, margin: int) -> None:
    """``text`` after ``line``, continued below its own beginning."""
    first, *rest = textwrap.wrap(text, max(20, out.width - margin)) or [""]
    out.print(line.append(first, style="default"))
    for more in rest:
        out.print(Text(" " * margin + more))
