"""What is published, without a broker."""

import json

from bot.telemetry.topics import Topics
from config.load import session_calendar
from domain.effects import RaiseAlert, Severity
from engine.policy import Policy
from engine.step import open_desk
from engine.views import snapshot
from tests.bot.samples import AT

TOPICS = Topics("site/condorbot", "run-1", "c0ffee")


def test_the_farewell_and_the_last_will_are_one_retained_message():
    assert TOPICS.online().topic == TOPICS.offline().topic == "site/condorbot/status"
    assert TOPICS.offline().retain
    assert json.loads(TOPICS.offline().payload) == {
        "state": "offline",
        "run_id": "run-1",
        "config_hash": "c0ffee",
    }


def test_a_heartbeat_is_not_retained():
    message = TOPICS.heartbeat(AT)
    assert not message.retain
    assert json.loads(message.payload) == {"at": "2018-01-16T15:00:00.000Z"}


def test_positions_have_a_topic_apart_from_the_state():
    view = snapshot(open_desk(session_calendar(), Policy(), AT), Policy())
    state, positions = TOPICS.snapshot(view)
    assert state.topic == "site/condorbot/state"
    assert positions.topic == "site/condorbot/positions"
    assert "condors" not in json.loads(state.payload)
    assert json.loads(state.payload)["hedge_cap"] == 0.4
    assert json.loads(positions.payload) == {"at": view.at, "condors": [], "tranches": []}


def test_each_alert_has_its_own_retained_topic_and_a_cleared_one_stays_readable():
    raised = RaiseAlert(AT, "stale_data", Severity.WARNING, "no prices for 60 s")
    cleared = RaiseAlert(AT, "stale_data", Severity.WARNING, "prices again", active=False)
    assert TOPICS.alert(raised).topic == TOPICS.alert(cleared).topic
    assert TOPICS.alert(raised).topic == "site/condorbot/alerts/stale_data"
    assert json.loads(TOPICS.alert(cleared).payload)["active"] is False


def test_no_alert_code_can_escape_its_topic():
    odd = RaiseAlert(AT, "A/b #+ä", Severity.INFO, "")
    topic = TOPICS.alert(odd).topic.removeprefix("site/condorbot/alerts/")
    assert not set(topic) & set("/#+ ä")


def test_every_topic_is_documented(repository):
    text = (repository / "docs" / "topics.md").read_text("utf-8")
    for name in ("status", "heartbeat", "state", "positions", "alerts/"):
        assert f"`<prefix>/{name}" in text
