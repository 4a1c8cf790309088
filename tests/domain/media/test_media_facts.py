"""What media files say of themselves, and that files which lie end quickly with a plain reason."""

from __future__ import annotations

import struct
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import ttp.sandbox
from tests import media_bytes as made
from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.media.details import MOST_CAPTION_BYTES, check_captions
from ttp.domain.media.item import AUDIO
from ttp.domain.media.probe import FileFacts, Flaw, UnusableMedia, read_facts
from ttp.domain.media.probe.reader import MOST_BYTES, MOST_READS

FILES = Path(ttp.sandbox.__file__).parent / "files"


class Disk:
    """A file in memory that counts what is read of it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reads = 0
        self.bytes = 0

    def read_at(self, offset: int, length: int) -> bytes:
        assert offset >= 0
        assert length >= 0
        self.reads += 1
        self.bytes += length
        return self.data[offset : offset + length]


def facts(data: bytes) -> FileFacts:
    return read_facts(Disk(data).read_at, len(data))


def refused(data: bytes) -> Flaw:
    with pytest.raises(UnusableMedia) as caught:
        facts(data)
    return caught.value.flaw


# Images


def test_a_jpeg_tells_its_size() -> None:
    assert facts(made.jpeg(1080, 1350)) == FileFacts("image/jpeg", 1080, 1350)


def test_a_jpegs_size_is_found_behind_large_segments_fill_bytes_and_lone_markers() -> None:
    before = made.segment(0xE1, bytes(65_000)) * 30 + b"\xff\xff\xff\x01\xff\xd0" + made.segment(0xC4, bytes(4))
    disk = Disk(made.jpeg(12, 34, before))
    assert read_facts(disk.read_at, len(disk.data)) == FileFacts("image/jpeg", 12, 34)
    assert disk.bytes < 1_000


def test_a_real_jpeg_and_a_real_mp4_are_read() -> None:
    photo, clip = facts((FILES / "photo.jpg").read_bytes()), facts((FILES / "clip.mp4").read_bytes())
    assert (photo.mime, clip.mime) == ("image/jpeg", "video/mp4")
    assert photo.width is not None
    assert photo.height is not None
    assert photo.width * 5 >= photo.height * 4
    assert clip.duration_ms is not None
    assert 3_000 <= clip.duration_ms <= 10_000
    assert clip.codec == "h264"
    assert clip.fps is not None
    assert 23 <= clip.fps <= 60
    assert clip.moov_first


@each("tail", [b"\xff\xd9", b"\xff\xda\x00\x02", b"\x00\x00\x00\x00"])
def test_a_jpeg_without_a_frame_is_damaged(tail: bytes) -> None:
    assert refused(b"\xff\xd8" + made.segment(0xE0, b"JFIF\0") + tail) is Flaw.DAMAGED


def test_other_images_tell_their_sizes() -> None:
    assert facts(made.png(800, 600)) == FileFacts("image/png", 800, 600)
    assert facts(made.gif(320, 200)) == FileFacts("image/gif", 320, 200)
    assert facts(made.webp_simple(640, 480)) == FileFacts("image/webp", 640, 480)
    large = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (1999).to_bytes(3, "little") + (999).to_bytes(3, "little")
    assert facts(made.webp(large)) == FileFacts("image/webp", 2000, 1000)
    lossless = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + struct.pack("<I", 1199 | 799 << 14) + bytes(5)
    assert facts(made.webp(lossless)) == FileFacts("image/webp", 1200, 800)


def test_images_with_nonsense_where_their_size_should_be_are_damaged() -> None:
    assert refused(made.png().replace(b"IHDR", b"JUNK")) is Flaw.DAMAGED
    assert refused(made.webp(b"JUNK" + bytes(20))) is Flaw.DAMAGED
    assert refused(made.gif(0, 5)) is Flaw.NO_SIZE


def test_an_image_of_absurd_size_is_refused_from_its_header() -> None:
    assert refused(made.png(50_000, 50_000)) is Flaw.TOO_LARGE
    assert refused(made.jpeg(65_535, 65_535)) is Flaw.TOO_LARGE


def test_an_image_without_its_end_is_cut_off_and_more_behind_the_end_is_no_matter() -> None:
    for whole in (made.jpeg(), made.png()):
        end = 2 if whole.startswith(b"\xff\xd8") else 12
        assert refused(whole[:-end]) is Flaw.CUT_OFF
        assert refused(whole[:-end] + bytes(2_000_000)) is Flaw.CUT_OFF
        assert facts(whole + bytes(60_000)) == facts(whole)


def test_a_gif_without_its_trailer_is_cut_off() -> None:
    assert refused(made.gif()[:-1]) is Flaw.CUT_OFF
    assert facts(made.gif() + bytes(500)) == facts(made.gif())


def test_a_webp_that_announces_more_than_it_has_is_cut_off() -> None:
    assert refused(made.webp_simple()[:-1]) is Flaw.CUT_OFF
    whole = made.webp(b"VP8 " + bytes(100))
    assert refused(whole[:60]) is Flaw.CUT_OFF


# MP4 and MOV


def test_an_mp4_tells_size_duration_codec_frame_rate_and_layout() -> None:
    assert facts(made.movie()) == FileFacts("video/mp4", 720, 1280, 4_000, "h264", 30.0, True)
    assert facts(made.movie(moov_first=False)).moov_first is False


def test_a_mov_is_told_by_its_brand_or_by_beginning_without_one() -> None:
    assert facts(made.movie(brand=b"qt  ")).mime == "video/quicktime"
    assert facts(made.box(b"wide") + made.movie()[20:]).mime == "video/quicktime"


def test_a_video_that_is_turned_has_the_size_that_is_seen() -> None:
    for version in (0, 1):
        track = made.video_track(shown=made.track_header(1920, 1080, turned=True, version=version))
        assert (facts(made.movie(track)).width, facts(made.movie(track)).height) == (1080, 1920)


@pytest.mark.parametrize("shown", [b"", made.track_header(0, 0)])
def test_without_a_shown_size_the_coded_one_is_taken(shown: bytes) -> None:
    read = facts(made.movie(made.video_track(640, 480, shown=shown)))
    assert (read.width, read.height) == (640, 480)


def test_the_video_is_found_behind_other_tracks() -> None:
    tracks = (
        made.sound_track(),
        made.box(b"trak"),
        made.box(b"trak", made.box(b"mdia")),
        made.video_track(codec=b"hvc1"),
    )
    assert facts(made.movie(*tracks)).codec == "hevc"


@each(("code", "codec"), [(b"vp09", "vp9"), (b"APCN", "apcn"), (b"\x1b[2J", None)])
def test_an_unknown_codec_has_the_name_that_the_container_gives_it_if_it_is_one(code: bytes, codec: str | None) -> None:
    assert facts(made.movie(made.video_track(codec=code))).codec == codec


@each("seconds", [0, None])
@each("version", [0, 1])
def test_a_duration_that_is_not_known_is_none(seconds: float | None, version: int) -> None:
    track = made.video_track(seconds=seconds)
    read = facts(made.movie(track, header=made.clock(seconds, version=version)))
    assert (read.duration_ms, read.fps) == (None, None)


def test_a_movie_without_a_header_or_sample_counts_has_no_duration_and_frame_rate() -> None:
    begin, data = made.box(b"ftyp", b"isom", bytes(4)), made.box(b"mdat", b"data")
    read = facts(begin + made.box(b"moov", made.video_track(samples=b"")) + data)
    assert (read.duration_ms, read.fps) == (None, None)


def test_long_durations_and_large_boxes_are_read_in_64_bits() -> None:
    assert facts(made.movie(header=made.clock(90, scale=90_000, version=1))).duration_ms == 90_000
    large = struct.pack(">I4sQ", 1, b"mdat", 20) + b"data"
    assert facts(made.movie()[:-12] + large).duration_ms == 4_000


def test_compact_sample_sizes_are_counted_too() -> None:
    track = made.video_track(samples=made.box(b"stz2", struct.pack(">4xII", 8, 100)))
    assert facts(made.movie(track)).fps == 25.0


def test_the_last_box_may_reach_to_the_end_without_saying_how_far() -> None:
    whole = made.movie()
    assert facts(whole[:-12] + struct.pack(">I", 0) + whole[-8:]).duration_ms == 4_000


def chunk_offsets(*offsets: int, wide: bool = False, count: int | None = None) -> bytes:
    kind, sign = (b"co64", "Q") if wide else (b"stco", "I")
    told = len(offsets) if count is None else count
    return made.box(kind, struct.pack(f">4xI{len(offsets)}{sign}", told, *offsets))


@pytest.mark.parametrize("wide", [False, True])
def test_chunk_offsets_that_lead_beyond_the_file_are_refused(wide: bool) -> None:
    def with_chunks(*offsets: int, count: int | None = None) -> bytes:
        return made.movie(made.video_track(chunks=chunk_offsets(*offsets, wide=wide, count=count)))

    assert facts(with_chunks(48, 50)).codec == "h264"
    assert facts(with_chunks()).codec == "h264"
    assert refused(with_chunks(48, 1 << 30)) is Flaw.CUT_OFF
    assert refused(with_chunks(*[48] * 5_000, 1 << 30)) is Flaw.CUT_OFF
    assert refused(with_chunks(48, count=1 << 31)) is Flaw.DAMAGED


def test_a_movie_that_lasts_for_ever_is_refused() -> None:
    assert refused(made.movie(header=made.clock(2**40, scale=1, version=1))) is Flaw.LASTS_TOO_LONG


def test_a_movie_that_is_cut_off_is_refused_wherever_its_index_is() -> None:
    assert refused(made.movie(data=bytes(1_000))[:-1]) is Flaw.CUT_OFF
    assert refused(made.movie(moov_first=False)[:-1]) is Flaw.CUT_OFF
    assert refused(made.box(b"ftyp", b"isom", bytes(4)) + made.box(b"mdat", bytes(8))) is Flaw.CUT_OFF


def test_a_movie_without_data_or_without_video_is_refused() -> None:
    assert refused(made.movie()[:-12]) is Flaw.NO_DATA
    assert refused(made.movie(made.sound_track())) is Flaw.NO_VIDEO


def test_boxes_that_make_no_sense_are_refused() -> None:
    assert refused(made.box(b"ftyp", b"isom", bytes(4)) + struct.pack(">I4s", 7, b"moov")) is Flaw.DAMAGED
    assert refused(made.box(b"ftyp", b"isom", bytes(4)) + struct.pack(">I4s", 1, b"moov")) is Flaw.DAMAGED
    assert refused(made.movie(header=made.clock(1, scale=0))) is Flaw.DAMAGED
    no_table = made.box(b"trak", made.box(b"mdia", made.box(b"hdlr", bytes(8), b"vide")))
    assert refused(made.movie(no_table)) is Flaw.DAMAGED
    no_entries = made.box(
        b"trak", made.box(b"mdia", made.box(b"hdlr", bytes(8), b"vide"), made.box(b"minf", made.box(b"stbl")))
    )
    assert refused(made.movie(no_entries)) is Flaw.DAMAGED


def test_a_heic_photo_is_as_large_as_its_largest_picture_turned() -> None:
    sizes = [made.box(b"ispe", bytes(4), *(one.to_bytes(4) for one in size)) for size in ((512, 512), (4032, 3024))]
    ipco = made.box(b"ipco", *sizes, made.box(b"irot", b"\3"))
    data = made.box(b"ftyp", b"heic", bytes(4)) + made.box(b"meta", bytes(4), made.box(b"iprp", ipco))
    facts = read_facts(lambda at, length: data[at : at + length], len(data))
    assert (facts.mime, facts.width, facts.height) == ("image/heic", 3024, 4032)
    assert refused(made.box(b"ftyp", b"heic", bytes(4))) is Flaw.NO_SIZE
    assert refused(made.box(b"ftyp", b"avif", bytes(4))) is Flaw.NOT_ACCEPTED


# WebM


def test_a_webm_tells_size_duration_codec_and_frame_rate() -> None:
    assert facts(made.webm()) == FileFacts("video/webm", 640, 360, 2_500, "vp9", 25.0)


def test_a_webm_without_duration_frame_rate_or_known_codec_says_so() -> None:
    assert facts(made.webm(made.webm_track(codec=b"V_UNKNOWN"), info=b"")) == FileFacts("video/webm", 640, 360)


def test_a_webms_own_time_scale_and_short_numbers_are_understood() -> None:
    info = made.element(b"\x2a\xd7\xb1", (100_000).to_bytes(3)), made.element(b"\x44\x89", struct.pack(">f", 30_000.0))
    assert facts(made.webm(info=b"".join(info))).duration_ms == 3_000


def test_a_webm_without_info_or_with_other_parts_first_is_read() -> None:
    whole = made.webm(made.webm_track(1, 1, kind=2), made.element(b"\xec"), made.webm_track(8, 6))
    assert facts(whole.replace(b"\x15\x49\xa9\x66", b"\x11\x4d\x9b\x74")).duration_ms is None
    assert (facts(whole).width, facts(whole).height) == (8, 6)


def test_a_webm_that_ends_after_its_tracks_is_read() -> None:
    assert facts(made.webm(after=b"")).width == 640


def test_a_matroska_video_is_not_accepted() -> None:
    assert refused(made.webm(doc_type=b"matroska")) is Flaw.NOT_ACCEPTED


def test_a_webm_that_is_cut_off_or_makes_no_sense_is_refused() -> None:
    whole = made.webm()
    assert refused(whole[:-1]) is Flaw.CUT_OFF
    assert refused(whole[: whole.index(b"\x18\x53\x80\x67")]) is Flaw.CUT_OFF
    assert refused(whole[: whole.index(b"\x18\x53\x80\x67") + 4]) is Flaw.CUT_OFF
    assert refused(whole.replace(b"\x15\x49\xa9\x66", b"\x00\x49\xa9\x66")) is Flaw.DAMAGED
    assert refused(made.webm(info=made.element(b"\x44\x89", struct.pack(">d", float("nan"))))) is Flaw.DAMAGED
    assert refused(made.webm(info=made.element(b"\x44\x89", struct.pack(">d", -1.0)))) is Flaw.DAMAGED
    assert refused(made.webm(info=made.element(b"\x44\x89", struct.pack(">d", 1e15)))) is Flaw.LASTS_TOO_LONG
    assert refused(made.webm(made.webm_track(kind=2))) is Flaw.NO_VIDEO
    assert refused(made.webm(made.webm_track(0, 9))) is Flaw.NO_SIZE


# Anything else


@each(
    ("data", "mime", "ms"),
    [
        (b"ID3\4" + bytes(20), "audio/mpeg", None),
        (b"\xff\xfb" + bytes(20), "audio/mpeg", None),
        (b"OggS" + bytes(24) + b"OpusHead", "audio/ogg", None),
        (b"fLaC" + bytes(14) + (44_100 << 44 | 88_200).to_bytes(8), "audio/flac", 2_000),
        (made.box(b"ftyp", b"M4A ", bytes(4)), "audio/mp4", None),
    ],
)
def test_audio_is_told_by_its_first_bytes(data: bytes, mime: str, ms: int | None) -> None:
    read = facts(data)
    assert (read.mime, read.width, read.duration_ms) == (mime, None, ms)


@each("data", [b"hello", b"%PDF-1.7 and more", b"\0" * 100, b"RIFF\0\0\0\0AVI LIST"])
def test_other_files_are_refused_with_what_is_known(data: bytes) -> None:
    assert refused(data) is Flaw.UNKNOWN


def test_an_empty_file_is_said_to_be_empty() -> None:
    assert refused(b"") is Flaw.EMPTY


def test_a_file_that_shrinks_while_it_is_read_is_cut_off() -> None:
    whole = made.jpeg()
    with pytest.raises(UnusableMedia) as caught:
        read_facts(Disk(whole[:6]).read_at, len(whole))
    assert caught.value.flaw is Flaw.CUT_OFF


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff" * 200_000,
        made.box(b"ftyp", b"isom", bytes(4)) + made.box(b"free") * 20_000,
        made.movie(*[made.box(b"trak")] * 20_000),
        made.webm(made.element(b"\xec") * 20_000),
    ],
)
def test_a_file_of_endlessly_many_parts_is_given_up(data: bytes) -> None:
    assert refused(data) is Flaw.TOO_MANY_PARTS


HOSTILE: dict[str, Callable[[], bytes]] = {
    "zero bytes": lambda: bytes(5_000_000),
    "a 50,000 x 50,000 PNG": lambda: made.png(50_000, 50_000),
    "a PNG whose chunk says 4 GB": lambda: made.png()[:8] + b"\xff\xff\xff\xff" + made.png()[12:],
    "a PNG that ends in its header": lambda: made.png()[:20],
    "a JPEG of segments without end": lambda: b"\xff\xd8" + made.segment(0xE1, bytes(6_000)) * 2_000,
    "a JPEG of nothing but fill bytes": lambda: b"\xff\xd8" + b"\xff" * 5_000_000,
    "a JPEG without its end": lambda: made.jpeg(tail=bytes(5_000_000)),
    "a WebP that says 4 GB": lambda: b"RIFF\xff\xff\xff\xff" + made.webp_simple()[8:],
    "a WebP of 16384 x 16384": lambda: made.webp(b"VP8L" + struct.pack("<I", 10) + b"\x2f\xff\xff\xff\xff" + bytes(5)),
    "a GIF that ends in its header": lambda: made.gif()[:8],
    "a GIF of 65,535 x 65,535": lambda: made.gif(65_535, 65_535),
    "an MP4 of empty boxes": lambda: made.box(b"ftyp", b"isom", bytes(4)) + made.box(b"free") * 500_000,
    "an MP4 whose box says 2^63": lambda: (
        made.box(b"ftyp", b"isom", bytes(4)) + struct.pack(">I4sQ", 1, b"moov", 1 << 63)
    ),
    "an MP4 whose box ends before it begins": lambda: (
        made.box(b"ftyp", b"isom", bytes(4)) + struct.pack(">I4s", 3, b"moov")
    ),
    "an MP4 with its index cut off": lambda: made.movie()[:200],
    "an MP4 with four billion chunks": lambda: made.movie(
        made.video_track(chunks=chunk_offsets(count=(1 << 32) - 1)),
    ),
    "a MOV without video": lambda: made.movie(made.sound_track(), brand=b"qt  "),
    "boxes inside boxes": lambda: (
        made.box(b"ftyp", b"isom", bytes(4))
        + b"".join(struct.pack(">I4s", 80_000 - 8 * depth, b"moov") for depth in range(10_000))
    ),
    "a WebM of empty elements": lambda: made.webm(made.element(b"\xec") * 500_000),
    "a WebM whose element says 2^55": lambda: b"\x1a\x45\xdf\xa3\x01" + b"\x7f" * 7 + b"webm",
    "a WebM cut off": lambda: made.webm()[:-5],
}
"""Made when a test needs them: together they take 60 MB."""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_soon_and_without_memory(name: str) -> None:
    data = HOSTILE[name]()
    view = memoryview(data)

    def read() -> None:
        with pytest.raises(UnusableMedia):
            read_facts(lambda at, length: bytes(view[at : at + length]), len(data))

    begun = time.process_time()  # of this process alone: the machine may be busy with others
    read()
    assert time.process_time() - begun < 10
    tracemalloc.start()
    try:
        read()
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


SEEDS = st.sampled_from(
    [
        made.jpeg(before=made.exif(6) + made.profile(b"sRGB")),
        made.png(),
        made.gif(),
        made.webp_simple(),
        made.movie(made.video_track(chunks=chunk_offsets(48, 60))),
        made.movie(brand=b"qt  ", moov_first=False),
        made.webm(),
    ]
)


@given(SEEDS, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6), st.integers(0, 600))
@example(made.movie(), [], 600)
def test_damaged_files_are_read_or_refused_but_never_raise_anything_else_nor_read_much(
    seed: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(seed)
    for at, value in changes:
        data[at % len(data)] = value
    disk = Disk(bytes(data[:length]))
    with suppress(UnusableMedia):
        read = read_facts(disk.read_at, len(disk.data))
        assert read.mime in AUDIO or (read.width and read.height)
    assert disk.reads <= MOST_READS
    assert disk.bytes <= MOST_BYTES


@each("text", ["", "WEBVTT\n", "WEBVTT\n\n-->\0", "WEBVTT\n\n-->" + "a" * MOST_CAPTION_BYTES])
def test_captions_are_small_webvtt_with_a_cue(text: str) -> None:
    with pytest.raises(UsageError):
        check_captions(text, "a.vtt")
