"""The samples in deploy/ name only fields, paths, units and names that exist."""

import re
from pathlib import Path

import yaml
from typer.main import get_command

from bot.cli import app
from bot.log_meanings import MEANINGS
from config.settings import HealthSettings, Settings
from tests.test_docs import generator

ALWAYS = {"ts", "level", "event", "run_id", "config_hash"}
FIELDS = ALWAYS | {name for meaning in MEANINGS.values() for name in meaning.fields.split()}


def text_of(repository: Path, name: str) -> str:
    return (repository / "deploy" / name).read_text(encoding="utf-8")


def unit(repository: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text_of(repository, "systemd/condorbot.service").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_alloy_reads_only_fields_that_lines_have(repository):
    text = text_of(repository, "alloy/config.alloy")
    (body,) = re.findall(r"expressions = \{(.*?)\}", text, re.DOTALL)
    read = dict(re.findall(r'(\w+)\s*=\s*"(\w+)"', body))
    assert len(read) >= 6
    assert set(read.values()) <= FIELDS
    for used in re.findall(r"values = \{(.*?)\}", text):
        assert set(re.findall(r"(\w+) = ", used)) <= set(read)
    assert text.count("{") == text.count("}")
    assert re.findall(r"forward_to\s*=\s*\[loki\.(\S+)\.receiver\]", text) == [
        "process.condorbot", "write.here",
    ]  # fmt: skip


def test_vector_reads_only_fields_that_lines_have_and_its_pipes_fit(repository):
    config = yaml.safe_load(text_of(repository, "vector/vector.yaml"))
    parts = {**config["sources"], **config["transforms"]}
    for part in (*config["transforms"].values(), *config["sinks"].values()):
        assert set(part["inputs"]) <= set(parts)
    labels = config["sinks"]["loki"]["labels"]
    read = {name for value in labels.values() for name in re.findall(r"\{\{ (\w+) \}\}", value)}
    source = config["transforms"]["lines"]["source"] + config["transforms"]["urgent"]["condition"]
    read |= set(re.findall(r"(?<![\w)])\.([a-z_]+)", source))
    assert {"ts", "level", "event"} <= read
    assert read - {"message", "timestamp"} <= FIELDS


def test_labels_have_few_values_so_that_a_store_of_logs_survives_them(repository):
    config = yaml.safe_load(text_of(repository, "vector/vector.yaml"))
    many = {"order_ref", "perm_id", "batch", "exec_id", "decisions"}
    assert not many & set(config["sinks"]["loki"]["labels"])
    (labels,) = re.findall(
        r"stage\.labels \{\s+values = \{(.*?)\}", text_of(repository, "alloy/config.alloy")
    )
    assert not many & set(re.findall(r"(\w+) = ", labels))


def test_the_watchdog_of_the_daemon_bites_before_the_one_of_systemd(repository):
    own = HealthSettings().stuck_s
    assert unit(repository)["Type"] == ["notify"]
    assert float(unit(repository)["WatchdogSec"][0]) > own


def test_systemd_does_not_restart_what_cannot_mend_itself(repository):
    found = unit(repository)
    assert found["RestartPreventExitStatus"] == ["2 3"]
    assert found["Restart"] == ["always"]


def test_the_unit_gives_the_process_no_rights(repository):
    found = unit(repository)
    assert found["CapabilityBoundingSet"] == [""]
    assert found["NoNewPrivileges"] == ["yes"]
    assert found["ProtectSystem"] == ["strict"]
    assert found["User"] == ["condorbot"]
    assert found["LimitCORE"] == ["0"]


def test_journald_keeps_what_the_daemon_writes(repository):
    text = text_of(repository, "journald/condorbot.conf")
    assert "Storage=persistent" in text
    assert "RateLimitIntervalSec=0" in text


def services(repository: Path) -> dict[str, dict[str, object]]:
    found = yaml.safe_load((repository / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert isinstance(found, dict)
    return found


def test_compose_publishes_on_loopback_only(repository):
    for name, service in services(repository).items():
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:"), f"{name}: {port}"


def test_compose_gives_our_containers_nothing_to_write_and_no_rights(repository):
    for name, service in services(repository).items():
        if name == "ib-gateway":  # of others; it wants to write its settings
            continue
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_compose_mounts_and_sets_only_what_exists(repository):
    for name, service in services(repository).items():
        for volume in service.get("volumes", []):
            source = str(volume).split(":", 1)[0]
            if source.startswith("."):
                assert (repository / source).exists(), f"{name}: {source}"
    keys = {
        f"CONDORBOT_{section.upper()}__{field.upper()}"
        for section, info in Settings.model_fields.items()
        if info.annotation is not None and hasattr(info.annotation, "model_fields")
        for field in info.annotation.model_fields
    }
    bot = services(repository)["bot"]["environment"]
    assert isinstance(bot, dict)
    assert [key for key in bot if key not in keys] == []


def test_compose_has_observability_as_a_profile_of_its_own(repository):
    extra = [n for n, s in services(repository).items() if s.get("profiles") == ["observability"]]
    assert {"prometheus", "grafana"} <= set(extra)


def test_every_alert_has_an_entry_in_the_runbook(repository):
    runbook = (repository / "docs" / "runbook.md").read_text(encoding="utf-8")
    entries = set(re.findall(r"`([\w<>-]+)`", runbook))
    codes = re.findall(r"^\| `([\w<>-]+)` \|", generator().alerts_page(), re.MULTILINE)
    assert len(codes) > 15
    assert [code for code in codes if code not in entries] == []


def test_every_prometheus_alert_has_an_entry_in_the_runbook(repository):
    runbook = (repository / "docs" / "runbook.md").read_text(encoding="utf-8")
    groups = yaml.safe_load(text_of(repository, "prometheus/alerts.yml"))["groups"]
    names = [rule["alert"] for group in groups for rule in group["rules"]]
    assert len(names) > 5
    assert [name for name in names if f"`{name}`" not in runbook] == []


def test_commands_in_the_operators_pages_exist(repository):
    known = set(getattr(get_command(app), "commands", {}))
    for page in ("quickstart", "paper-account", "runbook"):
        text = (repository / "docs" / f"{page}.md").read_text(encoding="utf-8")
        used = set(re.findall(r"condorbot ([a-z]+)\b(?! (?:is|has|refuses|shows))", text))
        assert {name for name in used if name in known} >= {"doctor"}
        assert [n for n in used - known if f"`condorbot {n}" in text] == []
