"""What is served lies in the repository: whole, offline, and without a way to make markup."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONSOLE = ROOT / "bot" / "console"
VENDORED = (CONSOLE / "static" / "vendor", ROOT / "tests" / "browser" / "vendor")
SCRIPTS = sorted((CONSOLE / "static").glob("*.js"))
PAGES = sorted((CONSOLE / "pages").glob("*.html"))
OURS = (*SCRIPTS, *PAGES, CONSOLE / "static" / "console.css")
MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser"
    r"|\beval\(|new Function|setAttribute\(.on|javascript:"
)


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.parent.name)
def test_scripts_that_are_not_ours_are_the_ones_that_were_reviewed(folder):
    lines = (folder / "MANIFEST.sha256").read_text(encoding="ascii").splitlines()
    told = {name: digest for digest, name in (line.split() for line in lines)}
    files = [path for path in folder.iterdir() if path.name != "MANIFEST.sha256"]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert found == told
    assert any(name.endswith("LICENSE") for name in found)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_of_ours_can_turn_text_into_markup(path):
    assert not MARKUP.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path", [*SCRIPTS, *PAGES, CONSOLE / "static" / "console.css"], ids=lambda path: path.name
)
def test_nothing_is_fetched_from_elsewhere(path):
    assert not re.findall(
        r"(?:https?:)?//[\w-]+\.\w+|@import|url\(", path.read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_holds_no_inline_script_or_style_and_names_only_files_that_are_there(page):
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"<style|\sstyle=|\son\w+=|<script>", text)
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    assert named
    assert [path for path in named if not (CONSOLE / path[1:]).is_file()] == []


def test_every_element_a_script_asks_for_is_on_a_page():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    ids = set(re.findall(r'\bid="([\w-]+)"', text)) | {"freshness"}  # made by top.js itself
    asked = {
        name
        for path in SCRIPTS
        for name in re.findall(
            r'(?:byId|fill|draw|table|getElementById)\(\s*"([\w-]+)"', path.read_text("utf-8")
        )
    }
    assert asked - ids == set()
    assert len(ids) == len(re.findall(r'\bid="', text)) + 1
