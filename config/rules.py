"""From a file of operator rules to a compiled set: parsing, type check, examples, evaluation.

Conditions are written in CEL, the Common Expression Language: typed, without loops of its own, with
a bound on how much it may iterate, and unable to do anything but answer. Knows nothing of orders.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cel_expr_python import cel

from domain.rulesets import Ballot, Facts, Rule, Scope
from engine.rulesets.facts import COUNT, FLAGS, KNOWN, LEG_KEYS, LEGS, NAMES, NUMBER, NUMBERS, TEXT

SHIPPED: Final = Path(__file__).parent / "data" / "rules.toml"
VERSION: Final = 1
_KEYS: Final = frozenset(
    {"name", "row", "text", "when", "vote", "unknown", "scope", "for_s", "example"}
)
_RULES_MAX = 200
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_TYPES: Final = {
    NUMBER: cel.Type.DOUBLE,
    COUNT: cel.Type.INT,
    TEXT: cel.Type.STRING,
    NUMBERS: cel.Type.Map(cel.Type.STRING, cel.Type.DOUBLE),
    FLAGS: cel.Type.Map(cel.Type.STRING, cel.Type.BOOL),
    LEGS: cel.Type.List(cel.Type.Map(cel.Type.STRING, cel.Type.DOUBLE)),
}


class BadRules(ValueError):
    """``errors``: one line per mistake, each with file and rule."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """Implements ``domain.rulesets.Ruleset``. Equal texts are equal rules."""

    source: str = field(compare=False)
    text: str = field(repr=False)
    digest: str
    rules: tuple[Rule, ...] = field(repr=False, compare=False)
    names: frozenset[str] = field(repr=False, compare=False)
    _env: Any = field(repr=False, compare=False)
    _conditions: tuple[Any, ...] = field(repr=False, compare=False)
    _examples: tuple[Facts, ...] = field(repr=False, compare=False)

    def __repr__(self) -> str:
        return f"CompiledRules({self.digest})"

    def __reduce__(self) -> tuple[Any, ...]:
        return compiled, (self.text, self.source)

    def judged(self, facts: Facts) -> tuple[bool | None, ...]:
        activation = _activation(self._env, facts)
        return tuple(_holds(condition, activation) for condition in self._conditions)

    def silent(self) -> tuple[str, ...]:
        return tuple(
            rule.name
            for rule, condition, facts in zip(
                self.rules, self._conditions, self._examples, strict=True
            )
            if _holds(condition, _activation(self._env, facts)) is not True
        )


def load_rules(path: Path | None = None) -> CompiledRules:
    """The rules in ``path``, or those that come with the product. Raises BadRules."""
    file = SHIPPED if path is None else path
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as trouble:
        raise BadRules([f"{file}: {trouble}"]) from None
    return compiled(text, SHIPPED.name if path is None else str(path))


@cache
def compiled(text: str, source: str) -> CompiledRules:
    """Rules from the text of a file called ``source``. Raises BadRules with every mistake in it."""
    tables = _tables(text, source)
    errors: list[str] = []
    env = cel.NewEnv(variables={name: _TYPES[item.type] for name, item in NAMES.items()})
    rules: list[Rule] = []
    conditions, examples = [], []
    for place, table in enumerate(tables, start=1):
        label = f"{source}: rule {table.get('name', place)!r}"
        try:
            rule, example = _rule(table), _example(table)
            condition = _proven(env, rule, example)
        except ValueError as trouble:
            errors.append(f"{label}: {trouble}")
            continue
        if any(rule.name == other.name for other in rules):
            errors.append(f"{label}: the name is taken")
        rules.append(rule)
        conditions.append(condition)
        examples.append(example)
    if errors:
        raise BadRules(errors)
    digest = sha256(text.encode()).hexdigest()
    used = frozenset(name for rule in rules for name in _names(rule.when))
    return CompiledRules(
        source, text, digest, tuple(rules), used, env, tuple(conditions), tuple(examples)
    )


def _tables(text: str, source: str) -> list[dict[str, Any]]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as trouble:
        raise BadRules([f"{source}: not TOML: {trouble}"]) from None
    rules = table.get("rule", [])
    if table.get("version") != VERSION:
        raise BadRules([f"{source}: version must be {VERSION}, is {table.get('version')!r}"])
    if set(table) - {"version", "rule"} or not isinstance(rules, list):
        raise BadRules([f"{source}: only `version` and `[[rule]]` are known here"])
    if len(rules) > _RULES_MAX:
        raise BadRules([f"{source}: more than {_RULES_MAX} rules"])
    return rules


def _rule(table: Mapping[str, Any]) -> Rule:
    unknown = sorted(set(table) - _KEYS)
    missing = [
        key for key in ("name", "row", "text", "when", "vote", "example") if key not in table
    ]
    if unknown or missing:
        wrong = [f"unknown key {key}" for key in unknown] + [f"{key} is missing" for key in missing]
        raise ValueError("; ".join(wrong))
    for key in ("name", "row", "text", "when"):
        if not (isinstance(table[key], str) and table[key].strip()):
            raise ValueError(f"{key} must be text")
    if not _NAME.fullmatch(table["name"]):
        raise ValueError("a name is lower-case letters, digits and hyphens")
    vote = Ballot(table["vote"])
    unknown_vote = Ballot(table.get("unknown", vote))
    scope = tuple(Scope(name) for name in table.get("scope", list(Scope)))
    seconds = table.get("for_s", 0.0)
    if vote is Ballot.ALLOW:
        raise ValueError("vote must be BLOCK or ALERT: ALLOW is what a quiet rule says")
    if not scope:
        raise ValueError("scope must not be empty")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e6:
        raise ValueError("for_s must be a number of seconds")
    return Rule(
        table["name"], table["row"], table["text"], table["when"], vote, unknown_vote, scope,
        float(seconds),
    )  # fmt: skip


def _example(table: Mapping[str, Any]) -> Facts:
    example = table["example"]
    if not isinstance(example, Mapping):
        raise ValueError("example must be a table of facts")  # noqa: TRY004  # a file's mistake
    strange = sorted(set(example) - set(NAMES))
    if strange:
        raise ValueError(f"example names {', '.join(strange)}, which no rule can see")
    return {name: _fact(name, value) for name, value in example.items()}


def _fact(name: str, value: Any) -> Any:
    """As the engine would give it: whole numbers of a TOML file are numbers here."""
    kind = NAMES[name].type
    try:
        if kind == NUMBER:
            return float(value)
        if kind == NUMBERS:
            return {str(key): float(item) for key, item in value.items()}
        if kind == LEGS:
            return tuple({str(key): float(item) for key, item in leg.items()} for leg in value)
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"example.{name} must be {kind}") from None
    fits = {COUNT: int, TEXT: str, FLAGS: dict}[kind]
    if not isinstance(value, fits) or (kind == COUNT and isinstance(value, bool)):
        raise ValueError(f"example.{name} must be {kind}")
    return value


def _proven(env: Any, rule: Rule, example: Facts) -> Any:
    condition = _compiled(env, rule.when)
    if _holds(condition, _activation(env, example)) is not True:
        raise ValueError("the condition does not hold on its own example")
    return condition


def _compiled(env: Any, when: str) -> Any:
    """Raises ValueError with the compiler's own words, on one line."""
    strange = sorted(_keys_of_legs(when) - set(LEG_KEYS))
    if strange:
        raise ValueError(f"a leg has no {', '.join(strange)}; it has {', '.join(LEG_KEYS)}")
    try:
        condition = env.compile(when)
    except RuntimeError as trouble:
        words = str(trouble).removeprefix("INVALID_ARGUMENT: ").removesuffix(" [INVALID_ARGUMENT]")
        raise ValueError(" ".join(words.split())) from None
    if condition.return_type() != cel.Type.BOOL:
        raise ValueError(f"the condition is {condition.return_type().name()}, not a truth value")
    return condition


def _keys_of_legs(when: str) -> set[str]:
    """What follows a variable bound over the legs: maps have no fields that a compiler could
    check.
    """
    bare = _STRING.sub("''", when)
    bound = re.findall(r"\b(?:legs|vix_legs)\s*\.\s*\w+\(\s*([A-Za-z_]\w*)\s*,", bare)
    return {
        key for name in bound for key in re.findall(rf"\b{name}\.([A-Za-z_]\w*)(?!\w*\()", bare)
    }


def _names(when: str) -> set[str]:
    """Declared names in the condition, those in text literals left out."""
    return {word for word in _WORD.findall(_STRING.sub("", when)) if word in NAMES or word == KNOWN}


def _holds(condition: Any, activation: Any) -> bool | None:
    """None for an error of evaluation: a missing fact, a missing key, too much iteration."""
    try:
        value = condition.eval(activation=activation).value()
    except RuntimeError:
        return None
    return value if isinstance(value, bool) else None


def _activation(env: Any, facts: Facts) -> Any:
    plain = {
        name: list(fact) if isinstance(fact, tuple) else fact  # it takes lists for lists
        for name, fact in facts.items()
    }
    return env.Activation(data=plain)
