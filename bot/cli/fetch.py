"""``condorbot data fetch``: history from the paper gateway into the store, and nothing else."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from bot.broker.history_fetch import ANSWER_S, CLIENT_ID_OFFSET, NotServed, inquire
from bot.broker.link import LinkLost
from bot.broker.pacing import Pace
from bot.cli.fetch_plan import BadRecord
from bot.cli.fetching import Fetching, Outcome, Wishes, wrong
from bot.cli.options import complain, settings_or_exit
from bot.clock import SystemClock
from bot.logs import mask_accounts
from bot.ports import LiveAccountRefused
from bot.supervise import Exit
from config.load import session_calendar
from config.settings import BrokerSettings
from study.store.locking import writing
from study.store.tables import Store

_BARS = "SPX,VIX,VIX9D,VIX3M,VVIX,SPY,VIXY,VNQ"
_ATTEMPTS = 4  # in a row, without anything fetched
_AGAIN_S = 15.0  # a gateway takes its time to let go of a client id
_SHOWN = 20


def fetch(
    into: Annotated[Path, typer.Option(help="Folder of the store; made if missing.")],
    profile: Annotated[str, typer.Option(help="Whose gateway is asked.")] = "paper",
    bars: Annotated[str, typer.Option(help="Daily prices of these; '' for none.")] = _BARS,
    vx: Annotated[bool, typer.Option("--vx", help="Settlements of VX contracts too.")] = False,
    minutes: Annotated[
        int, typer.Option(help="Also bars of so many minutes; 0 for none.", min=0)
    ] = 0,
    chain: Annotated[str, typer.Option(help="Quotes of now: SPX, VIX or both.")] = "",
    years: Annotated[float, typer.Option(help="How far back.", min=0.01, max=40)] = 1.0,
    reach: Annotated[int, typer.Option(help="Days ahead, of chains.", min=0, max=1500)] = 60,
    lines: Annotated[
        int, typer.Option(help="Market-data lines at a time; 0: half the budget.", min=0)
    ] = 0,
) -> None:
    """Record history from the gateway of a paper account: daily and intraday bars, VX settlements,
    an option chain of now. It has no way to send an order, and keeps to the broker's pacing limits.

    What is stored is not asked for again. Ends with 0 when everything came, 2 when something was
    refused, 3 for a live account or port, 70 when it could not go on; call it again, then.
    """
    broker = settings_or_exit(profile).broker
    budget = lines or broker.line_budget // 2
    wishes = Wishes(
        _names(bars), vx, minutes, _names(chain), years, reach, min(budget, broker.line_budget)
    )
    if trouble := wrong(wishes):
        complain(trouble)
        raise typer.Exit(Exit.BAD_CONFIG)
    try:
        with writing(into), _bar() as teller:
            work = Fetching(wishes, Store(into), session_calendar(), SystemClock(), teller)
            ending = _to_its_end(broker, work, Pace(on_rest=teller.rest))
    except (BadRecord, OSError) as refused:
        complain(str(refused))
        raise typer.Exit(Exit.BAD_CONFIG) from None
    _tell(work.outcome)
    if ending.text:
        complain(ending.text)
    raise typer.Exit(ending.exit)


@dataclass(frozen=True, slots=True)
class FetchEnding:
    """How a fetch ended, and what to say of it on stderr."""

    exit: Exit
    text: str = ""


async def fetch_all(broker: BrokerSettings, work: Fetching, pace: Pace) -> FetchEnding:
    """Until everything is done, the broker has had enough, or several connections in a row brought
    nothing. The client id is the configured one + 101.
    """
    settings = asking_settings(broker)
    failures, added = 0, 0
    while True:
        try:
            await inquire(settings, pace, work.work)
        except LiveAccountRefused as refused:
            text = mask_accounts(f"refused, paper trading only: {refused}")
            return FetchEnding(Exit.LIVE_REFUSED, text)
        except NotServed as enough:
            return FetchEnding(Exit.CRASHED, f"{enough}; call again in ten minutes to go on")
        except (LinkLost, ConnectionError, TimeoutError) as error:
            failures = 1 if work.outcome.added > added else failures + 1
            added = work.outcome.added
            if failures >= _ATTEMPTS or not (work.begun or isinstance(error, LinkLost)):
                where = f"{settings.host}:{settings.port}"
                said = mask_accounts(str(error)) or type(error).__name__
                text = f"no connection to the gateway at {where}: {said}"
                return FetchEnding(Exit.CRASHED, f"{text}; whatever came is stored")
            await asyncio.sleep(_AGAIN_S)
        else:
            return FetchEnding(Exit.BAD_CONFIG if work.outcome.troubles else Exit.CLEAN)


def asking_settings(broker: BrokerSettings) -> BrokerSettings:
    """As configured, with a client id that no daemon has and patience for long answers."""
    return broker.model_copy(
        update={
            "client_id": broker.client_id + CLIENT_ID_OFFSET,
            "request_timeout_s": max(broker.request_timeout_s, ANSWER_S),
        }
    )


@dataclass(slots=True)
class BarTeller:
    """Tells a progress bar: steps expected become known as the work unfolds."""

    bar: Progress
    task: TaskID
    expected: int = 0
    begun: int = 0
    doing: str = ""

    def expect(self, steps: int) -> None:
        self.expected += steps
        self.bar.update(self.task, total=self.expected)

    def step(self, doing: str) -> None:
        self.bar.update(self.task, completed=self.begun, doing=doing)
        self.begun, self.doing = self.begun + 1, doing

    def rest(self, seconds: float) -> None:
        """The broker's limits, or its complaints, make it wait."""
        if seconds >= 1:
            text = f"{self.doing}, waiting {seconds:.0f} s for the broker's pace"
            self.bar.update(self.task, doing=text)


def _to_its_end(broker: BrokerSettings, work: Fetching, pace: Pace) -> FetchEnding:
    try:
        return asyncio.run(fetch_all(broker, work, pace))
    except KeyboardInterrupt:
        text = "interrupted; what came is stored, the same command goes on from there"
        return FetchEnding(Exit.CRASHED, text)


@contextmanager
def _bar() -> Iterator[BarTeller]:
    """On stderr, and only on a terminal."""
    bar = Progress(
        BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[doing]}"),
        console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True,
    )  # fmt: skip
    task = bar.add_task("fetch", total=None, doing="connecting")
    with bar:
        yield BarTeller(bar, task)


def _names(text: str) -> tuple[str, ...]:
    """Without repetition, in the order given."""
    names = (name.strip().upper() for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def _tell(outcome: Outcome) -> None:
    for line in outcome.said:
        typer.echo(line)
    for text in outcome.troubles[:_SHOWN]:
        typer.echo(f"error {text}")
    if len(outcome.troubles) > _SHOWN:
        typer.echo(f"error and {len(outcome.troubles) - _SHOWN} more")
    typer.echo(f"{outcome.added} new rows, {len(outcome.troubles)} troubles")
