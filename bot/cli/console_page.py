"""The console of a demo: on a port asked for, with a link that logs in, in real seconds."""

import asyncio
import math
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from bot.cli.options import complain
from bot.logs import LogTail
from bot.serving import Serving
from bot.supervise import Exit
from config.settings import ConsoleSettings

ConsoleOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--console", min=0, max=65535, help="Serve the page on this port; 0: a free one."),
]


@dataclass(frozen=True, slots=True)
class Page:
    """A console that lives as long as the demo."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    tail: LogTail = field(default_factory=LogTail)

    def serving(self, say: Callable[[str], None]) -> Serving:
        """``say`` is told the link, which works once."""

        def told(_name: str, port: int) -> None:
            say(f"console: http://127.0.0.1:{port}/login#{self.token}")

        return Serving(
            pause=real_pause, token=self.token, mode="simulation", tail=self.tail, told=told
        )


def page_or_exit(port: int | None, speed: float) -> Page | None:
    """None without a port; exits with 2 where no time passes in which one could look."""
    if port is None:
        return None
    if math.isinf(speed):
        complain("--console needs a finite --speed: at max there is no time to look")
        raise typer.Exit(Exit.BAD_CONFIG)
    return Page(port)


def page_settings(page: Page | None, settings: ConsoleSettings, journal: Path) -> ConsoleSettings:
    """The demo's own: nothing of a real daemon's console is touched."""
    if page is None:
        return settings.model_copy(update={"enabled": False})
    token_path = journal.with_name(f"{journal.name}.console-token")
    return ConsoleSettings(enabled=True, port=page.port, token_path=token_path)


async def real_pause(seconds: float) -> None:
    """Real seconds on a loop whose clock is simulated: a thread wakes it."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    timer = threading.Timer(seconds, lambda: loop.call_soon_threadsafe(over.set))
    timer.daemon = True
    timer.start()
    try:
        await over.wait()
    finally:
        timer.cancel()
