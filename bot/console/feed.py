"""Server-sent events for everybody who looks: the newest of each panel, the story line by line.

One frame is made for all viewers, at most one a beat and only while there are any. A viewer who
is slow misses frames, never delays anything; one who takes none at all is dropped.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.console.counts import Counts
from bot.console.encoding import encoded
from bot.console.panels import Panel, history
from bot.console.story import story
from bot.console.watch import Watch
from bot.logs import LogEvent, LogTail

log = structlog.get_logger()

UNTAKEN_BEATS_MAX = 20  # a viewer that has taken nothing for so long is gone
STORY_AT_ONCE = 150
LOG_AT_ONCE = 200
_COMMENT = b": still here\n\n"


@dataclass(eq=False, slots=True)
class Viewer:
    """One open page. What waits for it is bounded: one frame of each panel, and places in rings."""

    changed: asyncio.Event = field(default_factory=asyncio.Event)
    panels: dict[str, bytes] = field(default_factory=dict)
    told: int = 0
    marked: int = 0
    logged: int = 0
    untaken: int = 0
    missed: int = 0  # frames that a newer one replaced
    gone: bool = False
    stop: Callable[[], object] = bool  # called when the viewer is dropped in the middle of taking


class Feed:
    """``make`` renders all panels; it is asked by ``beat`` and by whoever joins first."""

    def __init__(
        self,
        watch: Watch,
        log_lines: LogTail,
        make: Callable[[], dict[str, Panel]],
        viewers_max: int,
        counts: Counts,
    ) -> None:
        self._counts = counts
        self._watch = watch
        self._log_lines = log_lines
        self._make = make
        self._viewers_max = viewers_max
        self._viewers: list[Viewer] = []
        self._frame: dict[str, bytes] = {}
        self._fresh = False
        self.frames = 0

    def __len__(self) -> int:
        return len(self._viewers)

    def join(self) -> Viewer | None:
        """A viewer with a whole frame waiting; None when there are too many already."""
        if len(self._viewers) >= self._viewers_max:
            return None
        if not self._fresh:
            self._render()
        viewer = Viewer(panels=dict(self._frame))
        viewer.changed.set()
        self._viewers.append(viewer)
        self._counts.viewers = len(self._viewers)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        viewer.gone = True
        viewer.changed.set()
        if viewer in self._viewers:
            self._viewers.remove(viewer)
        self._counts.viewers = len(self._viewers)

    def beat(self) -> None:
        """Once a real second."""
        self._fresh = False
        if not self._viewers:
            return
        old = self._frame
        self._render()
        news = {name: body for name, body in self._frame.items() if old.get(name) != body}
        for viewer in tuple(self._viewers):
            self._offer(viewer, news)

    def close(self) -> None:
        for viewer in tuple(self._viewers):
            self.leave(viewer)

    async def next_chunk(self, viewer: Viewer) -> bytes | None:
        """Everything that waits for ``viewer`` as event-stream text; None when it is over."""
        await viewer.changed.wait()
        if viewer.gone:
            return None
        viewer.changed.clear()
        viewer.untaken = 0
        parts = [_event(name, body) for name, body in viewer.panels.items()]
        viewer.panels = {}
        parts += self._lines(viewer)
        return b"".join(parts) or _COMMENT

    def state(self) -> dict[str, bytes]:
        """The newest frame, made now if there is none of this beat."""
        if not self._fresh:
            self._render()
        return self._frame

    def _offer(self, viewer: Viewer, news: dict[str, bytes]) -> None:
        if viewer.changed.is_set():
            viewer.untaken += 1
            viewer.missed += 1
        if viewer.untaken > UNTAKEN_BEATS_MAX:
            self._counts.dropped += 1
            log.warning(LogEvent.CONSOLE_VIEWER_DROPPED, frames_missed=viewer.missed)
            self.leave(viewer)
            viewer.stop()
            return
        viewer.panels |= news
        viewer.changed.set()

    def _lines(self, viewer: Viewer) -> list[bytes]:
        """Story, history and log since this viewer last took some."""
        found = []
        told, missing = self._watch.story.after(viewer.told, STORY_AT_ONCE)
        viewer.told = self._watch.story.count
        if told:
            found.append(_event("story", encoded({"missing": missing, "lines": story(told)})))
        marks, _ = self._watch.history.after(viewer.marked, len(self._watch.history))
        viewer.marked = self._watch.history.count
        if marks:
            found.append(_event("history", encoded({"marks": history(marks)})))
        lines, missing = self._log_lines.after(viewer.logged, LOG_AT_ONCE)
        viewer.logged = self._log_lines.count
        if lines:
            found.append(_event("log", encoded({"missing": missing, "lines": lines})))
        return found

    def _render(self) -> None:
        self._frame = {name: encoded(panel) for name, panel in self._make().items()}
        self._fresh = True
        self.frames += 1


def _event(name: str, body: bytes) -> bytes:
    """One message. JSON has no raw line breaks, so that a body is always one data line."""
    return b"event: %b\ndata: %b\n\n" % (name.encode("ascii"), body)
