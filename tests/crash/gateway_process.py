"""The simulated gateway as a process, with a second port that shows the broker's records.

    python -m tests.crash.gateway_process SPEED SEED [FAULT ...]

Says on its first line where it listens and what time it is; ends when its input is closed. A FAULT
is spelled as for ``condorbot gateway --fault``.
"""

import asyncio
import json
import sys
from datetime import timedelta

from bot.journal.codec import encode_contract
from config.load import session_calendar
from sim.exchange.market import Market
from sim.exchange.scenarios import load
from sim.gateway.faults.catalogue import fault_from_text
from sim.gateway.server import GatewayServer
from tests.crash.quick_loop import run

AFTER_OPEN = timedelta(minutes=30)  # the crash test has no patience for the opening
STEP_S = 10.0


def records(server: GatewayServer) -> dict[str, object]:
    """What the broker would say under oath."""
    gateway = server.gateway
    orders = [*gateway.orders.finished, *gateway.orders.live.values()]
    return {
        "orders": [(order.perm_id, order.request.order_ref, order.done) for order in orders],
        "executions": [
            fill.exec_id for _, fill in gateway.orders.executions() if fill.leg is not None
        ],
        "positions": [
            (encode_contract(held.listing.contract), held.quantity)
            for held in gateway.account.positions.values()
            if held.quantity
        ],
    }


async def serve(speed: float, seed: int, faults: list[str]) -> None:
    market = Market(load("calm-2017", days=1, seed=seed), session_calendar(), seed=seed)
    market.advance(market.starts_at + AFTER_OPEN)
    server = GatewayServer(market, seed=seed, step_s=STEP_S)
    server.arm(*(fault_from_text(text) for text in faults))

    async def show(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            writer.write(json.dumps(records(server)).encode() + b"\n")
            await writer.drain()
        writer.close()

    loop = asyncio.get_running_loop()
    began = {"now": server.now().isoformat(), "loop_s": loop.time(), "speed": speed}
    port = await server.start("127.0.0.1", 0)
    window = await asyncio.start_server(show, "127.0.0.1", 0, limit=1 << 20)
    began |= {"port": port, "records": window.sockets[0].getsockname()[1]}
    print(json.dumps(began), flush=True)
    moving = asyncio.ensure_future(server.run())
    closed = loop.run_in_executor(None, sys.stdin.read)
    await asyncio.wait([moving, closed], return_when=asyncio.FIRST_COMPLETED)
    if moving.done():
        moving.result()
    moving.cancel()
    window.close()
    await server.close()


if __name__ == "__main__":
    run(serve(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]), float(sys.argv[1]))
