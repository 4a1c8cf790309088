"""Requests that schemathesis makes up from our own OpenAPI document: `python -m tests.server.fuzz [--full] [NAME…]`.

Most of what a schema allows is refused, because a schema cannot say which accounts and posts exist. So most cases get
names and times of the store, and a post in a state in which the operation is possible; the others stay as made up.
`--full`: 2,000 cases for each operation, else 60. `--sequences N`: instead, sequences of requests, each about what an
answer before it named, by the links that schemathesis infers from the document.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.checks import CHECKS

from tests.clock import FakeClock
from tests.conftest import Program, program
from tests.feed_site import feed_site
from tests.server.conftest import Api, server_of, two_accounts
from ttp.cli.context import Context
from ttp.sandbox.files import PHOTO
from ttp.server.app import build_app
from ttp.server.requests import Route
from ttp.server.routes import ROUTES

FULL, SAMPLE = 2000, 60
STEPS = 20
LEAST_ACCEPTED = 0.3
FETCHING = {"add_source", "poll_source"}
"""Operations that a feed elsewhere has to answer, which there is not: none is accepted."""
"""The part of the answers of each operation of /v1 that are not refusals."""
HELPED = 0.75
"""The part of the cases that get names of the store."""
EXCLUDED = ["positive_data_acceptance"]
"""A schema cannot say which accounts exist, or which times have passed."""
LATER = "2098-01-01T09:00Z"
STATES = ("pending", "failed", "needs_review", "published", "sending")
POSTS = 3 * len(STATES)
STATE_FOR = {"retry_post": "failed", "resolve_post": "needs_review"}
"""The state of a post in which an operation is possible; else it is scheduled."""
BODIES: Mapping[str, Mapping[str, Any]] = {
    "create_post": {"content": "A text", "accounts": ["x/me"], "first": False, "maxLatenessS": None},
    "edit_post": {"content": "Another text", "maxLatenessS": None},
    "schedule_post": {"at": LATER, "first": False},
    "resolve_post": {"account": "x/me", "published": None},
    "add_slots": {"accounts": ["x/me"], "times": "mon 09:00", "cron": None, "name": None},
    "add_repeat": {"post": 1, "pool": None, "texts": None, "coolDownS": None, "until": None, "cron": "0 9 * * 1"},
    "plan_drafts": {"ids": None, "tags": None, "partly": True, "minGapS": 3600, "perDay": None, "days": 14},
    "undo_changes": {"count": 1, "post": None, "partial": True},
    "redo_changes": {"count": 1, "post": None, "partial": True},
    "begin_upload": {"bytes": 1000},
    "post_items": {"items": [1]},
    "skip_items": {"items": [1]},
}
"""Fields that an operation needs, or must not have (None), to be possible."""
QUERIES: Mapping[str, Mapping[str, Any]] = {
    "import_posts": {"spread": None, "days": None, "from": None, "perDay": None},
    "import_metrics": {"map": None, "dates": "dmy"},
}
"""Parameters that an operation needs, or must not have (None), to be possible."""
NUMBERS = b"account,remoteId,publishedAt,likes,comments,shares,views\nx/me,1,2026-11-01T09:00:00Z,1,2,3,4\n"
_NEW_POST = ("POST", "/v1/posts", {"content": "To undo"})
BEFORE: Mapping[str, Sequence[tuple[str, str, Any]]] = {
    "undo_changes": [_NEW_POST],
    "redo_changes": [_NEW_POST, ("POST", "/v1/undo", {"count": 1})],
    "remove_slot": [("POST", "/v1/slots", {"accounts": ["x/me"], "times": "tue 09:00"})],
}
"""Requests that make an operation possible."""
ACTIVE = "ended_at = NULL, paused_at = NULL, next_at = 4070908800000"
REPEATS = {
    "add_repeat": "ended_at = 1",
    "skip_repeat": ACTIVE,
    "pause_repeat": ACTIVE,
    "resume_repeat": "ended_at = NULL, paused_at = 1",
    "stop_repeat": ACTIVE,
}
"""The state of all repeats in which an operation is possible."""
KNOWN: Mapping[str, Any] = {
    "account": "x/me",
    "accounts": ["x/me"],
    "after": 3,
    "at": LATER,
    "blackout": ["2026-12-24"],
    "by": "account",
    "content": "A text",
    "cron": "0 9 * * 1",
    "dates": "dmy",
    "from": "2026-12-01",
    "ids": [1],
    "map": [],
    "media": [],
    "minGapS": 3600,
    "options": {},
    "platform": "x",
    "pool": None,
    "post": 1,
    "published": None,
    "quietHours": "22:00-07:00",
    "scheduledAt": LATER,
    "since": "7d",
    "source": None,
    "status": "draft",
    "tags": ["a"],
    "texts": None,
    "thread": [],
    "times": None,
    "timezone": "UTC",
    "until": None,
    "variants": {},
    "when": None,
}
"""What fields and parameters get, None: left out."""


@dataclass
class Fuzz:
    """Sends made-up requests to the server of one store."""

    api: Api
    seed: int = 0
    tell: bool = False

    @cached_property
    def tokens(self) -> Mapping[str, str | None]:
        return {name: self.api.having(name, name=f"f-{name}").token for name in ("publish", "approve")}

    def run(self, route: Route, cases: int) -> Counter[int]:
        """Send cases for one operation; return the statuses. Raise what a check finds."""
        token = self.tokens["approve" if "approve" in route.needs[:1] else "publish"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        document = schemathesis.openapi.from_asgi("/openapi.json", self.api.app, headers=headers)
        choose, statuses = random.Random(self.seed), Counter[int]()
        no_error = ["not_a_server_error"] if 501 in route.answers else []
        excluded = [CHECKS.get_one(name) for name in (*EXCLUDED, *no_error)]

        def send(case: Any) -> None:
            more: dict[str, Any] = {}
            if choose.random() < HELPED:
                self._help(route, case, choose)
                (case.headers or {}).pop("If-Match", None)  # no number made up is the post's revision
                more = self._file(route, headers)
            answer = case.call(**{"headers": headers, **more})
            statuses[answer.status_code] += 1
            if self.tell and answer.status_code >= 400:
                print(answer.status_code, answer.text[:200], case.body, case.query)
            case.validate_response(answer, excluded_checks=excluded, headers=headers)
            assert answer.status_code in route.statuses, (route.name, answer.status_code, answer.text)

        operation = document[route.path.replace(":path", "")][route.method]
        test = seed(self.seed)(given(case=operation.as_strategy())(send))
        settings(
            max_examples=cases,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(test)()
        return statuses

    def run_sequences(self, sequences: int) -> Counter[tuple[str, int]]:
        """Send sequences of up to STEPS requests, each about what an answer before it named; return how often each
        operation was answered with each status. Raise what a check finds."""
        headers = {"Authorization": f"Bearer {self.tokens['publish']}", "Accept": "application/json"}
        document = schemathesis.openapi.from_asgi("/openapi.json", self.api.app, headers=headers)
        routes = {f"{route.method} {route.path.replace(':path', '')}": route for route in ROUTES}
        choose, counts = random.Random(self.seed), Counter[tuple[str, int]]()
        excluded = [CHECKS.get_one(name) for name in EXCLUDED]
        fuzz, begun = self, 0

        class Sequence(document.as_state_machine()):  # type: ignore[misc]  # made by the library
            def setup(self) -> None:
                nonlocal begun
                begun += 1
                super().setup()

            def before_call(self, case: Any) -> None:
                if isinstance(case.body, dict) and choose.random() < HELPED:
                    fuzz._fill_in(routes[case.operation.label], case)

            def get_call_kwargs(self, case: Any) -> dict[str, Any]:
                return {"headers": headers, **fuzz._file(routes[case.operation.label], headers)}

            def validate_response(self, response: Any, case: Any, *more: Any, **options: Any) -> None:
                route = routes[case.operation.label]
                counts[route.name, response.status_code] += 1
                if not (response.status_code == 501 and 501 in route.answers):
                    case.validate_response(response, excluded_checks=excluded, headers=headers)
                assert response.status_code in route.statuses, (route.name, response.status_code, response.text)

        # What can follow in a sequence depends on the store, which the sequences before have changed. A run that meets
        # a beginning of before again, and can go on otherwise, ends there, and the next one goes on.
        again = 0
        while begun < sequences:
            with suppress(FlakyStrategyDefinition):
                seed(self.seed + again)(Sequence).run(
                    settings=settings(
                        max_examples=sequences - begun,
                        stateful_step_count=STEPS,
                        deadline=None,
                        database=None,
                        phases=[Phase.generate],
                        suppress_health_check=list(HealthCheck),
                    )
                )
            again += 1
        return counts

    def _help(self, route: Route, case: Any, choose: random.Random) -> None:
        """Put names of the store into a case, and a post into the state that the operation needs."""
        if "post_id" in case.path_parameters:
            post = choose.randint(1, POSTS)
            bring(self.api.ttp, post, STATE_FOR.get(route.name, "pending"))
            case.path_parameters["post_id"] = post
        for name, value in (
            ("account", "x/me"),
            ("slot_id", 1),
            ("repeat_id", 1),
            ("source_id", 1),
            ("provider", "x"),
            ("slug", "a"),
        ):
            if name in case.path_parameters:
                case.path_parameters[name] = value
        if "/uploads" in route.path and route.path.startswith("/v1/"):
            upload = self._upload()
            case.path_parameters.update({"upload_id": upload} if "upload_id" in case.path_parameters else {})
        if case.query:
            case.query.update(self._known(case.query))
            case.query.update(QUERIES.get(route.name, {}))
            for name in [name for name, value in case.query.items() if value is None]:
                del case.query[name]
            case.query.update({"offset": 0} if "offset" in case.query else {})
            case.query.update({"wait": 0} if "wait" in case.query else {})
        self._fill_in(route, case)
        for method, path, body in BEFORE.get(route.name, ()):
            self.api(method, path, json=body)
        if route.name in REPEATS:
            self.api.ttp.sql(f"UPDATE recurrence SET {REPEATS[route.name]}")
        if "source_id" in case.path_parameters:
            self.api.ttp.sql("UPDATE source SET paused_at = NULL, gone_at = NULL, removed_at = NULL")
            self.api.ttp.sql("UPDATE source_item SET state = 'held', post_id = NULL, posted_at = NULL")
        if "slot_id" in case.path_parameters:
            case.path_parameters["slot_id"] = self.api.ttp.sql("SELECT max(id) FROM slot")[0][0] or 1

    def _fill_in(self, route: Route, case: Any) -> None:
        """Put names of the store into the body of a case."""
        if not isinstance(case.body, dict) or "requestBody" in route.described:
            return
        case.body.update(self._known(case.body))
        case.body.update(BODIES.get(route.name, {}))
        for name in [name for name, value in case.body.items() if value is None and name != "published"]:
            del case.body[name]

    def _known(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {name: KNOWN[name] for name in given if name in KNOWN}

    def _file(self, route: Route, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return a file to send, for operations that take one."""
        match route.name:
            case "upload_media":
                return {"files": {"file": ("photo.jpg", PHOTO.read_bytes())}}
            case "import_posts":
                return {"files": {"file": ("a.csv", b"text,to\nA text,x/me\n")}}
            case "import_metrics":
                return {"files": {"file": ("a.csv", NUMBERS)}}
            case "run_command":
                return {"files": {"command": (None, b'{"protocol": 1, "argv": ["list"]}')}}
            case "add_part":
                return {"data": b"x", "headers": {**headers, "Content-Type": "application/octet-stream"}}
            case _:
                return {}

    def _upload(self) -> str:
        """Return a new upload, in place of those that have begun: there are only so many at once."""
        for path in (self.api.ttp.home / "media").glob(".part-*"):
            path.unlink()
        client = replace(self.api, token=self.tokens["publish"])
        return str(client.ok("POST", "/v1/media/uploads", {"name": "a.jpg", "bytes": 1000})["id"])


def fill_store(ttp: Program) -> None:
    """Fill a store: accounts, posts in every state, media, a slot, a repeat, a source, numbers."""
    two_accounts(ttp)
    rows = "".join(f"x/me,{n},2026-11-{1 + n % 20:02}T{n % 24:02}:00:00Z,{n % 7},1,0,90\n" for n in range(40))
    header = "account,remoteId,publishedAt,likes,comments,shares,views\n"
    ttp.ok("metrics", "import", "-", stdin=header + rows)
    api = server_of(ttp).having("publish", name="ann")
    api("POST", "/v1/media", files={"file": ("photo.jpg", PHOTO.read_bytes())})
    for number in range(POSTS):
        ttp.post(f"post {number}", "--to", "x/me", "--at", LATER)
        bring(ttp, number + 1, STATES[number % len(STATES)])
    ttp.ok("slots", "add", "mon 09:00", "--account", "x/me")
    ttp.ok("repeat", "1", "--cron", "0 9 * * *")
    with feed_site() as site:
        site.has("a")
        ttp.ok("source", "add", site.feed, "--to", "x/me", "--allow-private")


def bring(ttp: Program, post: int, state: str) -> None:
    """Bring a post into a state."""
    more: dict[str, Any] = {"error": ("content", "no")} if state == "failed" else {}
    ttp.sql(f"UPDATE post SET deleted_at = NULL WHERE id = {post}")
    ttp.sql(f"UPDATE delivery SET remote_id = NULL, published_at = NULL WHERE post_id = {post}")
    ttp.bring(post, state, next_at=None, **more)


def fuzz_of(ttp: Program) -> Fuzz:
    """Return the fuzz of a filled store. Any host may call its server: the checks send requests of their own."""
    api = Api(ttp, build_app(Context(ttp.clock).installation, hosts=None))
    return Fuzz(api.having("publish", name="fuzz"))


def accepted(statuses: Counter[int]) -> float:
    return sum(count for status, count in statuses.items() if status < 300) / max(statuses.total(), 1)


def _report(fuzz: Fuzz, route: Route, cases: int) -> bool:
    """Print how the cases of an operation were answered; return whether something is wrong."""
    statuses, said = Counter[int](), ""
    try:
        statuses = fuzz.run(route, cases)
    except (AssertionError, BaseExceptionGroup) as error:
        said = f"  {type(error).__name__}: {error}"
    is_ours = route.path.startswith("/v1/")
    is_ours = is_ours and route.name not in FETCHING
    few = "  few accepted" if is_ours and accepted(statuses) < LEAST_ACCEPTED and not said else ""
    counts = " ".join(f"{status}:{count}" for status, count in sorted(statuses.items()))
    print(f"{route.name:24} {accepted(statuses):4.0%}  {counts}{few}{said}", flush=True)
    return bool(said or few)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="operations; without any, all")
    parser.add_argument("--full", action="store_true", help=f"{FULL} cases for each operation, not {SAMPLE}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tell", action="store_true", help="print what was refused")
    parser.add_argument("--sequences", type=int, metavar="N", help="send sequences of requests instead")
    given = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, program(Path(folder), FakeClock()) as ttp:
        fill_store(ttp)
        fuzz = replace(fuzz_of(ttp), seed=given.seed, tell=given.tell)
        if given.sequences:
            for (name, status), count in sorted(fuzz.run_sequences(given.sequences).items()):
                print(f"{name:24} {status} {count:6}")
            return 0
        for route in ROUTES:
            if not given.names or route.name in given.names:
                wrong += _report(fuzz, route, FULL if given.full else SAMPLE)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
