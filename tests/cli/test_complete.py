"""`ttp __complete`: the words for a completion script, in lines that can do nothing to a shell or a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Program
from ttp.cli import settings
from ttp.cli.complete import LONGEST_HELP, complete, data_folder
from ttp.store.completion_queries import MOST


def offered(ttp: Program, *asked: str) -> list[str]:
    """The words alone."""
    return [line.partition("\t")[0] for line in ttp.ok("__complete", *asked).out.splitlines()]


@pytest.fixture
def filled(ttp: Program) -> Program:
    """150 posts, every tenth of them failed, the last one deleted."""
    ttp.account("x/me")
    ttp.account("ig/shop")
    ttp.post("Fresh  beans\nof today", "--tag", "launch")
    ttp.sql(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 150)"
        " INSERT INTO post (content, status, created_at, updated_at, variants, thread, options)"
        " SELECT 'post ' || i, CASE WHEN i % 10 = 0 THEN 'failed' ELSE 'published' END, 0, 0, '{}', '[]', '{}' FROM n"
    )
    ttp.sql("UPDATE post SET deleted_at = 0 WHERE id = 150")
    ttp.ok("status")  # of a store in a server every command keeps the words
    return ttp


def test_ids_come_newest_first_with_status_and_first_words(filled: Program) -> None:
    lines = filled.ok("__complete", "post").out.splitlines()

    assert lines[:2] == ["149\tpublished: post 149", "148\tpublished: post 148"]
    assert len(lines) == MOST
    assert filled.ok("__complete", "post", "1").out.splitlines()[0] == "1\tdraft: Fresh beans of today"


def test_ids_are_those_that_begin_as_typed(filled: Program) -> None:
    begins = sorted((n for n in range(1, 150) if str(n).startswith("14")), key=lambda n: (len(str(n)), -n))

    assert offered(filled, "post", "14") == [str(n) for n in begins]
    assert offered(filled, "post", "7") == ["7", *(str(n) for n in range(79, 69, -1))]
    assert [offered(filled, "post", typed) for typed in ("0", "x", "-1", "1.", "²", "9" * 30)] == [[]] * 6


def test_ids_are_those_of_the_statuses_that_are_asked_for(filled: Program) -> None:
    failed = [str(n) for n in range(140, 0, -10)]

    assert offered(filled, "post", "", "failed") == failed
    assert offered(filled, "post", "", "failed", "draft") == [*failed, "1"]
    assert offered(filled, "post", "1", "failed") == ["10", *(str(n) for n in range(140, 90, -10))]
    assert offered(filled, "post", "", "nothing") == []


def test_accounts_come_with_what_they_are(filled: Program) -> None:
    filled.ok("account", "add", "tiktok/me")
    filled.sql("UPDATE account SET needs_reconnect = true WHERE platform = 'x'")
    filled.ok("account", "disable", "ig/shop")

    lines = [line.split("\t") for line in filled.ok("__complete", "account").out.splitlines()]
    assert [name for name, _ in lines] == ["instagram/shop", "tiktok/me", "x/me"]
    assert len({state for _, state in lines}) == 3
    for name in ("x/Bob", "x/a_c", "x/Zoe"):
        filled.ok("account", "add", name)
    assert offered(filled, "account", "x/") == ["x/a_c", "x/Bob", "x/me", "x/Zoe"]
    assert filled.ok("account", "list", "--fields", "account").out.split()[2:] == offered(filled, "account", "x/")
    post = filled.shown(filled.post("Hello", "--to", "x/Zoe,x/a_c,x/Bob"))
    assert [one["account"] for one in post["deliveries"]] == ["x/a_c", "x/Bob", "x/Zoe"]


def test_tags_come_once_each(filled: Program) -> None:
    filled.post("a", "--tag", "lunch", "--tag", "launch", "--tag", "b")

    assert offered(filled, "tag") == ["b", "launch", "lunch"]
    assert offered(filled, "tag", "lu") == ["lunch"]
    assert offered(filled, "tag", "z") == []


def test_slots_and_repeats_come_with_what_they_are(filled: Program) -> None:
    filled.ok("slots", "add", "mon 09:00", "--account", "x/me", "--name", "early")
    filled.post("again", "--to", "x/me")
    filled.ok("repeat", "151", "--cron", "0 9 * * 1")

    assert filled.ok("__complete", "slot").out == "1\tx/me early\n"
    assert filled.ok("__complete", "repeat").out == "1\tpost 151 0 9 * * 1\n"


def test_whatever_goes_wrong_nothing_is_said_and_nothing_made(ttp: Program) -> None:
    for asked in ([], ["post"], ["nothing"], ["tag", "\udce9"]):
        ran = ttp("__complete", *asked)
        assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert not ttp.home.exists()
    ttp.post("hi")
    assert ttp("__complete", "tag", "\udce9").out == ""
    ttp.home.mkdir(mode=0o700, exist_ok=True)
    for name in ("ttp.db", "names.db"):
        (ttp.home / name).write_bytes(b"no database")
    assert ttp("__complete", "post").out == ""


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=20))
def test_a_line_is_one_word_and_its_help_whatever_they_hold(text: str, tag: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.path.isfile", lambda path: True)
        patch.setattr("ttp.cli.complete._words_file", lambda folder: folder)
        patch.setattr("ttp.cli.complete.complete_words", lambda *_: [("1", f"draft: {text}"), (tag, "")])
        lines = complete(["post"]).split("\n")[:-1]

    assert [line.partition("\t")[0] for line in lines] == ["1", *([tag] if tag.isprintable() else [])]
    helps = [line.partition("\t")[2] for line in lines]
    assert all(help.isprintable() and len(help) <= LONGEST_HELP for help in helps)


@pytest.mark.parametrize(
    "environ",
    [
        {"TTP_HOME": "/srv/ttp", "XDG_DATA_HOME": "/x"},
        {"TTP_HOME": "~/ttp"},
        {"TTP_HOME": "ttp"},
        {"TTP_HOME": "", "XDG_DATA_HOME": "/x"},
        {"XDG_DATA_HOME": "relative"},
        {},
    ],
    ids=str,
)
def test_the_store_is_looked_for_where_it_is(
    environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("TTP_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    assert data_folder({**environ}) == str(settings.home({**environ}))


def test_on_macos_it_is_looked_for_in_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "darwin")

    assert data_folder({}) == f"{tmp_path}/Library/Application Support/ttp"


def test_a_place_with_signs_of_an_address_in_it_is_read(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = ttp.home.parent / "a?b#c%41"
    monkeypatch.setenv("TTP_HOME", str(odd))
    ttp.account()
    ttp.post("hi")

    assert odd.is_dir()
    assert offered(ttp, "post") == ["1"]


def test_templates_are_those_of_both_folders_without_a_store(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, name in ((tmp_path / ".ttp", "release"), (ttp.home / "templates", "recipe"), (ttp.home, "recent")):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text("Hi")
    assert offered(ttp, "template", "re") == ["recipe", "release"]
    assert offered(ttp, "template", "x") == []


def test_zones_are_those_of_the_library_without_a_store(ttp: Program) -> None:
    assert {"UTC", "Europe/Berlin"} < set(offered(ttp, "zone")) <= available_timezones()
    assert offered(ttp, "zone", "Europe/Berl") == ["Europe/Berlin"]
    assert offered(ttp, "zone", "Atlantis") == []
    assert not ttp.home.exists()


def test_platforms_follow_the_accounts_also_without_a_store(ttp: Program) -> None:
    assert offered(ttp, "account", "i", "instagram", "x") == ["instagram"]
    ttp.account("ig/shop")
    assert offered(ttp, "account", "i", "instagram", "x") == ["instagram/shop", "instagram"]
    assert offered(ttp, "account", "", "instagram", "x") == ["instagram/shop", "instagram", "x"]
    assert offered(ttp, "post", "x", "x") == []
