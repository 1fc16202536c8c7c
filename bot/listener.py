"""A small HTTP server on the daemon's own event loop: one application, one socket, no signals.

Knows nothing of what is served. Whoever connects and then dawdles is cut off; all of that is
counted in beats of real seconds, which under simulated time are not the loop's.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.logs import LogEvent

log = structlog.get_logger()

Pause: TypeAlias = Callable[[float], Awaitable[None]]  # for so many real seconds

BEAT_S = 1.0
RETRY_BEATS = 30  # between two attempts to take a port that somebody else holds
IDLE_BEATS_MAX = 15  # for a request to arrive, or for a closing connection to drain
CONNECTIONS_MAX = 100
HEADER_BYTES_MAX = 16 * 1024
_LAST_STEP_S, _LAST_STEPS = 0.01, 50
_NEVER = 10**9  # uvicorn's own timers run on the loop's clock; ours do not


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 takes a free one. Both files or none for TLS."""

    host: str
    port: int
    beyond_loopback: bool = False
    certificate: Path | None = None
    key: Path | None = None


class Listener(uvicorn.Server):
    """``listen`` serves until canceled. A port in use or a bad certificate cost a warning."""

    def __init__(
        self,
        name: str,
        app: ASGIApp,
        address: Address,
        *,
        pause: Pause = asyncio.sleep,
        on_beat: Callable[[], None] = lambda: None,
        on_end: Callable[[], None] = lambda: None,
        told: Callable[[str, int], None] = lambda _name, _port: None,
    ) -> None:
        super().__init__(_config(app, address))
        self.name = name
        self.address = address
        self.port = address.port
        self._pause = pause
        self._on_beat = on_beat
        self._on_end = on_end
        self._told = told
        self._idle: dict[Any, tuple[Any, int]] = {}  # connection: its last request, beats since

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The daemon's signals are not ours to take."""
        yield

    async def listen(self) -> None:
        try:
            self.config.load()
        except OSError as error:  # a certificate that is not there or none
            self._complain(error)
            await asyncio.Event().wait()
        listening = await self._taken()
        self.port = listening.getsockname()[1]
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup(sockets=[listening])
        log.info(
            LogEvent.LISTENER_STARTED,
            name=self.name,
            host=self.address.host,
            port=self.port,
            beyond_loopback=self.address.beyond_loopback,
        )
        self._told(self.name, self.port)
        try:
            while True:
                await self._pause(BEAT_S)
                self._on_beat()
                self._sweep()
        finally:
            self._on_end()
            await self._leave()

    async def _taken(self) -> socket.socket:
        """The socket, bound; waits as long as the port is not to be had."""
        told = False
        while True:
            try:
                return _bound(self.address)
            except OSError as error:
                if not told:
                    self._complain(error)
                told = True
            for _ in range(RETRY_BEATS):
                await self._pause(BEAT_S)

    def _complain(self, error: OSError) -> None:
        log.warning(
            LogEvent.LISTENER_UNAVAILABLE,
            name=self.name,
            host=self.address.host,
            port=self.address.port,
            reason=error.strerror or str(error),
        )

    async def _leave(self) -> None:
        """Take nobody new, let the others finish for half a second, cut off whoever is left."""
        for server in self.servers:
            server.close()
        for connection in tuple(self.server_state.connections):
            connection.shutdown()
        for _ in range(_LAST_STEPS):
            if not self.server_state.connections and not self.server_state.tasks:
                return
            await asyncio.sleep(_LAST_STEP_S)
        for connection in tuple(self.server_state.connections):
            assert isinstance(connection, H11Protocol)
            connection.transport.abort()
        for task in tuple(self.server_state.tasks):
            task.cancel()

    def _sweep(self) -> None:
        """Cut off whoever has not sent a whole request, or not taken the end of an answer."""
        idle: dict[Any, tuple[Any, int]] = {}
        for connection in self.server_state.connections:
            assert isinstance(connection, H11Protocol)
            request, transport = connection.cycle, connection.transport
            answering = (
                request is not None and not request.response_complete and not request.more_body
            )
            if answering and not transport.is_closing():
                continue
            last, beats = self._idle.get(connection, (None, 0))
            beats = beats + 1 if request is last else 0
            if beats > IDLE_BEATS_MAX:
                transport.abort()
            else:
                idle[connection] = (request, beats)
        self._idle = idle


def _config(app: ASGIApp, address: Address) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=_NEVER,
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
    )


def _bound(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address.host, address.port))
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made
