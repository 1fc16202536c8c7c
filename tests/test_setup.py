"""What runs before the product does: the lock, its run-time part, and the rule about skips."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

NAME = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


def locked(text: str) -> set[str]:
    return {name.lower().replace("_", "-") for name in NAME.findall(text)}


def wanted(requirements: list[str]) -> set[str]:
    names = (re.match(r"[\w-]+", line) for line in requirements)
    return {found[0].lower().replace("_", "-") for found in names if found}


def subset(repository: Path, *extra: str) -> set[str]:
    lock = (repository / "requirements.lock").read_text(encoding="utf-8")
    script = repository / "scripts" / "lock_subset.py"
    result = subprocess.run(
        [sys.executable, script, *extra], input=lock, capture_output=True, text=True, check=True
    )
    assert result.stdout.count("--hash=sha256:") >= len(locked(result.stdout))
    return locked(result.stdout)


def test_the_lock_holds_everything_that_is_declared(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    declared = wanted(project["project"]["dependencies"])
    declared |= wanted(project["dependency-groups"]["dev"])
    lock = (repository / "requirements.lock").read_text(encoding="utf-8")
    assert declared - locked(lock) == set()


def test_run_time_needs_no_test_tools_but_everything_they_stand_on(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    chosen = subset(repository, "hatchling", "editables")
    assert wanted(project["project"]["dependencies"]) <= chosen
    assert {"hatchling", "editables", "pathspec", "aeventkit"} <= chosen
    assert chosen.isdisjoint({"pytest", "mypy", "ruff", "hypothesis", "exchange-calendars"})


def test_a_package_that_is_not_locked_is_an_error(repository: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        subset(repository, "no-such-package")


@pytest.mark.parametrize(
    ("in_ci", "body", "outcome"),
    [
        ("", "pytest.skip('no data')", "1 skipped"),
        ("true", "pytest.skip('no data')", "1 failed"),
        ("true", "pass", "1 passed"),
    ],
)
def test_a_silent_skip_fails_in_ci(
    repository: Path, tmp_path: Path, in_ci: str, body: str, outcome: str
) -> None:
    assert outcome in suite(repository, tmp_path, in_ci, f"def test_it():\n    {body}\n")


def test_a_whole_file_cannot_be_skipped_in_ci(repository: Path, tmp_path: Path) -> None:
    text = "pytest.importorskip('no_such_module')\n"
    assert "1 error" in suite(repository, tmp_path, "true", text)


def test_a_test_for_another_platform_may_be_skipped_in_ci(repository: Path, tmp_path: Path) -> None:
    text = "@pytest.mark.platform('elsewhere')\ndef test_it():\n    pytest.skip('not here')\n"
    assert "1 skipped" in suite(repository, tmp_path, "true", text)


def suite(repository: Path, folder: Path, in_ci: str, text: str) -> str:
    """What pytest says of one small file under this repository's conftest."""
    conftest = (repository / "tests" / "conftest.py").read_text(encoding="utf-8")
    (folder / "tests").mkdir()
    (folder / "tests" / "conftest.py").write_text(conftest, encoding="utf-8")
    (folder / "tests" / "test_one.py").write_text(f"import pytest\n\n{text}", encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = platform\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    result = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "CI": in_ci},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout
