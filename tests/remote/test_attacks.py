"""What a hand-made request, a token or an upload cannot do."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Ran
from tests.examples import every
from tests.pictures import picture
from tests.remote.conftest import PATIENCE_S, Machines
from tests.rows import each
from ttp.cli.remote.commands import REFUSED

PASSWORDS = "/etc/passwd"


def post(
    machines: Machines, order: dict[str, Any], *parts: tuple[str, bytes], token: str | None = None
) -> httpx.Response:
    """Send a request that is made by hand."""
    body = {"protocol": 1, "argv": ["list"], "cwd": "/home/caller"} | order
    files = [("command", (None, json.dumps(body).encode())), *((name, (name, data)) for name, data in parts)]
    return httpx.post(
        f"{machines.url}/v1/commands",
        files=files,
        headers={"Authorization": f"Bearer {token or machines.token()}"},
        timeout=60,
    )


def run(machines: Machines, *argv: str, token: str | None = None, **order: Any) -> tuple[int, str, str]:
    """Run a command by hand; its exit code and what it wrote."""
    answer = post(machines, {"argv": list(argv), **order}, token=token)
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.text.splitlines()]
    out, err = (
        b"".join(base64.b64decode(line[name]) for line in lines if name in line).decode()
        for name in ("stdout", "stderr")
    )
    return lines[-1]["exit"], out, err


@pytest.mark.parametrize(
    "argv",
    every(
        3,
        [
            ("create", "Hi", "--media", PASSWORDS),
            ("create", "Hi", "--media", f"../../../../../../../..{PASSWORDS}"),
            ("create", "Hi", "--media", f"file://{PASSWORDS}"),
            ("create", "--file", PASSWORDS),
            ("import", PASSWORDS),
            ("import", "~/../../etc/passwd"),
            ("import", "~root/.profile"),
            ("metrics", "import", PASSWORDS),
            ("metrics", "import", "/dev/fd/3"),
            ("sync", "/etc", "--check"),
            ("repeat", "2", "--cron", "0 9 * * *", "--vary", PASSWORDS),
            ("repeat", "--template", PASSWORDS, "--to", "x/me", "--cron", "0 9 * * *"),
        ],
    ),
    ids=" ".join,
)
def test_no_file_of_the_server_is_read(machines: Machines, argv: tuple[str, ...]) -> None:
    code, out, err = run(machines, *argv)
    assert code in (2, 3), (out, err)
    assert "root:" not in out + err


def test_the_store_is_not_read_as_a_file(machines: Machines) -> None:
    for name in ("credentials.json", "ttp.db", "config.toml"):
        code, out, err = run(machines, "create", "--file", str(machines.server_home / name))
        assert (code, out) == (3, ""), err


def test_no_file_of_the_server_is_written(machines: Machines, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    for argv in (("export", str(target)), ("optimal", "heatmap", "--svg", str(target))):
        answer = post(machines, {"argv": list(argv), "folders": [str(tmp_path)]})
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert {"file": str(target)} in lines
        assert not target.exists()


def test_the_names_in_a_file_stay_in_its_folder(machines: Machines) -> None:
    rows = f"text,to,media\nHi,x/me,{PASSWORDS}\nHi,x/me,../../../../..{PASSWORDS}\n".encode()
    order = {"argv": ["import", "rows.csv"], "files": ["/home/caller/rows.csv"]}
    answer = post(machines, order, ("file", rows))
    assert json.loads(answer.text.splitlines()[-1])["exit"] == 2


@each("path", sorted(REFUSED))
def test_a_forbidden_command_is_refused(machines: Machines, path: str) -> None:
    ran = machines.for_token(*path.split(), *_arguments(path))
    assert (ran.code, ran.out) == (7, ""), ran.err


def _arguments(path: str) -> tuple[str, ...]:
    named = {
        "token create": ("ann", "--capability", "publish"),
        "token revoke": ("ann",),
        "token release": ("ann", "k1"),
        "config set": ("publish.poll_s", "1"),
        "config unset": ("timezone",),
        "login-link": ("ann",),
        **dict.fromkeys(("notify add", "notify remove"), ("phone",)),
        "store copy": ("--from", "/a", "--to", "/b"),
        "webhook add": ("https://example.org/",),
        **dict.fromkeys(("webhook log", "webhook remove", "webhook replay", "webhook rotate", "webhook test"), ("1",)),
        **dict.fromkeys(("account add", "account connect", "account remove"), ("x/new",)),
        **dict.fromkeys(("backup", "restore"), ("b.zip",)),
    }
    return named.get(path, ())


@each("argv", [("__complete", "post"), ("--home", "/", "list"), ("list", "--config", "/"), ("-c", "x")])
def test_there_is_no_way_around_the_command_line(machines: Machines, argv: tuple[str, ...]) -> None:
    assert machines.for_token(*argv).code == 2


@each(
    "argv",
    [
        ("create", "Hi", "-e"),
        ("edit", "1", "-e"),
        ("run",),
        ("run", "--once", "--take-over"),
        ("run", "--once", "--trust-clock"),
        ("config", "show"),
        ("config", "get", "hooks.on_failed"),
        ("mcp",),
        ("help", "list"),
    ],
)
def test_what_belongs_to_one_machine_does_not_run_there(machines: Machines, argv: tuple[str, ...]) -> None:
    assert machines.for_token(*argv).code == 7


@each(
    "order",
    [
        {"protocol": 2},
        {"protocol": "1"},
        {"argv": "list"},
        {"argv": ["list\0"]},
        {"cwd": "relative"},
        {"cwd": "/a/../b"},
        {"environ": {"TTP_HOME": "/"}},
        {"environ": {"TTP_CONFIG": "/"}},
        {"environ": {"TTP_CAPABILITY": "publish"}},
        {"environ": {"LD_PRELOAD": "/x.so"}},
        {"environ": {"PATH": "/"}},
        {"environ": {"TZ": "/etc/passwd"}},
        {"environ": {"TZ": "../../etc/passwd"}},
        {"environ": {"TTP_PAGER": "sh"}},
        {"files": ["/a"]},
        {"files": ["/a/../../b"]},
        {"files": ["a"]},
        {"folders": ["/" + "a/" * 100 + "b"]},
        {"paths": {"x": "../y"}},
        {"terminal": {"encoding": "zip"}},
        {"terminal": {"encoding": "../x"}},
        {"token": {"id": 1}},
        {"root": "/"},
    ],
)
def test_a_wrong_request_is_refused(machines: Machines, order: dict[str, Any]) -> None:
    answer = post(machines, order)
    assert (answer.status_code, answer.json()["code"]) == (400, "usage")


def test_parts_that_do_not_belong_to_a_request_are_refused(machines: Machines) -> None:
    assert post(machines, {}, ("file", b"x")).status_code == 400
    assert post(machines, {}, ("other", b"x")).status_code == 400
    assert post(machines, {"files": ["/a/b", "/a"]}, ("file", b"x"), ("file", b"x")).status_code == 400
    assert post(machines, {"files": ["/a", "/a"]}, ("file", b"x"), ("file", b"x")).status_code == 400
    url, headers = f"{machines.url}/v1/commands", {"Authorization": f"Bearer {machines.token()}"}
    assert httpx.post(url, headers=headers, json={"argv": ["list"]}).status_code == 415
    assert httpx.post(url, headers=headers, files={"file": b"x"}).status_code == 400
    assert httpx.post(url, files={"command": b"{}"}).status_code == 401


def test_uploaded_modules_are_not_imported(machines: Machines) -> None:
    files = [f"/home/caller/{name}" for name in ("json.py", "ttp/__init__.py", "sitecustomize.py")]
    parts = [("file", b"raise SystemExit(99)")] * len(files)
    answer = post(machines, {"argv": ["list", "--json"], "files": files}, *parts)
    assert json.loads(answer.text.splitlines()[-1]) == {"exit": 0}


def test_nothing_of_a_request_stays(machines: Machines) -> None:
    run(machines, "export", "out.csv")
    post(machines, {"protocol": 2})
    ends = time.monotonic() + PATIENCE_S
    while list((machines.server_home.parent / "tmp").iterdir()):
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_draft_token_gives_no_post_a_time(machines: Machines) -> None:
    token = machines.token("draft")
    code, _, err = run(machines, "create", "Hi", "--to", "x/me", "--at", "tomorrow 9am", token=token)
    assert code == 7, err
    code, _, err = run(machines, "edit", "2", "Changed", token=token)
    assert code == 7, err


def test_a_change_has_the_name_of_its_token(machines: Machines) -> None:
    run(machines, "create", "By a token", token=machines.token("draft"))
    _, out, _ = run(machines, "history", "--limit", "1", "--json")
    assert json.loads(out)[0]["actor"] == "draft-" + _number(machines, "draft")


def _number(machines: Machines, *key: str) -> str:
    return str(list(machines.tokens).index(key))


def test_a_limited_token_sees_its_accounts_only(machines: Machines) -> None:
    def limited(*argv: str) -> Ran:
        return machines.for_token(*argv, accounts=("x/shop",))

    made = machines.for_token("create", "Shop", "--to", "x/shop", "--json").json["id"]
    other = machines.for_token("create", "Me", "--to", "x/me", "--json").json["id"]
    posts = limited("list", "--json").json
    assert made in [post["id"] for post in posts]
    assert all(set(post["accounts"]) <= {"x/shop"} for post in posts)
    assert [one["account"] for one in limited("account", "list", "--json").json] == ["x/shop"]
    for argv in (
        ("show", other),
        ("log", other),
        ("edit", other, "Changed"),
        ("copy", other),
        ("delete", other),
        ("schedule", other, "--at", "tomorrow 9am"),
        ("publish", other, "--yes"),
        ("resolve", other, "--account", "x/shop", "--not-published"),
        ("account", "show", "x/me"),
        ("optimal", "--account", "x/me"),
        ("report", "--account", "x/me"),
        ("create", "Hi", "--to", "x/me"),
        ("edit", made, "--to", "x/me"),
    ):
        ran = limited(*map(str, argv))
        assert (ran.code, ran.out) == (3, ""), (argv, ran.err)
    assert machines.for_token("show", str(other), "--json").json["content"] == "Me"
    code, out, _ = run(
        machines, "delete", f"{made}-{other}", "--yes", "-q", "--json", token=machines.token("publish", "x/shop")
    )
    assert (code, [one["id"] if isinstance(one, dict) else one for one in json.loads(out)]) == (0, [made])


@pytest.mark.parametrize("argv", [("edit", "--where", "tag=launch", "--add-tag", "a"), ("delete", "1", "--remote")])
def test_a_limited_token_changes_posts_by_their_ids(machines: Machines, argv: tuple[str, ...]) -> None:
    assert run(machines, *argv, token=machines.token("publish", "x/shop"))[0] == 7


def test_media_are_taken_from_the_upload(machines: Machines) -> None:
    answer = post(
        machines,
        {"argv": ["create", "Hi", "--media", PASSWORDS, "--json"], "files": [PASSWORDS]},
        ("file", picture("JPEG")),
    )
    assert json.loads(answer.text.splitlines()[-1]) == {"exit": 0}
