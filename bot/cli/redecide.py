"""``condorbot journal replay``: decide a recorded life again, and say what comes out otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, cast

import typer

from bot.app import JUST_STARTED
from bot.cli.journal import DEFAULT, File, journal
from bot.cli.options import complain, settings_or_exit
from bot.journal import codec
from bot.journal.checkpoints import KIND
from bot.journal.failures import JournalFailed
from bot.journal.reading import JournalReader
from bot.recovery import first_desk, folded
from bot.supervise import Exit
from config.load import session_calendar
from domain.desk import Desk
from domain.effects import Effect
from domain.events import BrokerLost, Event
from engine.policy import Policy
from engine.step import open_desk
from study.redecide import Batch, Difference, redecided

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Life:
    """One run of the daemon: the desk it began with, and its batches."""

    desk: Desk
    batches: Sequence[Batch]


@journal.command()
def replay(
    file: File = DEFAULT,
    profile: Annotated[str, typer.Option(help="The profile whose rules decide.")] = "paper",
) -> None:
    """Give every recorded event to the rules again and compare what they decide.

    Ends with 0 if all of it comes out the same, 1 if not: other rules, another version, or prices
    that the journal no longer keeps.
    """
    policy = settings_or_exit(profile).policy()
    count, differing = 0, []
    try:
        for life in lives(file, policy):
            count += len(life.batches)
            differing += list(redecided(life.batches, life.desk, policy))
    except (JournalFailed, codec.UnreadableRecord) as trouble:
        complain(str(trouble))
        raise typer.Exit(Exit.BAD_CONFIG) from None
    for each in differing[:_SHOWN]:
        _show(each)
    typer.echo(f"{count} batches decided again, {len(differing)} came out otherwise")
    if differing:
        raise typer.Exit(1)


def lives(file: Path, policy: Policy) -> Iterator[Life]:
    """Each life of a journal in order. Raises JournalFailed, UnreadableRecord."""
    calendar = session_calendar()
    past: list[Event | Effect] = []
    batches: list[Batch] = []
    desk: Desk | None = None
    reader = JournalReader(file)
    try:
        for batch in _batches(reader):
            _, events, effects = batch
            if any(isinstance(e, BrokerLost) and e.reason == JUST_STARTED for e in events):
                if desk is not None:
                    yield Life(desk, batches)
                begun = open_desk(calendar, policy, events[0].at)
                desk = folded(first_desk(calendar), past)[0] if past else begun
                batches = []
            past += [*events, *effects]
            batches.append(batch)
        if desk is not None:
            yield Life(desk, batches)
    finally:
        reader.close()


def _batches(reader: JournalReader) -> Iterator[Batch]:
    for number, rows in groupby(reader.rows(with_market=True), key=lambda row: row.batch):
        events: list[Event] = []
        effects: list[Effect] = []
        for row in rows:
            if row.kind == KIND:
                continue
            record = codec.decode(row.kind, row.body)
            if row.is_effect:
                effects.append(cast("Effect", record))
            else:
                events.append(cast("Event", record))
        if events or effects:
            yield number, events, effects


def _show(difference: Difference) -> None:
    typer.echo(f"batch {difference.batch}:")
    for word, effects in (("recorded", difference.recorded), ("now", difference.decided)):
        for effect in effects[:_SHOWN]:
            kind, body = codec.encode(effect)
            typer.echo(f"  {word:<9}{kind} {body.decode()}")
