"""Every reason to refuse has a meaning, a page, and a place that can give it."""

import re
from pathlib import Path

import pytest

from domain.denials import MEANINGS
from domain.orders import DenialCode

CORE = ("engine", "risk", "strategies")


@pytest.fixture(scope="module")
def code(repository: Path) -> str:
    files = [path for folder in CORE for path in sorted((repository / folder).rglob("*.py"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_every_code_has_a_meaning_of_its_own() -> None:
    assert set(MEANINGS) == set(DenialCode)
    assert len(set(MEANINGS.values())) == len(MEANINGS)


@pytest.mark.parametrize("denial", list(DenialCode))
def test_some_rule_or_check_can_give_it(code: str, denial: DenialCode) -> None:
    assert re.search(rf"DenialCode\.{denial.name}\b", code), f"nothing ever denies with {denial}"


def test_the_page_names_every_code(repository: Path) -> None:
    page = (repository / "docs" / "denials.md").read_text(encoding="utf-8")
    assert [denial for denial in DenialCode if f"`{denial}`" not in page] == []
