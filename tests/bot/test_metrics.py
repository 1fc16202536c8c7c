"""Metrics that a real Prometheus parser reads, health that says why, dashboards that name both."""

import json
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.console.counts import Counts
from bot.metrics import Health, Sources, Tallies, metrics_application
from domain.desk import Desk, TradingState
from domain.events import ClockTicked
from domain.orders import DenialCode
from domain.signals import Signal
from engine.policy import Policy
from risk.alerts import ALERT_RULES
from tests.bot.console.stage import Console, desk_with_everything, story
from tests.bot.console.wire import ask
from tests.builders import CALENDAR, TUESDAY

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = re.compile(r"\bcondorbot_[a-z0-9_]+")


def sources(desk: Desk | None, tallies: Tallies | None = None, late_s: float = 0.0) -> Sources:
    return Sources(
        desk=lambda: desk,
        turned_at=lambda: None if desk is None else TUESDAY,
        now=lambda: TUESDAY + timedelta(seconds=late_s),
        policy=Policy(),
        tallies=tallies or Tallies(),
        counts=Counts(),
        loop_age_s_max=30.0,
    )


@asynccontextmanager
async def listening(**changes):
    """The metrics listener beside the console, on its own port."""
    async with Console(metrics={"enabled": True, **changes}) as console:
        yield console, console.ports["metrics"]


async def scraped(desk, tallies=None):
    """Samples by name and labels, as Prometheus would store them."""
    app, sent = metrics_application(sources(desk, tallies)), []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request"}

    scope = {
        "type": "http", "method": "GET", "path": "/metrics", "raw_path": b"/metrics",
        "headers": [], "query_string": b"", "root_path": "", "scheme": "http",
    }  # fmt: skip
    await app(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in sent).decode()
    families = list(text_string_to_metric_families(text))
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


async def test_the_numbers_are_the_desks():
    found = await scraped(desk_with_everything())
    assert found["condorbot_vix_points",] == 11.7
    assert found["condorbot_spx_points",] == 2776.0
    assert found["condorbot_condors",] == 6
    assert found["condorbot_hedge_contracts",] == 5
    assert found["condorbot_hedge_share_max_ratio",] == 0.4
    assert 0.0 < found["condorbot_hedge_share_ratio",] < 0.4
    assert found["condorbot_regime_state", "low"] == 1.0
    assert found["condorbot_regime_state", "high"] == 0.0
    assert found["condorbot_alert_active", "market_data_unknown"] == 1.0
    assert found["condorbot_ready",] == 1.0
    assert found["condorbot_signal", "rsi_vix"] == 61.4


async def test_what_is_not_known_is_nan_and_never_a_calm_number():
    desk = replace(desk_with_everything(), quotes={})
    found = await scraped(desk)
    for name in ("vix_points", "spx_points", "hedge_share_ratio", "vx_slope_points"):
        assert found[f"condorbot_{name}",] != found[f"condorbot_{name}",], name
    assert found["condorbot_signal", "dollar_z"] != found["condorbot_signal", "dollar_z"]


async def test_what_happens_between_two_scrapes_is_counted():
    tallies = Tallies()
    for _ in range(3):
        tallies.observe((), story(), desk_with_everything())
    found = await scraped(desk_with_everything(), tallies)
    assert found["condorbot_turns_total",] == 3
    assert found["condorbot_decisions_total", "denied"] == 3
    assert found["condorbot_denials_total", "hedge_share_cap"] == 3
    assert found["condorbot_alerts_total", "market_data_unknown"] == 3


async def test_labels_come_from_short_lists_only():
    found = await scraped(desk_with_everything())
    most = max(len(DenialCode), len(Signal), len(ALERT_RULES))
    by_name = [name for name, *_ in found]
    assert max(by_name.count(name) for name in by_name) == most
    assert len(found) < 400


async def test_before_anything_was_heard_there_are_still_metrics():
    found = await scraped(None)
    assert found["condorbot_ready",] == 0.0
    assert ("condorbot_vix_points",) not in found


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"ready_at": None}, "the broker is not ready"),
        ({"feed_at": None}, "no fresh prices"),
        ({"feed_at": TUESDAY - timedelta(seconds=61)}, "no fresh prices"),
        ({"broker_positions": None}, "positions were never compared"),
        (
            {"mismatched": tuple(desk_with_everything().book.positions())},
            "book and broker disagree",
        ),
    ],
)
def test_readiness_says_what_is_missing(changes, trouble):
    fine = Health.of(sources(desk_with_everything()))
    assert (fine.dead, fine.unready) == ((), ())
    doubtful = Health.of(sources(replace(desk_with_everything(), **changes)))
    assert doubtful.dead == ()
    assert doubtful.unready == (trouble,)


def test_a_loop_that_does_not_turn_is_dead():
    assert Health.of(sources(desk_with_everything(), late_s=30.0)).dead == ()
    assert Health.of(sources(desk_with_everything(), late_s=30.1)).dead != ()
    assert Health.of(sources(None)).dead != ()


def test_a_halt_is_neither_dead_nor_unready():
    halted = replace(desk_with_everything(), trading=TradingState.HALTED)
    assert Health.of(sources(halted)).unready == ()


async def test_the_listener_answers_scrapers_by_known_names_and_nobody_else():
    async with listening(allowed_hosts=("condorbot:9464",)) as (_, port):
        for path in ("/metrics", "/health/live", "/health/ready"):
            assert (await ask(port, "GET", path)).status == 200, path
            assert (await ask(port, "GET", path, host="evil.example")).status == 421, path
            assert (await ask(port, "GET", path, host="condorbot:9464")).status == 200, path
            assert (await ask(port, "POST", path, {})).status == 405, path
            other = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}
            assert (await ask(port, "GET", path, **other)).status == 403, path
        assert (await ask(port, "GET", "/api/state")).status == 404
        assert (await ask(port, "GET", "/")).status == 404


async def test_what_is_turned_away_is_counted():
    async with listening() as (console, port):
        await ask(port, "GET", "/metrics", host="evil.example")
        await ask(console.port, "GET", "/api/state")
        text = (await ask(port, "GET", "/metrics")).body.decode()
        assert 'condorbot_http_refused_total{status="421"} 1.0' in text
        assert 'condorbot_http_refused_total{status="401"} 1.0' in text
        assert console.served.counts.refused.total() == 2


async def test_health_is_503_with_reasons_when_it_should_be():
    async with listening() as (console, port):
        console.turn(ready_at=None)
        live, ready = [await ask(port, "GET", f"/health/{name}") for name in ("live", "ready")]
        assert live.status == 200
        assert ready.status == 503
        assert ready.json["troubles"] == ["the broker is not ready"]
        console.clock.forward(31.0)
        assert (await ask(port, "GET", "/health/live")).status == 200, "at rest is not stuck"
        console.inbox.put(ClockTicked(console.clock.now()))
        assert (await ask(port, "GET", "/health/live")).status == 503


async def known_names():
    desk = replace(desk_with_everything(), calendar=CALENDAR)
    return {name for name, *_ in await scraped(desk)}


async def test_every_metric_an_alert_rule_names_exists():
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    found = [rule for group in rules["groups"] for rule in group["rules"]]
    named = {name for rule in found for name in NAME.findall(rule["expr"])}
    assert len(found) >= 10
    assert len({rule["alert"] for rule in found}) == len(found)
    assert named - await known_names() == set()
    for rule in found:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "action"} <= set(rule["annotations"])
    states = {state for rule in found for state in re.findall(r'state="(\w+)"', rule["expr"])}
    assert states <= {state.value for state in TradingState}


async def test_every_metric_the_dashboard_names_exists():
    board = json.loads((DEPLOY / "grafana" / "condorbot.json").read_text(encoding="utf-8"))
    targets = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    named = {name for expression in targets for name in NAME.findall(expression)}
    assert len(board["panels"]) >= 12
    assert named - await known_names() == set()
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(panel["description"] for panel in board["panels"])


def test_the_scrape_configuration_reads_the_rules():
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert config["rule_files"] == ["alerts.yml"]
    assert config["scrape_configs"][0]["job_name"] == "condorbot"


async def test_every_metric_is_described_and_every_described_metric_exists():
    page = (DEPLOY.parent / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert set(NAME.findall(page)) == await known_names()


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("provisioning/**/*.yml")), ids=str)
def test_grafana_can_read_what_it_is_given(path):
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["apiVersion"] == 1


def test_the_compose_file_scrapes_the_daemon_by_a_name_it_answers_to():
    compose = yaml.safe_load((DEPLOY.parent / "compose.yaml").read_text(encoding="utf-8"))
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    told = compose["services"]["bot"]["environment"]
    wanted = config["scrape_configs"][0]["static_configs"][0]["targets"]
    assert json.loads(told["CONDORBOT_METRICS__ALLOWED_HOSTS"]) == wanted
    assert told["CONDORBOT_METRICS__ENABLED"].endswith(":-false}"), "off unless asked for"
    for name in ("prometheus", "grafana"):
        service = compose["services"][name]
        assert service["profiles"] == ["observability"]
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            assert not source.startswith(".") or (DEPLOY.parent / source).exists(), mount
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
