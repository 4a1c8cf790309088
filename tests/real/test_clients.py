"""Clients that other projects generate from /openapi.json: they have the headers that prevent doubles."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.real.install import INSTALL_S, Missing, node, python_packages
from tests.server.conftest import Api, server_of, serving

HERE = Path(__file__).parent
GENERATOR = "openapi-python-client==0.29.1"
PYTHON_CLIENT = """
import sys
from generated import AuthenticatedClient
from generated.api.events import list_events
from generated.api.posts import create_post, edit_post
from generated.models import NewPostInput, PostChangesInput

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
new = {"client": client, "body": NewPostInput(content="Once"), "idempotency_key": "k1"}
first, again = create_post.sync_detailed(**new), create_post.sync_detailed(**new)
assert (first.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
assert first.parsed.id == again.parsed.id == 1
tag = first.headers["ETag"]
for content, status in (("Better", 200), ("Late", 412)):
    body = PostChangesInput(content=content)
    assert edit_post.sync_detailed(1, client=client, body=body, if_match=tag).status_code == status
as_list = client.with_headers({"Accept": "application/json"})
assert list_events.sync_detailed(client=as_list, last_event_id=0).status_code == 200
"""


@pytest.fixture
def api(ttp: Program) -> Api:
    """The server with a token that may publish."""
    return server_of(ttp).having("publish")


@pytest.fixture
def document(api: Api, tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(api.ok("GET", "/openapi.json")), encoding="utf-8")
    return path


@pytest.fixture
def address(api: Api) -> Iterator[str]:
    with serving(api.app) as url:
        yield url


def run(*command: str | Path, folder: Path, **environ: str) -> None:
    environment = {**os.environ, **environ}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=INSTALL_S)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_python_client(api: Api, document: Path, address: str, tmp_path: Path) -> None:
    try:
        packages = python_packages(GENERATOR)
    except Missing as missing:
        pytest.skip(f"no openapi-python-client: {missing}")
    (tmp_path / "config.yaml").write_text("post_hooks: []\npackage_name_override: generated\n", encoding="utf-8")
    there = {"PYTHONPATH": str(packages)}
    generate = ("-m", "openapi_python_client", "generate", "--path", document, "--config", "config.yaml")
    run(sys.executable, *generate, "--meta", "none", "--output-path", "generated", folder=tmp_path, **there)
    (tmp_path / "use.py").write_text(PYTHON_CLIENT, encoding="utf-8")
    run(sys.executable, "use.py", address, str(api.token), folder=tmp_path, **there)
    assert api.ttp.count("post") == 1


def test_a_typescript_client(api: Api, document: Path, address: str, tmp_path: Path) -> None:
    try:
        js = node()
        packages = js.packages(HERE / "typescript")
    except Missing as missing:
        pytest.skip(f"no openapi-typescript: {missing}")
    modules = packages / "node_modules"
    (tmp_path / "node_modules").symlink_to(modules)
    shutil.copy(HERE / "typescript" / "client.ts", tmp_path)
    generate = ("--default-non-nullable", "false", "-o", "schema.d.ts")  # what has a default need not be given
    run(js.program, modules / "openapi-typescript/bin/cli.js", document, *generate, folder=tmp_path)
    options = ("--strict", "--skipLibCheck", "--target", "es2022", "--module", "commonjs", "--lib", "es2022,dom")
    run(js.program, modules / "typescript/bin/tsc", *options, "client.ts", folder=tmp_path)
    run(js.program, "client.js", address, str(api.token), folder=tmp_path)
    assert api.ttp.count("post") == 1
