"""From text to settings: what is accepted, and how what is not is named."""

from datetime import time
from pathlib import Path

import pytest

from config.load import ConfigError, LiveTradingRefused, load_settings, profiles
from config.settings import Settings


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", profiles())
def test_every_profile_that_comes_along_is_valid(name: str) -> None:
    assert load_settings(name).broker.host == "127.0.0.1"


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "")) == Settings()


def test_an_unknown_name_lists_the_profiles() -> None:
    with pytest.raises(ConfigError, match="profiles: daily1, demo, paper, study"):
        load_settings("papre")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*nowhere\.toml: No such file"):
        load_settings(tmp_path / "nowhere.toml")


def test_broken_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not TOML: Expected"):
        load_settings(written(tmp_path, "[broker"))


def test_an_unknown_key_is_refused_with_the_nearest_valid_one(tmp_path: Path) -> None:
    text = "[broker]\nprot = 4002\n[limits]\nhedge_share_maximum = 0.4\n"
    with pytest.raises(ConfigError) as refused:
        load_settings(written(tmp_path, text))
    assert refused.value.errors == (
        "broker.prot: unknown key; did you mean port?",
        "limits.hedge_share_maximum: unknown key; did you mean hedge_share_max?",
    )


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="brokre: unknown key; did you mean broker"):
        load_settings(written(tmp_path, "[brokre]\nport = 4002\n"))


def test_all_mistakes_are_reported_at_once_each_with_its_path(tmp_path: Path) -> None:
    text = '[broker]\nclient_id = "one"\nline = 3\n[mqtt]\nport = 0\n[limits]\ncondors_max = "x"\n'
    with pytest.raises(ConfigError) as refused:
        load_settings(written(tmp_path, text))
    paths = [error.partition(":")[0] for error in refused.value.errors]
    assert paths == ["broker.line", "broker.client_id", "mqtt.port", "limits.condors_max"]


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_a_parameter_that_is_not_a_number_is_refused(tmp_path: Path, number: str) -> None:
    with pytest.raises(ConfigError, match=r"limits\.daily_loss_share: .*finite"):
        load_settings(written(tmp_path, f"[limits]\ndaily_loss_share = {number}\n"))


def test_parameters_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="regime: vix_low < vix_elevated"):
        load_settings(written(tmp_path, "[regime]\nvix_low = 25.0\n"))


@pytest.mark.parametrize("port", [4001, 4003, 7496])
def test_live_ports_are_refused_as_such(tmp_path: Path, port: int) -> None:
    with pytest.raises(LiveTradingRefused, match=rf"broker\.port: port {port} belongs to .*live"):
        load_settings(written(tmp_path, f"[broker]\nport = {port}\n"))


def test_a_live_account_is_refused_as_such(tmp_path: Path) -> None:
    with pytest.raises(LiveTradingRefused, match=r"broker\.account: not a paper account"):
        load_settings(written(tmp_path, '[broker]\naccount = "U1234567"\n'))


def test_a_live_port_in_the_environment_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDORBOT_BROKER__PORT", "7496")
    with pytest.raises(LiveTradingRefused, match="CONDORBOT_BROKER__PORT: port 7496"):
        load_settings("paper")


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDORBOT_BROKER__PORT", "4004")
    monkeypatch.setenv("CONDORBOT_HEDGE__RATIO", "[0.5, 0.3, 0.2]")
    monkeypatch.setenv("CONDORBOT_CONDOR__ENTRY_FROM", "11:30")
    settings = load_settings(written(tmp_path, "[broker]\nport = 7497\nclient_id = 9\n"))
    assert (settings.broker.port, settings.broker.client_id) == (4004, 9)
    assert settings.hedge.ratio == (0.5, 0.3, 0.2)
    assert settings.condor.entry_from == time(11, 30)


def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDORBOT_BROKER__PROT", "4004")
    with pytest.raises(ConfigError, match="CONDORBOT_BROKER__PROT: unknown setting; did you mean"):
        load_settings("paper")


def test_the_data_folder_is_not_taken_for_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDORBOT_DATA", "/somewhere")
    assert load_settings("paper").demo.data_dir is None


def test_a_broken_list_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDORBOT_HEDGE__RATIO", "[0.5, 0.3")
    with pytest.raises(ConfigError, match="CONDORBOT_HEDGE__RATIO: input should be a valid tuple"):
        load_settings("paper")


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDORBOT_MQTT__PASSWORD", "open sesame")
    settings = load_settings("paper")
    assert settings.mqtt.password.get_secret_value() == "open sesame"
    assert "sesame" not in repr(settings) + settings.model_dump_json()


def test_the_policy_carries_what_the_file_says(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "[limits]\nhedge_share_max = 0.39\n"))
    assert settings.policy().limits.hedge_share_max == 0.39
    assert settings.policy().fingerprint != Settings().policy().fingerprint
