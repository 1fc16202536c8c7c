"""``condorbot sweep`` and ``condorbot stress``: many replays, over processes or a Dask cluster."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.cli.options import complain, settings_or_exit
from bot.cli.printing import console
from bot.cli.study import day_or_exit, history_or_exit
from bot.supervise import Exit
from config.load import session_calendar
from study.montecarlo import monte_carlo
from study.report import percent
from study.spread import Progress as Told
from study.stress import MODELS
from study.sweep import Sweep
from study.sweep import sweep as run_sweep
from study.variants import VariantError, axes_of

_First = Annotated[str, typer.Option("--from", help="Year or day, e.g. 2014.")]
_Last = Annotated[str, typer.Option("--to", help="Year or day, that day included.")]
_Data = Annotated[
    Path | None, typer.Option(help="Folder with the daily store; CONDORBOT_DATA otherwise.")
]
_Out = Annotated[Path, typer.Option(help="Folder for the JSON file.")]
_Seed = Annotated[int, typer.Option(help="Chooses paths, fills and resamples.")]
_Workers = Annotated[int, typer.Option(help="Processes; changes no result.", min=1)]
_Dask = Annotated[str, typer.Option(help="Scheduler, e.g. tcp://10.0.0.5:8786.")]
_Keep = Annotated[
    Path | None, typer.Option(help="Folder for finished replays; a second call goes on there.")
]
_Profile = Annotated[str, typer.Option(help="Whose rules are studied.")]


def sweep(
    vary: Annotated[list[str], typer.Argument(help="name=value,value e.g. hedge.delta=0.10,0.30")],
    first: _First = "2014",
    last: _Last = "2018",
    data: _Data = None,
    out: _Out = Path(),
    seed: _Seed = 0,
    workers: _Workers = 1,
    dask: _Dask = "",
    keep: _Keep = None,
    profile: _Profile = "study",
) -> None:
    """Replay every combination of parameter values, and say how likely the best is only lucky.

    Ends with 2 for a parameter, period or folder that cannot be used.
    """
    policy = settings_or_exit(profile).policy()
    _, scenario = history_or_exit(data, *_period(first, last))
    try:
        axes = axes_of(vary)
        with _bar() as told:
            found = run_sweep(
                scenario, session_calendar(), policy, axes, seed=seed, workers=workers,
                dask=dask, memory=keep, progress=told,
            )  # fmt: skip
    except VariantError as trouble:
        complain(str(trouble))
        raise typer.Exit(Exit.BAD_CONFIG) from None
    path = _written(out / "sweep.json", found.as_json())
    screen = console()
    screen.print(_variants(found))
    screen.print(_said(found), f"facts {path}", sep="\n")


def stress(
    model: Annotated[str, typer.Option(help=f"One of {', '.join(sorted(MODELS))}.")] = "bootstrap",
    paths: Annotated[int, typer.Option(help="How many histories.", min=1, max=10_000)] = 20,
    first: _First = "2017",
    last: _Last = "2018",
    data: _Data = None,
    out: _Out = Path(),
    seed: _Seed = 0,
    workers: _Workers = 1,
    dask: _Dask = "",
    keep: _Keep = None,
    profile: _Profile = "study",
) -> None:
    """Replay both books over histories that never happened: stress for the rules, no forecast."""
    if model not in MODELS:
        complain(f"--model {model}: there are {', '.join(sorted(MODELS))}")
        raise typer.Exit(Exit.BAD_CONFIG)
    policy = settings_or_exit(profile).policy()
    _, scenario = history_or_exit(data, *_period(first, last))
    with _bar() as told:
        found = monte_carlo(
            scenario, session_calendar(), policy, model=model, paths=paths, seed=seed,
            workers=workers, dask=dask, memory=keep, progress=told,
        )  # fmt: skip
    path = _written(out / "stress.json", found.as_json())
    title = f"{model}: {paths} histories of {found.sessions} sessions"
    table = Table("what the hedge changed", "5 %", "median", "95 %", "paths", title=title)
    for each in found.spreads:
        table.add_row(
            each.what, percent(each.low), percent(each.middle), percent(each.high), str(each.n)
        )
    screen = console()
    screen.print(table)
    screen.print("Simulated paths of a modelled market; no promise of anything.", f"facts {path}",
                 sep="\n")  # fmt: skip


def _period(first: str, last: str) -> tuple[date, date]:
    return day_or_exit(first, "--from", last=False), day_or_exit(last, "--to", last=True)


@contextmanager
def _bar() -> Iterator[Told]:
    """Replays done of replays wanted, on stderr, and only on a terminal."""
    bar = Progress(
        TextColumn("replays"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True,
    )  # fmt: skip
    task = bar.add_task("replays", total=None)
    with bar:
        yield lambda done: bar.update(task, completed=done)


def _variants(found: Sweep) -> Table:
    table = Table(
        "variant", "return a year", "volatility", "max drawdown", "ES95 a day", "hedge a year",
        title=f"{found.period[0]} to {found.period[1]}, {found.source}",
    )  # fmt: skip
    for book in found.books:
        table.add_row(
            book.name, percent(book.annual_return), percent(book.annual_volatility),
            percent(book.max_drawdown), percent(book.es95_daily), percent(book.hedge_pnl_annual),
        )  # fmt: skip
    return table


def _said(found: Sweep) -> str:
    luck = found.luck
    if luck is None:
        return "Too few variants or days to say how much of the best is luck."
    return (
        f"Probability that the best variant is overfitted: {percent(luck.probability)} "
        f"(over {luck.splits} halves; 50 % is pure luck)."
    )


def _written(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as trouble:
        complain(f"cannot write to {path}: {trouble.strerror or trouble}")
        raise typer.Exit(Exit.BAD_CONFIG) from None
    return path
