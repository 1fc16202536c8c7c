"""Events become lines."""

import io
import json
import logging
import re

import pytest
import structlog

from bot.logs import LogEvent, configure, mask_accounts
from tests.fakes.clock import FakeClock


def written(log_format, **bound):
    stream = io.StringIO()
    configure(log_format, clock=FakeClock(), stream=stream, **bound)
    return stream


def test_a_json_line_has_time_event_fields_and_what_is_bound():
    stream = written("json", run_id="r1", config_hash="c1")
    structlog.get_logger().info(LogEvent.ORDER_SENT, order_ref="cb-1", limit="-3.20")

    assert json.loads(stream.getvalue()) == {
        "ts": "2018-01-16T15:00:00.000Z",
        "level": "info",
        "event": "order.sent",
        "order_ref": "cb-1",
        "limit": "-3.20",
        "run_id": "r1",
        "config_hash": "c1",
    }


def test_account_numbers_are_masked_wherever_they_stand():
    stream = written("json")
    structlog.get_logger().error(LogEvent.BROKER_ERROR, reason="order for DU1234567 and U7654321")
    assert "1234567" not in stream.getvalue()
    assert "DU****567" in stream.getvalue()
    assert "U****321" in stream.getvalue()
    assert mask_accounts("SPXW 2018-03-02 2650, UP12345") == "SPXW 2018-03-02 2650, UP12345"


def test_what_libraries_warn_of_comes_out_in_the_same_form():
    stream = written("json", run_id="r1")
    logging.getLogger("some_library").warning("lost %s", "DU1234567")
    logging.getLogger("some_library").info("chatter")

    (line,) = stream.getvalue().splitlines()
    record = json.loads(line)
    assert record["event"] == "library.message"
    assert record["library"] == "some_library"
    assert record["text"] == "lost DU****567"
    assert record["run_id"] == "r1"


def test_the_readable_form_is_plain_text_where_there_is_no_terminal():
    stream = written("console", run_id="r1", config_hash="c1")
    structlog.get_logger().warning(LogEvent.ORDER_HELD, order_ref="cb-1")
    line = stream.getvalue()
    assert "order.held" in line
    assert "order_ref=cb-1" in line
    assert "\x1b" not in line
    assert "run_id" not in line


def test_errors_carry_their_traceback():
    stream = written("json")
    structlog.get_logger().error(LogEvent.PROCESS_FAILED, exc_info=ValueError("odd"))
    assert "ValueError: odd" in json.loads(stream.getvalue())["exception"]


def test_event_names_are_dotted_lower_case_and_unique():
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", name) for name in LogEvent)
    assert len(set(LogEvent)) == len(LogEvent.__members__)


def test_every_event_of_the_shell_is_logged_by_its_name(repository):
    """No log call with a bare string."""
    calls = re.compile(r"\blog\.(?:debug|info|warning|error|critical)\(\s*([^,)\s]+)")
    for path in (repository / "bot").rglob("*.py"):
        for found in calls.findall(path.read_text("utf-8")):
            assert found.startswith(("LogEvent.", "name", "_VERDICTS")), f"{path}: {found}"


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize(
    "value",
    ["half \ud83d of a smile", ["\udcff"], {"\ud800": "\udfff"}, {1: "\ud800"}, {(1, "\ud83d"): 2}],
    ids=["text", "list", "table", "number as a key", "pair as a key"],
)
def test_half_a_character_can_be_written_down_and_is_seen(log_format, value):
    """As comes from a file name, or from a gateway's bytes; no encoding knows what it is."""
    stream = written(log_format)
    structlog.get_logger().warning(LogEvent.BROKER_ERROR, text=value)
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert "broker.error" in line
    assert "\\ud8" in line or "\\udc" in line or "\\udf" in line
    line.encode()


def test_a_number_that_the_quick_encoder_refuses_is_written_all_the_same():
    stream = written("json")
    odd = {2**64: [2**70, {"inner": 2.5}], "half": "\ud800"}
    structlog.get_logger().warning(LogEvent.BROKER_ERROR, code=2**64, of=odd)
    line = json.loads(stream.getvalue())
    assert line["code"] == 2**64
    assert line["of"] == {str(2**64): [2**70, {"inner": 2.5}], "half": "\\ud800"}
