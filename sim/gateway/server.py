"""The gateway on an event loop: accepts clients, moves the market, writes what the sessions say.

The only module of the gateway that awaits. Time is the loop's: under a VirtualTimeLoop everything
happens in simulated time, whatever that costs in real time.
"""

import asyncio
import math
from datetime import datetime, timedelta

from sim.gateway.gateway import Gateway, OutgoingFilter
from sim.gateway.session import Session
from sim.gateway.settings import GatewaySettings
from sim.gateway.venue import Venue
from sim.virtual_time import VirtualTimeLoop

_CLOSED_STEP_S = (
    300.0  # nights cost little; openings lie on multiples of it if the start is an opening
)


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
        self.gateway = Gateway(market, settings, seed=seed, now=self.now)
        self.gateway.order_arrived = self._on_order

    def now(self) -> datetime:
        """Simulated UTC, in whole milliseconds."""
        return self._epoch + timedelta(milliseconds=round(self._loop.time() * 1000))

    def set_outgoing_filter(self, outgoing: OutgoingFilter | None) -> None:
        """See ``session``: where scripted faults come in."""
        self.gateway.outgoing = outgoing

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
        self._session = Session(server.gateway)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.joined(self)

    def data_received(self, data: bytes) -> None:
        self._session.receive(data)
        # What one client does may be news for another.
        self._server.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._session.disconnected()
        self._server.left(self)
        self._transport = None

    def flush(self) -> None:
        if self._transport is None:
            return
        data = self._session.output()
        if data:
            self._transport.write(data)
        if self._session.closed:
            self._transport.close()

    def end(self) -> None:
        if self._transport is not None:
            self._transport.close()
