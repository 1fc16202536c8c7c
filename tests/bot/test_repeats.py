"""One trouble cannot fill the log, and nothing that matters is ever held back."""

import io
import json

import pytest
import structlog

from bot.logs import LogEvent, configure, printable
from bot.repeats import KINDS_MAX, LINES_MAX, WINDOW, Repeats
from tests.bot.samples import AT, after
from tests.fakes.clock import FakeClock


def test_a_flood_is_cut_and_counted():
    stream, clock = io.StringIO(), FakeClock()
    configure("json", clock=clock, stream=stream)
    log = structlog.get_logger()
    for number in range(1000):
        log.info(LogEvent.BROKER_MESSAGE, code=2103, text=f"farm {number} is broken")
    log.info(LogEvent.BROKER_MESSAGE, code=1100, text="another code is another kind")
    clock.forward(WINDOW.total_seconds())
    log.info(LogEvent.BROKER_READY)

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == LINES_MAX + 3
    held = lines[-2]
    assert (held["event"], held["of"], held["lines"]) == (
        "log.held_back", "broker.message", 1000 - LINES_MAX,
    )  # fmt: skip
    assert lines[-1]["event"] == "broker.ready"


@pytest.mark.parametrize(
    "event",
    [e for e in LogEvent if e.startswith(("decision.", "order.", "alert.", "process.", "step."))],
)
def test_what_was_decided_and_done_is_never_held_back(event):
    repeats = Repeats()
    assert all(repeats.admits(event, "", AT) for _ in range(10 * LINES_MAX))


def test_kinds_without_end_are_bounded_and_their_counts_told():
    repeats = Repeats()
    for code in range(2 * KINDS_MAX):
        for _ in range(LINES_MAX + 1):
            repeats.admits("broker.message", code, AT)
    told = repeats.over(AT)
    assert [held.count for held in told] == [1] * KINDS_MAX
    assert repeats.over(AT) == []


def test_after_the_window_it_may_speak_again():
    repeats = Repeats()
    for _ in range(LINES_MAX + 5):
        repeats.admits("telemetry.lost", "", AT)
    assert [held.count for held in repeats.over(after(60))] == [5]
    assert repeats.admits("telemetry.lost", "", after(60))


def test_a_clock_that_went_back_does_not_silence_the_log():
    repeats = Repeats()
    for _ in range(LINES_MAX + 1):
        repeats.admits("telemetry.lost", "", after(3600))
    repeats.over(AT)
    assert repeats.admits("telemetry.lost", "", AT)


NASTY = ["a\nb", "a\rb", "a\x1b[2Jb", "a\x07b", "a\x9bb", "a\u2028b", "a\u202eb", "a\x00b"]


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("text", NASTY)
def test_control_characters_are_spelled_out_in_both_forms(log_format, text):
    stream = io.StringIO()
    configure(log_format, clock=FakeClock(), stream=stream)
    structlog.get_logger().warning(LogEvent.BROKER_ERROR, text=text, many=[text, {text: text}])
    (line,) = stream.getvalue().splitlines()
    assert text[1] not in line
    assert printable(text) == printable(printable(text))


def test_account_numbers_are_masked_inside_lists_and_tables_too():
    stream = io.StringIO()
    configure("json", clock=FakeClock(), stream=stream)
    structlog.get_logger().info(
        LogEvent.BROKER_ERROR, text="x", accounts=["DU1234567"], by={"U7654321": ("DU1234567",)}
    )
    assert "1234567" not in stream.getvalue()
    assert "7654321" not in stream.getvalue()
