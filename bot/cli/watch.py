"""``condorbot watch``: the desk on the whole screen, until q or Ctrl-C.

Fits any size: a small screen loses whole blocks, the least urgent first, never half a warning.
"""

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from bot.cli import desk_blocks as blocks
from bot.cli.desk_now import Desktop, Now
from bot.cli.options import complain
from bot.cli.past import ConfigOption, JournalOption
from bot.journal.failures import JournalFailed
from bot.supervise import Exit

_DECISIONS = 6
_ROWS_ONCE = 200  # a pipe has room for everything
_QUIT = ("q", "Q", "\x03", "\x1b")


def watch(
    config: ConfigOption = "paper",
    journal: JournalOption = None,
    every_s: Annotated[
        float, typer.Option("--every", min=0.2, max=60, help="Seconds between two looks.")
    ] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print one screen and end.")] = False,
) -> None:
    """Follow a running daemon on the whole screen; q or Ctrl-C ends it, the daemon goes on.

    Reads the journal and the health file only: works over ssh, and while the broker is away.
    """
    console = Console(highlight=False)
    desktop = Desktop(config, journal)
    try:
        if once:
            console.height = _ROWS_ONCE
            console.print(screen(desktop.look(), console))
        elif not (sys.stdin.isatty() and console.is_terminal):
            complain("watch needs a terminal; `condorbot watch --once` prints one screen")
            raise typer.Exit(Exit.BAD_CONFIG)
        else:
            _follow(desktop, console, every_s)
    except JournalFailed as trouble:
        complain(str(trouble))
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit from None
    finally:
        desktop.close()


def screen(now: Now, console: Console) -> RenderableType:
    """As many blocks as fit the console's height, in order of urgency; the rest is named."""
    wanted: list[tuple[str, RenderableType]] = [
        ("alerts", blocks.alerts(now)),
        ("share", blocks.share_line(now)),
        ("condors", blocks.condors(now)),
        ("hedge", blocks.hedge_ladder(now)),
        ("orders", blocks.open_orders(now)),
        ("decisions", blocks.decisions(now, _DECISIONS)),
        ("results", blocks.results(now)),
    ]
    shown: list[RenderableType] = [blocks.head(now)]
    room = console.height - _lines(shown[0], console) - 2  # the last line, and one to spare
    missing = []
    for name, block in wanted:
        need = _lines(block, console) + 1
        if need > room:
            missing.append(name)
            continue
        shown += [Text(""), block]
        room -= need
    return Group(*shown, _foot(missing))


def _follow(desktop: Desktop, console: Console, every_s: float) -> None:
    with (
        _one_key_at_a_time(),
        Live(console=console, screen=True, auto_refresh=False, transient=True) as live,
    ):
        while True:
            live.update(screen(desktop.look(), console), refresh=True)
            ready, _, _ = select.select([sys.stdin], [], [], every_s)
            if ready and os.read(sys.stdin.fileno(), 1).decode("ascii", "replace") in ("", *_QUIT):
                return


@contextmanager
def _one_key_at_a_time() -> Iterator[None]:
    """The terminal gives every key at once and echoes none; afterwards it is as it was."""
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    try:
        tty.setcbreak(handle)
        yield
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def _foot(missing: list[str]) -> RenderableType:
    text = "q ends this view; the daemon goes on"
    if missing:
        text = f"screen too small for: {', '.join(missing)}.  q ends"
    return Text(text, style="dim", no_wrap=True, overflow="ellipsis")


def _lines(block: RenderableType, console: Console) -> int:
    return len(console.render_lines(block, console.options.update(height=None), pad=False))
