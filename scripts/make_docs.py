"""Writes the pages of docs/ that repeat the code; --check only compares.

Defaults, units and reasons live beside the code that reads them: a field's description, or the
comment behind it. These pages repeat them for people who do not read code; a test keeps them true.
"""

import argparse
import ast
import inspect
import io
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import log_meanings
from bot.approvals.refusals import MEANINGS, Refusal
from bot.logs import LogEvent
from bot.telemetry.page import topics_page
from config.settings import PREFIX, Section, Settings
from engine.guards import GUARDS
from engine.invariants import INVARIANTS
from risk.alerts import ALERT_RULES
from sim.gateway.faults.catalogue import faults_page
from sim.gateway.faults.fault import Fault

sys.path.insert(0, str(Path(__file__).parent))  # tests load this file by its path
from method_pages import cell, denials_page, methodology_page, rules_page

DOCS = Path(__file__).parents[1] / "docs"
NOTICE = (
    "<!-- Written by scripts/make_docs.py from the code: edit there, then run `make docs`. -->\n"
)


def comments(kind: type) -> dict[int, str]:
    """Comments in a class's source by line number, counted from its first line."""
    lines = io.StringIO(inspect.getsource(kind)).readline
    return {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(lines)
        if token.type == tokenize.COMMENT
    }


def parameter_rows(kind: Any) -> Iterator[tuple[str, str, str]]:
    """Name, default and remark of each field of a parameter dataclass; headings have no default."""
    found = comments(kind)
    tree = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(tree, ast.ClassDef)
    defaults = {item.name: item.default for item in fields(kind)}
    previous = 0
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            for line in range(previous + 1, node.lineno):
                if line in found:
                    yield found[line], "", ""
            name = node.target.id
            yield name, shown(defaults[name]), found.get(node.end_lineno or node.lineno, "")
        previous = node.end_lineno or node.lineno


def shown(value: Any) -> str:
    """A default as it would be written in the profile."""
    if value is None or value is MISSING:
        return "unset"
    if isinstance(value, SecretStr | str | Path) or hasattr(value, "isoformat"):
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        return f'`"{text}"`'
    if isinstance(value, tuple):
        return "`[" + ", ".join(str(part) for part in value) + "]`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


def parameter_table(section: str, kind: type) -> list[str]:
    lines = [
        f"## [{section}]",
        "",
        *paragraphs(kind),
        "| key | default | meaning |",
        "|---|---|---|",
    ]
    for name, default, remark in parameter_rows(kind):
        if default:
            lines.append(f"| `{name}` | {default} | {cell(remark)} |")
        else:
            lines.append(f"| **{cell(name)}** | | |")
    return [*lines, ""]


def paragraphs(kind: type) -> list[str]:
    """A class's docstring as Markdown, its double backquotes turned into single ones."""
    return [(inspect.getdoc(kind) or "").replace("``", "`"), ""]


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        NOTICE,
        "A profile is a TOML file; `condorbot run --config FILE` reads it. Its tables are below.",
        f"Any key can be set in the environment instead: `{PREFIX}BROKER__PORT=4004` sets `port`",
        "in `[broker]`; lists are JSON there. The environment wins. Unknown keys are refused.",
        "The rules' own numbers (`[condor]`, `[hedge]`, `[limits]`, `[regime]`) are in",
        "[limits.md](limits.md).",
        "",
    ]
    for section, info in Settings.model_fields.items():
        kind = info.annotation
        if not (isinstance(kind, type) and issubclass(kind, Section)):
            continue
        lines += [
            f"## [{section}]",
            "",
            *paragraphs(kind),
            "| key | default | meaning |",
            "|---|---|---|",
        ]
        for name, item in kind.model_fields.items():
            lines.append(f"| `{name}` | {shown(item.default)} | {cell(item.description or '')} |")
        lines.append("")
    return "\n".join(lines)


def limits_page() -> str:
    lines = [
        "# Limits and parameters of the rules",
        "",
        NOTICE,
        "Every number a rule reads, with its default. A profile's table of that name can set it.",
        "",
    ]
    for section, info in Settings.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and not issubclass(kind, Section):
            lines += parameter_table(section, kind)
    lines += [
        "Why an order is denied: [denials.md](denials.md).",
    ]
    return "\n".join([*lines, ""])


def events_page() -> str:
    lines = [
        "# Log events",
        "",
        NOTICE,
        "Each log line is one event with fields. Every line has `ts` (UTC), `level`, `event`,",
        "`run_id` and `config_hash` besides its own. `...` stands for more fields: the inputs of a",
        "decision, counts by reason. A decision is named by its place in the journal,",
        "`batch.position`; an order by `order_ref` and the broker's `perm_id`. These are all there",
        "are:",
        "",
        "| event | level | fields | meaning |",
        "|---|---|---|---|",
    ]
    for event in LogEvent:
        level, fields, text = log_meanings.MEANINGS[event]
        named = ", ".join(name if name == "..." else f"`{name}`" for name in fields.split())
        lines.append(f"| `{event}` | {level} | {named} | {text} |")
    return "\n".join([*lines, ""])


def faults_document() -> str:
    common = " ".join((inspect.getdoc(Fault) or "").replace("``", "`").split())
    lines = [
        "# What the simulated gateway can do wrong",
        "",
        NOTICE,
        "Each switch makes the gateway misbehave as a real one has been seen to. On the command",
        "line of `condorbot gateway` and `condorbot demo`, any number of times:",
        "",
        "```console",
        "$ condorbot demo --fault drop=rst,at=10:30 --fault reject=201,times=1",
        "$ condorbot gateway --faults FILE.toml",
        "```",
        "",
        "The switch's own arguments are given by position or by name. A file has one table each:",
        "",
        "```toml",
        "[[fault]]",
        'name = "servers_lost"',
        'at = "11:00"',
        "for_s = 120",
        "code = 1101",
        "```",
        "",
        'In tests: `server.arm(Drop(how="rst", at=3600))`; what has struck how often is counted on',
        "the returned objects. Everything is seeded and happens in simulated time.",
        "",
        f"Common arguments. {common}",
        "",
        "Letters in the last column: A connection and session, B reconciliation, C market data,",
        "D orders.",
        "",
        faults_page(),
    ]
    return "\n".join(lines)


def invariants_page() -> str:
    lines = [
        "# Invariants",
        "",
        NOTICE,
        "What must hold whatever the rules decide. The core looks at these before anything leaves,",
        "and at those marked *always* at every clock tick too. One that breaks throws away the",
        "decisions of that moment, halts trading and raises a critical alert; only an operator's",
        "resume ends the halt.",
        "",
        "| id | invariant | looked at | checker in engine/invariants.py |",
        "|---|---|---|---|",
    ]
    for rule in INVARIANTS:
        when = "always" if rule.always else "before sending"
        lines.append(f"| {rule.id} | {rule.sentence} | {when} | `{rule.checker.__name__}` |")
    lines += [
        "",
        "Each has a bug planted against it in `tests/engine/test_invariants.py`, and is seen to",
        "catch it.",
        "",
        "Kept outside the core, by an assertion that is always on:",
        "",
        "| id | invariant | kept by | a breach | planted bug |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {g.id} | {g.sentence} | `{g.kept_by}` | {g.then} | `{g.planted}` |" for g in GUARDS
    ]
    return "\n".join([*lines, ""])


def alerts_page() -> str:
    lines = [
        "# Alerts",
        "",
        NOTICE,
        "Raised once when a condition begins and cleared once when it ends; in the log, and on",
        "MQTT under `alerts/<code>`. Conditions are looked at every minute; a halt, an uncertain",
        "order, a difference to the broker's record, something foreign there and hanging legs at",
        "once.",
        "",
        "| code | severity | when |",
        "|---|---|---|",
    ]
    for code, severity, rule in ALERT_RULES:
        when = " ".join((inspect.getdoc(rule) or "").split())
        lines.append(f"| `{code}` | {severity} | {cell(when)} |")
    lines.append(
        "| `invariant_<id>` | critical | The invariant of that id is broken: "
        "[invariants.md](invariants.md). Trading is halted. |"
    )
    lines += [
        "| `rule_<name>` | warning | The rule of that name in [rules.md](rules.md) votes so. |",
        "| `rule_self-test` | critical | A rule fails its own example: nothing is opened. |",
        "| `shadow_off` | warning | Books on paper failed: off until the next start. |",
        "| `rules_unknown` | info | Operator's rules lack data and vote for the safe side. |",
    ]
    return "\n".join([*lines, ""])


def refusals_page() -> str:
    lines = [
        "# Why a command is refused",
        "",
        NOTICE,
        "The rules of [approvals](approvals.md) in the order in which they are looked at; the",
        "first that is not kept is the answer, in log, journal and on `answers`.",
        "",
        "| code | meaning |",
        "|---|---|",
    ]
    lines += [f"| `{code}` | {MEANINGS[code]} |" for code in Refusal]
    return "\n".join([*lines, ""])


PAGES = {
    "topics.md": lambda: topics_page(NOTICE),
    "refusals.md": refusals_page,
    "alerts.md": alerts_page,
    "invariants.md": invariants_page,
    "settings.md": settings_page,
    "limits.md": limits_page,
    "events.md": events_page,
    "faults.md": faults_document,
    "denials.md": lambda: denials_page(NOTICE),
    "rules.md": lambda: rules_page(NOTICE),
    "methodology.md": lambda: methodology_page(NOTICE),
}


def stale() -> list[str]:
    """Names of pages that are not what the code says."""
    return [
        name
        for name, page in PAGES.items()
        if not (DOCS / name).is_file() or (DOCS / name).read_text(encoding="utf-8") != page()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    old = stale()
    if parser.parse_args().check:
        for name in old:
            print(f"docs/{name} is not what the code says: run `make docs`", file=sys.stderr)
        return 1 if old else 0
    for name in old:
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
