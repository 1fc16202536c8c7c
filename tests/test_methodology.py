"""The table of the method is true: every module and test it names is there, and no row is open."""

import ast
import re
import tomllib
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.logs import LogEvent
from config.settings import LIVE_PORTS, PAPER_PREFIXES, Settings
from domain.signals import Signal
from engine.rulesets.facts import NAMES

ROOT = Path(__file__).parents[1]
TABLE = tomllib.loads((ROOT / "docs" / "methodology.toml").read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = TABLE["row"]
PRODUCT = ("bot", "config", "domain", "engine", "risk", "sim", "strategies", "study")
STATUS = re.compile(r"built|kept out|open: .+")


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def source(pattern: str = "*.py") -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for part in PRODUCT
        for path in sorted((ROOT / part).rglob(pattern))
    }


def test_there_are_fifty_nine_rows_each_once_and_in_order() -> None:
    assert [row["id"] for row in ROWS] == [f"S{number}" for number in range(1, 60)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_what_a_row_names_is_there(row: dict[str, Any]) -> None:
    assert set(row) == {"id", "means", "modules", "tests", "default", "status"}
    assert STATUS.fullmatch(row["status"])
    assert row["modules"] or row["status"] == "kept out"
    assert [name for name in row["modules"] if not (ROOT / name).is_file()] == []
    assert row["tests"]
    for name in row["tests"]:
        path, _, function = name.partition("::")
        assert (ROOT / path).is_file(), f"{path} is gone"
        assert function in functions(path), f"{name} is gone"


def test_every_rule_is_worked_by_hand_and_every_worked_example_is_of_a_rule() -> None:
    """Sections 4.1 to 4.7 in order; no test of tests/golden is left unnamed."""
    rules = TABLE["rule"]
    sections = [rule["section"] for rule in rules]
    assert sections == sorted(sections)
    assert set(sections) == {f"4.{number}" for number in range(1, 8)}
    named = {name for entry in (*rules, *ROWS) for name in entry["tests"]}
    for name in (name for rule in rules for name in rule["tests"]):
        path, _, function = name.partition("::")
        assert function in functions(path), f"{name} is gone"
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "golden").glob("test_4*.py")}
    worked = {
        f"{path}::{function}"
        for path in files
        for function in functions(path)
        if function.startswith("test_")
    }
    assert sorted(worked - named) == []


def test_no_row_is_open() -> None:
    assert {row["id"]: row["status"] for row in ROWS if row["status"].startswith("open")} == {}


def defaults() -> dict[str, object]:
    """Every parameter of the rules with its default, as a profile would write it."""
    found: dict[str, object] = {}
    for section, info in Settings.model_fields.items():
        kind = info.annotation
        if is_dataclass(kind):
            for field in fields(kind):
                found[f"{section}.{field.name}"] = plain(getattr(info.default, field.name))
    return found


def plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def test_every_parameter_of_the_method_has_its_setting_and_default() -> None:
    known = defaults()
    keys = [parameter["key"] for parameter in TABLE["parameter"]]
    assert len(keys) == len(set(keys)) == 29
    for parameter in TABLE["parameter"]:
        assert parameter["settings"] or parameter["remark"]
        for name, value in parameter["settings"].items():
            assert name in known, f"{parameter['key']}: no setting {name}"
            assert known[name] == value, f"{name} is {known[name]!r}"


FORBIDDEN = {
    "S39": r"\b(headlines?|market[ _-]?cap(italisation|italization)?|news[ _-]?(feed|wire|api)|"
    r"reqNews\w*|sentiment)\b",
    "S40": r"\bIPOs?\b|\binitial public offering",
    "S45": r"\b(blockchain|on[ _-]chain|ethereum|bitcoin|web3|defi|smart contract|"
    r"cryptocurrenc\w*)\b",
}


@pytest.mark.parametrize(("row", "words"), FORBIDDEN.items())
def test_nothing_of_what_was_to_stay_out_came_in(row: str, words: str) -> None:
    found = [
        f"{name}: {match[0]}"
        for name, text in source().items()
        if (match := re.search(words, text, re.IGNORECASE)) and not name.startswith("sim/gateway")
    ]
    assert found == [], row
    inputs = [*NAMES, *Signal, *defaults(), *LogEvent]
    assert [name for name in inputs if re.search(words, str(name), re.IGNORECASE)] == []
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(r"(?m)^(web3|eth[-_]|newsapi|textblob|nltk)", lock) is None


PROMISES = re.compile(
    r"\b((guaranteed|risk[- ]free|assured|certain|sure) (profit|return|income|gain|win)s?|"
    r"sure thing|cannot lose|can't lose|never loses?|will (earn|profit|make money)|"
    r"(promises?|guarantees?) (you|profit|return|income|gain)s?)\b",
    re.IGNORECASE,
)


def test_no_output_promises_anything() -> None:
    texts = {
        **{name: literal for name, text in source().items() for literal in [literals(text)]},
        **{str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in ROOT.glob("*.md")},
        **source("*.html"),
    }
    found = [
        f"{name}: {match[0]}" for name, text in texts.items() if (match := PROMISES.search(text))
    ]
    assert found == []


def literals(text: str) -> str:
    """What a program can print: its strings, docstrings left out."""
    tree = ast.parse(text)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    strings = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    )
    return "\n".join(strings)


def test_no_setting_leads_to_a_live_account() -> None:
    assert set(PAPER_PREFIXES) <= {"DU", "DF"}
    assert {4001, 7496} <= set(LIVE_PORTS)
    names = [
        f"{section}.{name}"
        for section, info in Settings.model_fields.items()
        for name in getattr(info.annotation, "model_fields", {})
    ]
    suspicious = re.compile(r"live|real_money|unsafe|force|skip|override", re.IGNORECASE)
    assert [name for name in names if suspicious.search(name)] == []
