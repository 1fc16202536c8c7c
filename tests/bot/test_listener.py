"""A small server that minds its place in the daemon: no signals, no death by a busy port."""

import asyncio
import signal
import socket
from contextlib import closing

import structlog
from starlette.responses import PlainTextResponse

from bot.listener import RETRY_BEATS, Address, Listener
from tests.bot.console.wire import ask


async def hello(scope, receive, send):
    await PlainTextResponse("hello")(scope, receive, send)


class Beats:
    """Real seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.waiting = asyncio.Semaphore(0)
        self.asked = 0

    async def pause(self, _seconds: float) -> None:
        self.asked += 1
        await self.waiting.acquire()


async def test_it_serves_tells_its_port_and_takes_no_signals():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    port = asyncio.get_running_loop().create_future()
    listener = Listener(
        "test",
        hello,
        Address("127.0.0.1", 0),
        told=lambda name, number: port.set_result((name, number)),
    )
    serving = asyncio.ensure_future(listener.listen())
    name, number = await port
    assert (name, (await ask(number, "GET", "/")).body) == ("test", b"hello")
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    serving.cancel()
    await asyncio.wait([serving])
    assert serving.cancelled()
    with closing(socket.socket()) as probe:
        assert probe.connect_ex(("127.0.0.1", number)) != 0, "the port is free again"


async def test_a_port_somebody_holds_is_waited_for_and_told_once():
    beats, port = Beats(), asyncio.get_running_loop().create_future()
    with structlog.testing.capture_logs() as lines, closing(socket.create_server(("", 0))) as held:
        number = held.getsockname()[1]
        listener = Listener(
            "test",
            hello,
            Address("127.0.0.1", number),
            pause=beats.pause,
            told=lambda _name, found: port.set_result(found),
        )
        serving = asyncio.ensure_future(listener.listen())
        for _ in range(2 * RETRY_BEATS + 1):
            beats.waiting.release()
            await asyncio.sleep(0)
        assert not port.done()
        held.close()
        for _ in range(RETRY_BEATS):
            beats.waiting.release()
            await asyncio.sleep(0)
        assert await asyncio.wait_for(port, 5.0) == number
    serving.cancel()
    await asyncio.wait([serving])
    told = [line["event"] for line in lines]
    assert told == ["listener.unavailable", "listener.started"]


async def test_without_its_certificate_it_says_so_and_harms_nobody(tmp_path):
    address = Address("127.0.0.1", 0, certificate=tmp_path / "none.pem", key=tmp_path / "none.key")
    with structlog.testing.capture_logs() as lines:
        serving = asyncio.ensure_future(Listener("test", hello, address).listen())
        for _ in range(5):
            await asyncio.sleep(0)
    assert not serving.done()
    assert [line["event"] for line in lines] == ["listener.unavailable"]
    serving.cancel()
    await asyncio.wait([serving])


async def test_an_endless_answer_does_not_hold_up_the_end():
    async def endless(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await asyncio.Event().wait()

    port = asyncio.get_running_loop().create_future()
    listener = Listener(
        "test", endless, Address("127.0.0.1", 0), told=lambda _name, found: port.set_result(found)
    )
    serving = asyncio.ensure_future(listener.listen())
    reader, writer = await asyncio.open_connection("127.0.0.1", await port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    serving.cancel()
    _, unfinished = await asyncio.wait([serving], timeout=3.0)
    assert not unfinished
    writer.close()
