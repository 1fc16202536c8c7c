"""`condorbot doctor` on a healthy gateway, and on one with something wrong: it says what."""

import asyncio
import json
import socket
from contextlib import closing

import pytest
from typer.testing import CliRunner

from bot.broker.examine import Findings, Tried, examine
from bot.cli import app
from bot.cli import doctor_house as house
from bot.cli.doctor import CLIENT_ID_BESIDE, beside
from bot.cli.doctor_gateway import judged
from bot.cli.verdict import Level
from bot.journal.sqlite import SqliteJournal
from config.load import load_settings, session_calendar
from config.settings import BrokerSettings, ConsoleSettings, MqttSettings
from domain.instruments import SPX
from sim.gateway.faults.catalogue import fault_from_text
from tests.bot.samples import AT, EFFECTS, EVENTS
from tests.scenarios.demo.test_daemon import Stage, play

pytestmark = pytest.mark.scenario
runner = CliRunner()

READ_ONLY = "notice=321,Error validating request: The API interface is in Read-Only mode,every_s=1"


def looked_at(folder, *faults, broker=None, **stage):
    """The verdicts on a simulated gateway, by name; and everything that reached it."""

    async def story(stages):
        stages.append(on := Stage(folder, **stage))
        on.server.arm(*map(fault_from_text, faults))
        settings = beside(broker or BrokerSettings())
        await asyncio.sleep(60.0)  # the market has quotes by then
        found = await examine(settings, on.clock)
        verdicts = judged(found, settings, session_calendar(), on.clock.now())
        await asyncio.sleep(1.0)
        orders = on.server.gateway.orders
        assert not [*orders.finished, *orders.live.values()], "doctor sent an order"
        assert not on.server.gateway.sessions, "the connection stayed open"
        return {verdict.name: verdict for verdict in verdicts}

    return play(story)


def failing(verdicts):
    return {name: v for name, v in verdicts.items() if v.level is not Level.OK}


def test_a_healthy_gateway_passes_every_check(tmp_path):
    verdicts = looked_at(tmp_path)
    assert failing(verdicts) == {}
    for name in ("handshake", "paper account", "clock", "calendar", "chain SPXW", "VX futures"):
        assert name in verdicts
    assert sum(name.startswith("data ") for name in verdicts) == 4  # SPX, VIX, an option, a future
    assert "DU1234567" not in "".join(v.text for v in verdicts.values())


@pytest.mark.parametrize(
    ("fault", "names", "said"),
    [
        ("old_version", ["handshake"], "version"),
        (READ_ONLY, ["API read-only"], "Read-Only"),
        ("delayed", ["data SPX", "data VIX"], "10167"),
        ("unsubscribed=VIX", ["data VIX"], "354"),
        ("never_answer=52", ["trading hours", "VX futures"], "no answer"),
    ],
)
def test_what_is_wrong_with_the_gateway_is_named_with_a_remedy(tmp_path, fault, names, said):
    wrong = failing(looked_at(tmp_path, fault))
    assert set(names) <= set(wrong), wrong
    assert all(verdict.mend for verdict in wrong.values())
    text = " ".join(verdict.text + verdict.mend for verdict in wrong.values())
    assert said in text


def test_nobody_at_the_port_is_told_from_a_gateway_that_does_not_speak(tmp_path):
    refused = looked_at(tmp_path, gateway=False)
    assert list(refused) == ["port"]
    assert "log in" in refused["port"].mend
    mute = looked_at(tmp_path, "slow_connect=900,for_s=9000")
    assert list(mute) == ["handshake"]
    assert "trusted addresses" in mute["handshake"].mend


def test_a_client_id_that_is_taken_is_named(tmp_path):
    async def story(stages):
        stages.append(on := Stage(tmp_path))
        both = [examine(beside(BrokerSettings()), on.clock) for _ in range(2)]
        looks = await asyncio.gather(*both)
        return [
            list(judged(f, BrokerSettings(), session_calendar(), on.clock.now())) for f in looks
        ]

    refused, *_ = (verdicts[0] for verdicts in play(story) if len(verdicts) == 1)
    assert refused.name == "handshake"
    assert "client id" in refused.mend


def test_of_a_live_account_nothing_more_is_asked(tmp_path):
    verdicts = looked_at(tmp_path, account="U7654321")
    assert list(verdicts) == ["handshake", "paper account"]
    assert verdicts["paper account"].level is Level.FAIL
    assert "7654321" not in verdicts["paper account"].text


def test_a_pinned_account_must_be_there(tmp_path):
    verdicts = looked_at(tmp_path, broker=BrokerSettings(account="DU9999999"))
    assert verdicts["paper account"].level is Level.FAIL


def found(**changes):
    whole = {"connected": True, "server_version": 178, "accounts": ("DU1234567",), "skew_s": 0.4}
    return Findings(**{**whole, **changes})


def verdict_of(name, findings):
    verdicts = judged(findings, BrokerSettings(), session_calendar(), AT)
    return next(verdict for verdict in verdicts if verdict.name == name)


@pytest.mark.parametrize(
    ("skew", "level"), [(0.0, "ok"), (2.0, "ok"), (-2.1, "fail"), (900, "fail"), (None, "warn")]
)
def test_clocks_may_differ_by_two_seconds(skew, level):
    assert verdict_of("clock", found(skew_s=skew)).level == level


def test_several_accounts_without_a_pin_are_a_warning():
    verdict = verdict_of("paper account", found(accounts=("DU1111111", "DU2222222")))
    assert verdict.level is Level.WARN


def test_a_competing_session_is_told_from_a_missing_subscription():
    taken = Tried(SPX.label, code=10197, words="No market data during competing live session")
    verdict = verdict_of(f"data {SPX.label}", found(lines=[taken]))
    assert "log out" in verdict.mend
    missing = Tried(SPX.label, code=354, words="not subscribed")
    assert "subscribe" in verdict_of(f"data {SPX.label}", found(lines=[missing])).mend


def test_words_of_the_gateway_are_made_harmless():
    bad = Tried(SPX.label, code=354, words="\x1b[2J DU1234567")
    text = verdict_of(f"data {SPX.label}", found(lines=[bad])).text
    assert "\x1b" not in text
    assert "1234567" not in text


def test_it_takes_a_client_id_of_its_own():
    mine = BrokerSettings(client_id=7)
    assert beside(mine).client_id == 7 + CLIENT_ID_BESIDE
    assert beside(mine).port == mine.port


def settings_in(folder, **changes):
    settings = load_settings("paper")
    journal = settings.journal.model_copy(
        update={"path": folder / "j.sqlite", "anchor": folder / "anchor"}
    )
    health = settings.health.model_copy(update={"path": folder / "health.json"})
    return settings.model_copy(update={"journal": journal, "health": health, **changes})


def a_journal(folder):
    settings = settings_in(folder)
    journal = SqliteJournal(settings.journal.path)
    journal.begin_life("r", AT, "c", "p")
    journal.append(EVENTS, EFFECTS)
    return settings, journal


def levels(verdicts):
    return {verdict.name: verdict.level for verdict in verdicts}


def test_a_whole_journal_passes_and_a_running_daemon_is_noticed(tmp_path):
    settings, journal = a_journal(tmp_path)
    assert "a daemon is writing" in next(iter(house.journal(settings))).text
    journal.close("clean")
    assert levels(house.journal(settings)) == {"lock": "ok", "journal": "ok", "anchor": "warn"}


def test_a_broken_journal_and_one_behind_its_anchor_fail(tmp_path):
    settings, journal = a_journal(tmp_path)
    journal.close("clean")
    (tmp_path / "anchor").write_text(f"999 {'0' * 64}\n", encoding="ascii")
    assert levels(house.journal(settings))["anchor"] is Level.FAIL
    settings.journal.path.write_bytes(b"no journal" * 1000)
    assert levels(house.journal(settings))["journal"] is Level.FAIL


def test_a_folder_that_cannot_be_written_fails(tmp_path):
    (tmp_path / "file").write_text("")
    assert levels(house.disk(tmp_path / "file" / "below")) == {"disk": "fail"}
    assert set(levels(house.disk(tmp_path)).values()) <= {"ok", "warn"}
    assert list(tmp_path.glob(".doctor-*")) == []


def test_a_port_that_somebody_else_has_fails(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        settings = settings_in(tmp_path, console=ConsoleSettings(enabled=True, port=port))
        assert levels(house.listening(settings, daemon=False))["console"] is Level.FAIL
        assert levels(house.listening(settings, daemon=True))["console"] is Level.OK
    assert levels(house.listening(settings, daemon=False))["console"] is Level.OK


async def test_an_mqtt_broker_that_is_not_there_fails():
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
    verdict = await house.mqtt(MqttSettings(enabled=True, port=port))
    assert verdict.level is Level.FAIL
    assert verdict.mend
    assert (await house.mqtt(MqttSettings())).level is Level.OK


def test_a_key_ring_that_cannot_be_in_force_fails(tmp_path):
    ring = tmp_path / "keys.json"
    ring.write_text("{}", encoding="utf-8")
    approvals = load_settings("paper").approvals.model_copy(update={"key_ring": ring})
    assert house.keys(settings_in(tmp_path, approvals=approvals)).level is Level.FAIL


def test_the_command_ends_with_1_when_anything_fails_and_0_when_nothing_does(tmp_path):
    env = {
        "CONDORBOT_JOURNAL__PATH": str(tmp_path / "j.sqlite"),
        "CONDORBOT_HEALTH__PATH": str(tmp_path / "health.json"),
    }
    fine = runner.invoke(app, ["doctor", "--offline"], env=env)
    assert fine.exit_code == 0, fine.output
    assert "0 failed" in fine.output
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
    env["CONDORBOT_BROKER__PORT"] = str(port)
    result = runner.invoke(app, ["doctor", "--json"], env=env)
    assert result.exit_code == 1
    checks = {check["name"]: check for check in json.loads(result.output)["checks"]}
    assert checks["port"]["level"] == "fail"
    assert checks["port"]["mend"]


def test_no_secret_comes_out_of_any_looking_command(tmp_path):
    """A password in the environment, and an account number: neither is printed, whatever fails."""
    canary = "canary-7f3a"
    env = {
        "CONDORBOT_JOURNAL__PATH": str(tmp_path / "j.sqlite"),
        "CONDORBOT_HEALTH__PATH": str(tmp_path / "health.json"),
        "CONDORBOT_MQTT__ENABLED": "true",
        "CONDORBOT_MQTT__PORT": "1",
        "CONDORBOT_MQTT__PASSWORD": canary,
        "CONDORBOT_BROKER__ACCOUNT": "DU1234567",
        "CONDORBOT_BROKER__PORT": "1",
    }
    for command in (["doctor"], ["doctor", "--json"], ["status"], ["health"], ["orders"]):
        result = runner.invoke(app, command, env=env)
        assert canary not in result.output
        assert "DU1234567" not in result.output
