"""``condorbot propose``: write down what the daemon is to do, for others to read and sign."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from bot.app import config_hash
from bot.approvals.keyring import EnrolmentRefused, decode_ring
from bot.approvals.opening import config_shares
from bot.approvals.proposing import NotProposed, action_from
from bot.cli.approving import Config, Why, now, propose_to_file, valid_for
from bot.cli.options import complain, settings_or_exit

propose = typer.Typer(
    name="propose", help="Write down what the daemon is to do, to be signed.", no_args_is_help=True
)

Out: TypeAlias = Annotated[Path, typer.Option("--out", "-o", help="The plan to write.")]
Hours: TypeAlias = Annotated[
    float, typer.Option("--hours", min=0.05, max=24.0, help="How long it may take effect.")
]
PLAN = Path("plan.json")


@propose.command()
def halt(reason: Why, config: Config = "paper", out: Out = PLAN, hours: Hours = 1.0) -> None:
    """Open nothing, close only what limits a loss. One signature."""
    _write({"do": "halt", "why": reason}, config, out, hours)


@propose.command()
def reduce(reason: Why, config: Config = "paper", out: Out = PLAN, hours: Hours = 1.0) -> None:
    """Open nothing, go on closing. One signature."""
    _write({"do": "reduce", "why": reason}, config, out, hours)


@propose.command()
def resume(reason: Why, config: Config = "paper", out: Out = PLAN, hours: Hours = 1.0) -> None:
    """End a halt or a reduction."""
    _write({"do": "resume", "why": reason}, config, out, hours)


@propose.command()
def raise_limit(
    limit: Annotated[str, typer.Argument(help="A key of [limits], e.g. condors_max.")],
    value: Annotated[float, typer.Argument(help="What it is to be.")],
    reason: Why,
    days: Annotated[float, typer.Option(min=0.01, max=31, help="How long it holds.")] = 1.0,
    config: Config = "paper",
    out: Out = PLAN,
    hours: Hours = 1.0,
) -> None:
    """Put another value in a limit's place for some days, through restarts."""
    until = _second(now() + timedelta(days=days))
    asked = {"do": "raise_limit", "why": reason, "limit": limit, "value": value, "until": until}
    _write(asked, config, out, hours)


@propose.command()
def adopt(
    contract: Annotated[str, typer.Argument(help='Its label, e.g. "VIX 2026-12-15 30 C".')],
    quantity: Annotated[int, typer.Argument(min=0, help="How many are ours; 0 lets them go.")],
    reason: Why,
    config: Config = "paper",
    out: Out = PLAN,
    hours: Hours = 1.0,
) -> None:
    """Take long contracts as ours that no order explains. They cover nothing and are left alone."""
    asked = {"do": "adopt_position", "why": reason, "contract": contract, "quantity": quantity}
    _write(asked, config, out, hours)


@propose.command()
def resolve(
    order_ref: Annotated[str, typer.Argument(help="The uncertain order.")],
    reason: Why,
    filled: Annotated[int, typer.Option(min=0, help="More units that were executed.")] = 0,
    price: Annotated[
        list[str] | None, typer.Option(help="Points per contract, once for each leg in order.")
    ] = None,
    config: Config = "paper",
    out: Out = PLAN,
    hours: Hours = 1.0,
) -> None:
    """Say what became of an uncertain order: what was not filled is dead."""
    asked = {
        "do": "resolve_order",
        "why": reason,
        "order_ref": order_ref,
        "filled": filled,
        "prices": tuple(price or ()),
    }
    _write(asked, config, out, hours)


@propose.command()
def write_off(
    campaign: Annotated[str, typer.Argument(help="The condor or tranche, by its name.")],
    reason: Why,
    price: Annotated[
        list[str] | None, typer.Option(help="Points per contract, once for each leg in order.")
    ] = None,
    config: Config = "paper",
    out: Out = PLAN,
    hours: Hours = 1.0,
) -> None:
    """Take out of the book what was closed by hand, at the prices it was closed at. No order."""
    prices = tuple(price or ())
    asked: dict[str, object] = {"do": "write_off", "why": reason, "campaign": campaign}
    _write({**asked, "prices": prices}, config, out, hours)


@propose.command()
def accept_config(
    profile: Annotated[str, typer.Argument(help="The configuration to start with next.")],
    reason: Why,
    config: Config = "paper",
    out: Out = PLAN,
    hours: Hours = 1.0,
) -> None:
    """Let the daemon start with another configuration without being halted."""
    settings = settings_or_exit(profile)
    total, hedge = config_shares(settings.policy())
    asked = {
        "do": "accept_config",
        "why": reason,
        "config_hash": config_hash(settings),
        "max_loss_share_total": total,
        "hedge_budget_share": hedge,
    }
    _write(asked, config, out, hours)


@propose.command()
def change_keys(
    ring: Annotated[Path, typer.Argument(help="The whole new ring, see `condorbot keys`.")],
    reason: Why,
    config: Config = "paper",
    out: Out = PLAN,
    hours: Hours = 1.0,
) -> None:
    """Put another key ring in force."""
    try:
        new = decode_ring(ring.read_bytes())
    except (OSError, EnrolmentRefused) as trouble:
        complain(str(trouble))
        raise typer.Exit(1) from None
    _write({"do": "change_keys", "why": reason, "ring": new}, config, out, hours)


def _write(asked: dict[str, object], config: str, out: Path, hours: float) -> None:
    try:
        action = action_from(asked)
    except NotProposed as trouble:
        complain(f"not proposed: {trouble}")
        raise typer.Exit(1) from None
    propose_to_file(config, action, out, valid_for(hours))


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
