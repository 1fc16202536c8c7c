"""From a key to an accepted plan on the command line, against a journal on disk."""

import re
import threading

import msgspec
import pytest
from typer.testing import CliRunner

from bot.app import config_hash
from bot.approvals.keyring import decode_ring, encode_ring
from bot.approvals.opening import config_shares
from bot.approvals.rendering import rendered
from bot.approvals.spool import ANSWER, COMMAND
from bot.cli import app
from bot.cli.approving import read_plan
from bot.clock import SystemClock
from bot.journal.sqlite import SqliteJournal
from bot.ports import Answer
from config.load import load_settings
from domain.events import AccountUpdated, ConfigAccepted, HaltRequested, KeyRingChanged
from tests.bot.approvals.world import ACTIONS, World

RUN = CliRunner()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A profile, two keys and a ring of two, and the journal of a halted daemon."""
    profile = tmp_path / "desk.toml"
    profile.write_text(
        f"""
[broker]
account = "DU1234567"
[journal]
path = "{tmp_path}/journal.sqlite"
[approvals]
daemon = "desk-1"
spool = "{tmp_path}/spool"
key_ring = "{tmp_path}/keys.json"
"""
    )
    for person in ("anna", "ben"):
        made = cli("keys", "new", person, "--out", tmp_path / f"{person}.key")
        name, key = made.output.split()
        cli("keys", "enrol", name, key, "--ring", tmp_path / "keys.json", "--needed", 2)
    journal(tmp_path, profile)
    return tmp_path


def journal(folder, profile):
    now = SystemClock().now()
    settings = load_settings(profile)
    ring = encode_ring(decode_ring((folder / "keys.json").read_bytes())).decode()
    book = SqliteJournal(folder / "journal.sqlite")
    book.begin_life("run", now, "c0ffee", "policy")
    shares = config_shares(settings.policy())
    book.append(
        [
            KeyRingChanged(now, ring, "ceremony"),
            ConfigAccepted(now, config_hash(settings), shares, "ceremony"),
            AccountUpdated(now, net_liquidation=1_000_000),
            HaltRequested(now, "anna", "smoke"),
        ],
        [],
    )
    book.close()


def cli(*arguments, code=0, answers=""):
    result = RUN.invoke(app, [str(argument) for argument in arguments], input=answers)
    assert result.exit_code == code, result.output
    return result


def propose(place, *what, code=0):
    return cli(
        "propose", *what, "--reason", "a test", "-c", place / "desk.toml", "-o",
        place / "plan.json", code=code,
    )  # fmt: skip


def test_a_plan_is_proposed_shown_and_signed_by_two(place):
    shown = propose(place, "resume").output
    assert "RESUME trading" in shown
    assert "up to 120,000 USD may be lost" in shown
    assert "trading is halted: anna: smoke" in shown
    assert "2 must sign it" in shown
    for number, person in enumerate(("anna", "ben"), 1):
        key = place / f"{person}.key"
        told = cli("sign", place / "plan.json", "--key", key, answers="resume\n").output
        assert "WORST CASE" in told
        assert f"{number} signature(s)" in told
    assert len(read_plan(place / "plan.json").signatures) == 2


def test_whoever_does_not_type_the_action_has_not_signed(place):
    propose(place, "resume")
    cli("sign", place / "plan.json", "--key", place / "anna.key", answers="y\n", code=1)
    assert read_plan(place / "plan.json").signatures == ()


def test_a_plan_that_was_changed_is_not_signed(place):
    propose(place, "resume")
    cli("sign", place / "plan.json", "--key", place / "anna.key", "--yes")
    body = (place / "plan.json").read_bytes()
    first = re.search(rb'"signature":"(.)', body)
    other = b"0" if first[1] != b"0" else b"1"
    (place / "plan.json").write_bytes(body[: first.start(1)] + other + body[first.end(1) :])
    told = cli("sign", place / "plan.json", "--key", place / "ben.key", "--yes", code=1)
    assert "was changed after somebody signed" in told.output


def test_a_key_that_others_can_read_is_refused(place):
    propose(place, "halt")
    (place / "anna.key").chmod(0o644)
    told = cli("sign", place / "plan.json", "--key", place / "anna.key", "--yes", code=1)
    assert "only its owner" in told.output


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (("raise-limit", "feed_age_s_max", "1"), "cannot be raised"),
        (("raise-limit", "condors_max", "99"), "at most"),
        (("adopt", "VIX 2030-01-16 20 C", "1"), "nobody knows"),
        (("resolve", "cb-none"), "not uncertain"),
    ],
)
def test_what_would_be_refused_is_not_even_proposed(place, what, why):
    assert why in propose(place, *what, code=1).output


def test_every_action_can_be_proposed_where_it_makes_sense(place):
    propose(place, "halt")
    propose(place, "reduce")
    propose(place, "raise-limit", "condors_max", "8")
    propose(place, "accept-config", place / "desk.toml")
    cli("keys", "new", "cleo", "--out", place / "cleo.key")
    (place / "next.json").write_bytes((place / "keys.json").read_bytes())
    key = cli("keys", "new", "dana", "--out", place / "dana.key").output.split()[1]
    cli("keys", "enrol", "dana", key, "--ring", place / "next.json", "--role", "stopper")
    cli("keys", "revoke", "ben", "--ring", place / "next.json")
    assert (
        "2 approvers are needed"
        in propose(place, "change-keys", place / "next.json", code=1).output
    )
    cli("keys", "enrol", "eli", other_key(place), "--ring", place / "next.json")
    assert "only these people can sign" in propose(place, "change-keys", place / "next.json").output


def other_key(place):
    return cli("keys", "new", "eli", "--out", place / "eli.key").output.split()[1]


def test_the_ring_in_force_is_listed(place):
    told = cli("keys", "list", "-c", place / "desk.toml").output
    assert "anna" in told
    assert "2 approvers together may add risk" in told


def test_resume_alone_leaves_a_plan_for_the_others(place):
    told = cli(
        "resume", "--reason", "fine", "--key", place / "anna.key", "-c", place / "desk.toml",
        "-o", place / "resume.json", answers="y\n",
    )  # fmt: skip
    assert "1 of 2 signatures" in told.output
    assert len(read_plan(place / "resume.json").signatures) == 1


@pytest.mark.parametrize("accepted", [True, False])
def test_submitting_waits_for_the_daemons_answer(place, accepted):
    propose(place, "halt")
    (place / "spool").mkdir()
    answering = threading.Thread(target=answer_once, args=(place / "spool", accepted))
    answering.start()
    told = cli("submit", place / "plan.json", "-c", place / "desk.toml", code=0 if accepted else 1)
    answering.join()
    assert ("accepted: halt" if accepted else "refused: expired") in told.output


def answer_once(folder, accepted):
    """The daemon's side of the folder."""
    while not (found := list(folder.glob(f"*{COMMAND}"))):
        threading.Event().wait(0.01)
    answer = Answer(accepted, "" if accepted else "expired", "halt", "00")
    found[0].with_suffix(".new").write_bytes(msgspec.json.encode(answer))
    found[0].with_suffix(".new").rename(found[0].with_suffix(ANSWER))


@pytest.mark.parametrize("name", ACTIONS)
def test_a_plan_in_plain_words_says_what_where_and_how_much(name):
    envelope = World(2, 3).envelope(name)
    text = "\n".join(rendered(envelope.payload))
    assert "desk-1" in text
    assert "DU1234567" in text
    assert "Reason: " in text
    assert ("WORST CASE" in text) is (name not in ("halt", "reduce"))
    assert text.isascii()
    assert text.isprintable() is False  # line breaks are ours ...
    assert text.replace("\n", "").isprintable()  # ... and nothing else
