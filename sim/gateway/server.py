"""The gateway on an event loop: accepts clients, moves the market, writes what the sessions say.

The only module of the gateway that awaits. Time is the loop's: under a VirtualTimeLoop everything
happens in simulated time, whatever that costs in real time.
"""

import asyncio
import math
import socket
import struct
from collections.abc import Callable
from datetime import datetime, timedelta

from sim.gateway.faults.director import Director
from sim.gateway.faults.fault import Armed, Fault
from sim.gateway.framing import frame, message
from sim.gateway.gateway import Gateway, OutgoingFilter
from sim.gateway.session import Session
from sim.gateway.settings import GatewaySettings
from sim.gateway.venue import Venue
from sim.virtual_time import VirtualTimeLoop

_CLOSED_STEP_S = (
    300.0  # nights cost little; openings lie on multiples of it if the start is an opening
)

_NO_LINGER = struct.pack("ii", 1, 0)  # on, for no seconds: closing resets the connection


class GatewayServer:
    """One gateway with any number of ways in; ``run`` keeps its market moving.

    The market stands at its ``now`` when the server is made, and the loop's time is counted from
    there.
    """

    def __init__(
        self, market: Venue, *, seed: int, account: str | None = None, step_s: float = 1.0,
        settings: GatewaySettings | None = None,
    ) -> None:  # fmt: skip
        if settings is None:
            settings = GatewaySettings(account=account) if account else GatewaySettings()
        elif account is not None and account != settings.account:
            raise ValueError("two different accounts")
        if not step_s > 0:
            raise ValueError(f"a step of {step_s} s")
        self._loop = asyncio.get_running_loop()
        self._epoch = market.now - timedelta(seconds=self._loop.time())
        self._step_s = step_s
        self._match_at = math.inf
        self._order_arrived = asyncio.Event()
        self._connections: dict[Connection, None] = {}
        self._servers: list[asyncio.Server] = []
        self.client_connected = asyncio.Event()
        self._in_memory: list[tuple[str, int]] = []
        self._listening: list[tuple[str, int]] = []  # on sockets
        self._refusing = False
        self._reopening: set[asyncio.Task[None]] = set()
        self.gateway = Gateway(market, settings, seed=seed, now=self.now)
        self.gateway.order_arrived = self._on_order
        self.director = Director(self, seed=seed)

    def now(self) -> datetime:
        """Simulated UTC, in whole milliseconds."""
        return self._epoch + timedelta(milliseconds=round(self._loop.time() * 1000))

    def set_outgoing_filter(self, outgoing: OutgoingFilter | None) -> None:
        """See ``session``: one more place where faults come in."""
        self.gateway.outgoing = outgoing

    def arm(self, *faults: Fault) -> list[Armed]:
        """Let these go wrong from now on; see ``faults.catalogue``."""
        return self.director.arm(*faults)

    @property
    def connections(self) -> list["Connection"]:
        """Everybody who is connected, whether they have said who they are or not."""
        return list(self._connections)

    @property
    def time(self) -> float:
        return self._loop.time()

    def call_later(self, seconds: float, what: Callable[[], None]) -> None:
        self._loop.call_later(seconds, what)

    def refuse_connections(self) -> None:
        """Stop listening, but keep those who are connected."""
        self._refusing = True
        for host, port in self._in_memory:
            assert isinstance(self._loop, VirtualTimeLoop)
            self._loop.unlisten(host, port)
        for server in self._servers:
            server.close()

    def accept_connections(self) -> None:
        """Listen again where it was listened before."""
        if not self._refusing:
            return
        self._refusing = False
        for host, port in self._in_memory:
            assert isinstance(self._loop, VirtualTimeLoop)
            self._loop.listen_in_memory(host, port, self.connection)
        if self._listening:
            task = asyncio.ensure_future(self._listen_again())
            self._reopening.add(task)
            task.add_done_callback(self._reopening.discard)

    def move(self, port: int) -> None:
        """Listen at ``port`` instead, on every address; those who are connected stay."""
        self.refuse_connections()
        self._in_memory = [(host, port) for host, _ in self._in_memory]
        self._listening = [(host, port) for host, _ in self._listening]
        self.accept_connections()

    async def _listen_again(self) -> None:
        self._servers = [
            await self._loop.create_server(self.connection, host, port)
            for host, port in self._listening
        ]

    def connection(self) -> "Connection":
        """A protocol for one client; the factory for any kind of transport."""
        return Connection(self)

    async def start(self, host: str = "127.0.0.1", port: int = 4002) -> int:
        """Listen on a socket; the port, which the system chooses if it is 0. Raises OSError if it
        is taken.
        """
        server = await self._loop.create_server(self.connection, host, port)
        self._servers.append(server)
        found: int = server.sockets[0].getsockname()[1]
        self._listening.append((host, found))
        if self._refusing:
            server.close()
        return found

    def start_in_memory(self, host: str = "127.0.0.1", port: int = 4002) -> None:
        """Listen for connections made on this very loop, without sockets. Raises OSError if it is
        taken.
        """
        assert isinstance(self._loop, VirtualTimeLoop), (
            "in-memory connections need a VirtualTimeLoop"
        )
        self._loop.listen_in_memory(host, port, self.connection)
        self._in_memory.append((host, port))
        if self._refusing:
            self._loop.unlisten(host, port)

    async def run(self) -> None:
        """Move the market at every whole multiple of the step, and meet new orders in between;
        until canceled.
        """
        while True:
            now = self._loop.time()
            step_s = self._step_s
            if not self.gateway.market_open:
                step_s = max(step_s, _CLOSED_STEP_S)
            next_step = (math.floor(now / step_s + 1e-9) + 1) * step_s
            await self._wait_until(next_step)
            if self._loop.time() >= next_step - 1e-9:
                self._match_at = math.inf
                self.gateway.step()
            elif self._loop.time() >= self._match_at - 1e-9:
                self._match_at = math.inf
                self.gateway.match()
            self.flush()

    async def close(self) -> None:
        """Stop listening and end every connection."""
        for host, port in self._in_memory:
            assert isinstance(self._loop, VirtualTimeLoop)
            self._loop.unlisten(host, port)
        self._in_memory.clear()
        self._listening.clear()
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.end()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    def flush(self) -> None:
        """Write whatever sessions have to say: one write for each."""
        for connection in list(self._connections):
            connection.flush()

    def joined(self, connection: "Connection") -> None:
        self._connections[connection] = None
        self.client_connected.set()

    def left(self, connection: "Connection") -> None:
        self._connections.pop(connection, None)

    def _on_order(self) -> None:
        if math.isinf(self._match_at):
            self._match_at = self._loop.time() + self.gateway.settings.match_after_s
            self._order_arrived.set()

    async def _wait_until(self, next_step: float) -> None:
        """Until the step, or the time to match that a new order has set meanwhile."""
        while self._loop.time() < min(next_step, self._match_at) - 1e-9:
            self._order_arrived.clear()
            left = min(next_step, self._match_at) - self._loop.time()
            try:
                await asyncio.wait_for(self._order_arrived.wait(), left)
            except TimeoutError:
                return


class Connection(asyncio.Protocol):
    """Moves bytes between a transport and a session."""

    def __init__(self, server: GatewayServer) -> None:
        self._server = server
        self.session = Session(server.gateway)
        self._transport: asyncio.Transport | None = None
        self._deaf = False  # neither reads nor writes, and does not say so
        self._mute_until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.joined(self)
        self._server.director.connected(self)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self.session.receive(data)
        # What one client does may be news for another.
        self._server.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.session.disconnected()
        self._server.left(self)
        self._transport = None

    def flush(self) -> None:
        if self._transport is None or self._deaf or self._server.time < self._mute_until:
            return
        data = self.session.output()
        if data:
            for piece in self._server.director.to_wire(self, data):
                self._transport.write(piece)
        if self.session.closed:
            self._transport.close()

    def write(self, data: bytes) -> None:
        """Bytes past all faults."""
        if self._transport is not None and not self._deaf:
            self._transport.write(data)

    def stay_mute(self, seconds: float) -> None:
        """Say nothing for so long, then everything."""
        self._mute_until = self._server.time + seconds
        self._server.call_later(seconds, self.flush)

    def cut(self, how: str) -> None:
        """End it by ``fin``, ``rst``, ``mid-frame``, or ``half-open``: without the other side
        hearing of it.
        """
        if self._transport is None:
            return
        if how == "half-open":
            self._deaf = True
        elif how == "rst":
            self._reset(self._transport)
        else:
            if how == "mid-frame":
                self._transport.write(frame(message(49, 1, 1_500_000_000))[:-5])
            self._transport.close()

    def _reset(self, transport: asyncio.Transport) -> None:
        """On a socket, an end without the courtesy of a FIN: what was on its way is lost."""
        found: socket.socket | None = transport.get_extra_info("socket")
        if found is not None and found.family in (socket.AF_INET, socket.AF_INET6):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()

    def end(self) -> None:
        if self._transport is not None:
            self._transport.close()
