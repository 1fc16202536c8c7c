"""Log lines read back: which of them are wanted, and in what form. Knows not where they lie."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import orjson

from bot.logs import printable

Line: TypeAlias = Mapping[str, Any]

LEVELS = ("debug", "info", "warning", "error", "critical")
LINE_BYTES_MAX = 1 << 20
_ORDER_FIELDS = ("order_ref", "order_id", "perm_id", "exec_id", "placed", "asked", "moved",
                 "canceled", "about", "perm_ids")  # fmt: skip
_FIRST = ("ts", "level", "event")
_SAME_ON_ALL = ("run_id", "config_hash")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Every filter that is set must hold. ``since`` is inclusive, ``until`` exclusive."""

    order: str = ""  # a reference, an order id, a permanent id or an execution id
    decision: str = ""  # batch.position, or a topic and what is below it
    level: str = "debug"  # and above
    event: str = ""  # a name, or the part before a dot
    run: str = ""
    text: str = ""  # anywhere in the line
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, line: Line) -> bool:
        return (
            _rank(line) >= LEVELS.index(self.level)
            and _under(str(line.get("event", "")), self.event)
            and self.run in ("", line.get("run_id"))
            and (not self.order or _about(line, self.order))
            and (not self.decision or _decided(line, self.decision))
            and (not self.text or self.text.lower() in as_json(line).lower())
            and self._in_time(line)
        )

    def _in_time(self, line: Line) -> bool:
        if self.since is None and self.until is None:
            return True
        try:
            at = datetime.fromisoformat(str(line.get("ts")))
        except ValueError:
            return False
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def parsed(rows: Iterable[bytes]) -> Iterator[Line]:
    """One line each; what is no JSON object comes as an event of its own, so nothing is lost.

    A container runtime or journald may put words before the object; they are left out.
    """
    for row in rows:
        start = row.find(b"{")
        if start >= 0 and len(row) <= LINE_BYTES_MAX:
            try:
                line = orjson.loads(row[start:])
            except orjson.JSONDecodeError:
                line = None
            if isinstance(line, dict):
                yield line
                continue
        if text := row[:LINE_BYTES_MAX].decode("utf-8", "replace").strip():
            yield {"ts": "", "level": "info", "event": "text", "text": text}


def as_json(line: Line) -> str:
    return orjson.dumps(line).decode()


def as_text(line: Line) -> str:
    """``2018-01-16 16:04:40Z warning  order.rejected  reason=... order_ref=...`` on one line."""
    at = str(line.get("ts", "")).replace("T", " ")[:19]
    utc = f"{at}Z" if at else ""
    head = f"{utc:<20} {line.get('level', '')!s:<8} {line.get('event', '')!s}"
    hidden = (*_FIRST, *_SAME_ON_ALL)
    rest = [f"{key}={_value(value)}" for key, value in line.items() if key not in hidden]
    return printable(" ".join([head, *rest]))


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"' if re.search(r"[\s=]", value) or not value else value
    return orjson.dumps(value).decode()


def _rank(line: Line) -> int:
    level = str(line.get("level", "info")).lower()
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("error")


def _under(name: str, wanted: str) -> bool:
    return not wanted or name == wanted or name.startswith(f"{wanted}.")


def _about(line: Line, order: str) -> bool:
    for field in _ORDER_FIELDS:
        value = line.get(field)
        if value is None:
            continue
        if isinstance(value, dict):
            value = [*value.keys(), *value.values()]
        held = value if isinstance(value, list) else [value]
        if order in map(str, held):
            return True
    return False


def _decided(line: Line, decision: str) -> bool:
    """By place in the journal through the step's line; by topic through either."""
    named = [str(one).split(" ")[:2] for one in line.get("decisions", ())]
    if any(decision == place or _under(topic, decision) for place, topic in named):
        return True
    return str(line.get("event", "")).startswith("decision.") and _under(
        str(line.get("topic", "")), decision
    )
