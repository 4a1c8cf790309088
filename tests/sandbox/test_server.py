"""The sandbox on a real socket: cuts, hangs, restarts, signals."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import START, Clock
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import RunningSandbox, running_sandbox, serve
from ttp.sandbox.state import OldState


def credentials(sandbox: RunningSandbox, name: str) -> dict[str, str]:
    made: dict[str, str] = httpx.post(f"{sandbox.url}/_sandbox/accounts", json={"account": name}).json()["credentials"]
    return made


def as_x(sandbox: RunningSandbox, **options: Any) -> httpx.Client:
    token = credentials(sandbox, "x/demo")["accessToken"]
    return httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {token}"}, **options)


def texts(sandbox: RunningSandbox) -> list[str]:
    return [post["text"] for post in httpx.get(f"{sandbox.url}/_sandbox/posts").json()]


def test_a_cut_loses_the_answer_before_or_after_the_effect(
    sandbox: RunningSandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    with as_x(sandbox) as x:
        for do in ("cut_before", "cut_after"):
            x.post("/_sandbox/faults", json={"do": do, "path": "/2/tweets$"})
            with pytest.raises(httpx.RemoteProtocolError):
                x.post("/2/tweets", json={"text": do})
        assert texts(sandbox) == ["cut_after"]
        assert x.get("/2/users/me").status_code == 200
    assert capfd.readouterr() == ("", "")


def test_a_cut_upload_keeps_its_bytes_or_not(sandbox: RunningSandbox) -> None:
    data = CLIP.read_bytes()
    token = credentials(sandbox, "tiktok/demo")["accessToken"]
    with httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {token}"}) as tiktok:
        body = {
            "post_info": {"privacy_level": "SELF_ONLY"},
            "source_info": {
                "source": "FILE_UPLOAD",
                "video_size": len(data),
                "chunk_size": len(data),
                "total_chunk_count": 1,
            },
        }
        url = tiktok.post("/v2/post/publish/video/init/", json=body).json()["data"]["upload_url"]
        assert url.startswith(sandbox.url)
        headers = {"Content-Type": "video/mp4", "Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}"}
        for do, posts in (("cut_before", 0), ("cut_after", 1)):
            tiktok.post("/_sandbox/faults", json={"do": do, "path": "/video/"})
            with pytest.raises(httpx.RemoteProtocolError):
                httpx.put(url, content=data, headers=headers)
            assert len(texts(sandbox)) == posts


def test_a_hanging_request_times_out_and_the_sandbox_still_stops_at_once(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttp.sandbox.server.CLOSING_S", 300.0)
    with socket.socket() as waiting, running_sandbox() as sandbox, as_x(sandbox) as x:
        x.post("/_sandbox/faults", json={"do": "hang", "path": "/2/tweets$"})
        with pytest.raises(httpx.ReadTimeout):
            x.post("/2/tweets", json={"text": "never"}, timeout=0.1)
        x.post("/_sandbox/faults", json={"do": "hang", "path": "/2/tweets$"})
        waiting.connect(("127.0.0.1", httpx.URL(sandbox.url).port))
        waiting.sendall(b"POST /2/tweets HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
        assert x.get("/2/users/me").status_code == 200
        began = time.monotonic()
    assert time.monotonic() - began < 60
    assert capfd.readouterr() == ("", "")


def test_a_client_that_goes_away_in_its_body_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    with running_sandbox() as sandbox, as_x(sandbox) as x:
        with socket.create_connection(("127.0.0.1", httpx.URL(sandbox.url).port or 0)) as broken:
            head = f"POST /2/tweets HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {x.headers['authorization']}\r\n"
            broken.sendall(f'{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"text'.encode())
            assert x.get("/2/users/me").status_code == 200
        assert x.get("/2/users/me").status_code == 200
        assert texts(sandbox) == []
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_a_reset_clears_the_state_and_ends_hanging_requests(sandbox: RunningSandbox) -> None:
    with as_x(sandbox) as x:
        x.post("/_sandbox/faults", json={"do": "hang", "path": "/2/tweets$", "effect": True})
        with ThreadPoolExecutor(1) as pool:
            hanging = pool.submit(x.post, "/2/tweets", json={"text": "old"})
            while not texts(sandbox):
                pass
            sandbox.reset()
            assert isinstance(hanging.exception(), httpx.RemoteProtocolError)
        assert texts(sandbox) == []
        assert x.get("/2/users/me").status_code == 401


def test_the_clock_is_the_one_passed_in(sandbox: RunningSandbox) -> None:
    sandbox.reset(now=Clock(START))
    assert httpx.get(sandbox.url).headers["date"] == "Tue, 24 Nov 2026 12:00:00 GMT"


def test_instagram_fetches_from_the_sandboxes_own_media_folder(sandbox: RunningSandbox, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(PHOTO.read_bytes())
    sandbox.reset(media_dir=tmp_path, processing_s=0)
    ours = credentials(sandbox, "instagram/demo")
    base = f"{sandbox.url}/v25.0/{ours['userId']}"
    signed = {"Authorization": f"Bearer {ours['accessToken']}"}
    body = {"image_url": f"{sandbox.url}/_sandbox/media/a.jpg"}
    container = httpx.post(f"{base}/media", data=body, headers=signed).json()["id"]
    answer = httpx.post(f"{base}/media_publish", data={"creation_id": container}, headers=signed)
    assert answer.status_code == 200
    assert len(texts(sandbox)) == 1


def test_bytes_received_before_a_cut_are_kept(sandbox: RunningSandbox) -> None:
    data = CLIP.read_bytes()
    sandbox.reset(processing_s=0)
    order = {"account": "instagram/shop", "login": "facebook"}
    ours = httpx.post(f"{sandbox.url}/_sandbox/accounts", json=order).json()["credentials"]
    base, signed = f"{sandbox.url}/v25.0", {"Authorization": f"Bearer {ours['accessToken']}"}
    body = {"media_type": "REELS", "upload_type": "resumable"}
    made = httpx.post(f"{base}/{ours['userId']}/media", data=body, headers=signed).json()
    path, port = httpx.URL(made["uri"]).path, httpx.URL(sandbox.url).port
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: OAuth {ours['accessToken']}\r\n"
    head += f"offset: 0\r\nfile_size: {len(data)}\r\nContent-Length: {len(data)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port or 0)) as broken:
        broken.sendall(head.encode() + data[:9000])

    def arrived() -> int:
        told = httpx.get(f"{base}/{made['id']}?fields=video_status", headers=signed).json()["video_status"]
        return int(told["uploading_phase"]["bytes_transferred"])

    until = time.monotonic() + 60
    while arrived() != 9000 and time.monotonic() < until:
        pass
    rest = {"Authorization": f"OAuth {ours['accessToken']}", "offset": "9000", "file_size": str(len(data))}
    assert httpx.post(made["uri"], content=data[9000:], headers=rest).json()["success"] is True
    answer = httpx.post(f"{base}/{ours['userId']}/media_publish", data={"creation_id": made["id"]}, headers=signed)
    assert answer.status_code == 200


def test_a_state_folder_keeps_accounts_and_posts_between_runs(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox, as_x(sandbox) as x:
        for text in ("one", "two"):
            made = x.post("/2/tweets", json={"text": text}).json()["data"]["id"]
        accounts = x.get("/_sandbox/accounts").json()
        signed = dict(x.headers)
    with running_sandbox(tmp_path) as sandbox:
        listed = httpx.get(f"{sandbox.url}/_sandbox/accounts").json()
        assert listed[: len(accounts)] == accounts
        added = [one["account"] for one in listed[len(accounts) :]]
        assert f"mastodon/demo@{sandbox.state.address}" in added
        assert all(name.endswith(f"@{sandbox.state.address}") for name in added), "their name has the server's address"
        assert texts(sandbox) == ["one", "two"]
        signed["host"] = httpx.URL(sandbox.url).netloc.decode()
        again = httpx.post(f"{sandbox.url}/2/tweets", json={"text": "two"}, headers=signed)
        assert again.status_code == 403
        third = httpx.post(f"{sandbox.url}/2/tweets", json={"text": "three"}, headers=signed).json()
        assert int(third["data"]["id"]) > int(made)


def test_a_state_folder_of_another_version_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "sandbox.db") as db:
        db.execute("CREATE TABLE thing (seq INTEGER PRIMARY KEY, kind TEXT, id TEXT, data TEXT)")
    db.close()
    with pytest.raises(OldState):
        serve(0, tmp_path, print)


def test_an_unfinished_upload_starts_again_after_a_restart(tmp_path: Path) -> None:
    data = CLIP.read_bytes()
    with running_sandbox(tmp_path) as sandbox, as_x(sandbox) as x:
        body = {"media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": len(data)}
        media = x.post("/2/media/upload/initialize", json=body).json()["data"]["id"]
        x.post(f"/2/media/upload/{media}/append", files={"media": data}, data={"segment_index": "0"})
        signed = dict(x.headers)
    with running_sandbox(tmp_path) as sandbox:
        signed["host"] = httpx.URL(sandbox.url).netloc.decode()
        with httpx.Client(base_url=f"{sandbox.url}/2/media/upload/{media}", headers=signed) as x:
            assert x.post("/finalize").status_code == 400
            assert x.post("/append", files={"media": data}, data={"segment_index": "0"}).status_code == 200
            assert x.post("/finalize").status_code == 200


def test_serve_binds_loopback_reports_its_url_and_ends_on_sigterm(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ttp.sandbox.server import serve;"
        f"serve(0, Path({str(tmp_path)!r}), lambda url: print(url, flush=True)); print('ended')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}/_sandbox/posts").json() == []
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "ended\n", "")


def test_a_port_in_use_is_an_error_before_anything_starts(sandbox: RunningSandbox) -> None:
    port = httpx.URL(sandbox.url).port
    assert port is not None
    with pytest.raises(OSError, match="in use"):
        serve(port, None, print)


def test_a_state_folder_that_cannot_be_used_is_an_error_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "sandbox.db").write_bytes(b"no database, but long enough to be taken for one" * 100)
    with pytest.raises(OSError, match="not a database"):
        serve(0, tmp_path, print)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        serve(0, tmp_path / "file", print)


def test_a_kept_connection_sends_without_nagle_delay(sandbox: RunningSandbox) -> None:
    with as_x(sandbox) as x:
        taken: list[float] = []
        while len(taken) < 200 and not any(seconds < 0.03 for seconds in taken):
            began = time.perf_counter()
            x.get("/2/users/me")
            taken.append(time.perf_counter() - began)
    # It takes 1 ms where the machine has time; the system's delay is 40 ms, every time.
    assert min(taken) < 0.03
