"""Every setting that is offered has a meaning, and something reads it."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from config.settings import LIVE_PORTS, Section, Settings

PACKAGES = ("bot", "domain", "engine", "risk", "sim", "strategies")


def keys() -> Iterator[tuple[str, str]]:
    for section, info in Settings.model_fields.items():
        kind: Any = info.annotation
        names = [item.name for item in fields(kind)] if is_dataclass(kind) else kind.model_fields
        yield from ((section, name) for name in names)


@pytest.fixture(scope="module")
def code() -> str:
    """All product code but the lines that only declare a field."""
    root = Path(__file__).parents[2]
    files = [path for package in PACKAGES for path in (root / package).rglob("*.py")]
    files.append(root / "config" / "load.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r"^    \w+: .*$", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize(("section", "name"), list(keys()))
def test_a_setting_is_read_by_something(code: str, section: str, name: str) -> None:
    assert re.search(rf"\b\w+\.{name}\b", code), f"[{section}] {name} has no effect"


def test_every_setting_of_the_shell_says_what_it_means() -> None:
    silent = [
        f"{section}.{name}"
        for section, info in Settings.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section)
        for name, item in info.annotation.model_fields.items()
        if not item.description
    ]
    assert silent == []


def test_settings_cannot_be_changed_once_they_are_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().broker.port = 4001  # type: ignore[misc]


def test_the_live_ports_are_those_of_gateway_tws_and_container() -> None:
    assert sorted(LIVE_PORTS) == [4001, 4003, 7496]
