"""``condorbot gateway``: the simulated IB Gateway alone, for any client of the TWS API."""

import asyncio
import errno
import math
import signal
from collections.abc import Coroutine, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer

from bot.cli.faults import FaultOption, FaultsOption, faults_or_exit
from bot.cli.options import complain
from bot.supervise import Exit
from config.load import session_calendar
from domain.session import new_york
from sim.exchange.market import Market
from sim.exchange.scenarios import Scenario, ScenarioError, load
from sim.gateway.faults.fault import Fault
from sim.gateway.server import GatewayServer
from sim.virtual_time import Pace, as_fast_as_possible, run, steady

_UPDATES_PER_S = 4.0  # real seconds: often enough to watch, whatever the speed
_STEP_S_MAX = 30.0
_AFTER_END_S = 60.0  # market seconds in which clients still see the last close


def gateway(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 4002,
    scenario: Annotated[
        str, typer.Option(help="Which stretch of history to replay.")
    ] = "volmageddon",
    speed: Annotated[str, typer.Option(help="Market seconds per second, or max.")] = "1",
    seed: Annotated[int, typer.Option(help="Chooses paths and fills.")] = 0,
    start: Annotated[str, typer.Option(help="First day, e.g. 2018-02-01.")] = "",
    days: Annotated[int | None, typer.Option(help="How many sessions.", min=1)] = None,
    fault: FaultOption = None,
    faults: FaultsOption = None,
) -> None:
    """Serve a simulated paper account until the scenario ends or Ctrl-C.

    Time stands still until the first client connects. Ends with 0 when stopped or at the end of the
    scenario, 2 for a scenario, date, speed, fault or port that cannot be had.
    """
    wrongs = faults_or_exit(fault, faults)
    asked, pace = _speed(speed)
    chosen = _scenario(scenario, start, days, seed)
    try:
        serving = _serve(chosen, wrongs, host=host, port=port, seed=seed, speed=asked)
        run(serving, pace=pace)
    except CannotListen as refused:
        trouble = refused.error
        if trouble.errno == errno.EADDRINUSE:
            complain(f"port {port} on {host} is in use: stop what listens there, or choose --port")
        else:
            complain(f"cannot listen on {host}:{port}: {trouble.strerror or trouble}")
        raise typer.Exit(Exit.BAD_CONFIG) from None


class CannotListen(Exception):
    """The address or port cannot be had; any other trouble is not this one."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


async def _serve(
    scenario: Scenario, faults: Sequence[Fault], *, host: str, port: int, seed: int, speed: float
) -> None:
    market = Market(scenario, session_calendar(), seed=seed)
    server = GatewayServer(market, seed=seed, step_s=_step_s(speed))
    began = server.now()
    try:
        await server.start(host, port)
    except OSError as error:
        raise CannotListen(error) from error
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    typer.echo(_announcement(scenario, f"{host}:{port}", server, began, speed=speed, seed=seed))
    try:
        await _first(stop.wait(), server.client_connected.wait())
        if not stop.is_set():
            server.arm(*faults)  # time begins now
            left = (market.ends_at - server.now()).total_seconds() + _AFTER_END_S
            await _first(stop.wait(), server.run(), asyncio.sleep(left))
    finally:
        await server.close()
    typer.echo("stopped" if stop.is_set() else f"{scenario.name} is over")


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Until one of them is done; the others are canceled, an error is raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for task in done:
        task.result()


def _announcement(
    scenario: Scenario,
    address: str,
    server: GatewayServer,
    began: datetime,
    *,
    speed: float,
    seed: int,
) -> str:
    first, last = scenario.days[0].on, scenario.days[-1].on
    pace = "as fast as possible" if math.isinf(speed) else f"at speed {speed:g}"
    return (
        f"condorbot gateway: {address} serves paper account {server.gateway.settings.account}, "
        f"{scenario.name} {first} to {last} ({len(scenario.days)} sessions) from "
        f"{new_york(began):%H:%M} New York, {pace}, seed {seed}"
    )


def _step_s(speed: float) -> float:
    return _STEP_S_MAX if math.isinf(speed) else min(max(1.0, speed / _UPDATES_PER_S), _STEP_S_MAX)


def _speed(text: str) -> tuple[float, Pace]:
    if text == "max":
        return math.inf, as_fast_as_possible
    try:
        speed = float(text)
        if math.isfinite(speed):
            return speed, steady(speed)
    except ValueError:
        pass
    complain(f"--speed {text}: not a positive number of market seconds per second, nor max")
    raise typer.Exit(Exit.BAD_CONFIG)


def _scenario(name: str, start: str, days: int | None, seed: int) -> Scenario:
    try:
        first = date.fromisoformat(start) if start else None
    except ValueError:
        complain(f"--start {start}: not a date like 2018-02-01")
        raise typer.Exit(Exit.BAD_CONFIG) from None
    try:
        return load(name, start=first, days=days, seed=seed)
    except ScenarioError as unknown:
        complain(str(unknown))
        raise typer.Exit(Exit.BAD_CONFIG) from None
