"""Whether the daemon lives, as a file."""

import asyncio

from bot.health import Health, HealthReporter, read_health
from tests.bot.samples import AT, after
from tests.bot.test_loop import a_loop
from tests.fakes.clock import FakeClock

FINE = Health(AT, "run", 1.0, broker_ready=True, data_age_s=2.0, trading_state="active")


def test_a_turning_loop_is_alive_and_a_fresh_feed_ready():
    assert FINE.troubles(after(5), 30) == []
    assert FINE.unready(30) == []


def test_an_old_report_means_that_the_process_hangs():
    assert FINE.troubles(after(31), 30) == ["no report for 31 s"]


def test_a_loop_that_does_not_turn_is_not_alive_although_reports_come():
    for age in (None, 31.0):
        stuck = Health(AT, "run", age, broker_ready=True, data_age_s=2.0, trading_state="active")
        assert stuck.troubles(AT, 30) == ["the main loop does not turn"]


def test_without_broker_or_prices_it_is_alive_but_not_ready():
    lost = Health(AT, "run", 1.0, broker_ready=False, data_age_s=None, trading_state="active")
    assert lost.troubles(AT, 30) == []
    assert lost.unready(30) == ["the broker is not ready"]
    silent = Health(AT, "run", 1.0, broker_ready=True, data_age_s=None, trading_state="active")
    assert silent.unready(30) == ["no fresh prices"]


async def test_the_reporter_writes_what_a_reader_finds_and_takes_it_away_at_the_end(tmp_path):
    path = tmp_path / "var" / "health.json"
    reporter = HealthReporter(path, 5.0, "run-1", FakeClock())
    running = asyncio.ensure_future(reporter.run(a_loop()))
    await asyncio.sleep(0)

    report = read_health(path)
    running.cancel()
    await asyncio.wait([running])

    assert isinstance(report, Health)
    assert (report.run_id, report.broker_ready, report.loop_age_s) == ("run-1", False, None)
    assert not path.exists()


def test_no_report_and_a_broken_one_are_told_apart(tmp_path):
    missing, broken = tmp_path / "none.json", tmp_path / "half.json"
    broken.write_bytes(b'{"at":')
    assert "no daemon reports here" in str(read_health(missing))
    assert "half.json" in str(read_health(broken))
