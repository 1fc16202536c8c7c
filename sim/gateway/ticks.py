"""Market data messages, framed: the one place where speed comes before the shape of the code."""

import math
import struct
from dataclasses import dataclass

from sim.gateway.fields import plain
from sim.gateway.framing import frame, message

# Tick types with a live and a delayed form; the delayed form is that many higher or in the table.
BID_SIZE, BID, ASK, ASK_SIZE, LAST, LAST_SIZE = 0, 1, 2, 3, 4, 5
HIGH, LOW, VOLUME, CLOSE, OPEN = 6, 7, 8, 9, 14
BID_COMPUTATION, ASK_COMPUTATION, LAST_COMPUTATION, MODEL_COMPUTATION, CUSTOM = 10, 11, 12, 13, 53
LAST_TIME, HALTED = 45, 49
DELAYED = {
    BID: 66, ASK: 67, LAST: 68, BID_SIZE: 69, ASK_SIZE: 70, LAST_SIZE: 71, HIGH: 72, LOW: 73,
    VOLUME: 74, CLOSE: 75, OPEN: 76, BID_COMPUTATION: 80, ASK_COMPUTATION: 81,
    LAST_COMPUTATION: 82, MODEL_COMPUTATION: 83, LAST_TIME: 88, HALTED: 90,
}  # fmt: skip

_LENGTH = struct.Struct(">I")
_NOT_COMPUTED, _NO_GREEK = "-1", "-2"


@dataclass(frozen=True, slots=True)
class Computation:
    """One option computation; None (or NaN) is not computed."""

    implied_vol: float | None = None
    delta: float | None = None
    price: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    underlying: float | None = None


def prefix(message_id: int, version: int, req_id: int, tick_type: int) -> bytes:
    """The constant beginning of a line's tick of one type, to be kept."""
    return b"%d\0%d\0%d\0%d\0" % (message_id, version, req_id, tick_type)


def price_tick(start: bytes, price: float, size: int, mask: int = 0) -> bytes:
    """``start`` from ``prefix(1, 6, ...)``."""
    body = b"%b%b\0%d\0%d\0" % (start, repr(price).encode(), size, mask)
    return _LENGTH.pack(len(body)) + body


def size_tick(start: bytes, size: int) -> bytes:
    """``start`` from ``prefix(2, 6, ...)``."""
    body = b"%b%d\0" % (start, size)
    return _LENGTH.pack(len(body)) + body


def generic_tick(req_id: int, tick_type: int, value: float) -> bytes:
    return frame(message(45, 6, req_id, tick_type, plain(value)))


def string_tick(req_id: int, tick_type: int, value: str) -> bytes:
    return frame(message(46, 6, req_id, tick_type, value))


def computation(req_id: int, tick_type: int, of: Computation) -> bytes:
    """All eight numbers are mandatory: -1 or -2 stands for what was not computed. Price-based."""
    return frame(
        message(
            21, req_id, tick_type, 1,
            _number(of.implied_vol, _NOT_COMPUTED), _number(of.delta, _NO_GREEK),
            _number(of.price, _NOT_COMPUTED), "0" if of.price is not None else _NOT_COMPUTED,
            _number(of.gamma, _NO_GREEK), _number(of.vega, _NO_GREEK),
            _number(of.theta, _NO_GREEK), _number(of.underlying, _NOT_COMPUTED),
        )
    )  # fmt: skip


def _number(value: float | None, missing: str) -> str:
    return missing if value is None or math.isnan(value) else repr(float(value))


def market_data_type(req_id: int, kind: int) -> bytes:
    """1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""
    return frame(message(58, 1, req_id, kind))


def request_parameters(req_id: int, min_tick: float, exchange: str) -> bytes:
    return frame(message(81, req_id, plain(min_tick), exchange, 3))


def snapshot_end(req_id: int) -> bytes:
    return frame(message(57, 1, req_id))
