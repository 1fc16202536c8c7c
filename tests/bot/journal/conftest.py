"""What a real daemon recorded, for tests that need more than samples."""

import pytest

from tests.scenarios.demo.test_daemon import HOUR, Stage, play


@pytest.fixture(scope="session")
def lived(tmp_path_factory):
    """Batches of events and effects of two hours with the simulated gateway, in order."""
    seen = []

    async def story(stages):
        stages.append(stage := Stage(tmp_path_factory.mktemp("session")))
        await stage.live(
            2 * HOUR, observers=(lambda events, effects, _: seen.append((events, effects)),)
        )

    play(story)
    return seen
