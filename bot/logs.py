"""Structured logs: the list of event names, and how an event becomes a line.

Decides form only. Every line is one event of ``LogEvent`` with fields; sentences live in fields.
"""

import json
import logging
import re
import sys
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping
from enum import StrEnum
from typing import Any, Literal, TextIO, TypeAlias

import orjson
import structlog

from bot.ports import Clock
from bot.repeats import Repeats

LogFormat: TypeAlias = Literal["json", "console"]
Fields: TypeAlias = MutableMapping[str, Any]


class LogEvent(StrEnum):
    """Every name an event of ours can have: dotted, lower-case, few."""

    PROCESS_STARTED = "process.started"
    PROCESS_RECOVERED = "process.recovered"
    PROCESS_STOPPING = "process.stopping"
    PROCESS_STOPPED = "process.stopped"
    PROCESS_REFUSED = "process.refused"
    PROCESS_FAILED = "process.failed"
    SHADOW_FAILED = "shadow.failed"
    PROCESS_PART_FAILED = "process.part_failed"
    CLOCK_JUMPED = "clock.jumped"
    STEP_TAKEN = "step.taken"
    JOURNAL_POISONED = "journal.poisoned"
    JOURNAL_DESK_REFUSED = "journal.desk_refused"
    BROKER_UNREACHABLE = "broker.unreachable"
    BROKER_CONNECTED = "broker.connected"
    BROKER_SYNCHRONISED = "broker.synchronised"
    BROKER_READY = "broker.ready"
    BROKER_LOST = "broker.lost"
    BROKER_MESSAGE = "broker.message"
    BROKER_ERROR = "broker.error"
    BROKER_CLIENT_ID_IN_USE = "broker.client_id_in_use"
    BROKER_CONTRACT_REFUSED = "broker.contract_refused"
    BROKER_LINES_CHANGED = "broker.lines_changed"
    BROKER_DATA_TYPE = "broker.data_type"
    BROKER_QUOTE_DISCARDED = "broker.quote_discarded"
    BROKER_FOREIGN_ORDER = "broker.foreign_order"
    BROKER_REFERENCES_UNKNOWN = "broker.references_unknown"
    BROKER_FOREIGN_POSITION = "broker.foreign_position"
    BROKER_RECONCILED = "broker.reconciled"
    BROKER_EXECUTION_CORRECTED = "broker.execution_corrected"
    BROKER_STATUS_DISTRUSTED = "broker.status_distrusted"
    BROKER_ORDER_RESOLVED = "broker.order_resolved"
    BROKER_WHAT_IF = "broker.what_if"
    DECISION_APPROVED = "decision.approved"
    DECISION_DENIED = "decision.denied"
    DECISION_SKIPPED = "decision.skipped"
    DECISION_CHANGED = "decision.changed"
    ORDER_SENT = "order.sent"
    ORDER_HELD = "order.held"
    ORDER_LIMIT_MOVED = "order.limit_moved"
    ORDER_CANCEL_SENT = "order.cancel_sent"
    ORDER_ACCEPTED = "order.accepted"
    ORDER_FILLED = "order.filled"
    ORDER_CANCELED = "order.canceled"
    ORDER_REJECTED = "order.rejected"
    ORDER_UNCERTAIN = "order.uncertain"
    ALERT_RAISED = "alert.raised"
    ALERT_CLEARED = "alert.cleared"
    TELEMETRY_CONNECTED = "telemetry.connected"
    TELEMETRY_LOST = "telemetry.lost"
    TELEMETRY_DROPPED = "telemetry.dropped"
    COMMAND_ACCEPTED = "command.accepted"
    COMMAND_REFUSED = "command.refused"
    COMMANDS_VOIDED = "command.all_voided"
    COMMAND_SPOOL_FAILED = "command.spool_failed"
    KEY_RING_TAKEN = "command.key_ring_taken"
    KEY_RING_REFUSED = "command.key_ring_refused"
    HEALTH_UNAVAILABLE = "health.unavailable"
    LISTENER_STARTED = "listener.started"
    LISTENER_UNAVAILABLE = "listener.unavailable"
    CONSOLE_LOGIN = "console.login"
    CONSOLE_LOGIN_REFUSED = "console.login_refused"
    CONSOLE_COMMAND = "console.command"
    CONSOLE_VIEWER_DROPPED = "console.viewer_dropped"
    LIBRARY_MESSAGE = "library.message"
    LOG_HELD_BACK = "log.held_back"


_ACCOUNT = re.compile(r"\b(D?[UFI])(\d{2,})(\d{3})\b")


def mask_accounts(text: str) -> str:
    """``text`` with all but the last three digits of every account number hidden."""
    return _ACCOUNT.sub(lambda hit: f"{hit[1]}{'*' * len(hit[2])}{hit[3]}", text)


# Control characters, and those that turn the direction of text: a terminal would obey them. Halves
# of characters: no encoding knows them, and a line with one in it could not be written at all.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: str, *, lines: bool = False) -> str:
    """``text`` with control characters spelled out, so that no terminal obeys them and no line
    ends where it should not; ``lines`` keeps line ends, for tracebacks.
    """

    def spelled(hit: re.Match[str]) -> str:
        kept = lines and hit[0] == "\n"
        return hit[0] if kept else hit[0].encode("unicode_escape").decode()

    return _UNPRINTABLE.sub(spelled, text)


class LogTail:
    """The newest lines, as fields, for whoever looks at the console. The oldest give way.

    Lines below the level ``quiet_below`` are kept here and written nowhere else.
    """

    def __init__(self, lines_max: int = 400, quiet_below: int = logging.NOTSET) -> None:
        self.quiet_below = quiet_below
        self._lines: deque[Fields] = deque(maxlen=lines_max)
        self.count = 0  # of all that ever came

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, fields: Fields) -> None:
        self.count += 1
        self._lines.append(dict(fields))

    def after(self, number: int, most: int) -> tuple[list[Fields], int]:
        """Lines later than ``number``, the newest ``most`` of them, and how many are missing."""
        kept = min(self.count - number, most, len(self._lines))
        newest = [self._lines[-place] for place in range(kept, 0, -1)]
        return newest, self.count - number - kept


def configure(
    log_format: LogFormat,
    *,
    clock: Clock,
    level: int = logging.INFO,
    stream: TextIO | None = None,
    tail: LogTail | None = None,
    **bound: str,
) -> None:
    """Send every event, ours and the libraries', to ``stream`` (stdout) as one line each.

    ``bound`` (run_id, config_hash) is on every line. Times come from ``clock``. Calling it again
    replaces the previous set-up.
    """
    out = sys.stdout if stream is None else stream
    repeats = Repeats()
    shared: list[Callable[[Any, str, Fields], Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamp(clock),
        _bind(bound),
        structlog.processors.format_exc_info,
        _mask,
        *(() if tail is None else (_copy_to(tail),)),
    ]
    render = _json_line if log_format == "json" else _console(out)
    structlog.configure(
        processors=[_rate_limited(repeats, clock), *shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(
        lambda record: repeats.admits(LogEvent.LIBRARY_MESSAGE, record.name, clock.now())
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_name_library, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))  # libraries talk a lot; what they warn of, we keep


def _rate_limited(repeats: Repeats, clock: Clock) -> Callable[[Any, str, Fields], Fields]:
    """Drops what repeats too often; before another line, says how much was dropped."""

    def admit(_logger: Any, _method: str, fields: Fields) -> Fields:
        now = clock.now()
        for held in repeats.over(now):
            structlog.get_logger().warning(
                LogEvent.LOG_HELD_BACK, of=held.event, code=held.code, lines=held.count
            )
        if not repeats.admits(fields["event"], fields.get("code", ""), now):
            raise structlog.DropEvent
        return fields

    return admit


def _stamp(clock: Clock) -> Callable[[Any, str, Fields], Fields]:
    def add_time(_logger: Any, _method: str, fields: Fields) -> Fields:
        fields["ts"] = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return fields

    return add_time


def _bind(bound: dict[str, str]) -> Callable[[Any, str, Fields], Fields]:
    def add_bound(_logger: Any, _method: str, fields: Fields) -> Fields:
        for key, value in bound.items():
            fields.setdefault(key, value)
        return fields

    return add_bound


def _mask(_logger: Any, _method: str, fields: Fields) -> Fields:
    for key, value in fields.items():
        if not key.startswith("_"):
            fields[key] = _told(value, lines=key == "exception")
    return fields


def _told(value: Any, *, lines: bool = False) -> Any:
    """``value`` without account numbers and control characters, inside lists and tables too."""
    if isinstance(value, str):
        return printable(mask_accounts(value), lines=lines)
    if isinstance(value, Mapping):
        return {_told(_key(key)): _told(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_told(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return printable(mask_accounts(str(value)))


def _key(key: Any) -> Any:
    return key if key is None or isinstance(key, str | bool | int | float) else str(key)


def _copy_to(tail: LogTail) -> Callable[[Any, str, Fields], Fields]:
    def copy(_logger: Any, _method: str, fields: Fields) -> Fields:
        tail.add({key: value for key, value in fields.items() if not key.startswith("_")})
        if logging.getLevelNamesMapping().get(fields["level"].upper(), 0) < tail.quiet_below:
            raise structlog.DropEvent
        return fields

    return copy


def _name_library(_logger: Any, _method: str, fields: Fields) -> Fields:
    record = fields.get("_record")
    fields["text"] = fields.get("event", "")
    fields["event"] = LogEvent.LIBRARY_MESSAGE.value
    fields["library"] = record.name if isinstance(record, logging.LogRecord) else "?"
    return fields


def _json_line(_logger: Any, _method: str, fields: Fields) -> str:
    """What the quick encoder refuses, such as a number beyond 64 bits, the slow one can write."""
    first = {key: fields.pop(key) for key in ("ts", "level", "event") if key in fields}
    line = {**first, **fields}
    try:
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:
        return json.dumps(_plain(line), default=str)


def _plain(value: Any) -> Any:
    """Keys as text, as any encoder takes them."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _console(out: TextIO) -> Callable[[Any, str, Fields], str]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=out.isatty(), pad_event_to=26, timestamp_key="ts", sort_keys=False
    )

    def render(logger: Any, method: str, fields: Fields) -> str:
        for noise in ("run_id", "config_hash"):  # the same on every line: only machines want them
            fields.pop(noise, None)
        return str(renderer(logger, method, fields))

    return render
