"""The account on the screen: days, lines, colors on a terminal and plain text in a pipe."""

import textwrap

from rich.console import Console
from rich.text import Text

WIDTH_MAX = 100
_INDENT = 18  # two spaces, the time, the kind

_STYLES = {
    "filled": "bold",
    "order": "cyan",
    "cancel": "dim",
    "canceled": "dim",
    "denied": "yellow",
    "no entry": "dim",
    "rejected": "bold red",
    "unknown": "bold red",
    "alert": "bold red",
    "regime": "magenta",
    "curve": "magenta",
    "hedge": "green",
    "broker": "dim",
}


def console() -> Console:
    """Never wider than WIDTH_MAX; a pipe gets that width and no color."""
    made = Console(highlight=False, soft_wrap=False)
    if not made.is_terminal or made.width > WIDTH_MAX:
        made.width = WIDTH_MAX
    return made


class Account:
    """Prints what the narrator says."""

    def __init__(self, to: Console) -> None:
        self._console = to

    def head(self, text: str) -> None:
        """The first line of a day."""
        rule = "─" * max(3, self._console.width - len(text) - 4)
        self._console.print()
        self._console.print(Text(f"── {text} {rule}"[: self._console.width], style="bold"))

    def foot(self, at: str, text: str) -> None:
        """The last line of a day."""
        self._console.print(Text(f"  {at}  {text}"[: self._console.width], style="bold blue"))

    def say(self, at: str, kind: str, text: str) -> None:
        """One line; what does not fit continues below its own beginning."""
        style = _STYLES.get(kind, "")
        room = self._console.width - _INDENT
        first, *rest = textwrap.wrap(text, room) or [""]
        line = Text(f"  {at}  ", style="dim")
        line.append(f"{kind:<9}", style=style)
        line.append(first)
        self._console.print(line)
        for more in rest:
            self._console.print(Text(" " * _INDENT + more))
