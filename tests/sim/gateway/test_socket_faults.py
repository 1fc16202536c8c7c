"""Faults of the connection on real sockets do what they do in memory."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sim.gateway.faults.connection_faults import Drop, RefuseConnect
from sim.gateway.faults.session_faults import DailyRestart, MovePort
from sim.gateway.server import GatewayServer
from sim.virtual_time import run, steady
from tests.sim.gateway.bench import Bench

HELLO = b"API\0\0\0\0\x09v157..176"


def on_a_socket(talk: Callable[[GatewayServer, int], Awaitable[None]]) -> None:
    async def whole() -> None:
        server = GatewayServer(Bench().market, seed=1, step_s=30.0)
        port = await server.start("127.0.0.1", 0)
        try:
            await talk(server, port)
        finally:
            await server.close()

    run(whole(), pace=steady(1000))


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HELLO)
    assert await reader.readexactly(4)
    return reader, writer


async def answers(port: int, within_s: float = 120.0) -> bool:
    """Whether somebody greets at ``port`` before so much simulated time has passed."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while loop.time() < until:
        try:
            _, writer = await connected(port)
        except OSError:
            await asyncio.sleep(1)
        else:
            writer.close()
            return True
    return False


@pytest.mark.parametrize("how", ["fin", "rst", "mid-frame"])
def test_a_cut_reaches_the_client_and_a_new_connection_is_served(how: str) -> None:
    async def talk(server: GatewayServer, port: int) -> None:
        reader, writer = await connected(port)
        server.arm(Drop(how=how))
        if how == "rst":
            with pytest.raises(ConnectionResetError):
                await reader.read()
        else:
            assert (await reader.read()).endswith(b"\0") is (how == "fin")
        writer.close()
        assert await answers(port)

    on_a_socket(talk)


def test_a_half_open_connection_says_nothing_and_does_not_end() -> None:
    async def talk(server: GatewayServer, port: int) -> None:
        reader, writer = await connected(port)
        await asyncio.sleep(5)
        server.arm(Drop(how="half-open"))
        writer.write(b"\0\0\0\x0871\x002\x001\0\0")
        read = asyncio.ensure_future(reader.read(10_000))
        await asyncio.sleep(300)
        already = read.done() and read.result()
        assert already is False or b"managed" not in already
        assert server.connections
        read.cancel()
        writer.close()

    on_a_socket(talk)


@pytest.mark.parametrize("fault", [RefuseConnect(for_s=60), DailyRestart(at=0.0, for_s=60)])
def test_refused_connections_are_accepted_again_at_the_same_port(
    fault: RefuseConnect | DailyRestart,
) -> None:
    async def talk(server: GatewayServer, port: int) -> None:
        _, writer = await connected(port)
        server.arm(fault)
        await asyncio.sleep(5)
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await connected(port)
        writer.close()
        assert await answers(port)

    on_a_socket(talk)


def test_a_gateway_that_moves_is_found_at_its_new_port() -> None:
    async def talk(server: GatewayServer, port: int) -> None:
        probe = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        new = int(probe.sockets[0].getsockname()[1])
        probe.close()
        await probe.wait_closed()
        server.arm(MovePort(port=new))
        assert await answers(new)
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await connected(port)

    on_a_socket(talk)
