"""The gateway on a loop: over a real socket, in memory, and from the command line."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from ib_async import IB, Index
from typer.testing import CliRunner

from bot.cli import app
from sim.gateway.server import GatewayServer
from sim.virtual_time import run, steady
from tests.sim.gateway.bench import Bench

ROOT = Path(__file__).parents[3]


async def with_gateway(
    talk: Callable[[GatewayServer, int], Awaitable[None]], *, memory: bool, step_s: float = 30.0
) -> None:
    server = GatewayServer(Bench().market, seed=1, step_s=step_s)
    if memory:
        server.start_in_memory("gateway", 4002)
        port = 4002
    else:
        port = await server.start("127.0.0.1", 0)
    market = asyncio.create_task(server.run())
    try:
        await talk(server, port)
    finally:
        market.cancel()
        await server.close()


async def one_session(server: GatewayServer, port: int, *, host: str) -> tuple[float, int, int]:
    """The price an ordinary client sees, and how many sessions there are with it and after it."""
    ib = IB()
    await ib.connectAsync(host, port, clientId=3, timeout=4, raiseSyncErrors=True)
    (spx,) = await ib.qualifyContractsAsync(Index("SPX", "CBOE"))
    ticker = ib.reqMktData(spx)
    await asyncio.sleep(200)
    with_it = len(server.gateway.sessions)
    ib.disconnect()
    await asyncio.sleep(60)
    return ticker.last, with_it, len(server.gateway.sessions)


def test_ib_async_connects_in_memory_without_time_passing() -> None:
    async def talk(server: GatewayServer, port: int) -> None:
        price, with_it, after_it = await one_session(server, port, host="gateway")
        assert price > 1000
        assert (with_it, after_it) == (1, 0)

    run(with_gateway(talk, memory=True))


def test_ib_async_connects_over_a_socket() -> None:
    async def talk(server: GatewayServer, port: int) -> None:
        price, with_it, after_it = await one_session(server, port, host="127.0.0.1")
        assert price > 1000
        assert (with_it, after_it) == (1, 0)

    run(with_gateway(talk, memory=False), pace=steady(1000))


def test_a_client_of_garbage_is_cut_off_and_the_others_go_on() -> None:
    async def talk(server: GatewayServer, port: int) -> None:
        ib = IB()
        await ib.connectAsync("127.0.0.1", port, clientId=3, timeout=4)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        assert await ib.reqCurrentTimeAsync()
        ib.disconnect()

    run(with_gateway(talk, memory=False), pace=steady(1000))


def test_an_order_meets_the_market_before_the_next_step() -> None:
    """With steps of half a minute a market order still fills within seconds."""

    async def talk(server: GatewayServer, port: int) -> None:
        from ib_async import Contract, MarketOrder

        ib = IB()
        await ib.connectAsync("gateway", port, clientId=3, timeout=4)
        spy = Contract(secType="STK", symbol="SPY", exchange="SMART", currency="USD")
        await ib.qualifyContractsAsync(spy)
        trade = ib.placeOrder(spy, MarketOrder("BUY", 1))
        await asyncio.sleep(2)
        assert trade.orderStatus.status == "Filled"
        ib.disconnect()

    run(with_gateway(talk, memory=True))


def test_a_port_in_use_and_an_unknown_scenario_are_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["gateway", "--port", str(port)])
        assert (result.exit_code, f"port {port}" in result.stderr) == (2, True)
    result = CliRunner().invoke(app, ["gateway", "--scenario", "nonesuch"])
    assert result.exit_code == 2
    assert "volmageddon" in result.stderr


@pytest.mark.parametrize("speed", ["0", "-2", "fast", "nan"])
def test_a_speed_that_is_none_is_refused(speed: str) -> None:
    assert CliRunner().invoke(app, ["gateway", "--speed", speed]).exit_code == 2


def test_a_reader_who_leaves_is_not_taken_for_a_port_that_cannot_be_had() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "bot", "gateway", "--port", str(port)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False
        )
    finally:
        os.close(writer)
    assert done.returncode == 1
    assert b"cannot listen" not in done.stderr
