"""A gateway process that says as much as its client can hear; the other half of wire.py.

It is the simulated gateway with a market that stands still. Once a client holds 100 lines, two
complete rounds of updates for them (all quotes up a tick, all down a tick) are recorded from the
gateway itself and sent over and over: as fast as the client takes them (``flood``), or at a given
rate (``pace``). In ``pace`` mode one line is marked now and then with a bid never seen before, and
the time until the client's order at that price arrives is measured. Buffers are kept short, so that
what has been written has very nearly been read.

    python benchmarks/flood.py PORT_FILE flood|pace SECONDS [MESSAGES_PER_S]

Prints one line of JSON when done.
"""

import asyncio
import json
import socket
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from config.load import session_calendar
from sim.exchange.market import Market
from sim.exchange.quotes import MarketQuote
from sim.exchange.scenarios import load
from sim.gateway import ticks
from sim.gateway.order_request import OrderRequest
from sim.gateway.server import Connection, GatewayServer
from sim.gateway.settings import GatewaySettings

LINES = 100
WARM_UP_S = 2.0
BUFFER = 1 << 18  # bytes; about 10,000 ticks
REFILL_S = 0.002
BURST_S = 0.02
MARK_EVERY = 4  # bursts; about twelve orders a second, well under any limit
MARK_PRICE = 40.0  # marked bids lie above this, where no quote of the demo market is


class Seesaw:
    """The market of one instant; every quote is a tick higher while ``up``."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.up = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._market, name)

    def advance(self, now: object) -> None:
        """Stands still: this measures the wire, not the market model."""

    def quotes(self, con_ids: Sequence[int]) -> list[MarketQuote]:
        found = self._market.quotes(con_ids)
        return [_lifted(quote) for quote in found] if self.up else found


def _lifted(quote: MarketQuote) -> MarketQuote:
    bid, ask, last = (
        None if price is None else round(price + 0.05, 2)
        for price in (quote.bid, quote.ask, quote.last)
    )
    return quote._replace(bid=bid, ask=ask, last=last)


def frames(blob: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(blob):
        end = at + 4 + int.from_bytes(blob[at : at + 4], "big")
        found.append(blob[at:end])
        at = end
    return found


async def loaded(server: GatewayServer) -> Connection:
    """The first connection that holds all its lines."""
    while True:
        await asyncio.sleep(0.02)
        server.flush()
        for connection in server._connections:
            if len(connection.session.quotes._lines) >= LINES:
                await asyncio.sleep(1.0)  # whatever else the client asks at its start
                server.flush()
                return connection


def record(server: GatewayServer, venue: Seesaw, connection: Connection, *, up: bool) -> bytes:
    """What the gateway says when every quote moves."""
    venue.up = up
    server.gateway.step()
    return connection.session.output()


async def flood(pair: bytes, connection: Connection, seconds: float) -> dict[str, float]:
    """Messages a second that the client took, once every buffer on the way was full."""
    transport, each = connection._transport, len(frames(pair))
    assert transport is not None
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    sent, started = 0, time.perf_counter()
    counting_from = started + WARM_UP_S
    counting = False
    while (now := time.perf_counter()) < counting_from + seconds:
        if not counting and now >= counting_from:
            counting, sent, started = True, 0, now
        while transport.get_write_buffer_size() < BUFFER:
            transport.write(pair)
            sent += each
        await asyncio.sleep(REFILL_S)
    return {"messages_per_s": sent / (time.perf_counter() - started)}


async def pace(
    pair: bytes, connection: Connection, seconds: float, rate: float
) -> dict[str, float | list[float]]:
    """Latencies in ms from a marked tick leaving to the order for it arriving."""
    transport, session = connection._transport, connection.session
    assert transport is not None
    marked_at: dict[float, float] = {}
    latencies: list[float] = []
    serve = session._by_type[OrderRequest]

    def arrived(request: OrderRequest) -> None:
        sent_at = marked_at.pop(float(request.limit or 0), None)
        if sent_at is not None:
            latencies.append((time.perf_counter() - sent_at) * 1e3)
        serve(request)

    session._by_type[OrderRequest] = arrived
    queue, at = frames(pair), 0
    marked_line = next(iter(session.quotes._lines))
    bid, ask = (ticks.prefix(1, 6, marked_line, side) for side in (ticks.BID, ticks.ASK))
    burst, started = 0, time.perf_counter()
    while time.perf_counter() < started + seconds:
        wanted = round(rate * BURST_S)
        part = [queue[(at + i) % len(queue)] for i in range(wanted)]
        at = (at + wanted) % len(queue)
        if burst % MARK_EVERY == 0:
            price = round(MARK_PRICE + 0.1 * (burst // MARK_EVERY), 2)
            # The ask comes first, or the pair would be crossed and rightly not believed.
            mark = ticks.price_tick(ask, price + 0.1, 1) + ticks.price_tick(bid, price, 1)
            part.insert(wanted // 2, mark)
            marked_at[price] = time.perf_counter()
        transport.write(b"".join(part))
        burst += 1
        await asyncio.sleep(max(0.0, started + burst * BURST_S - time.perf_counter()))
    await asyncio.sleep(0.5)
    return {"latencies_ms": latencies, "unanswered": float(len(marked_at))}


async def main(announce: Callable[[str], int], mode: str, seconds: float) -> None:
    market = Market(load("volmageddon", days=2), session_calendar(), seed=1)
    market.advance(market.starts_at + timedelta(hours=2))
    venue = Seesaw(market)
    patient = GatewaySettings(messages_per_s_max=10_000)  # the client set-up is not what is timed
    server = GatewayServer(venue, seed=1, settings=patient)  # type: ignore[arg-type]  # Seesaw is one
    announce(str(await server.start(port=0)))
    connection = await asyncio.wait_for(loaded(server), 60)
    record(server, venue, connection, up=True)
    pair = b"".join(record(server, venue, connection, up=up) for up in (False, True))
    if mode == "flood":
        result: object = await flood(pair, connection, seconds)
    else:
        result = await pace(pair, connection, seconds, float(sys.argv[4]))
    print(json.dumps(result), flush=True)
    await server.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).write_text, sys.argv[2], float(sys.argv[3])))
