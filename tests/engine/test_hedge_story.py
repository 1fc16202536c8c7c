"""Two months of calm, spike and calm through the whole engine: every mechanism of the hedge at
work, each with its rule and its numbers on record.
"""

import random
from collections import Counter
from dataclasses import replace

import pytest

from domain.effects import RecordDecision, Verdict
from domain.orders import Purpose
from risk.parameters import HedgeParams
from tests.builders import CALENDAR
from tests.properties.test_hedge_seasons import POLICY as CALM
from tests.properties.test_hedge_seasons import START, Season, fresh

# As in the demo only the last rung of the ladder, so that the cap has something to do; and a lower
# cap, because this market's long futures rise little.
POLICY = replace(
    CALM,
    hedge=HedgeParams(ladder_multiples=(8.0,), ladder_shares=(1.0,)),
    limits=replace(
        CALM.limits, hedge_share_buy_max=0.22, hedge_share_trimmed=0.23, hedge_share_max=0.24
    ),
)
VIX = [12.0] * 19 + [14, 18, 24, 33, 36, 34, 27, 24, 22, 19, 17, 16, 15.5] + [15.0] * 9


@pytest.fixture(scope="module")
def season() -> Season:
    season = Season(fresh(), random.Random(1), policy=POLICY)
    day = START
    for level in VIX:
        season.live(day, level)
        day = CALENDAR.next_session(day)
    return season


def approved(season: Season) -> list[RecordDecision]:
    return [
        record
        for record in season.journal
        if isinstance(record, RecordDecision)
        and record.verdict is Verdict.APPROVED
        and record.topic.startswith("hedge.")
    ]


def test_it_is_built_rolled_trimmed_harvested_sold_and_redeployed(season: Season) -> None:
    rules = Counter(decision.rule for decision in approved(season))
    for rule in ("4.4.build", "4.4.roll", "4.5.trim", "4.6.press", "4.6.redeploy"):
        assert rules[rule] >= 1, rules
    assert season.desk.book.redeployed


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        ("4.4.build", {"cap", "used", "asked", "granted", "delta", "forward", "budget_left"}),
        ("4.4.roll", {"cap", "used", "tenor_before", "tenor_after", "vega_tenor_before"}),
        ("4.5.trim", {"cap", "used", "asked", "granted", "share", "share_premium"}),
        ("4.6.press", {"multiple", "rung", "bid", "ask"}),
        ("4.6.redeploy", {"cap", "used", "gains_left", "unit", "budget_left"}),
    ],
)
def test_each_says_by_which_rule_and_with_which_numbers(
    season: Season, rule: str, numbers: set[str]
) -> None:
    decision = next(d for d in approved(season) if d.rule == rule)
    assert numbers <= set(dict(decision.inputs))
    assert decision.text


def test_nothing_was_bought_on_balance_while_vix_was_high(season: Season) -> None:
    """Between the first day above 20 and the second close below 19 there are rolls and sales."""
    spike = [START]
    while len(spike) < len(VIX):
        spike.append(CALENDAR.next_session(spike[-1]))
    days = {day for day, level in zip(spike, VIX, strict=True) if level >= 27}
    bought = [d for d in approved(season) if d.purpose is Purpose.BUY_HEDGE and d.at.date() in days]
    assert not bought
