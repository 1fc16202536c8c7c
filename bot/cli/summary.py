"""The closing summary of a demo: what was done, what it earned, and whether everything held."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from rich import box
from rich.console import Console
from rich.table import Table

from bot.cli.checks import Check
from bot.cli.ledger import Ledger
from bot.cli.narration import Results, layer_results
from bot.cli.wording import percent, usd
from domain.orders import OrderStatus
from engine.views import Snapshot


@dataclass(frozen=True, slots=True)
class Closing:
    """Everything the summary says that neither ledger nor snapshot knows."""

    days: int
    seconds: float  # of real time
    broker_value: Decimal
    start_value: Decimal
    journal: str


def print_summary(
    console: Console, ledger: Ledger, view: Snapshot, checks: tuple[Check, ...], closing: Closing
) -> None:
    console.print()
    console.print(_positions(ledger))
    console.print(_results(view, closing))
    console.print(_checks(checks))
    pace = closing.seconds / closing.days if closing.days else closing.seconds
    console.print(f"{closing.days} sessions in {closing.seconds:.1f} s, {pace:.2f} s each")
    console.print(closing.journal)
    looks = sum(check.looks for check in checks)
    broken = [check for check in checks if not check.held]
    if broken:
        console.print(f"[bold red]{len(broken)} of {len(checks)} invariants FAILED[/]")
    else:
        console.print(f"[bold green]all {len(checks)} invariants held[/] in {looks:,} looks")


def _positions(ledger: Ledger) -> Table:
    table = _table("What was done")
    still_open = len(ledger.opened) - len(ledger.closed_by)
    table.add_row("condors opened", str(len(ledger.opened)), f"{still_open} still open")
    table.add_row("condors closed", str(len(ledger.closed_by)), _counted(ledger.closed))
    paid = f"{usd(ledger.hedge_paid)} paid; {_counted(ledger.hedge_purchases)}".rstrip("; ")
    table.add_row("hedge calls bought", str(ledger.hedge_bought), paid)
    sold = f"{usd(ledger.hedge_received)} received"
    reasons = _counted(ledger.hedge_sales)
    table.add_row("hedge calls sold", str(ledger.hedge_sold), f"{sold}; {reasons}".rstrip("; "))
    finished = ledger.finished
    table.add_row(
        "orders sent",
        str(ledger.sent),
        ", ".join(
            f"{finished[status]} {status}"
            for status in (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED)
        ),
    )
    table.add_row("intents denied", str(ledger.denied.total()), _counted(ledger.denied))
    worst = ledger.share_worst
    table.add_row(
        "worst hedge share", percent(None if worst is None else worst[0]),
        "" if worst is None else f"on {worst[1]}",
    )  # fmt: skip
    return table


def _results(view: Snapshot, closing: Closing) -> Table:
    table = Table(title="Result in USD", title_justify="left", box=box.SIMPLE, title_style="bold")
    for name in ("", "realized", "unrealized", "fees", "total"):
        table.add_column(name, justify="right" if name else "left")
    condor, hedge = layer_results(view)
    for name, half in (("condors", condor), ("hedge", hedge), ("both", _sum(condor, hedge))):
        table.add_row(
            name,
            usd(half.realized, signed=True),
            usd(half.unrealized, signed=True),
            usd(-half.fees),
            usd(half.total, signed=True),
        )
    own = _sum(condor, hedge).total
    ours = None if own is None else float(closing.start_value) + own
    table.add_row("net liquidation", "", "", "our books", usd(ours), end_section=False)
    table.add_row("", "", "", "the broker's", usd(closing.broker_value))
    return table


def _checks(checks: tuple[Check, ...]) -> Table:
    table = _table("What had to hold")
    for check in checks:
        state = "[green]held[/]" if check.held else "[bold red]FAILED[/]"
        table.add_row(check.statement, state, f"{check.looks:,} looks")
        for problem in check.problems:
            table.add_row("", "", problem)
        if check.looks == 0:
            table.add_row("", "", "was never looked at")
    return table


def _table(title: str) -> Table:
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE, show_header=False, title_style="bold"
    )
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    return table


def _sum(one: Results, other: Results) -> Results:
    open_results = (
        None
        if one.unrealized is None or other.unrealized is None
        else one.unrealized + other.unrealized
    )
    return Results(one.realized + other.realized, open_results, one.fees + other.fees)


def _counted(reasons: Mapping[str, int] | Counter[str]) -> str:
    """``3 take profit, 1 stop``, most frequent first, ties by name."""
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {reason.replace('_', ' ')}" for reason, number in ranked)
