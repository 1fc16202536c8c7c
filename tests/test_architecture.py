"""The direction of imports, as pyproject.toml states it."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

OWN = {"bot", "config", "domain", "engine", "risk", "sim", "strategies", "study"}
OPTIONAL = {"ib_insync"}


def test_every_import_contract_is_kept(repository: Path) -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [lint, "--no-cache"], cwd=repository, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_every_foreign_package_is_declared(repository: Path) -> None:
    declared = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[^\w-]", line)[0].lower() for line in declared["dependencies"]}
    known = OWN | OPTIONAL | sys.stdlib_module_names
    brought_by = packages_distributions()
    foreign = {
        f"{path.relative_to(repository)}: {package}"
        for folder in OWN
        for path in (repository / folder).rglob("*.py")
        for package in imported(path) - known
        if names.isdisjoint(
            d.lower().replace("_", "-") for d in brought_by.get(package, (package,))
        )
    }
    assert foreign == set()


def test_everything_that_tests_import_is_locked(repository: Path) -> None:
    lock = (repository / "requirements.lock").read_text(encoding="utf-8")
    locked = {name.lower().replace("_", "-") for name in re.findall(r"(?m)^([\w.-]+)==", lock)}
    known = OWN | {"tests", "benchmarks"} | sys.stdlib_module_names
    brought_by = packages_distributions()
    missing = {
        f"{path.relative_to(repository)}: {package}"
        for path in (repository / "tests").rglob("*.py")
        if "clients" not in path.parts
        for package in imported(path) - known
        if locked.isdisjoint(d.lower().replace("_", "-") for d in brought_by.get(package, ()))
    }
    assert missing == set()


def imported(path: Path) -> set[str]:
    """Top-level names of everything a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
