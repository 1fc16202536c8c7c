"""The watch on frame lengths."""

import struct

import pytest

from bot.broker.frames import FRAME_BYTES_MAX, FrameWatch


def frame(size):
    return struct.pack(">I", size) + bytes(size)


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 1000])
def test_honest_frames_pass_however_they_are_cut(step):
    stream = b"".join(map(frame, (0, 1, 3, 0, 17, 250)))
    watch = FrameWatch(limit=250)
    assert all(watch.feed(stream[i : i + step]) is None for i in range(0, len(stream), step))


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_frame_that_is_too_long_is_known_from_its_first_four_bytes(step):
    stream = frame(9) + struct.pack(">I", FRAME_BYTES_MAX + 1)
    watch = FrameWatch()
    said = [watch.feed(stream[i : i + step]) for i in range(0, len(stream), step)]
    assert said[-1] == FRAME_BYTES_MAX + 1
    assert not any(said[:-1])
