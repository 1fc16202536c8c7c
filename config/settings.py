"""Every setting of the product, typed, with its unit and the reason for its default.

Composes the parameters that strategies, risk and engine declare beside the code that reads them and
adds what only the shell needs. Knows neither files nor where values come from: that is load.py.
"""

import json
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.external import monthly_series
from config.releases import release_calendar
from config.rules import load_rules
from config.section import Section as Section  # noqa: PLC0414  # part of what settings offer
from config.shadow import ShadowSettings
from domain.rulesets import NO_RULES, Ruleset
from domain.signals import External
from engine.policy import Policy
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams
from risk.signals.parameters import SignalParams
from strategies.iron_condor.parameters import IronCondorParams

LIVE_PORTS = {4001: "the live gateway", 7496: "live TWS", 4003: "the live gateway in its container"}
PAPER_PREFIXES = ("DU",)
PREFIX = "CONDORBOT_"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _paper_port(port: int) -> int:
    if port in LIVE_PORTS:
        raise ValueError(f"port {port} belongs to {LIVE_PORTS[port]}: only paper trading here")
    return port


def _paper_account(account: str) -> str:
    if account and not account.startswith(PAPER_PREFIXES):
        raise ValueError("not a paper account: those start with DU")
    return account


Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class BrokerSettings(Section):
    """Where the gateway is and how to talk to it."""

    host: str = Field("127.0.0.1", description="address of IB Gateway or TWS")
    port: Annotated[int, Field(ge=1, le=65535), AfterValidator(_paper_port)] = Field(
        4002, description="API port; the live ports 4001, 4003 and 7496 are refused"
    )
    client_id: int = Field(1, ge=0, description="fixed id: open orders belong to it")
    account: Annotated[str, AfterValidator(_paper_account)] = Field(
        "", description="pin one paper account (DU...); empty takes the only one there is"
    )
    library: Literal["ib_async", "ib_insync"] = Field(
        "ib_async", description="client library; ib_insync needs an environment of its own"
    )
    market_data_type: Literal[1, 2, 3, 4] = Field(
        1,
        description="1 live, 2 frozen, 3 delayed, 4 delayed frozen; 3 and 4 never open",
    )
    line_budget: int = Field(100, ge=20, le=10_000, description="concurrent market-data lines")
    connect_timeout_s: Seconds = Field(15.0, description="deadline of connecting and synchronising")
    request_timeout_s: Seconds = Field(10.0, description="deadline of one request to the gateway")
    reconcile_s: Seconds = Field(
        300.0, description="seconds between two comparisons of everything with the broker's record"
    )
    backoff_s_first: Seconds = Field(1.0, description="wait before the first reconnect")
    backoff_s_max: Seconds = Field(60.0, description="longest wait between two reconnects")


class JournalSettings(Section):
    """The append-only record."""

    path: Path = Field(
        Path("var/condorbot.sqlite"), description="SQLite file; its folder is made if missing"
    )
    anchor: Path | None = Field(
        None,
        description="file that remembers the journal's end, best on another disk; a journal that "
        "does not reach it is refused",
    )
    quote_retention_days: int = Field(10, ge=0, description="days that quotes are kept")
    checkpoint_every_rows: int = Field(
        2000,
        ge=100,
        le=100_000,
        description="records after which the desk is saved, so that a start need not read them",
    )


class ControlSettings(Section):
    """What an operator can do without broker, network or console."""

    path: Path = Field(
        Path("var/control.json"),
        description="written by `condorbot halt` and `reduce`; nothing is opened while it is there",
    )


class ApprovalSettings(Section):
    """Who must agree before anything that adds risk; see docs/approvals.md."""

    daemon: str = Field(
        "condorbot",
        pattern=r"^[a-z][a-z0-9_.-]{0,39}$",
        description="this daemon's name in signed plans; no two of yours may share one",
    )
    key_ring: Path | None = Field(
        None,
        description="the first key ring; once taken the journal's counts. Unset: no approvals",
    )
    spool: Path = Field(
        Path("var/approvals"), description="folder for `condorbot submit`, watched by the daemon"
    )


class CalendarSettings(Section):
    """When FOMC decisions, CPI and PPI come. The format is that of config/data/releases.txt."""

    releases: Path | None = Field(
        None, description="file that replaces the calendar that comes with the product"
    )
    more_releases: Path | None = Field(
        None, description="file read beside it: days announced since, which replace expected ones"
    )


class RulesSettings(Section):
    """Operator rules, beside the product's own: see docs/rules.md."""

    enabled: bool = Field(default=True, description="false: no operator rule has a vote")
    path: Path | None = Field(None, description="a file of rules; unset: those of the product")

    @property
    def ruleset(self) -> Ruleset:
        """Raises config.rules.BadRules, naming every mistake."""
        return load_rules(self.path) if self.enabled else NO_RULES


class ExternalSettings(Section):
    """Monthly series that no broker delivers. Rows are `YYYY-MM,value`; see config/external.py."""

    real_exchange_rate: Path | None = Field(
        None, description="file of the dollar's real effective rate; without it a basket stands in"
    )
    price_earnings: Path | None = Field(
        None, description="file of the index's price-earnings ratio; without it VIX stays as it is"
    )


class MqttSettings(Section):
    """Status, positions and alerts for other programs."""

    enabled: bool = Field(default=False, description="off unless configured")
    host: str = Field("127.0.0.1", description="address of the MQTT broker")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        1883, description="1883 plain, 8883 with TLS"
    )
    tls: bool = Field(default=False, description="TLS 1.3; the broker's name is always verified")
    ca_file: Path | None = Field(
        None, description="certificate that the broker's is verified against, if not the system's"
    )
    cert_file: Path | None = Field(None, description="certificate that this daemon shows")
    key_file: Path | None = Field(None, description="its private key, if not in the same file")
    username: str = Field("", description="empty: no login")
    password: SecretStr = Field(SecretStr(""), description="never printed, never logged")
    client_id: str = Field("condorbot", min_length=1, description="MQTT client id; one per daemon")
    topic_prefix: str = Field(
        "condorbot", pattern=r"^[^+#/]+(/[^+#/]+)*$", description="first part of every topic"
    )
    commands: bool = Field(
        default=False, description="take signed commands too; needs a key ring to have any effect"
    )
    home_assistant: bool = Field(
        default=False, description="describe the topics for Home Assistant's discovery"
    )
    discovery_prefix: str = Field(
        "homeassistant", pattern=r"^[^+#/]+$", description="where Home Assistant looks for them"
    )
    heartbeat_s: Seconds = Field(10.0, description="seconds between two heartbeats")
    snapshot_s_min: Seconds = Field(1.0, description="shortest time between two snapshots")


def _near(section: "ConsoleSettings | MetricsSettings") -> None:
    if section.host not in LOOPBACK and not section.beyond_loopback:
        raise ValueError(f"host {section.host} is not loopback: that needs beyond_loopback = true")


class ConsoleSettings(Section):
    """The operator's page, served by the daemon itself. It can halt and reduce, nothing more."""

    enabled: bool = Field(default=False, description="off unless configured")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = Field(8790, description="port to listen on; 0 takes a free one")
    beyond_loopback: bool = Field(
        default=False,
        description="allow an address other than loopback, as inside a container whose port is "
        "published on 127.0.0.1 only",
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="names a browser may ask for besides host:port, e.g. `desk.lan:8790`"
    )
    token_path: Path = Field(
        Path("var/console.token"),
        description="file, readable by its owner only, with the token for the next login",
    )
    password_hash: SecretStr = Field(
        SecretStr(""), description="made by `condorbot console password`; empty: tokens only"
    )
    tls_certificate: Path | None = Field(None, description="PEM file; with it the page is https")
    tls_key: Path | None = Field(None, description="PEM file of the certificate's key")
    session_hours: float = Field(
        12.0, gt=0, le=168, description="hours after which one has to log in again"
    )
    viewers_max: int = Field(20, ge=1, le=100, description="pages open at the same time")

    @model_validator(mode="after")
    def _safe(self) -> "ConsoleSettings":
        _near(self)
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        return self


class MetricsSettings(Section):
    """Prometheus metrics and the health questions over HTTP; nothing there changes anything."""

    enabled: bool = Field(default=False, description="off unless configured")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = Field(9464, description="port to listen on; 0 takes a free one")
    beyond_loopback: bool = Field(
        default=False,
        description="allow an address other than loopback, as for a scraper in another container",
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="names a scraper may ask for besides host:port, e.g. `condorbot:9464`"
    )

    @model_validator(mode="after")
    def _safe(self) -> "MetricsSettings":
        _near(self)
        return self


class LogSettings(Section):
    """What the operator reads."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least level written"
    )
    format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: readable lines on a terminal, JSON lines elsewhere"
    )


class HealthSettings(Section):
    """What `condorbot health` looks at."""

    path: Path = Field(Path("var/health.json"), description="file that the main loop rewrites")
    every_s: Seconds = Field(5.0, description="seconds between two writes")
    age_s_max: Seconds = Field(30.0, description="an older file means that the loop hangs")
    stuck_s: float = Field(
        60.0,
        ge=5.0,
        allow_inf_nan=False,
        description="seconds after which a stuck main loop ends the process with 70, to be started "
        "again",
    )


class DemoSettings(Section):
    """The simulated market behind `condorbot demo` and `condorbot gateway`."""

    scenario: str = Field("volmageddon", description="which stretch of history to replay")
    start: date | None = Field(None, description="first day, if not the scenario's own")
    days: int | None = Field(None, ge=1, description="how many sessions, if not all")
    speed: Annotated[float, Field(gt=0)] = Field(
        1800.0, description="simulated seconds per second; inf: no waiting"
    )
    seed: int = Field(7, ge=0, description="the same seed gives the same run, byte for byte")
    data_dir: Path | None = Field(
        None, description="folder with longer history than the built-in one"
    )
    port: Port = Field(0, description="loopback port of the demo's gateway; 0 takes a free one")
    step_s: Seconds = Field(5.0, description="simulated seconds between two moves of the market")
    cash_usd: float = Field(
        1_000_000.0, gt=0, description="money in the simulated account at the start"
    )


def _decoded(parameters: Any) -> Any:
    """The environment writes tuples as JSON; a table read from TOML has them already."""
    if not isinstance(parameters, dict):
        return parameters
    decoded = dict(parameters)
    for name, value in parameters.items():
        if isinstance(value, str) and value.startswith("["):
            with suppress(
                ValueError
            ):  # broken JSON stays text, which the field then refuses by name
                decoded[name] = json.loads(value)
    return decoded


_Parameters = BeforeValidator(_decoded)


class Settings(BaseSettings):
    """The whole configuration. Values from the environment win over the ones passed in."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,  # NaN would make every comparison with it false
    )

    broker: BrokerSettings = BrokerSettings()
    journal: JournalSettings = JournalSettings()
    control: ControlSettings = ControlSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    calendar: CalendarSettings = CalendarSettings()
    external: ExternalSettings = ExternalSettings()
    rules: RulesSettings = RulesSettings()
    mqtt: MqttSettings = MqttSettings()
    console: ConsoleSettings = ConsoleSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()
    health: HealthSettings = HealthSettings()
    shadow: ShadowSettings = ShadowSettings()
    demo: DemoSettings = DemoSettings()
    condor: Annotated[IronCondorParams, _Parameters] = IronCondorParams()
    hedge: Annotated[HedgeParams, _Parameters] = HedgeParams()
    limits: Annotated[RiskLimits, _Parameters] = RiskLimits()
    regime: Annotated[RegimeParams, _Parameters] = RegimeParams()
    signals: Annotated[SignalParams, _Parameters] = SignalParams()

    def policy(self) -> Policy:
        """What the core decides by. Its fingerprint goes into the journal."""
        return Policy(
            self.condor,
            self.hedge,
            self.limits,
            self.regime,
            self.signals,
            release_calendar(self.calendar.releases, self.calendar.more_releases),
            External(
                monthly_series(self.external.real_exchange_rate),
                monthly_series(self.external.price_earnings),
            ),
            self.rules.ruleset,
        )

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over default; no hidden .env files."""
        return named["env_settings"], named["init_settings"]
