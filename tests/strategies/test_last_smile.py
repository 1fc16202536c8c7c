"""From which smile a fit starts: that of the same expiration in the same session, or none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.chain import OptionChain
from domain.smile_fit import LastSmile, fit_smile
from strategies.iron_condor.listed import Listed
from tests.builders import ready_desk

STRIKES = tuple(float(strike) for strike in range(2600, 3000, 5))


@pytest.fixture
def desk():
    return ready_desk()


def smile():
    strikes = [2700.0, 2750.0, 2800.0, 2850.0]
    bids, asks = [10.0, 20.0, 18.0, 8.0], [10.4, 20.4, 18.4, 8.4]
    calls = [False, False, True, True]
    found = fit_smile(strikes, bids, asks, calls, 2800.0, 1.0, 0.12).smile
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("days_off", "session_off", "kept"), [(0, 0, True), (7, 0, False), (0, 1, False)]
)
def test_a_fit_starts_from_the_smile_of_its_own_expiration_and_session(
    desk, days_off, session_off, kept
):
    expiration = desk.today + timedelta(days=45)
    chain = OptionChain("SPX", "SPXW", (expiration,), STRIKES)
    of = LastSmile(
        expiration + timedelta(days=days_off), desk.today - timedelta(days=session_off), smile()
    )
    desk = replace(desk, memory=replace(desk.memory, smile=of))
    assert (Listed(desk, chain, expiration).smile is of.smile) is kept
