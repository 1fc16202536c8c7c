"""Simulated time passes only when nothing is left to do, and bytes in memory arrive as written."""

import asyncio
import math
from typing import Any

import pytest

from sim.virtual_time import VirtualTimeLoop, run, steady


def loop() -> VirtualTimeLoop:
    found = asyncio.get_running_loop()
    assert isinstance(found, VirtualTimeLoop)
    return found


class Recorder(asyncio.Protocol):
    def __init__(self, *, echo: bool = False) -> None:
        self.log: list[Any] = []
        self.echo = echo
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.log.append("made")

    def data_received(self, data: bytes) -> None:
        self.log.append(data)
        if self.echo:
            self.transport.write(data)

    def eof_received(self) -> None:
        self.log.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.log.append(type(exc).__name__ if exc else "lost")


def test_a_year_of_sleep_takes_no_real_time() -> None:
    async def main() -> float:
        await asyncio.sleep(365 * 86400)
        return loop().time()

    assert run(main()) == pytest.approx(365 * 86400, abs=0.01)


def test_timers_fire_in_the_order_of_their_times() -> None:
    async def main() -> list[tuple[str, int]]:
        fired: list[tuple[str, int]] = []

        async def wait(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            fired.append((name, round(loop().time())))

        await asyncio.gather(wait("late", 7200), wait("soon", 1), wait("mid", 60))
        return fired

    assert run(main()) == [("soon", 1), ("mid", 60), ("late", 7200)]


def test_a_rate_limiter_that_waits_for_strictly_more_than_a_second_gets_on() -> None:
    async def main() -> int:
        began, rounds, done = loop().time(), 0, asyncio.Event()

        def again() -> None:
            nonlocal rounds
            rounds += 1
            if loop().time() - began > 1:
                done.set()
            else:
                loop().call_at(began + 1, again)

        again()
        await done.wait()
        return rounds

    assert run(main()) < 5


def test_work_in_a_thread_takes_no_simulated_time() -> None:
    async def main() -> float:
        timer = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.to_thread(sum, range(1000))
        passed = loop().time()
        timer.cancel()
        return passed

    assert run(main()) == 0.0


def test_a_real_socket_is_served_before_time_moves_on() -> None:
    async def main() -> tuple[bytes, float]:
        server = await loop().create_server(lambda: Recorder(echo=True), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"ping")
        answer = await asyncio.wait_for(reader.readexactly(4), 3600)
        passed = loop().time()
        writer.close()
        server.close()
        return answer, passed

    answer, passed = run(main(), pace=steady(1e6))
    assert answer == b"ping"
    assert passed < 3600


@pytest.mark.parametrize("speed", [0, -1, math.nan])
def test_a_speed_that_is_not_positive_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        steady(speed)


def test_bytes_in_memory_arrive_in_the_pieces_they_were_written_then_end_of_file() -> None:
    async def main() -> tuple[list[Any], list[Any]]:
        server, client = Recorder(), Recorder()
        loop().listen_in_memory("gateway", 4002, lambda: server)
        transport, _ = await loop().create_connection(lambda: client, "gateway", 4002)
        transport.write(b"one")
        transport.write(b"two")
        transport.close()
        await asyncio.sleep(0)
        await asyncio.sleep(1)
        return server.log, client.log

    theirs, ours = run(main())
    assert theirs == ["made", b"one", b"two", "eof", "lost"]
    assert ours == ["made", "lost"]


def test_an_address_that_is_not_listened_on_any_more_refuses() -> None:
    async def main() -> None:
        loop().listen_in_memory("gateway", 4002, Recorder)
        with pytest.raises(OSError, match="already"):
            loop().listen_in_memory("gateway", 4002, Recorder)
        loop().unlisten("gateway", 4002)
        with pytest.raises(ConnectionRefusedError):
            await loop().create_connection(Recorder, "gateway", 4002)
        loop().listen_in_memory("gateway", 4002, Recorder)
        transport, _ = await loop().create_connection(Recorder, "gateway", 4002)
        assert transport.get_extra_info("peername") == ("gateway", 4002)

    run(main())


def test_an_abort_is_a_reset_for_the_other_side() -> None:
    async def main() -> list[Any]:
        server, client = Recorder(), Recorder()
        loop().listen_in_memory("gateway", 4002, lambda: server)
        transport, _ = await loop().create_connection(lambda: client, "gateway", 4002)
        transport.abort()
        await asyncio.sleep(1)
        return server.log

    assert run(main()) == ["made", "ConnectionResetError"]


def test_paused_reading_loses_nothing() -> None:
    async def main() -> list[Any]:
        server = Recorder()
        loop().listen_in_memory("gateway", 4002, lambda: server)
        transport, _ = await loop().create_connection(Recorder, "gateway", 4002)
        server.transport.pause_reading()
        transport.write(b"held")
        await asyncio.sleep(1)
        assert server.log == ["made"]
        server.transport.resume_reading()
        await asyncio.sleep(1)
        return server.log

    assert run(main()) == ["made", b"held"]
