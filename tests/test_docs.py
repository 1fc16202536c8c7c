"""Documents that can be checked are: generated pages, links, paths, commands."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from bot.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMED_PATH = re.compile(
    r"`((?:bot|config|domain|engine|risk|sim|strategies|tests|scripts|docs)/[\w./-]+)`"
)
LINK = re.compile(r"\]\(([^)#]+)")


def generator() -> Any:
    path = ROOT / "scripts" / "make_docs.py"
    spec = importlib.util.spec_from_file_location("make_docs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_say_what_the_code_says() -> None:
    assert generator().stale() == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_and_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    dead = [path for path in NAMED_PATH.findall(text) if not (ROOT / path).exists()]
    links = [link for link in LINK.findall(text) if "://" not in link]
    dead += [link for link in links if not (page.parent / link).exists()]
    assert not dead


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in sorted(folder.glob("0*.md")) if p.name not in listed] == []


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = getattr(get_command(app), "commands", {})
    assert commands
    assert [name for name in commands if f"`condorbot {name}`" not in readme] == []


def test_the_architecture_fits_on_a_few_screens() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 200


def test_no_package_index_or_machine_path_is_committed() -> None:
    suspicious = re.compile(
        r"--(?:extra-)?index-url|--find-links|file://|/home/\w|/root/|/Users/\w"
    )
    files = [
        *ROOT.glob("*.lock"),
        *(ROOT / "tests" / "conformance").glob("*.lock"),
        *(ROOT / "scripts").glob("*"),
        ROOT / "pyproject.toml",
        ROOT / "Dockerfile",
        ROOT / "Makefile",
    ]
    texts = {path.name: path.read_text(encoding="utf-8") for path in files if path.is_file()}
    assert [name for name, text in texts.items() if suspicious.search(text)] == []
