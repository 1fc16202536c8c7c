"""One page that needs nothing else, and the same facts for machines."""

import json
import re
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from bot.cli import app
from engine.policy import Policy
from study.report import as_html, as_json, ten_numbers
from study.run import study
from study.store_checks import Finding
from tests.builders import RELEASES


@pytest.fixture(scope="module")
def results(volmageddon, table, both):
    return study(volmageddon, table, Policy(releases=RELEASES), seed=3, books=both)


def test_the_page_is_whole_and_asks_for_nothing_from_outside(results):
    page = as_html(results)
    assert not re.search(r"(src|href)=|@import|url\(|<script", page)
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert page.count("<svg") >= 3
    for claim in results.claims:
        assert claim.code in page


def test_text_from_data_is_escaped(results):
    page = as_html(results, [Finding("<b>.csv", 3, None, "a & b")])
    assert "&lt;b&gt;.csv:3: a &amp; b" in page


def test_the_facts_are_json_with_every_verdict_and_every_day(results):
    facts = json.loads(as_json(results))
    assert [claim["code"] for claim in facts["claims"]][:3] == ["T1", "T2", "T3"]
    assert len(facts["days"]["U"]) == len(results.runs[0].days)
    assert facts["policy"] == Policy(releases=RELEASES).fingerprint


def test_there_are_ten_numbers(results):
    assert len(ten_numbers(results)) == 10


def test_the_command_writes_both_files(tmp_path):
    asked = ["study", "--from", "2018-02-05", "--to", "2018-02-06", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "undecidable" in done.output
    assert (tmp_path / "study.html").stat().st_size > 5000
    assert (tmp_path / "study.json").is_file()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["study", "--from", "1999", "--to", "2001"], "arch has 2014-01-03 to 2018-12-31"),
        (["study", "--from", "soon"], "not a year like 2014"),
        (
            ["data", "check", "--data", "nowhere"],
            "neither daily_1990_2021.csv.gz nor imported SPX and VIX prices in nowhere",
        ),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_says_why(asked, said):
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_data_list_says_what_there_is():
    done = CliRunner().invoke(app, ["data", "list"])
    assert "arch: 1257 sessions, 2014-01-03 to 2018-12-31" in done.output


class _Tags(HTMLParser):
    """Open tags that were never closed."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "line", "rect", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("meta", "line", "rect", "polyline"):
            return
        assert self.open.pop() == tag
