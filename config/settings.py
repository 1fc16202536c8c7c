"""Every setting of the product, typed, with its unit and the reason for its default.

Composes the parameters that strategies, risk and engine declare beside the code that reads them and
adds what only the shell needs. Knows neither files nor where values come from: that is load.py.
"""

import json
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from engine.policy import Policy
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams
from strategies.iron_condor.parameters import IronCondorParams

LIVE_PORTS = {4001: "the live gateway", 7496: "live TWS", 4003: "the live gateway in its container"}
PAPER_PREFIXES = ("DU", "DF")
PREFIX = "CONDORBOT_"


def _paper_port(port: int) -> int:
    if port in LIVE_PORTS:
        raise ValueError(f"port {port} belongs to {LIVE_PORTS[port]}: only paper trading here")
    return port


def _paper_account(account: str) -> str:
    if account and not account.startswith(PAPER_PREFIXES):
        raise ValueError("not a paper account: those start with DU or DF")
    return account


Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A frozen table of the profile. Unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class BrokerSettings(Section):
    """Where the gateway is and how to talk to it."""

    host: str = Field("127.0.0.1", description="address of IB Gateway or TWS")
    port: Annotated[int, Field(ge=1, le=65535), AfterValidator(_paper_port)] = Field(
        4002, description="API port; the live ports 4001, 4003 and 7496 are refused"
    )
    client_id: int = Field(1, ge=0, description="fixed id: open orders belong to it")
    account: Annotated[str, AfterValidator(_paper_account)] = Field(
        "", description="pin one paper account (DU or DF); empty takes the only one there is"
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


class ControlSettings(Section):
    """What an operator can do without broker, network or console."""

    path: Path = Field(
        Path("var/control.json"),
        description="written by `condorbot halt` and `reduce`; nothing is opened while it is there",
    )


class MqttSettings(Section):
    """Status, positions and alerts for other programs."""

    enabled: bool = Field(default=False, description="off unless configured")
    host: str = Field("127.0.0.1", description="address of the MQTT broker")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        1883, description="1883 plain, 8883 with TLS"
    )
    tls: bool = Field(
        default=False, description="verify the broker against the system's certificates"
    )
    username: str = Field("", description="empty: no login")
    password: SecretStr = Field(SecretStr(""), description="never printed, never logged")
    client_id: str = Field("condorbot", min_length=1, description="MQTT client id; one per daemon")
    topic_prefix: str = Field(
        "condorbot", pattern=r"^[^+#/]+(/[^+#/]+)*$", description="first part of every topic"
    )
    heartbeat_s: Seconds = Field(10.0, description="seconds between two heartbeats")
    snapshot_s_min: Seconds = Field(1.0, description="shortest time between two snapshots")


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
    mqtt: MqttSettings = MqttSettings()
    log: LogSettings = LogSettings()
    health: HealthSettings = HealthSettings()
    demo: DemoSettings = DemoSettings()
    condor: Annotated[IronCondorParams, _Parameters] = IronCondorParams()
    hedge: Annotated[HedgeParams, _Parameters] = HedgeParams()
    limits: Annotated[RiskLimits, _Parameters] = RiskLimits()
    regime: Annotated[RegimeParams, _Parameters] = RegimeParams()

    def policy(self) -> Policy:
        """What the core decides by. Its fingerprint goes into the journal."""
        return Policy(self.condor, self.hedge, self.limits, self.regime)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over default; no hidden .env files."""
        return named["env_settings"], named["init_settings"]
