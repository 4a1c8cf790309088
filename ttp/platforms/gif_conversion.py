"""Make an animated GIF a silent MP4, with the machine's ffmpeg."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ttp.domain.text import clean_text
from ttp.platforms.image_conversion import CannotConvert
from ttp.platforms.user_program import NotStarted, ProgramEnded, run

LIMIT_S = 120.0
INSTALL = "brew install ffmpeg" if sys.platform == "darwin" else "sudo apt-get install ffmpeg"


class FfmpegMissing(CannotConvert):
    """This machine has no ffmpeg."""


def convert_gif(file: Path) -> bytes:
    """Return an animated GIF as MP4, without a sound and anything said of it. The caller has counted its pixels. Raises
    CannotConvert."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise FfmpegMissing("it is animated, and ffmpeg, which makes it a video, is not on this machine")
    reads = ["-v", "error", "-nostdin", "-protocol_whitelist", "file", "-f", "gif", "-i", f"file:{file}"]
    # H.264 in the one form that every player takes: even sides, 4:2:0, the index in front.
    writes = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-an"]
    bare = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact", "-movflags", "+faststart"]
    with TemporaryDirectory(prefix="ttp-") as folder:
        made = Path(folder) / "made.mp4"
        try:
            output = run([program, *reads, *writes, *bare, "-f", "mp4", str(made)], limit_s=LIMIT_S, cap=65_536)
        except (NotStarted, ProgramEnded) as error:
            raise CannotConvert(f"it is animated, and ffmpeg does not make it a video: {error}") from error
        if output.code != 0 or not made.is_file():
            last = output.err.decode(errors="replace").strip().rpartition("\n")[2]
            raise CannotConvert(clean_text(f"it is animated, and ffmpeg does not make it a video: {last}"))
        return made.read_bytes()
