"""Files of operator rules: every mistake named, nothing evaluated but truth."""

import pickle
from pathlib import Path

import pytest

from config.load import ConfigError, load_settings
from config.rules import BadRules, compiled, load_rules
from config.settings import RulesSettings
from domain.rulesets import Ballot, Scope
from engine.policy import Policy

GOOD = """
version = 1
[[rule]]
name = "dear"
row = "S46"
text = "VIX is dear"
when = "vix > 25.0 && regime != 'low'"
vote = "BLOCK"
example = { vix = 26, regime = "high" }
"""


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_the_rules_of_the_product_compile_and_hold_on_their_examples() -> None:
    rules = load_rules()
    assert rules.silent() == ()
    assert {rule.row for rule in rules.rules} >= {"S46", "S47"}


def test_what_is_left_out_has_its_default() -> None:
    (rule,) = compiled(GOOD, "f").rules
    assert rule.unknown is Ballot.BLOCK
    assert rule.scope == (Scope.CONDOR, Scope.HEDGE)
    assert rule.for_s == 0.0
    assert compiled(GOOD, "f").names == {"vix", "regime"}


def test_truth_is_judged_and_what_is_missing_is_unknown() -> None:
    rules = compiled(GOOD, "f")
    assert rules.judged({"vix": 26.0, "regime": "high"}) == (True,)
    assert rules.judged({"vix": 24.0, "regime": "high"}) == (False,)
    assert rules.judged({"regime": "high"}) == (None,)
    assert rules.judged({"regime": "low"}) == (False,)  # false whatever VIX is


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("25.0", "25", "no matching overload"),
        ("vix >", "vox >", "undeclared reference to 'vox'"),
        ("vix > 25.0 && regime != 'low'", "vix", "not a truth value"),
        ("vix = 26", "vix = 24", "does not hold on its own example"),
        ("vix = 26", "vox = 26", "which no rule can see"),
        ('regime = "high"', "regime = 1", "example.regime must be string"),
        ('"BLOCK"', '"ALLOW"', "vote must be BLOCK or ALERT"),
        ('"BLOCK"', '"VETO"', "'VETO' is not a valid Ballot"),
        ('name = "dear"', 'name = "Dear"', "lower-case"),
        ('row = "S46"', 'raw = "S46"', "unknown key raw; row is missing"),
        ('vote = "BLOCK"', 'vote = "BLOCK"\nscope = ["close"]', "'close' is not a valid Scope"),
        ('vote = "BLOCK"', 'vote = "BLOCK"\nfor_s = -1', "for_s"),
        ("vix > 25.0 && regime != 'low'", "legs.exists(l, l.width > 1.0)", "a leg has no width"),
    ],
)
def test_a_mistake_is_named_with_file_and_rule(old: str, new: str, words: str) -> None:
    with pytest.raises(BadRules) as caught:
        compiled(changed(old, new), "my.toml")
    (error,) = caught.value.errors
    assert error.startswith("my.toml: rule '")
    assert words in error


def test_a_file_of_another_version_is_refused() -> None:
    with pytest.raises(BadRules, match="version must be 1, is 2"):
        compiled(changed("version = 1", "version = 2"), "f")


def test_the_same_name_twice_is_refused() -> None:
    twice = GOOD + GOOD.partition("version = 1")[2]
    with pytest.raises(BadRules, match="the name is taken"):
        compiled(twice, "f")


def test_a_condition_that_never_ends_is_unknown_instead() -> None:
    ones = "[" + ",".join("1" * 100) + "]"
    endless = f"{ones}.all(a, {ones}.all(b, {ones}.all(c, a * b * c == 1)))"
    text = changed("vix > 25.0 && regime != 'low'", f"vix > 25.0 || {endless}")
    assert compiled(text, "f").judged({"vix": 1.0}) == (None,)


def test_equal_files_are_equal_rules_and_another_one_changes_the_fingerprint() -> None:
    first, again = compiled(GOOD, "a"), pickle.loads(pickle.dumps(compiled(GOOD, "a")))
    assert first == again
    assert repr(first) == repr(again)
    other = compiled(changed("25.0", "24.0"), "a")
    prints = {Policy(rules=r).fingerprint for r in (first, again, other)}
    assert len(prints) == 2


def test_a_profile_names_its_rules_and_their_mistakes_are_configuration_errors(
    tmp_path: Path,
) -> None:
    rules, profile = tmp_path / "rules.toml", tmp_path / "p.toml"
    rules.write_text(GOOD)
    profile.write_text(f'[rules]\npath = "{rules}"\n')
    assert [rule.name for rule in load_settings(profile).policy().rules.rules] == ["dear"]
    rules.write_text(changed("25.0", "25"))
    with pytest.raises(ConfigError, match="rule 'dear'"):
        load_settings(profile)
    rules.unlink()
    with pytest.raises(ConfigError, match=r"rules\.toml"):
        load_settings(profile)


def test_rules_can_be_switched_off() -> None:
    assert RulesSettings(enabled=False).ruleset.rules == ()
