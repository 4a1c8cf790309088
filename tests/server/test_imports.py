"""Files of posts and of numbers over HTTP: what they do, the same JSON as the commands, and archives that attack."""

from __future__ import annotations

import io
import json
import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import httpx
import pytest

from tests.server.conftest import Api, serving
from tests.server.test_planning import ROWS
from ttp.sandbox.files import PHOTO
from ttp.services.bulk_edit import PlannedChange
from ttp.services.files import archive, importer
from ttp.services.files.fields import Entry
from ttp.services.files.import_plan import ImportPlanner

AT = "2098-01-01 09:00"
SHEET = f"text,to,at,key\nOne,x/me,{AT},a\nTwo,x/me,,b\n"
POST = "---\nto: x/me\nmedia: photo.jpg\nalt: A cup\n---\n\nFrom a folder\n"


def form(name: str, data: bytes | str) -> Any:
    return {"files": {"file": (name, data.encode() if isinstance(data, str) else data)}}


def zipped(files: Mapping[str, bytes | str], method: int = ZIP_DEFLATED) -> bytes:
    kept = io.BytesIO()
    with ZipFile(kept, "w", method) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return kept.getvalue()


def count(api: Api) -> int:
    return len(api.ok("GET", "/v1/posts"))


@pytest.fixture
def folder(api: Api) -> Path:
    return api.ttp.home.parent


def test_an_import_answers_the_json_of_the_command(api: Api, folder: Path) -> None:
    (folder / "month.csv").write_text(SHEET)
    rehearsed = api.ok("POST", "/v1/imports?dryRun=true", **form("month.csv", SHEET))
    assert rehearsed == api.ttp.ok("import", str(folder / "month.csv"), "--dry-run", "-q", "--json").json
    assert (rehearsed["added"], rehearsed["stored"], count(api)) == (2, False, 0)
    answer = api("POST", "/v1/imports", **form("month.csv", SHEET))
    assert (answer.status_code, answer.json()) == (201, {**rehearsed, "stored": True, "ids": [1, 2]})
    again = api("POST", "/v1/imports", **form("month.csv", SHEET))
    assert (again.status_code, again.json()["unchanged"], count(api)) == (200, 2, 2)
    told = api.ttp.ok("import", str(folder / "month.csv"), "-q", "--json").json
    assert told == again.json()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("posts.json", json.dumps([{"content": "One", "accounts": ["x/me"], "key": "k"}])),
        ("posts.jsonl", '{"content": "One", "accounts": ["x/me"]}\n'),
        ("one.md", "---\nto: x/me\n---\n\nOne\n"),
        ("../../month.csv", "text,to\nOne,x/me\n"),
        ("", "text,to\nOne,x/me\n"),
    ],
)
def test_each_format_is_read(api: Api, name: str, data: str) -> None:
    if name:
        assert api.ok("POST", "/v1/imports", **form(name, data))["added"] == 1
    else:
        api.refused("POST", "/v1/imports", 400, "usage", **form(name, data))


def test_rows_with_errors_are_refused_or_skipped(api: Api) -> None:
    sheet = f"text,to,at\nGood,x/me,{AT}\nBad,x/nobody,{AT}\nLate,x/me,someday\n"
    problem = api.refused("POST", "/v1/imports", 400, "usage", **form("a.csv", sheet))
    assert [one["field"] for one in problem["problems"]] == ["accounts", "scheduledAt"]
    assert count(api) == 0
    found = api.ok("POST", "/v1/imports?partial=true", **form("a.csv", sheet))
    assert (found["added"], len(found["rejected"]), count(api)) == (1, 2, 1)


def test_an_import_has_a_limit_of_rows(api: Api, folder: Path) -> None:
    api.set("server.import_rows", "2")
    rows = [f"text {number},x/me\n" for number in range(3)]
    for path in ("/v1/imports", "/v1/imports?dryRun=true", "/v1/imports?partial=true", "/v1/imports?spread=even"):
        problem = api.refused("POST", path, 413, "too_large", **form("a.csv", "text,to\n" + "".join(rows)))
        assert "2 rows" in problem["detail"]
        assert "server.import_rows" in problem["detail"]
    assert count(api) == 0
    assert api.ok("POST", "/v1/imports", **form("a.csv", "text,to\n" + "".join(rows[:2])))["added"] == 2
    (folder / "a.csv").write_text("text,to\n" + "".join(rows))
    assert api.ttp.ok("import", str(folder / "a.csv"), "--json").json["added"] == 1
    api.set("server.import_rows", "3")
    assert api.ok("POST", "/v1/imports", **form("b.csv", "text,to\n" + "".join(rows)))["read"] == 3


def test_an_import_ends_when_its_client_hangs_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    began, ended, plan = threading.Event(), threading.Event(), ImportPlanner.plan

    def endless(planner: ImportPlanner, entries: Iterable[Entry]) -> Iterator[PlannedChange]:
        steps = list(plan(planner, entries))
        began.set()
        try:
            for _ in range(60_000):
                yield from steps
                time.sleep(0.001)
        except GeneratorExit:
            ended.set()
            raise

    monkeypatch.setattr(ImportPlanner, "plan", endless)
    monkeypatch.setattr(importer, "REPORT_EVERY", 1)
    api.set("server.import_rows", "1000000")
    with serving(api.app) as address, socket.create_connection(("127.0.0.1", urlsplit(address).port or 0)) as client:
        request = httpx.Request("POST", address + "/v1/imports", **form("a.csv", "text,to\nOne,x/me\n"))
        lines = {**request.headers, "Authorization": f"Bearer {api.token}"}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        client.sendall(f"POST /v1/imports HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        assert began.wait(60)
        client.close()
        assert ended.wait(60)
    assert count(api) == 0


def test_columns_zones_and_accounts_are_given(api: Api) -> None:
    sheet = "Caption,When\nOne,03/04/2098 09:00\n"
    path = "/v1/imports?map=Caption%3Dcontent&map=When%3DscheduledAt&accounts=x/me&timezone=Asia/Tokyo&dates=dmy"
    post = api.ok("POST", path, **form("a.csv", sheet))["ids"][0]
    assert api.ok("GET", f"/v1/posts/{post}")["scheduledAt"] == "2098-04-03T00:00:00Z"


def test_rows_without_a_time_are_spread(api: Api, folder: Path) -> None:
    (folder / "month.csv").write_text(SHEET)
    rehearsed = api.ok("POST", "/v1/imports?spread=even&days=3&dryRun=true", **form("month.csv", SHEET))
    command = ["import", str(folder / "month.csv"), "--spread", "even", "--days", "3", "--dry-run", "-q", "--json"]
    assert rehearsed == api.ttp.ok(*command).json
    found = api.ok("POST", "/v1/imports?spread=even&days=3", **form("month.csv", SHEET))
    assert [one["id"] for one in found["planned"]] == [2]
    full = "text,to\n" + "".join(f"Text {number},x/me\n" for number in range(9))
    path = "/v1/imports?spread=even&days=1&perDay=1"
    api.refused("POST", path, 400, "usage", **form("full.csv", full))
    assert len(api.ok("POST", f"{path}&partial=true", **form("full.csv", full))["plan"]["leftOut"]) >= 7


@pytest.mark.parametrize(
    "query",
    [
        "days=3",
        "spread=odd",
        "map=x",
        "map=Text%3Dnothing",
        "dates=ymd",
        "dryrun=true",
        "perDay=1&from=now",
        "spread=even&days=0",
    ],
)
def test_a_wrong_question_is_refused(api: Api, query: str) -> None:
    api.refused("POST", f"/v1/imports?{query}", 400, "usage", **form("a.csv", SHEET))
    assert count(api) == 0


def test_a_token_for_drafts_imports_drafts_only(api: Api) -> None:
    drafts = api.having("draft")
    drafts.refused("POST", "/v1/imports", 403, "not_allowed", **form("a.csv", SHEET))
    assert count(api) == 0
    assert drafts.ok("POST", "/v1/imports", **form("a.csv", "text,to\nOne,x/me\n"))["added"] == 1


@pytest.mark.parametrize(
    "media", ["/etc/passwd", "../photo.jpg", "~/photo.jpg", "photo.jpg", "file:///etc/passwd", PHOTO]
)
def test_a_sheet_names_no_file_of_this_machine(api: Api, media: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PHOTO.parent)
    problem = api.refused("POST", "/v1/imports", 400, "usage", **form("a.csv", f"text,to,media\nOne,x/me,{media}\n"))
    assert [one["field"] for one in problem["problems"]] == ["media"]
    assert not list((api.ttp.home / "media").iterdir())


@pytest.mark.parametrize("top", ["", "content/"])
def test_a_zip_is_a_folder_with_its_media(api: Api, folder: Path, top: str) -> None:
    files: dict[str, bytes | str] = {f"{top}a.md": POST, f"{top}photo.jpg": PHOTO.read_bytes(), "__MACOSX/a.md": "x"}
    found = api.ok("POST", "/v1/imports", **form("content.zip", zipped(files)))
    post = api.ok("GET", f"/v1/posts/{found['ids'][0]}")
    assert (found["added"], post["media"][0]["alt"], post["key"]) == (1, "A cup", "content/a.md")
    there = folder / "content"
    there.mkdir()
    (there / "a.md").write_text(POST)
    (there / "photo.jpg").write_bytes(PHOTO.read_bytes())
    assert api.ttp.ok("import", str(there), "--json").json["unchanged"] == 1


def test_the_same_key_imports_once_and_another_file_is_refused(api: Api) -> None:
    key = {"headers": {"Idempotency-Key": "k"}}
    first = api("POST", "/v1/imports", **form("a.csv", "text\nOne\n"), **key)
    again = api("POST", "/v1/imports", **form("a.csv", "text\nOne\n"), **key)
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (201, first.json(), "true")
    api.refused("POST", "/v1/imports", 422, "key_reused", **form("a.csv", "text\nTwo\n"), **key)
    api.refused("POST", "/v1/imports", 422, "key_reused", **form("b.csv", "text\nOne\n"), **key)
    media = {"headers": {"Idempotency-Key": "m"}}
    for _ in range(2):
        assert api("POST", "/v1/media", **form("a.jpg", PHOTO.read_bytes()), **media).status_code == 201


def entry(name: str, mode: int = 0) -> ZipInfo:
    found = ZipInfo(name)
    found.external_attr = mode << 16
    return found


def with_entry(info: ZipInfo, data: bytes = b"../../etc") -> bytes:
    kept = io.BytesIO()
    with ZipFile(kept, "w", ZIP_DEFLATED) as made:
        made.writestr("a.md", POST)
        made.writestr(info, data)
    return kept.getvalue()


@pytest.mark.parametrize(
    "name", ["../out.md", "/out.md", "a/../../out.md", "..\\out.md", "C:\\out.md", "a/./../..//out.md", "."]
)
def test_a_zip_that_leaves_its_folder_is_refused(api: Api, tmp_path: Path, name: str) -> None:
    data = with_entry(entry(name))
    api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", data))
    assert count(api) == 0
    assert not list(tmp_path.rglob("out.md"))


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o600, stat.S_IFCHR | 0o600])
def test_a_zip_with_a_link_or_a_device_is_refused(api: Api, mode: int) -> None:
    api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", with_entry(entry("photo.jpg", mode))))


def test_a_zip_bomb_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped({"a.md": POST, "zeros.jpg": bytes(20_000_000)})
    assert len(bomb) < 50_000
    api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", bomb))
    monkeypatch.setattr(archive, "MOST_BYTES", 30_000)
    random = {f"{number}.jpg": os.urandom(10_000) for number in range(4)}
    api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", zipped(random)))
    monkeypatch.setattr(archive, "MOST_FILES", 3)
    api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", zipped({f"{n}.md": POST for n in range(4)})))


def test_a_zip_that_lies_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = zipped({"a.md": POST, "b.jpg": os.urandom(5000)})
    sized = whole.replace(struct.pack("<L", 5000), struct.pack("<L", 50))  # its size, in both lists
    locked = bytearray(whole)
    locked[whole.index(b"PK\x01\x02") + 8] |= 1  # encrypted
    for data in (sized, bytes(locked), whole[:-30], whole[: len(whole) // 2], b"PK\x03\x04", whole[:40] + whole[60:]):
        api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", data))
    api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", zipped({"a.md": POST}, ZIP_BZIP2)))
    api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", zipped({"a.txt": "text"})))
    api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", zipped({"a": "text", "a/b.md": POST})))
    api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", zipped({f"{400 * 'a'}.md": POST})))
    monkeypatch.setattr(archive, "_MOST_AT_ONCE", 100)
    api.refused("POST", "/v1/imports", 400, "usage", **form("a.zip", whole))
    assert count(api) == 0


def test_numbers_are_imported_as_the_command_does(api: Api, folder: Path) -> None:
    (folder / "numbers.csv").write_text(ROWS)
    rehearsed = api.ok("POST", "/v1/metrics?dryRun=true", **form("numbers.csv", ROWS))
    told = api.ttp.ok("metrics", "import", str(folder / "numbers.csv"), "--dry-run", "--json").json
    assert rehearsed == told
    assert api.ok("GET", "/v1/metrics") == []
    answer = api("POST", "/v1/metrics", **form("numbers.csv", ROWS + "x/me,bad\n"))
    assert (answer.status_code, answer.json()["inserted"], len(answer.json()["rejected"])) == (201, 40, 1)
    assert api.ok("POST", "/v1/metrics", **form("numbers.csv", ROWS))["unchanged"] == 40
    mapped = "post,Clicks,when\n1,5,2026-11-01T09:00:00Z\n"
    query = "account=x/me&map=post%3DremoteId&map=Clicks%3Dlikes&map=when%3DpublishedAt&timezone=UTC&dates=mdy"
    assert api.ok("POST", f"/v1/metrics?{query}", **form("a.csv", mapped))["read"] == 1


@pytest.mark.parametrize(
    ("query", "data", "status", "code"),
    [
        ("", "text\nnothing\n", 400, "usage"),
        ("", "", 400, "usage"),
        ("source=fax", ROWS, 400, "usage"),
        ("account=fax/me", ROWS, 400, "usage"),
        ("timezone=Mars", ROWS, 422, "time"),
        ("map=x", ROWS, 400, "usage"),
        ("dates=ymd", ROWS, 400, "usage"),
    ],
)
def test_numbers_that_cannot_be_read_are_refused(api: Api, query: str, data: str, status: int, code: str) -> None:
    api.refused("POST", f"/v1/metrics?{query}", status, code, **form("a.csv", data))
    assert api.ok("GET", "/v1/metrics") == []
