"""HTTP by hand, so that a test can say exactly what a browser or an attacker would."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from bot.console.sessions import COOKIE


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def exchange(port: int, raw: bytes) -> Answer:
    """Send ``raw`` and read until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        await writer.drain()
        return parsed(await reader.read())
    finally:
        writer.close()


def parsed(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    return Answer(int(first.split()[1]) if first else 0, headers, body)


def request(port: int, method: str, path: str, body: bytes = b"", **headers: str | None) -> bytes:
    """As a browser on the console's own page sends it; a header given as None is left out.

    Keyword names stand for header names with ``_`` for ``-``.
    """
    sent: dict[str, str | None] = {"host": f"127.0.0.1:{port}", "connection": "close"}
    if method not in ("GET", "HEAD"):
        sent |= {
            "origin": f"http://127.0.0.1:{port}",
            "content-type": "application/json",
            "content-length": str(len(body)),
            "sec-fetch-site": "same-origin",
        }
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in sent.items() if value is not None]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1") + body


async def ask(port: int, method: str, path: str, body: Any = None, **headers) -> Answer:
    encoded = b"" if body is None else json.dumps(body).encode()
    return await exchange(port, request(port, method, path, encoded, **headers))


async def log_in(port: int, token: str) -> dict[str, str]:
    """The headers of somebody who is in: cookie and proof of origin."""
    answer = await ask(port, "POST", "/api/login", {"secret": token})
    assert answer.status == 200, answer
    cookie = answer.headers["set-cookie"].partition(";")[0]
    assert cookie.startswith(f"{COOKIE}=")
    session = await ask(port, "GET", "/api/session", cookie=cookie)
    return {"cookie": cookie, "x_csrf_token": session.json["csrf"]}
