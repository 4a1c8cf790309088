"""What others wrote (texts, tags, names of files and slots, what platforms said) never acts on a terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.clock import FakeClock
from tests.conftest import Program, Ran, program
from tests.examples import examples
from ttp.sandbox.files import PHOTO

ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a cursor, colours, rings, or turns text around; not a tab and a line break, of which there are ours."""
OURS = re.compile(r"\x1b\[[0-9;]*m")
NASTY = st.text(
    st.sampled_from("\x1b[2J\x07\x9b\x00\r\b\t\n\u202e\u2066\u2028 aé日🦊'\"$(`\\"), min_size=1, max_size=20
)
"""Without an `m`: no colour can be made of it, so that those in the output are ours."""
LOOKS = (
    *(("list",), ("show", "1"), ("show", "2"), ("log", "1"), ("status",), ("list", "--search", "a")),
    *(("account", "list"), ("slots", "list"), ("metrics", "list"), ("metrics", "summary"), ("doctor",), ("audit",)),
    *(("show", "1", "--fields", "content,tags,media,variants,key,deliveries"), ("repeat", "list")),
    *(("calendar", "2099-01"), ("calendar", "2099-W01")),
)


def fill(ttp: Program, said: str, folder: Path) -> None:
    """A store in which everything that others can write is `said`."""
    ttp.account("x/me")
    photo = folder / (re.sub(r"[/\x00]", "_", said)[:20] + ".jpg")
    photo.write_bytes(PHOTO.read_bytes())
    words = ["--to", "x/me", "--media", str(photo), "--alt", said, "--text", f"x={said}", "-q"]
    ttp("create", "--at", "2099-01-01 09:00", *words, "--", said)
    ttp("create", "--to", "x/me", "--tag", said, "--key", said, "-q", "--", f"b{said}")
    for ttp_said in (said, f"{said} a"):
        ttp("slots", "add", "mon 09:00", "--account", "x/me", "--name", ttp_said)
    ttp(
        "metrics",
        "import",
        "-",
        stdin=f'{{"account":"x/me","remoteId":"1","publishedAt":"2026-01-01T09:00:00Z",'
        f'"likes":1,"comments":1,"shares":1,"views":1,"text":{json.dumps(said)}}}\n',
    )


def told(ttp: Program, said: str) -> None:
    """What a platform may have said of the first post, past the client that cleans it."""
    post = ttp.sql("SELECT min(id) FROM post")[0][0]
    if post is None:
        return
    ttp.bring(post, "failed", error=("content", said, said), url=said, note=said)
    ttp.sql("UPDATE account SET hold_until = 4102444800000, hold_reason = ?", said)
    ttp.sql(
        "INSERT INTO attempt (delivery_id, number, step, phase, at, outcome, message, code)"
        " VALUES ((SELECT min(id) FROM delivery), 1, ?, 'publish', 0, 'not_done', ?, ?)",
        *(said, said, said),
    )


def acts(ran: Ran, *, tsv: bool) -> Any:
    """The first character that is not text."""
    for name, shown in (("out", ran.out), ("err", ran.err)):
        plain = OURS.sub("", shown)
        if found := ACTS.search(plain) or (None if tsv and name == "out" else re.search("\t", plain)):
            return name, shown[max(0, found.start() - 40) : found.end() + 40]
    return None


@examples(12)
@given(said=NASTY)
def test_nothing_that_others_wrote_acts_on_a_terminal(tmp_path_factory: Any, said: str) -> None:
    folder: Path = tmp_path_factory.mktemp("said")
    with program(folder, FakeClock()) as ttp:
        fill(ttp, said, folder)
        told(ttp, said)
        for look in LOOKS:
            for how in (("--format", "table", "--color", "always"), ("--format", "tsv"), ("--json",)):
                ran = ttp(*look, *how)
                assert ran.code in (0, 1, 3, 6), (look, ran)
                assert acts(ran, tsv="tsv" in how) is None, (look, how)
        for wrong in (
            ["show", said],
            ["list", "--status", said],
            ["create", "Hi", "--at", said],
            ["help", said],
            ["calendar", said],
        ):
            assert acts(ttp(*wrong), tsv=True) is None, wrong


def test_a_pipe_gets_the_same_bytes_however_colour_is_forced(ttp: Program, monkeypatch: Any) -> None:
    fill(ttp, "a", ttp.home.parent)
    before = [ttp.ok(*look).out for look in LOOKS if look[0] not in ("doctor", "status")]
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("CLICOLOR_FORCE", "1")
    assert [ttp.ok(*look).out for look in LOOKS if look[0] not in ("doctor", "status")] == before
    assert "\x1b" not in "".join(before)
