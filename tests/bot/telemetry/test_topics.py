"""What is published, without a broker."""

import json

import msgspec

from bot.ports import Answer
from bot.telemetry.discovery import discovery
from bot.telemetry.outbox import PASSING_MAX, Outbox
from bot.telemetry.topics import TOPICS as ALL
from bot.telemetry.topics import Message, Topics, Vitals
from config.load import session_calendar
from domain.effects import RaiseAlert, RecordDecision, Severity
from engine.greeks_view import LayerGreeks
from engine.policy import Policy
from engine.step import open_desk
from engine.views import snapshot
from tests.bot.samples import AT, EFFECTS

TOPICS = Topics("site/condorbot", "run-1", "c0ffee")


def test_the_farewell_and_the_last_will_are_one_retained_message():
    assert TOPICS.online().topic == TOPICS.offline().topic == "site/condorbot/status"
    assert TOPICS.offline().retain
    assert json.loads(TOPICS.offline().payload) == {
        "state": "offline",
        "daemon": "condorbot",
        "run_id": "run-1",
        "config_hash": "c0ffee",
        "schema": 1,
    }


def test_a_heartbeat_is_not_retained():
    message = TOPICS.heartbeat(AT, Vitals(7, "ab", 2), {"decisions": 3})
    assert not message.retain
    assert json.loads(message.payload) == {
        "at": "2018-01-16T15:00:00.000Z",
        "run_id": "run-1",
        "journal_seq": 7,
        "journal_head": "ab",
        "epoch": 2,
        "dropped": {"decisions": 3},
    }


def test_positions_have_a_topic_apart_from_the_state():
    view = snapshot(open_desk(session_calendar(), Policy(), AT), Policy())
    state, positions, hedge = TOPICS.snapshot(view)
    assert state.topic == "site/condorbot/state"
    assert positions.topic == "site/condorbot/positions"
    assert "condors" not in json.loads(state.payload)
    assert json.loads(state.payload)["hedge_cap"] == 0.4
    assert json.loads(hedge.payload)["cap"] == 0.4
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


def test_every_payload_fits_the_type_it_is_documented_by():
    view = snapshot(open_desk(session_calendar(), Policy(), AT), Policy())
    decision = next(e for e in EFFECTS if isinstance(e, RecordDecision))
    messages = [
        TOPICS.online(),
        TOPICS.heartbeat(AT, Vitals(7, "ab", 2), {}),
        *TOPICS.snapshot(view),
        TOPICS.greeks(AT, (LayerGreeks("L1", 1.0, None, 2.0, -3.0),)),
        TOPICS.alert(RaiseAlert(AT, "code", Severity.INFO, "text")),
        TOPICS.decision(decision),
        TOPICS.answer(AT, Answer(accepted=False, reason="expired", text="\x1b[2J", digest="00")),
    ]
    for told, message in zip(ALL, messages, strict=True):
        assert told.name.split("/")[0] in message.topic
        assert (told.retain, told.qos) == (message.retain, message.qos)
        msgspec.json.decode(message.payload, type=told.payload)
    assert b"\\u001b" in messages[-1].payload


def test_every_topic_is_documented(repository):
    text = (repository / "docs" / "topics.md").read_text("utf-8")
    for topic in ALL:
        assert f"`<prefix>/{topic.name}`" in text


def test_discovery_offers_sensors_only_on_topics_that_exist():
    messages = discovery(TOPICS, "homeassistant")
    bodies = [json.loads(message.payload) for message in messages]
    names = {f"{TOPICS.prefix}/{topic.name}" for topic in ALL}
    assert {body["state_topic"] for body in bodies} <= names
    assert not [body for body in bodies if "command_topic" in body]
    assert len({body["unique_id"] for body in bodies}) == len(bodies)
    assert all(message.retain for message in messages)


def test_the_outbox_counts_what_it_loses_and_keeps_the_newest_word():
    box = Outbox()
    for number in range(PASSING_MAX + 3):
        box.tell(Message("p/decisions", b"%d" % number))
    box.keep("state", lambda: (Message("p/state", b"old"),))
    box.keep("state", lambda: (Message("p/state", b"new"),))
    sent = []
    while messages := box.next():
        box.sent(messages)
        sent += [message.payload for message in messages]
    assert box.dropped == {"decisions": 3}
    assert sent[0] == b"3"
    assert sent[-1] == b"new"
    assert b"old" not in sent
    box.retell()
    assert box.next()[0].payload == b"new"


def test_what_is_told_while_sending_is_not_forgotten():
    box = Outbox()
    box.keep("state", lambda: (Message("p/state", b"1"),))
    sending = box.next()
    box.keep("state", lambda: (Message("p/state", b"2"),))
    box.sent(sending)
    assert box.next()[0].payload == b"2"
