"""Media in a bucket, as a person sets it: a host without them publishes what it can read, and says what waits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.platforms.s3_server import SECRET, create_bucket, set_credentials, with_server
from tests.store.backends import KEY
from ttp.cli.context import Context
from ttp.domain.media.item import MediaUnavailable
from ttp.platforms.bucket import MediaBucket
from ttp.sandbox.files import PHOTO
from ttp.sandbox.server import RunningSandbox


@pytest.fixture
def shared(
    ttp: Program, tmp_path: Path, endpoint: str, shared_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> Program:
    """A home with its media in a fresh bucket, and an account on the sandbox."""
    name = f"cli-{abs(hash(tmp_path)):x}"
    create_bucket(endpoint, name)
    set_credentials(monkeypatch)
    monkeypatch.setenv("TTP_MEDIA__BACKEND", "s3")
    monkeypatch.setenv("TTP_MEDIA__S3__URL", f"s3://{name}/media")
    monkeypatch.setenv("TTP_MEDIA__S3__ENDPOINT", endpoint)
    monkeypatch.setenv("TTP_MEDIA__S3__REGION", "us-east-1")
    ttp.rehearse(monkeypatch, shared_sandbox, "x/demo")
    return ttp


@with_server
def test_a_host_without_the_file_publishes_it_from_the_bucket(shared: Program) -> None:
    post = shared.post("Hello", "--to", "x/demo", "--media", str(PHOTO), "--at", "now")
    shutil.rmtree(shared.home / "media")
    shared.ok("run", "--until-idle")
    assert shared.shown(post)["status"] == "published"


@with_server
def test_what_cannot_be_read_waits_and_is_said_and_what_needs_nothing_goes_out(
    shared: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = shared.post("Photo", "--to", "x/demo", "--media", str(PHOTO), "--at", "now")
    text = shared.post("Text", "--to", "x/demo", "--at", "now")
    shutil.rmtree(shared.home / "media")
    with monkeypatch.context() as away:

        def refuse(*_: object) -> None:
            raise MediaUnavailable("the bucket s3://b does not answer")

        away.setattr(MediaBucket, "fetch", refuse)
        shared.ok("run", "--until-idle")
        assert shared.shown(text)["status"] == "published"
        (delivery,) = shared.shown(waiting)["deliveries"]
        assert (delivery["state"], delivery["error"]) == ("pending", None)
        blocked = [one["message"] for one in shared("status", "--json").json["blocked"]]
        assert any("s3://b does not answer" in message for message in blocked)
    shared.ok("run", "--until-idle")
    assert shared.shown(waiting)["status"] == "published"
    assert shared("status", "--json").json["blocked"] == []


@with_server
@pytest.mark.parametrize("is_gone", [True, False], ids=["gone", "damaged"])
def test_an_object_that_is_gone_or_damaged_fails_the_post_with_the_fix(
    shared: Program, tmp_path: Path, *, is_gone: bool
) -> None:
    bucket = Context(shared.clock).media.bucket
    assert bucket is not None
    post = shared.post("Photo", "--to", "x/demo", "--media", str(PHOTO), "--at", "now")
    (sha256,) = (one.sha256 for one in bucket.objects())
    (tmp_path / "wrong").write_bytes(b"wrong")
    if is_gone:
        bucket.delete(sha256)
    else:
        bucket.put(sha256, tmp_path / "wrong")
    shutil.rmtree(shared.home / "media")
    shared("run", "--until-idle")
    (delivery,) = shared.shown(post)["deliveries"]
    assert (delivery["state"], delivery["error"]["kind"]) == ("failed", "media")
    bucket.put(sha256, PHOTO)
    shared.ok("retry", str(post))
    assert shared.shown(post)["status"] == "published"


@with_server
def test_nothing_is_saved_while_the_bucket_cannot_be_used(shared: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_MEDIA__S3__URL", "s3://there-is-none")
    ran = shared("create", "Hello", "--to", "x/demo", "--media", str(PHOTO), "--at", "tomorrow 9am")
    assert ran.code == 5
    assert SECRET not in ran.err
    assert shared.ok("list").out == ""
    checks = {check["name"]: check for check in shared("doctor", "--json").json["checks"]}
    assert checks["media"]["status"] == "fail"


@with_server
def test_doctor_names_the_bucket(shared: Program) -> None:
    checks = {check["name"]: check for check in shared("doctor", "--json").json["checks"]}
    assert checks["media"]["status"] == "ok"
    assert "s3://cli-" in checks["media"]["message"]


@with_server
def test_of_two_hosts_the_one_that_can_read_the_file_publishes_it(
    shared: Program, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_STORE__URL", store_url)
    monkeypatch.setenv("TTP_CREDENTIALS__BACKEND", "store")
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", KEY)
    shared.ok("init", store_url, "--json")
    token = (shared.home / "credentials.json").read_text()
    credentials = json.dumps(json.loads(token)["accounts"]["x/demo"])
    shared.ok("account", "add", "x/demo", "--credentials", "-", stdin=credentials)
    post = shared.post("Photo", "--to", "x/demo", "--media", str(PHOTO), "--at", "now")
    with monkeypatch.context() as other:

        def refuse(*_: object) -> None:
            raise MediaUnavailable("the bucket s3://b refuses this host")

        other.setenv("TTP_HOME", str(tmp_path / "other"))
        other.setattr(MediaBucket, "fetch", refuse)
        shared("run", "--until-idle")
        assert shared.shown(post)["deliveries"][0]["state"] == "pending"
    shared.ok("run", "--until-idle")
    assert shared.shown(post)["status"] == "published"
