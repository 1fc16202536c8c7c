"""What several commands ask for or refuse in the same way."""

import logging
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import typer

from bot.logs import LogFormat
from bot.supervise import Exit
from config.load import ConfigError, LiveTradingRefused, load_settings
from config.settings import LogSettings, Settings


class LogStyle(StrEnum):
    """``--log-format``."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


def settings_or_exit(source: str | Path) -> Settings:
    """Settings, or every error on stderr and exit 2; a live port or account ends with exit 3."""
    try:
        return load_settings(source)
    except LiveTradingRefused as refused:
        complain("refused, paper trading only: " + "; ".join(refused.errors))
        raise typer.Exit(Exit.LIVE_REFUSED) from None
    except ConfigError as trouble:
        complain(str(trouble))
        raise typer.Exit(Exit.BAD_CONFIG) from None


def complain(text: str, also: Iterable[str] = ()) -> None:
    """To stderr, so that what a command prints can be piped."""
    for line in (text, *also):
        typer.echo(f"condorbot: {line}" if line is text else line, err=True)


def log_format(asked: LogStyle | None, settings: LogSettings) -> LogFormat:
    """The command line over the profile; ``auto`` means readable on a terminal, JSON elsewhere."""
    style = asked or LogStyle(settings.format)
    if style is LogStyle.AUTO:
        return "console" if sys.stdout.isatty() else "json"
    return "json" if style is LogStyle.JSON else "console"


def log_level(settings: LogSettings) -> int:
    return logging.getLevelNamesMapping()[settings.level.upper()]
