"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2018, 1, 16, 15, 0, tzinfo=UTC)


class FakeClock:
    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at
