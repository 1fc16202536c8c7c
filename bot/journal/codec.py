"""Events and effects to bytes and back. Pure; the only place that knows how a record is spelled.

Records are JSON with sorted sets, so that equal values have equal bytes in every process. Prices
and clock ticks are packed together per batch, contracts by number, because there are so many.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, TypeAlias, TypeGuard, get_args

import msgspec

from domain.effects import AskMargin, Effect, PlaceOrder, RecordDecision
from domain.events import ClockTicked, Event, QuoteUpdated
from domain.instruments import Contract
from domain.quotes import Quote

Fleeting: TypeAlias = QuoteUpdated | ClockTicked
EVENT_TYPES: tuple[type[Any], ...] = get_args(Event)
EFFECT_TYPES: tuple[type[Any], ...] = get_args(Effect)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encoder = msgspec.json.Encoder(order="deterministic")
_decoders = {kind.__name__: msgspec.json.Decoder(kind) for kind in (*EVENT_TYPES, *EFFECT_TYPES)}
_contract_decoder = msgspec.json.Decoder(Contract)


class UnreadableRecord(ValueError):
    """Bytes that no version of this program wrote as the kind they claim to be."""


def is_fleeting(event: Event) -> TypeGuard[Fleeting]:
    """Whether ``event`` is superseded by the next of its kind: lost, it costs only a replay."""
    return isinstance(event, QuoteUpdated | ClockTicked)


def encode(record: Event | Effect) -> tuple[str, bytes]:
    """The kind and the JSON of one record."""
    return type(record).__name__, _encoder.encode(_writable(record))


def decode(kind: str, body: bytes) -> Event | Effect:
    """The record back. Raises UnreadableRecord for an unknown kind or a body that does not fit."""
    decoder = _decoders.get(kind)
    if decoder is None:
        raise UnreadableRecord(f"no such record: {kind}")
    try:
        record: Event | Effect = decoder.decode(body)
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableRecord(f"{kind}: {error}") from error
    return record


def encode_contract(contract: Contract) -> str:
    return _encoder.encode(contract).decode()


def decode_contract(body: str) -> Contract:
    """Raises UnreadableRecord, also for what a broken file has in the place of a text."""
    try:
        return _contract_decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise UnreadableRecord(f"contract: {error}") from error


def micros(at: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def pack(fleeting: Sequence[tuple[int, Fleeting]], number_of: Callable[[Contract], int]) -> bytes:
    """Prices and ticks with their positions in the batch; contracts become numbers."""
    rows: list[tuple[Any, ...]] = []
    for position, event in fleeting:
        if isinstance(event, ClockTicked):
            rows.append((position, micros(event.at)))
            continue
        quote = event.quote
        rows.append(
            (
                position,
                micros(event.at),
                number_of(event.contract),
                micros(quote.at),
                quote.bid,
                quote.ask,
                quote.bid_size,
                quote.ask_size,
                quote.last,
                quote.close,
                quote.delayed + 2 * quote.halted,
                *(() if quote.volume is None else (quote.volume,)),  # few contracts report it
            )
        )
    return msgspec.msgpack.encode(rows)


def unpack(body: bytes, contract_of: Callable[[int], Contract]) -> list[tuple[int, Fleeting]]:
    """What ``pack`` was given."""
    events: list[tuple[int, Fleeting]] = []
    for position, at, *rest in msgspec.msgpack.decode(body):
        if not rest:
            events.append((position, ClockTicked(from_micros(at))))
            continue
        number, quoted_at, bid, ask, bid_size, ask_size, last, close, flags, *volume = rest
        quote = Quote(
            from_micros(quoted_at),
            bid,
            ask,
            bid_size,
            ask_size,
            last,
            close,
            bool(flags & 1),
            bool(flags & 2),
            volume[0] if volume else None,
        )
        events.append((position, QuoteUpdated(from_micros(at), contract_of(number), quote)))
    return events


def _writable(record: Event | Effect) -> Event | Effect:
    """JSON has no NaN: a number nobody had is left out instead of coming back as null."""
    match record:
        case RecordDecision(inputs=inputs) if not _finite(inputs):
            return replace(record, inputs=_only_finite(inputs))
        case AskMargin(order) | PlaceOrder(order) if not _finite(order.intent.inputs):
            intent = replace(order.intent, inputs=_only_finite(order.intent.inputs))
            return type(record)(replace(order, intent=intent))
        case _:
            return record


def _finite(inputs: tuple[tuple[str, float], ...]) -> bool:
    return all(isfinite(value) for _, value in inputs)


def _only_finite(inputs: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    return tuple((name, value) for name, value in inputs if isfinite(value))
