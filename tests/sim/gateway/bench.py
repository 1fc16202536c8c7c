"""A gateway with its clock in our hand, and clients on it without sockets."""

import logging
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import FrameType
from typing import Any

import ib_async
from ib_async.decoder import Decoder

from config.load import session_calendar
from sim.exchange.listings import ContractQuery, Listing
from sim.exchange.market import Market
from sim.exchange.scenarios import load
from sim.gateway.framing import FrameReader, split_fields
from sim.gateway.gateway import Gateway
from sim.gateway.session import Session
from sim.gateway.settings import GatewaySettings

ACCOUNT = "DU1234567"


class Bench:
    """Real market, real gateway; time is moved by the test."""

    def __init__(
        self, *, start: date = date(2018, 1, 16), days: int = 4, seed: int = 7,
        settings: GatewaySettings | None = None,
    ) -> None:  # fmt: skip
        scenario = load("volmageddon", start=start, days=days)
        self.market = Market(scenario, session_calendar(), seed=seed)
        self.time = self.market.now
        self.gateway = Gateway(
            self.market, settings or GatewaySettings(), seed=seed, now=lambda: self.time
        )

    def pass_time(self, seconds: float, *, step_s: float = 15.0) -> None:
        end = self.time + timedelta(seconds=seconds)
        while self.time < end:
            self.time = min(self.time + timedelta(seconds=step_s), end)
            self.gateway.step()

    def jump(self, to: datetime) -> None:
        self.time = to
        self.gateway.step()

    def option(
        self, strike: float, right: str, *, last_trade: str = "20180216", name: str = "SPXW"
    ) -> Listing:
        symbol = "VIX" if name == "VIX" else "SPX"
        query = ContractQuery(
            symbol=symbol, sec_type="OPT", last_trade=last_trade, strike=strike, right=right,
            trading_class=name,
        )  # fmt: skip
        (found,) = self.market.find(query)
        return found

    def condor(self) -> list[Listing]:
        """Long put, short put, short call, long call."""
        return [
            self.option(strike, right)
            for strike, right in ((2600, "P"), (2650, "P"), (2850, "C"), (2900, "C"))
        ]


class RawClient:
    """Sends fields, keeps the fields of every answer."""

    def __init__(self, bench: Bench, *, client_id: int = 1, version: int = 178) -> None:
        self.session = Session(bench.gateway)
        self.heard: list[list[str]] = []
        self.session.receive(hello(b"v157..%d" % version))
        self.handshake = self.listen()
        self.send(71, 2, client_id, "")

    def send(self, *fields: object) -> list[list[str]]:
        """The answers to one request."""
        body = "".join(f"{field}\0" for field in fields).encode()
        self.session.receive(struct.pack(">I", len(body)) + body)
        return self.listen()

    def listen(self) -> list[list[str]]:
        new = bodies(self.session.output())
        self.heard += new
        return new

    def codes(self) -> list[int]:
        """Error codes heard so far, notices of the farms left out."""
        found = [int(fields[3]) for fields in self.heard if fields[0] == "4"]
        return [code for code in found if code not in (2104, 2106, 2158)]


class Library:
    """The unmodified ib_async, its socket replaced by the session itself."""

    def __init__(self, bench: Bench, *, client_id: int = 1, version: int = 178) -> None:
        self.session = Session(bench.gateway)
        self.bench = bench
        self.ib = ib_async.IB()
        client = self.ib.client
        self.ib.wrapper.clientId = client_id
        client.MaxRequests = 0
        client.clientId = client_id
        client.conn.transport = self
        client.connState = client.CONNECTING
        self.session.receive(hello(b"v157..%d" % version))
        self.pump()

    def write(self, data: bytes) -> None:
        self.session.receive(data)

    def write_eof(self) -> None:
        self.session.disconnected()

    def close(self) -> None:
        self.session.disconnected()

    def pump(self) -> None:
        """Hand over what the gateway has said, and what it says to that."""
        while data := self.session.output():
            self.ib.client.conn.hasData.emit(data)

    def after(self, seconds: float = 0.0) -> None:
        if seconds:
            self.bench.pass_time(seconds)
        self.pump()


def hello(versions: bytes) -> bytes:
    return b"API\0" + struct.pack(">I", len(versions)) + versions


def bodies(data: bytes) -> list[list[str]]:
    return [split_fields(body) for body in _frames(data)]


def _frames(data: bytes) -> Iterator[bytes]:
    reader = FrameReader(limit=1 << 24)
    list(reader.feed(b"API\0"))
    yield from reader.feed(data)


class Strict:
    """Watches the decoder: a field left over or a logged error is a complaint."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.seen: set[int] = set()

    @contextmanager
    def watching(self) -> Iterator["Strict"]:
        wrap, interpret = Decoder.wrap, Decoder.interpret
        handler = _Complaints(self.complaints)
        logger = logging.getLogger("ib_async")
        logger.addHandler(handler)
        Decoder.wrap = self._counting(wrap)  # type: ignore[method-assign]
        Decoder.interpret = self._watched(interpret)  # type: ignore[method-assign]
        try:
            yield self
        finally:
            Decoder.wrap, Decoder.interpret = wrap, interpret  # type: ignore[method-assign]
            logger.removeHandler(handler)

    def _counting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def wrap(decoder: Decoder, name: str, types: list[type], skip: int = 2) -> Any:
            handler = original(decoder, name, types, skip)

            def checked(fields: list[str]) -> Any:
                if len(fields) != skip + len(types):
                    self.complaints.append(f"{name}: {len(fields)} fields")
                return handler(fields)

            return checked

        return wrap

    def _watched(self, original: Callable[..., Any]) -> Callable[..., Any]:
        names = {f.__code__ for f in vars(Decoder).values() if hasattr(f, "__code__")}

        def interpret(decoder: Decoder, fields: list[str]) -> None:
            self.seen.add(int(fields[0]))

            def watch(frame: FrameType, event: str, _result: Any) -> None:
                if event == "return" and frame.f_code in names:
                    rest = _unread(frame, fields)
                    if rest:
                        self.complaints.append(f"{frame.f_code.co_name} leaves {rest}")

            sys.setprofile(watch)
            try:
                original(decoder, fields)
            finally:
                sys.setprofile(None)

        return interpret


# These unpack their rest as one tuple, which fails unless it fits.
_WHOLE = ("tickOptionComputation", "tickByTick")


def _unread(frame: FrameType, original: list[str]) -> str:
    found, name = frame.f_locals, frame.f_code.co_name
    if "get" in found:
        count = found["get"].__self__.__length_hint__()
        return f"{count} fields" if count else ""
    rest = found.get("fields")
    if rest is original or not rest or name in _WHOLE:
        return ""
    if name == "securityDefinitionOptionParameter":
        n = found["n"]
        return "" if len(rest) == n + 1 + int(rest[n]) else "strikes"
    return str(rest[:5])


class Deaf:
    """A wrapper that takes every message and keeps nothing: for tests of the decoding alone."""

    defaultTimezone = UTC  # noqa: N815 - the library's spelling

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_: None


class _Complaints(logging.Handler):
    def __init__(self, complaints: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._complaints = complaints

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not text.startswith(("Error ", "Peer closed")) or record.exc_info:
            self._complaints.append(f"{text[:200]} {record.exc_info and record.exc_info[1]!r}")
