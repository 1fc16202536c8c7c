"""``condorbot study``: replay history through the engine and say what the hedge did."""

import sys
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.cli.book_journals import BookJournals
from bot.cli.options import complain, settings_or_exit
from bot.cli.printing import console
from bot.supervise import Exit
from config.load import session_calendar
from sim.exchange.scenarios import Scenario
from study.books import PHASES, shadow_books
from study.calibration import Calibration, calibrate
from study.dataset import Dataset, DatasetError, folder_of, load_dataset, scenario
from study.replicas.published import PublishedUnreadable
from study.report import as_html, as_json, spread, ten_numbers
from study.run import Results
from study.run import study as run_study

_PROFILE = "study"
_PLAIN = ("T7", "T8")


def study(
    first: Annotated[str, typer.Option("--from", help="Year or day, e.g. 2014.")] = "2014",
    last: Annotated[str, typer.Option("--to", help="Year or day, that day included.")] = "2018",
    data: Annotated[
        Path | None, typer.Option(help="Folder with the daily store; CONDORBOT_DATA otherwise.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for study.html and study.json.")] = Path(),
    seed: Annotated[int, typer.Option(help="Chooses paths, fills and resamples.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes; changes no result.", min=1)] = 1,
    profile: Annotated[str, typer.Option(help="Whose rules are studied.")] = _PROFILE,
    phases: Annotated[bool, typer.Option(help="Also judge luck with the day of the roll.")] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Folder for finished books; a second call goes on there.")
    ] = None,
    journals: Annotated[
        Path | None, typer.Option(help="Folder for a journal of every book, as a daemon writes it.")
    ] = None,
) -> None:
    """Replay every shadow book over history and judge the claims about the hedge.

    Without data the history inside the package `arch` is used (2014 to 2018). Ends with 0 when both
    files are written, 2 for a period, folder or data that cannot be used.
    """
    policy = settings_or_exit(profile).policy()
    calendar = session_calendar()
    begin, end = day_or_exit(first, "--from", last=False), day_or_exit(last, "--to", last=True)
    dataset, chosen = history_or_exit(data, begin, end)
    if journals is not None and (workers > 1 or keep is not None):
        complain("--journals needs one worker and no --keep: every batch must pass this process")
        raise typer.Exit(Exit.BAD_CONFIG)
    if journals is not None and any(journals.glob("*.sqlite")):
        complain(f"{journals} holds journals already: a study begins a new one")
        raise typer.Exit(Exit.BAD_CONFIG)
    screen, books = console(), BookJournals(journals, policy)
    specs = shadow_books(policy)
    count = len(specs) + (len(PHASES) if phases else 0)
    with closing(books), _bar(len(chosen.days) * count) as bar:
        results = run_study(
            chosen, calendar, policy, seed=seed, workers=workers, books=specs,
            phases=phases, memory=keep, record=books.record if journals is not None else None,
            progress=None if bar.disable else partial(bar.advance, bar.task_ids[0]),
        )  # fmt: skip
    page, facts = _written(out, results, dataset, _calibration(dataset, data, seed))
    _print(screen, results)
    screen.print(f"report {page}", f"facts {facts}", sep="\n")


def history_or_exit(data: Path | None, first: date, last: date) -> tuple[Dataset, Scenario]:
    """Sessions of a period. Ends the command with 2 when there are none to be believed."""
    try:
        dataset = load_dataset(data, session_calendar())
        return dataset, scenario(dataset, first, last)
    except DatasetError as trouble:
        complain(str(trouble))
        raise typer.Exit(Exit.BAD_CONFIG) from None


def day_or_exit(text: str, option: str, *, last: bool) -> date:
    """A year means its first or its last day."""
    try:
        if text.isdigit() and len(text) == 4:
            return date(int(text), 12, 31) if last else date(int(text), 1, 1)
        return date.fromisoformat(text)
    except ValueError:
        complain(f"{option} {text}: not a year like 2014 or a date like 2018-02-05")
        raise typer.Exit(Exit.BAD_CONFIG) from None


def _bar(sessions: int) -> Progress:
    """On stderr, and only on a terminal, so that output can be piped."""
    bar = Progress(
        TextColumn("sessions of books"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True,
    )  # fmt: skip
    bar.add_task("sessions", total=sessions)
    return bar


def _calibration(dataset: Dataset, data: Path | None, seed: int) -> Calibration | None:
    try:
        return calibrate(dataset, folder_of(data), session_calendar(), seed=seed)
    except PublishedUnreadable as trouble:
        complain(str(trouble))
        raise typer.Exit(Exit.BAD_CONFIG) from None


def _written(
    out: Path, results: Results, dataset: Dataset, calibration: Calibration | None
) -> tuple[Path, Path]:
    page, facts = out / "study.html", out / "study.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        page.write_text(as_html(results, dataset.findings, calibration), encoding="utf-8")
        facts.write_text(as_json(results, dataset.findings, calibration), encoding="utf-8")
    except OSError as trouble:
        complain(f"cannot write to {out}: {trouble.strerror or trouble}")
        raise typer.Exit(Exit.BAD_CONFIG) from None
    return page, facts


def _print(screen: Console, results: Results) -> None:
    numbers = Table(title=f"{results.first} to {results.last}, {results.source}", show_header=False)
    for what, value in ten_numbers(results):
        numbers.add_row(what, value)
    verdicts = Table("claim", "verdict", "estimate (90 %)", "rests on")
    for claim in results.claims:
        value = spread(claim.interval, plain=claim.code in _PLAIN)
        verdicts.add_row(claim.text, claim.verdict, value, f"{claim.n} {claim.of}")
    screen.print(numbers)
    screen.print(verdicts)
