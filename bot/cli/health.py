"""``condorbot health``: ask the daemon whether it lives; what a container's health check runs."""

from typing import Annotated

import typer

from bot.cli.options import settings_or_exit
from bot.clock import SystemClock
from bot.health import read_health


def health(
    config: Annotated[
        str, typer.Option("--config", "-c", help="The configuration the daemon runs with.")
    ] = "paper",
    ready: Annotated[
        bool, typer.Option("--ready", help="Also ask for a ready broker and fresh prices.")
    ] = False,
) -> None:
    """Exit 0 if the daemon's main loop turns, 1 if not; one line says why."""
    settings = settings_or_exit(config).health
    report = read_health(settings.path)
    if isinstance(report, str):
        typer.echo(f"down: {report}")
        raise typer.Exit(1)
    troubles = report.troubles(SystemClock().now(), settings.age_s_max)
    unready = report.unready(settings.age_s_max)
    failing = troubles + (unready if ready else [])
    state = "down" if troubles else "not ready" if unready else "ready"
    detail = (
        "; ".join(troubles + unready) or f"loop {report.loop_age_s} s, data {report.data_age_s} s"
    )
    typer.echo(f"{state}: {detail} (trading {report.trading_state}, run {report.run_id})")
    raise typer.Exit(1 if failing else 0)
