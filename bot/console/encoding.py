"""JSON for browsers that cannot fail, whatever strings and numbers a broker or a person sent."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import orjson


def encoded(value: Any) -> bytes:
    """JSON on one line; NaN and infinity become null. Never fails, whatever strings are in it."""
    try:
        return orjson.dumps(value, default=_number, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:  # half a surrogate pair, an integer of more than 64 bits
        return orjson.dumps(_tamed(value), default=_number)


def _tamed(value: Any) -> Any:
    """``value`` with what JSON encoders stumble over replaced by text."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(_tamed(key)): _tamed(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_tamed(inner) for inner in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, int) and value.bit_length() > 63 else value


def _number(value: Any) -> Any:
    """Decimals as numbers: the page only shows them."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)
