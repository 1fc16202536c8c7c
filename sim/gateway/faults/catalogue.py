"""The list of all faults, and how they are written: on a command line, in a file, in the documents.

``NAME=ARGS``: arguments separated by commas, the fault's own ones by position or by name, the
common ones by name: ``reject=201,ref=condor-*,times=1``. A file has one ``[[fault]]`` table each,
with ``name`` and arguments.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, Final

from sim.gateway.faults import connection_faults as connection
from sim.gateway.faults import data_faults as data
from sim.gateway.faults import order_faults as orders
from sim.gateway.faults import outside_faults as outside
from sim.gateway.faults import report_faults as reports
from sim.gateway.faults import session_faults as session
from sim.gateway.faults import wire_faults as wire
from sim.gateway.faults.fault import Fault

SUBJECTS: Final[Mapping[str, tuple[type[Fault], ...]]] = {
    "Connections": (
        connection.Drop, connection.RefuseConnect, connection.SlowConnect, connection.HoldClientId,
        connection.OldVersion, connection.Split, connection.Coalesce, connection.HugeFrame,
    ),
    "Servers, farms and logins": (
        session.ServersLost, session.DeadLines, session.FlapFarm, session.Nightly,
        session.DailyRestart, session.Weekly2fa, session.CompetingLogin, session.ReadOnly,
        session.Notice, session.ResetOrderIds, session.MovePort,
    ),
    "Messages": (
        wire.MsgRate, wire.LineLimit, wire.HistPacing, wire.NeverAnswer, wire.LateAnswer,
        wire.Truncated, wire.Garbled, wire.DblMax, wire.UnknownMessage,
    ),
    "Market data": (
        data.Unsubscribed, data.PartlySubscribed, data.Delayed, data.StaleQuotes, data.Halt,
        data.GreeksNone, data.BadQuotes, data.LateTick, data.LineLost,
    ),
    "Orders": (
        orders.Reject, orders.Remark, orders.CancelRefused, orders.CancelNoAck, orders.Inactive,
        orders.Partial, orders.LegImbalance, orders.FillAfterCancel, orders.LateFillWhileDown,
        orders.FillNow, outside.WhatIfRefused, outside.TwinOrder,
    ),
    "Others at the account": (outside.ForeignOrder, outside.ForeignTrade),
    "Reports": (
        reports.StatusDup, reports.StatusReorder, reports.StatusMissing, reports.ExecDup,
        reports.ExecCorrection, reports.CommFirst, reports.CommMissing, reports.CommDup,
    ),
}  # fmt: skip
FAULTS: Final[Mapping[str, type[Fault]]] = {
    kind.NAME: kind for kinds in SUBJECTS.values() for kind in kinds
}
_COMMON = tuple(item.name for item in fields(Fault))
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


class FaultError(ValueError):
    """A fault that does not exist, or not so; the text says what there is."""


def fault_from_text(text: str) -> Fault:
    """``NAME`` or ``NAME=ARGS``. Raises FaultError."""
    name, _, rest = text.partition("=")
    own = _own(_kind(name.strip()))
    given: dict[str, Any] = {}
    positions = iter(own)
    for part in filter(None, (part.strip() for part in rest.split(","))):
        key, equals, value = part.partition("=")
        if not equals:
            key, value = next(positions, ""), part
        if key in given or not key:
            raise FaultError(f"{name}: {part!r} is one argument too many")
        given[key] = value
    return _made(name.strip(), given)


def faults_from_toml(text: str) -> list[Fault]:
    """Every ``[[fault]]`` table. Raises FaultError."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FaultError(f"not TOML: {error}") from None
    listed = tables.pop("fault", [])
    if tables or not isinstance(listed, list):
        raise FaultError("a file of faults has [[fault]] tables and nothing else")
    return [_made(str(one.pop("name", "")), one) for one in map(dict, listed)]


def faults_page() -> str:
    """The body of docs/faults.md."""
    lines = []
    for subject, kinds in SUBJECTS.items():
        lines += [
            f"## {subject}",
            "",
            "| switch | arguments | what the gateway does | what it imitates |",
            "|---|---|---|---|",
        ]
        for kind in kinds:
            does = " ".join((kind.__doc__ or "").replace("``", "`").split())
            shown = ", ".join(f"`{_written(item)}`" for item in _own(kind).values())
            lines.append(f"| `{kind.NAME}` | {shown} | {does} | {kind.IMITATES} |")
        lines.append("")
    return "\n".join(lines)


def _kind(name: str) -> type[Fault]:
    kind = FAULTS.get(name)
    if kind is None:
        raise FaultError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
    return kind


def _own(kind: type[Fault]) -> dict[str, "Field[Any]"]:
    """Its fields in the order in which they are declared, with those it redefines left out."""
    return {item.name: item for item in fields(kind) if item.name not in _COMMON}


def _made(name: str, given: Mapping[str, Any]) -> Fault:
    kind = _kind(name)
    known = {item.name: item for item in fields(kind)}
    unknown = [key for key in given if key not in known]
    if unknown:
        raise FaultError(f"{name}: no argument {unknown[0]!r}; it has {', '.join(known)}")
    try:
        return kind(**{key: _value(known[key], value) for key, value in given.items()})
    except (ValueError, TypeError) as wrong:
        raise FaultError(f"{name}: {wrong}") from None


def _value(item: "Field[Any]", value: Any) -> Any:
    """Text as the type of the field's default; what a file has typed must fit it."""
    if item.name == "at":
        return _number(value)
    kind: Any = type(item.default)
    if kind is bool and isinstance(value, str):
        if value.lower() not in _TRUE + _FALSE:
            raise ValueError(f"{item.name}={value} is neither true nor false")
        return value.lower() in _TRUE
    return kind(value)


def _number(value: Any) -> float | str:
    try:
        return float(value)
    except ValueError:
        return str(value)


def _written(item: "Field[Any]") -> str:
    assert item.default is not MISSING
    default = item.default
    return f"{item.name}={str(default).lower() if isinstance(default, bool) else default}"
