"""Frames out of a stream however it is cut, and an end to what is not the protocol."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.gateway.fields import FieldReader, MalformedRequest
from sim.gateway.framing import BadStream, FrameReader, frame, message, parse_hello, split_fields

STREAM = b"API\0" + frame(b"v157..178") + frame(message(71, 2, 1, "")) + frame(message(49, 1))


@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=8, unique=True))
def test_a_stream_gives_the_same_frames_however_it_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    reader, found = FrameReader(), []
    for start, end in pairwise(edges):
        found += list(reader.feed(STREAM[start:end]))
    assert found == [b"v157..178", message(71, 2, 1, ""), message(49, 1)]


def test_a_frame_beyond_the_limit_is_refused_before_it_is_collected() -> None:
    reader = FrameReader(limit=1000)
    with pytest.raises(BadStream, match="limit"):
        list(reader.feed(b"API\0" + struct.pack(">I", 1001)))


@pytest.mark.parametrize("start", [b"G", b"GET / HTTP/1.1\r\n", b"APX\0", b"\0\0\0\x05"])
def test_anything_but_the_prefix_is_refused_at_its_first_byte(start: bytes) -> None:
    with pytest.raises(BadStream):
        list(FrameReader().feed(start))


@pytest.mark.parametrize(
    ("body", "versions"),
    [(b"v157..178", (157, 178)), (b"v100..157 +PACEAPI", (100, 157)), (b"v157", (157, 157))],
)
def test_a_hello_names_a_range_of_versions(body: bytes, versions: tuple[int, int]) -> None:
    assert parse_hello(body) == versions


@pytest.mark.parametrize("body", [b"", b"v", b"x157..178", b"v157..178\0", b"\xff" * 9])
def test_any_other_hello_is_refused(body: bytes) -> None:
    with pytest.raises(BadStream):
        parse_hello(body)


def test_an_unterminated_field_is_refused() -> None:
    with pytest.raises(BadStream):
        split_fields(b"49\x001")


def test_both_spellings_of_an_unset_number_are_unset() -> None:
    fields = FieldReader(["", "1.7976931348623157E308", "1.7976931348623157e+308", "2147483647"])
    assert [fields.real(), fields.real(), fields.real(), fields.integer(default=-7)] == [
        None, None, None, -7,
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["nan", "abc", "inf", "1,5"])
def test_a_price_that_is_not_a_number_is_refused(text: str) -> None:
    with pytest.raises(MalformedRequest):
        FieldReader([text]).decimal()
