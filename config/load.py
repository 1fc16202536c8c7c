"""From a profile's name or a TOML file to Settings, refusing everything it does not understand.

Reports every mistake at once, each with its path and, for a misspelt key, the nearest valid one.
Knows nothing of what the values mean.
"""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, ValidationError

from config.external import monthly_series
from config.releases import ReleaseTableError, release_calendar
from config.rules import BadRules
from config.settings import PREFIX, Settings
from domain.session import SessionCalendar

_PACKAGE = Path(__file__).parent
_PROFILES = _PACKAGE / "profiles"
_SESSIONS = _PACKAGE / "data" / "xnys_sessions.json"
# Read by commands and tests directly; not settings.
_NOT_SETTINGS = frozenset({f"{PREFIX}DATA", f"{PREFIX}CONFIG"})
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_LIVE_PATHS = (("broker", "port"), ("broker", "account"))


class ConfigError(Exception):
    """The configuration cannot be used. ``errors``: one line per mistake, each with its path."""

    def __init__(self, source: str, errors: tuple[str, ...]) -> None:
        super().__init__("\n".join((f"{source}: {len(errors)} configuration error(s)", *errors)))
        self.source = source
        self.errors = errors


class LiveTradingRefused(ConfigError):
    """The configuration points at a live port or names a live account."""


def profiles() -> tuple[str, ...]:
    """Names of the profiles that come with the product."""
    return tuple(sorted(path.stem for path in _PROFILES.glob("*.toml")))


def load_settings(source: str | Path = "paper") -> Settings:
    """Settings from a profile's name or the path of a TOML file, overridden by the environment.

    ``CONDORBOT_BROKER__PORT=4004`` sets ``port`` in ``[broker]``; tuples and tables are JSON there.
    Raises LiveTradingRefused for a live port or account, ConfigError for anything else.
    """
    name, table = _read(source)
    environment = _environment(os.environ)
    errors = []
    for path, hint in list(_unknown(Settings, table)):
        errors.append(f"{'.'.join(path)}: unknown key{hint}")
        _drop(table, path)
    errors += [
        f"{_variable(path)}: unknown setting{hint}"
        for path, hint in _unknown(Settings, environment)
    ]
    refused: type[ConfigError] = ConfigError
    try:
        settings = Settings(**table)
    except ValidationError as trouble:
        for item in trouble.errors():
            if item["type"] in _UNKNOWN:
                continue  # already named above, with the nearest valid key
            path = tuple(str(part) for part in item["loc"])
            errors.append(f"{_origin(path, environment)}: {_sentence(item)}")
            if path in _LIVE_PATHS and "paper" in item["msg"]:
                refused = LiveTradingRefused
    else:
        errors += _file_errors(settings)
        errors += _rule_errors(settings)
    if errors:
        raise refused(name, tuple(errors))
    return settings


@cache
def session_calendar() -> SessionCalendar:
    """The trading sessions the product knows, from the table that comes with it."""
    table = json.loads(_SESSIONS.read_text(encoding="utf-8"))
    return SessionCalendar(
        first=_day(table["first"]),
        last=_day(table["last"]),
        closures=frozenset(map(_day, table["closures"])),
        early_closes=frozenset(map(_day, table["early_closes"])),
    )


def _rule_errors(settings: Settings) -> tuple[str, ...]:
    try:
        settings.rules.ruleset  # noqa: B018  # reading it is the check
    except BadRules as trouble:
        return trouble.errors
    return ()


def _file_errors(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the files that the settings name."""
    calendar, external = settings.calendar, settings.external
    try:
        release_calendar(calendar.releases, calendar.more_releases)
        monthly_series(external.real_exchange_rate)
        monthly_series(external.price_earnings)
    except ReleaseTableError as trouble:
        return trouble.errors
    return ()


def _read(source: str | Path) -> tuple[str, dict[str, Any]]:
    """The table behind a profile name or a path, and what to call it in messages."""
    path = Path(source)
    if str(source) in profiles():
        path = _PROFILES / f"{source}.toml"
    elif isinstance(source, str) and path.suffix == "" and not path.exists():
        known = ", ".join(profiles())
        raise ConfigError(source, (f"no such profile or file: {source} (profiles: {known})",))
    try:
        return str(source), tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as trouble:
        raise ConfigError(str(source), (f"cannot read {path}: {trouble.strerror}",)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as trouble:
        raise ConfigError(str(source), (f"not TOML: {trouble}",)) from None


def _environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """The names set in the environment as nested tables; pydantic-settings reads the values."""
    tree: dict[str, Any] = {}
    for name in sorted(environ):
        if name.upper().startswith(PREFIX) and name.upper() not in _NOT_SETTINGS:
            *outer, last = name.upper().removeprefix(PREFIX).lower().split("__")
            table = tree
            for part in outer:
                table = table.setdefault(part, {})
                if not isinstance(table, dict):
                    break
            else:
                table.setdefault(last, environ[name])
    return tree


def _unknown(
    kind: Any, table: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Paths of keys that ``kind`` does not have, each with a hint at the nearest that it has."""
    known = _members(kind)
    for key, value in table.items():
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.5)
            yield (
                (*path, key),
                f"; did you mean {near[0]}?" if near else f"; known here: {', '.join(known)}",
            )
        elif isinstance(value, Mapping) and _members(known[key]):
            yield from _unknown(known[key], value, (*path, key))


def _members(kind: Any) -> dict[str, Any]:
    """Field names and types of a settings class, or nothing for a plain value."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: info.annotation for name, info in kind.model_fields.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return {item.name: hints[item.name] for item in fields(kind) if item.init}
    return {}


def _drop(table: dict[str, Any], path: tuple[str, ...]) -> None:
    """Take an unknown key out, so that validation speaks only of the known ones."""
    for part in path[:-1]:
        table = table[part]
    del table[path[-1]]


def _variable(path: tuple[str, ...]) -> str:
    return PREFIX + "__".join(path).upper()


def _origin(path: tuple[str, ...], environment: Mapping[str, Any]) -> str:
    """Where a refused value came from: the variable that set it, else the path of its key."""
    found: Any = environment
    for depth, part in enumerate(path, start=1):
        if not isinstance(found, Mapping) or part not in found:
            break
        found = found[part]
        if not isinstance(found, Mapping):
            return _variable(path[:depth])
    return ".".join(path)


def _sentence(item: Mapping[str, Any]) -> str:
    """What pydantic found, without its class names and without echoing a secret."""
    text = str(item["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _day(text: str) -> date:
    return date.fromisoformat(text)
