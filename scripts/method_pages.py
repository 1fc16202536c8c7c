"""The pages about the method: the table of its rows, the reasons to refuse, the operators' rules.

``make_docs`` writes them; what they say comes from the code and from docs/methodology.toml.
"""

import tomllib
from pathlib import Path
from typing import Any

from config.rules import load_rules
from domain.denials import MEANINGS
from domain.orders import DenialCode
from engine.rulesets.facts import LEG_KEYS, NAMES

ROOT = Path(__file__).parents[1]


def denials_page(notice: str) -> str:
    core = [
        path for part in ("engine", "risk", "strategies") for path in (ROOT / part).rglob("*.py")
    ]
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in core}
    lines = [
        "# Why an order is denied, or not even proposed",
        "",
        notice,
        "The code that a decision carries in the journal, the log and `condorbot explain`. Nothing",
        "that closes or sells is ever refused for a reason that concerns opening.",
        "",
        "| code | meaning | given in |",
        "|---|---|---|",
    ]
    for code in DenialCode:
        places = sorted(name for name, text in texts.items() if f"DenialCode.{code.name}" in text)
        shown_places = ", ".join(f"`{place}`" for place in places)
        lines.append(f"| `{code}` | {MEANINGS[code]} | {shown_places} |")
    return "\n".join([*lines, ""])


def rules_page(notice: str) -> str:
    lines = [
        "# Operator rules",
        "",
        notice,
        "Beside its own rules and limits the product asks a file of rules that you can write. Each",
        "rule has a condition in [CEL](https://cel.dev), a typed language of expressions. Once a",
        "minute of the session every rule votes: BLOCK or ALERT while its condition has held for",
        "`for_s` seconds, ALLOW otherwise. One BLOCK vetoes new condors, purchases of calls, or",
        "both (`scope`), and withdraws such orders that are at work. Closing, selling and rolling",
        "are never vetoed.",
        "",
        "A rule that lacks data cannot be judged. It then votes `unknown`, which is its own `vote`",
        "where the file does not say otherwise: missing data block what a rule could have blocked.",
        "The alert `rules_unknown` names such rules, unless they then vote ALLOW. `||` and `&&`",
        "answer in spite of a missing fact where the other side decides. A condition that iterates",
        "too much is unknown as well.",
        "",
        "`example` is a set of facts on which the rule must hold: that is tried when the file is",
        "read, and on the first look of each day. A rule that is silent then shuts every door",
        "(`rule_self-test`). Mistakes of type are found when the file is read, and named.",
        "",
        "```toml",
        "[rules]                   # in the profile",
        'path = "my-rules.toml"    # instead of the rules below',
        "```",
        "",
        "```toml",
        "version = 1",
        "[[rule]]",
        'name = "no-entry-into-inversion"',
        'row = "S46"                       # of the method, or a word of your own',
        'text = "the curve is inverted"    # what logs and explanations say',
        "when = \"slope < 0.0 && regime == 'normal'\"",
        'vote = "BLOCK"',
        'scope = ["condor"]',
        "for_s = 120",
        'example = { slope = -0.5, regime = "normal" }',
        "```",
        "",
        *_facts(),
        "",
        "## The rules of the product",
        "",
        "| rule | row | votes | when |",
        "|---|---|---|---|",
    ]
    for rule in load_rules().rules:
        scope = ", ".join(rule.scope)
        votes = f"{rule.vote} ({scope}), unknown {rule.unknown}"
        lines.append(f"| {rule.name}: {rule.text} | {rule.row} | {votes} | `{cell(rule.when)}` |")
    return "\n".join([*lines, ""])


def _facts() -> list[str]:
    return [
        "## Facts",
        "",
        "Numbers are written with a decimal point (`vix > 25.0`), counts without. A fact that is",
        "missing or too old makes the conditions unknown that need it; `known['vix']` tells.",
        "",
        "| fact | type | meaning |",
        "|---|---|---|",
        *(f"| `{name}` | {item.type} | {cell(item.meaning)} |" for name, item in NAMES.items()),
        "",
        "Of each leg in `legs` and `vix_legs`:",
        "",
        "| key | unit |",
        "|---|---|",
        *(f"| `{name}` | {unit} |" for name, unit in LEG_KEYS.items()),
    ]


def methodology_page(notice: str) -> str:
    table = tomllib.loads((ROOT / "docs" / "methodology.toml").read_text(encoding="utf-8"))
    lines = [
        "# The method, row by row",
        "",
        notice.replace("the code", "docs/methodology.toml"),
        "What each row of the method means in this product, where it is decided, and the test that",
        "works it through. `tests/test_methodology.py` fails when any of these is not there.",
        "",
        "| row | what it means here | decided in | tests | default | status |",
        "|---|---|---|---|---|---|",
    ]
    for row in table["row"]:
        modules = ", ".join(f"`{name}`" for name in row["modules"]) or "nowhere"
        tests = ", ".join(f"`{path}`: {case}" for path, case in map(_case, row["tests"]))
        parts = (row["id"], row["means"], modules, tests, row["default"], row["status"])
        lines.append(f"| {' | '.join(map(cell, parts))} |")
    lines += _by_hand(table["rule"])
    lines += ["", "## Parameters", "", "| of the method | setting and default | remark |"]
    lines.append("|---|---|---|")
    for item in table["parameter"]:
        settings = ", ".join(f"`{name}` = {value}" for name, value in item["settings"].items())
        lines.append(f"| {cell(item['key'])} | {cell(settings)} | {item.get('remark', '')} |")
    return "\n".join([*lines, ""])


def _by_hand(rules: list[dict[str, Any]]) -> list[str]:
    lines = [
        "",
        "## The default rules, worked by hand",
        "",
        "Each rule with the tests that work an example of it through.",
        "",
        "| section | rule | worked in |",
        "|---|---|---|",
    ]
    for rule in rules:
        tests = ", ".join(f"`{path}`: {case}" for path, case in map(_case, rule["tests"]))
        lines.append(f"| {rule['section']} | {cell(rule['says'])} | {tests} |")
    return lines


def _case(name: str) -> tuple[str, str]:
    """The file, and its test as the sentence that it is."""
    path, _, case = name.partition("::")
    return path, case.removeprefix("test_").replace("_", " ")


def cell(text: str) -> str:
    return text.replace("|", r"\|")
