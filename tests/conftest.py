"""What all tests share: the CI rule about skips, and where market history lies if there is any."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

IN_CI = os.environ.get("CI", "").lower() == "true"
_ROOT = Path(__file__).parents[1]
_DATA = os.environ.get("CONDORBOT_DATA", "")
_SKIPPED_IN_CI = "skipped, and CI accepts no silent skip (mark it platform if it must be): "


@pytest.fixture(scope="session")
def repository() -> Path:
    return _ROOT


@pytest.fixture(scope="session", autouse=True)
def _one_market_everywhere() -> None:
    """Tests see the built-in history unless they ask for more: the same market on every machine."""
    os.environ.pop("CONDORBOT_DATA", None)


@pytest.fixture(autouse=True)
def _logs_as_they_come() -> Generator[None, None, None]:
    """A test that turned the log down must not blind the next one that reads it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def market_data_dir() -> Path:
    """The folder in CONDORBOT_DATA, or `shared/data` beside the clone; skips without either."""
    folder = Path(_DATA) if _DATA else _ROOT.parent / "shared" / "data"
    if not (folder / "daily_1990_2021.csv.gz").is_file():
        pytest.skip("no market data: set CONDORBOT_DATA to the folder of daily_1990_2021.csv.gz")
    return folder


def _reason(longrepr: Any) -> str:
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    silent = report.skipped and not hasattr(report, "wasxfail")
    if IN_CI and silent and item.get_closest_marker("platform") is None:
        report.outcome = "failed"
        report.longrepr = _SKIPPED_IN_CI + _reason(report.longrepr)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = _SKIPPED_IN_CI + _reason(report.longrepr)
    return report
