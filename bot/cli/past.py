"""What commands that look back have in common: which journal, which instant, which rules."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import complain, settings_or_exit
from bot.hindsight import Hindsight, look_back
from bot.journal.failures import JournalFailed
from bot.supervise import Exit
from config.load import session_calendar
from config.settings import Settings
from domain.session import NEW_YORK, at_new_york, new_york

JournalOption = Annotated[
    Path | None, typer.Option("--journal", help="The journal; left out: that of the profile.")
]
ConfigOption = Annotated[
    str, typer.Option("--config", "-c", help="The profile the daemon runs with, or its file.")
]
AtOption = Annotated[
    str,
    typer.Option(
        "--at", help="New York time, as 2018-01-16T11:30 or 11:30; left out: the journal's end."
    ),
]


def past_or_exit(config: str, journal: Path | None, at: str) -> tuple[Hindsight, Settings]:
    """The desk at that instant; exits with 2 for what cannot be read, 1 for a journal that cannot.

    A bare time of day is of the journal's last day.
    """
    settings = settings_or_exit(config)
    file = journal or settings.journal.path
    calendar, policy = session_calendar(), settings.policy()
    try:
        instant = _instant(at)
        if isinstance(instant, time):
            end = look_back(file, calendar, policy).at
            instant = at_new_york(new_york(end).date(), instant)
        return look_back(file, calendar, policy, instant), settings
    except ValueError:
        complain(f"--at {at}: not a time like 2018-01-16T11:30 or 11:30")
        raise typer.Exit(Exit.BAD_CONFIG) from None
    except (JournalFailed, LookupError) as trouble:
        complain(f"{file}: {trouble}")
        raise typer.Exit(1) from None


def doubts(past: Hindsight) -> list[str]:
    """What a reader must know before believing the picture."""
    found = []
    if not past.priced:
        since = "none" if past.prices_from is None else f"from {stamp(past.prices_from)} on"
        found.append(f"prices of that time are no longer in the journal ({since}): gates that "
                     "need them are unknown here, whatever they were then")  # fmt: skip
    if not past.same_policy:
        found.append("the daemon ran with other settings than this profile: give its own --config")
    if past.differences:
        found.append(
            f"in {past.differences} turns of that day this version would have decided otherwise"
        )
    return found


def stamp(at: datetime) -> str:
    return new_york(at).strftime("%Y-%m-%d %H:%M:%S")


def _instant(text: str) -> datetime | time | None:
    """Raises ValueError."""
    if not text:
        return None
    if "-" not in text:
        return time.fromisoformat(text)
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        return found
    if len(text) == len(date.min.isoformat()):
        raise ValueError(text)
    return found.replace(tzinfo=NEW_YORK)
