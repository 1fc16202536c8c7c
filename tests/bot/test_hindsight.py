"""The desk of an earlier instant, from the journal of real lives of the daemon."""

from dataclasses import replace
from datetime import timedelta

import apsw
import pytest

from bot.hindsight import look_back
from bot.journal.codec import micros
from bot.journal.failures import JournalFailed
from bot.journal.replay import Replay
from config.load import load_settings, session_calendar
from domain.desk import Desk
from risk.limits import RiskLimits
from tests.scenarios.demo.test_daemon import HOUR, Stage, play

pytestmark = pytest.mark.scenario
CALENDAR = session_calendar()
POLICY = load_settings("demo").policy()


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    """Two lives on one day: the journal, and the desks as they were seen by the way."""
    folder = tmp_path_factory.mktemp("hindsight")
    seen: list[Desk] = []

    async def story(stages):
        stages.append(stage := Stage(folder))
        watch = (lambda _events, _effects, desk: seen.append(desk),)
        await stage.live(2 * HOUR, observers=watch)
        await stage.live(HOUR / 2, observers=watch)

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CONDORBOT_JOURNAL__QUOTE_RETENTION_DAYS", "10")
        play(story)
    return folder / "journal.sqlite", seen


DURABLE = (
    "account", "alerts", "book", "closes", "deficits", "hedge", "hours", "now", "ready_at",
    "record", "regime", "tally", "trading", "trading_why",
)  # fmt: skip
REMEMBERED = ("marks", "minute", "pending", "signals", "skips", "votes", "wanted", "watchlist")


def differing(ours: Desk, theirs: Desk) -> list[str]:
    found = [name for name in DURABLE if getattr(ours, name) != getattr(theirs, name)]
    one, other = ours.memory, theirs.memory
    found += [name for name in REMEMBERED if getattr(one, name) != getattr(other, name)]
    return found if ours.quotes == theirs.quotes else [*found, "quotes"]


@pytest.mark.parametrize("part", [0.3, 0.7, 0.95, 1.0])
def test_the_desk_of_an_instant_is_the_one_that_was_lived(lives, part):
    path, seen = lives
    lived = seen[int(part * (len(seen) - 1))]
    past = look_back(path, CALENDAR, POLICY, lived.now)
    assert past.differences == 0
    assert past.same_policy
    assert past.priced
    assert differing(past.desk, newest_at(seen, lived)) == []


def newest_at(seen: list[Desk], lived: Desk) -> Desk:
    """Several turns may have the same instant: the last of them counts."""
    return [desk for desk in seen if desk.now == lived.now][-1]


def test_other_limits_are_noticed_and_the_record_keeps_its_word(lives):
    path, seen = lives
    strict = replace(POLICY, limits=RiskLimits(max_loss_share_entry=0.001))
    past = look_back(path, CALENDAR, strict, seen[-1].now)
    assert not past.same_policy
    assert past.differences > 0
    assert past.desk.book == seen[-1].book
    assert past.desk.tally == seen[-1].tally


def test_an_instant_before_the_journal_begins_is_refused(lives):
    path, seen = lives
    with pytest.raises(LookupError):
        look_back(path, CALENDAR, POLICY, seen[0].now - timedelta(days=1))


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    with pytest.raises(JournalFailed):
        look_back(tmp_path / "nothing", CALENDAR, POLICY)


def test_turns_are_whole_and_in_order(lives):
    path, _ = lives
    replay = Replay(path)
    try:
        last = replay.last_at()
        assert last is not None
        turns = list(replay.turns(0, replay.batch_at(last), with_market=True))
        assert [turn.batch for turn in turns] == sorted({turn.batch for turn in turns})
        assert {turn.life for turn in turns if turn.effects} == {1, 2}
        durable = list(replay.turns(0, replay.batch_at(last), with_market=False))
        assert [turn.effects for turn in durable] == [turn.effects for turn in turns if turn.life]
    finally:
        replay.close()


def test_prices_that_were_deleted_are_missed(lives, tmp_path):
    path, seen = lives
    middle = seen[len(seen) // 2].now
    bare = tmp_path / "bare.sqlite"
    bare.write_bytes(path.read_bytes())
    db = apsw.Connection(str(bare))
    db.execute("DELETE FROM market WHERE at < ?", (micros(middle),))
    db.close()
    assert not look_back(bare, CALENDAR, POLICY, middle - timedelta(minutes=5)).priced
    past = look_back(bare, CALENDAR, POLICY, seen[-1].now)
    assert past.priced
    assert past.desk.book == seen[-1].book
