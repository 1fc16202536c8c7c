"""docs/topics.md as text, from the payload types, so that the two cannot differ.

Used when the documents are written, not by the daemon.
"""

import json
from typing import Any

import msgspec

from bot.telemetry.topics import COMMANDS, TOPICS

_INTRODUCTION = """\
Telemetry is off until `[mqtt] enabled = true`. `<prefix>` is `mqtt.topic_prefix`, `condorbot` by
default. Payloads are JSON (UTF-8), schema {schema}; fields may be added, so ignore those you do not
know. Account numbers appear in no payload.
"""

_RULES = """\
## How to read them

- A subscriber that finds `status` `offline`, or hears no heartbeat for three intervals, must take
  every other topic for history. `offline` is the broker's last will too: nobody is trading.
- Of `state`, `positions`, `hedge`, `greeks` and each alert only the newest word is kept while the
  broker is slow or away, for up to 250 topics; all of it is published again on every connection.
  Decisions and answers wait in a queue of 500, the oldest go first. What was lost is counted by
  topic in `dropped` of the heartbeat.
- An alert that cleared stays on its topic with `active: false`.
- Losing the broker costs one line in the log, and its return another; a connection that flaps costs
  no more than that. Trading does not notice.
- The heartbeat carries the head of the journal. Kept on another machine it shows whether a journal
  that is restored later has lost its end.

## Commands

With `mqtt.commands = true` the daemon takes signed plans on `<prefix>/{commands}`, QoS 1, never
retained: see [approvals.md](approvals.md). `condorbot submit PLAN --mqtt` sends one and waits for
its answer on `<prefix>/answers`. Authority comes from the signatures alone; whoever controls the
MQTT broker can keep a command from arriving, and cannot make one. Retained copies, repeated ones,
late ones, those over 24 KiB and everything malformed are refused with a reason in answer, log and
journal. Over 60 a minute are counted without being looked at.

## TLS and roles

`deploy/mosquitto/tls.conf` and `acl` make a broker with TLS 1.3, a certificate for every client and
rights by role; the role is the certificate's common name. `deploy/mosquitto/make-certificates
FOLDER BROKER-NAME` makes all certificates. Use mosquitto 2.1.2 or later beyond a loopback address.

| role | says | hears |
|---|---|---|
| `daemon` | every topic above, discovery | `{commands}` |
| `viewer` | nothing | every topic but `answers` and `{commands}` |
| `operator` | `{commands}` | everything |

```toml
[mqtt]
enabled = true
host = "broker.lan"
port = 8883
tls = true
ca_file = "certificates/ca.crt"
cert_file = "certificates/daemon.crt"
key_file = "certificates/daemon.key"
```

## Home Assistant and Node-RED

`mqtt.home_assistant = true` publishes retained descriptions below `mqtt.discovery_prefix`, so that
Home Assistant shows trading state, regime, VIX, hedge share against its cap, net liquidation and
open alerts by itself; nothing there can be switched. In Node-RED use an *mqtt in* node on
`<prefix>/#` with output *a parsed JSON object*; route alerts by the last level of the topic, and
treat a missing heartbeat with a *trigger* node of 30 s.
"""


def topics_page(notice: str) -> str:
    """The whole page; ``notice`` says where it comes from."""
    lines = ["# MQTT topics", "", notice, _INTRODUCTION.format(schema=1)]
    lines += ["| topic | retained | QoS | when | payload |", "|---|---|--:|---|---|"]
    for topic in TOPICS:
        kept = "yes" if topic.retain else "no"
        kind = topic.payload.__name__
        lines.append(
            f"| `<prefix>/{topic.name}` | {kept} | {topic.qos} | {topic.when} "
            f"| [{kind}](#{kind.lower()}) |"
        )
    lines += ["", _RULES.format(commands=COMMANDS), "## Payloads", ""]
    schemas, parts = msgspec.json.schema_components([topic.payload for topic in TOPICS])
    for reference in schemas:
        name = reference["$ref"].rpartition("/")[2]
        lines += _section(name, parts[name])
    told = {topic.payload.__name__ for topic in TOPICS}
    for name in sorted(set(parts) - told):
        lines += _section(name, parts[name])
    return "\n".join(lines)


def _section(name: str, schema: dict[str, Any]) -> list[str]:
    about = " ".join(schema.get("description", "").replace("``", "`").split())
    fields = [
        f"  {json.dumps(key)}: {_compact(kind)}" for key, kind in schema["properties"].items()
    ]
    shown = [
        f'{{"type": "object", "required": {_compact(schema["required"])}, "properties": {{',
        ",\n".join(fields),
        "}}",
    ]
    return [f"### {name}", "", about, "", "```json", *shown, "```", ""]


def _compact(value: Any) -> str:
    return json.dumps(value).replace("#/$defs/", "#")
