"""The tests that every platform passes, for platforms of ttp and of other packages. Needs pytest.

    class TestMine(PlatformSuite):
        platform = PLATFORM
        scenarios = {"text": Scenario(call=("POST", r"/posts$"))}

        @contextmanager
        def stand_in(self, scenario, clock): yield a StandIn of the platform

Every request goes through a tap, which writes it down and can answer in the stand-in's place.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

import httpx
import pytest

from ttp.domain.account import Account, Credentials
from ttp.domain.config import Config, Key, KeyTable, Value
from ttp.domain.media.item import MediaItem
from ttp.domain.platform import Proof
from ttp.domain.publishing.outcome import (
    Absent,
    Done,
    Finding,
    Found,
    Handle,
    Kind,
    NotDone,
    Outcome,
    Unclear,
    Unknown,
    Working,
)
from ttp.platforms.client import MediaFile, PublishRequest, Ready, Step, StepDone, StepFailed, Wait
from ttp.platforms.platform import Platform, Runtime
from ttp.platforms.registry import API
from ttp.platforms.reply import reconnect_hint
from ttp.platforms.spoiled_answers import Answers, fails, no_proof

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to publish. `call`: method and path pattern of its publishing call; None: it makes no HTTP request.

    `success`: the status of a real answer to the call. `media`: name, bytes, MIME type and facts of each item.
    `refused_by`: what `StandIn.refuse` needs to know. `listed`: a look-up that finds nothing may count as absence.
    `is_comment`: it is a comment on a post of the account, which is published before.
    """

    call: tuple[str, str] | None
    success: int = 200
    text: str = "Hello"
    thread: tuple[str, ...] = ()
    media: tuple[tuple[str, bytes, str, Mapping[str, object]], ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)
    refused_by: str | None = None
    listed: bool = True
    is_comment: bool = False


class StandIn(Protocol):
    """What takes the platform's place in one test, on a loopback address, with one account for the test."""

    settings: Mapping[str, Value]
    """Settings with which the platform is reached."""
    ahead: timedelta
    """How far its clock is ahead of the test's."""
    account: Account
    credentials: Credentials

    def count(self) -> int:
        """Return how many posts the account has. The parts of a thread count as one."""

    def refuse(self, why: str) -> None:
        """Refuse the account's publishing calls from now on."""

    def end_token(self) -> None:
        """Let the account's token end."""


class StandingClock:
    """A clock that moves only when a test moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.at = now
        self.since_boot = 1000.0

    def now(self) -> datetime:
        return self.at

    def boot(self) -> float:
        return self.since_boot

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.since_boot += seconds


class Tap(httpx.BaseTransport):
    """Writes down requests and passes them on. Those that are `wrong` get the answer of `instead`.

    `carried_out`: wrong requests are passed on as well, so that only their answers are lost.
    """

    def __init__(self) -> None:
        self._through = httpx.HTTPTransport()
        self.requests: list[httpx.Request] = []
        self.wrong: Callable[[httpx.Request], bool] = lambda request: False
        self.instead: Answers | None = None
        self.carried_out = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if self.instead is None or not self.wrong(request):
            return self._through.handle_request(request)
        if self.carried_out:
            with closing(self._through.handle_request(request)) as passed_on:
                passed_on.read()
        return self.instead(request)

    def close(self) -> None:
        self._through.close()


class _OnlyPlatform:
    """The settings of one platform, for a `KeyTable`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def names(self) -> tuple[str, ...]:
        return (self._platform.name,)

    def keys(self, name: str) -> tuple[Key, ...]:
        return self._platform.keys

    def charges_for_reading(self, name: str) -> bool | None:
        return False


@runtime_checkable
class CommentStandIn(Protocol):
    """What a stand-in has too where there are scenarios of comments."""

    def count_comments(self) -> int: ...


class Publication:
    """One client with a tap, a stand-in and a request of the stand-in's account."""

    def __init__(
        self, platform: Platform, scenario: Scenario, stand_in: StandIn, clock: StandingClock, folder: Path
    ) -> None:
        self.platform, self.scenario, self.stand_in, self.clock = platform, scenario, stand_in, clock
        self.tap = Tap()
        config = Config({**stand_in.settings, **scenario.settings}, KeyTable(_OnlyPlatform(platform)))
        self.client = platform.client(Runtime(config, clock, transport=Tap()))
        self.request = PublishRequest(
            1,
            stand_in.account,
            stand_in.credentials,
            scenario.text,
            tuple(_media_file(folder, *item) for item in scenario.media),
            scenario.options,
            thread=scenario.thread,
            key_seed="store/1",
        )
        if scenario.is_comment:
            self.request = self._comment_on_a_post()
        self.client.close()
        self.client = platform.client(Runtime(config, clock, transport=self.tap))

    def _comment_on_a_post(self) -> PublishRequest:
        """Publish a post of the account, and return the request of a comment on it."""
        comment = self.request
        self.request = replace(comment, delivery_id=1_000_000, text="The post", key_seed="store/1000000")
        outcome, _ = self.publish(self.prepare())
        assert isinstance(outcome, Done)
        assert outcome.remote_id is not None
        self.clock.move(60)
        return replace(comment, replies_to=(outcome.remote_id,), bound=frozenset({outcome.remote_id}))

    def count(self) -> int:
        """Return how many posts there are, or how many comments in a scenario of those."""
        if not self.scenario.is_comment:
            return self.stand_in.count()
        assert isinstance(self.stand_in, CommentStandIn)
        return self.stand_in.count_comments()

    @property
    def calls(self) -> list[httpx.Request]:
        """The publishing calls that were made."""
        return [request for request in self.tap.requests if self.is_call(request)]

    @property
    def proof(self) -> Proof:
        """What the platform says that settles a lost answer on the account."""
        settles = self.platform.comment_proof_for if self.scenario.is_comment else self.platform.proof_for
        return settles(self.request.account)

    def settles(self, finding: Finding) -> bool:
        """Whether a look-up of a post that is published came to what the platform's proof promises."""
        by_a_person = self.proof == "none" and isinstance(finding, Unclear) and finding.final
        return by_a_person or isinstance(finding, Found)

    def is_call(self, request: httpx.Request) -> bool:
        call = self.scenario.call
        return call is not None and request.method == call[0] and re.search(call[1], request.url.path) is not None

    def another(self, number: int) -> None:
        """Go on with another delivery: some platforms refuse the same text twice."""
        thread = tuple(f"{text} of {number}" for text in self.scenario.thread)
        self.request = replace(
            self.request, delivery_id=number, text=f"Number {number}", thread=thread, key_seed=f"store/{number}"
        )

    def prepare(self, handle: Handle | None = None) -> Ready:
        steps, failure, ready = self.drive(handle)
        assert ready is not None, (steps, failure)
        return ready

    def drive(self, handle: Handle | None = None) -> tuple[list[Step], StepFailed | None, Ready | None]:
        """Run a preparation. Return its steps, and why it failed or what it led to."""
        steps: list[Step] = []
        preparing = self.client.prepare(self.request, handle or {})
        while True:
            try:
                step = next(preparing)
            except StopIteration as end:
                return steps, None, end.value
            except StepFailed as failed:
                return steps, failed, None
            steps.append(step)
            self.clock.move(step.seconds if isinstance(step, Wait) else 0)

    def publish(self, ready: Ready) -> tuple[Outcome, Ready]:
        """Make the calls of one delivery, for a thread one for each part. Return the last outcome."""
        while True:
            outcome = self.client.publish(self.request, ready.handle)
            if isinstance(outcome, Done) and outcome.handle is not None:
                ready = replace(ready, handle=outcome.handle)
            if not (isinstance(outcome, Done) and outcome.more):
                return outcome, ready
            ready = self.prepare(ready.handle)

    def look_up(self, ready: Ready) -> Finding:
        assert ready.platform_at is not None
        return self.client.look_up(self.request, ready.handle, ready.platform_at).finding

    def find(self, ready: Ready) -> Finding:
        """Look once a minute for half an hour, and return what it came to."""
        finding: Finding = Working("nothing yet")
        for _ in range(30):
            self.clock.move(60)
            finding = self.look_up(ready)
            if isinstance(finding, Found):
                break
        return finding

    def settled_count(self) -> int:
        """Return what `count` does, once the stand-in has finished its work."""
        self.clock.move(60)
        return self.count()

    def is_plain(self, message: str) -> bool:
        """Whether a message is one line that a person can read, without a secret."""
        token = self.request.credentials.access_token
        return 0 < len(message) <= 400 and message.isprintable() and (not token or token not in message)


def _media_file(folder: Path, name: str, data: bytes, mime: str, facts: Mapping[str, object]) -> MediaFile:
    (folder / name).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return MediaFile(MediaItem(name, mime, len(data), digest, **facts), folder / name)  # type: ignore[arg-type]  # by name


class PlatformSuite:
    """The tests. Each runs for every scenario, with its own stand-in."""

    platform: ClassVar[Platform]
    scenarios: ClassVar[Mapping[str, Scenario]]

    def stand_in(self, scenario: Scenario, clock: StandingClock) -> AbstractContextManager[StandIn]:
        """Return a stand-in with a new account for a test."""
        raise NotImplementedError

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "scenario" in metafunc.fixturenames:
            names = [
                name
                for name, one in self.scenarios.items()
                if ("http" not in metafunc.fixturenames or one.call is not None)
                and ("refused" not in metafunc.fixturenames or one.refused_by is not None)
            ]
            metafunc.parametrize("scenario", names, indirect=True)

    @pytest.fixture
    def scenario(self, request: pytest.FixtureRequest) -> Scenario:
        return self.scenarios[request.param]

    @pytest.fixture
    def made(self, scenario: Scenario, tmp_path: Path) -> Iterator[Publication]:
        clock = StandingClock()
        with self.stand_in(scenario, clock) as stand_in:
            publication = Publication(self.platform, scenario, stand_in, clock, tmp_path)
            yield publication
            publication.client.close()

    @pytest.fixture
    def http(self) -> None:
        """Marks tests of scenarios that publish by HTTP."""

    @pytest.fixture
    def refused(self) -> None:
        """Marks tests of scenarios that can be refused."""

    # Facts.

    def test_its_facts_are_well_formed(self) -> None:
        platform = self.platform
        assert platform.api == API
        assert platform.title
        for name in (platform.name, *platform.aliases):
            assert re.fullmatch(r"[a-z][a-z0-9]{0,20}", name), name
        for pattern in (platform.handle, platform.post_id, platform.post_url):
            re.compile(pattern, re.ASCII)
        assert platform.server == "fixed" or "/" not in platform.handle
        assert platform.settle_for(Config(keys=KeyTable(_OnlyPlatform(platform)))) >= timedelta(0)
        for names in ([key.name for key in platform.keys], [option.name for option in platform.options()]):
            assert len(set(names)) == len(names)
            assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names), names
        assert all(option.help for option in platform.options())
        assert platform.help()

    def test_its_facts_load_neither_httpx_nor_another_module_of_its_folder(self) -> None:
        module = type(self.platform).__module__
        program = f"import sys, {module}; print(*sys.modules)"
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        loaded, folder = ran.stdout.split(), module.rpartition(".")[0]
        assert "httpx" not in loaded
        assert not folder or [name for name in loaded if name.startswith(f"{folder}.")] == [module]

    # What happens when nothing goes wrong.

    def test_preparing_is_invisible_and_may_be_repeated(self, made: Publication) -> None:
        first = made.prepare()
        made.prepare()
        made.clock.move(60)
        last = made.prepare(first.handle)
        assert last.doubt is None
        assert (made.count(), made.calls) == (0, [])
        assert isinstance(made.publish(last)[0], Done)
        assert made.settled_count() == 1

    def test_publishing_is_found_by_the_look_up_and_looking_publishes_nothing(self, made: Publication) -> None:
        outcome, ready = made.publish(made.prepare())
        assert isinstance(outcome, Done)
        calls, parts = len(made.calls), 1 + len(made.request.thread)
        if made.scenario.call is not None:
            assert calls == (1 if self.platform.thread_is_atomic else parts)
        if made.request.thread:
            assert (len(ready.handle["parts"]), ready.handle["of"]) == (parts, parts)  # type: ignore[arg-type]  # JSON
        else:
            assert made.settles(made.find(ready))
        assert (made.settled_count(), len(made.calls)) == (1, calls)

    def test_the_keys_of_its_posts_are_in_the_handle_before_the_call_and_stay(self, made: Publication) -> None:
        if made.proof != "key":
            return
        first = made.prepare()
        keys = first.handle["keys"]
        assert isinstance(keys, list)
        assert len(set(keys)) == len(keys) > 0
        assert made.prepare(first.handle).handle["keys"] == keys
        kept = {"keys": keys}
        assert made.prepare(kept).handle["keys"] == keys, "an edit after an unknown outcome leaves the keys alone"

    def test_the_platforms_time_is_reported_however_wrong_the_local_clock_is(self, made: Publication) -> None:
        ready = made.prepare()
        there = (made.clock.now() + made.stand_in.ahead).replace(microsecond=0)
        assert ready.platform_at == there
        assert made.client.look_up(made.request, ready.handle, there).platform_at == there

    def test_a_post_that_was_never_sent_is_not_found(self, made: Publication) -> None:
        ready = made.prepare()
        listed = made.scenario.listed and made.proof != "none"
        assert isinstance(made.look_up(ready), Absent if listed else Unclear)
        assert made.calls == []

    # What a publishing call may meet.

    def test_no_answer_but_a_proof_counts_as_one_and_the_handle_stays_usable(
        self, http: None, made: Publication
    ) -> None:
        ready = made.prepare()
        made.tap.wrong = made.is_call
        for number, (name, instead) in enumerate(no_proof(made.scenario.success).items(), 1):
            made.tap.instead = instead
            outcome, _ = made.publish(ready)
            assert isinstance(outcome, Unknown), (name, outcome)
            assert made.is_plain(outcome.message), (name, outcome)
            assert len(made.calls) == number, name
            finding = made.look_up(ready)
            assert isinstance(finding, Absent | Unclear), (name, finding)
            made.clock.move(10)
            if isinstance(finding, Absent) and finding.handle is not None:
                ready = replace(ready, handle=finding.handle)
        made.tap.instead = None
        assert isinstance(made.publish(ready)[0], Done)
        assert {request.url.host for request in made.tap.requests} == {"127.0.0.1"}
        assert made.settled_count() == 1

    def test_a_call_that_was_carried_out_is_found_whatever_was_answered(self, http: None, made: Publication) -> None:
        answers = no_proof(made.scenario.success)
        for number, (name, instead) in enumerate(answers.items(), 1):
            made.another(number)
            ready = made.prepare()
            made.tap.wrong, made.tap.instead, made.tap.carried_out = made.is_call, instead, True
            outcome, _ = made.publish(ready)
            assert isinstance(outcome, Unknown), (name, outcome)
            made.tap.instead = None
            finding = made.find(ready)
            assert made.settles(finding), name
            if isinstance(finding, Found) and finding.more:
                assert isinstance(made.publish(made.prepare(finding.handle))[0], Done), name
            made.clock.move(120)
        assert made.count() == len(answers)

    def test_a_call_that_never_left_is_not_done_and_may_be_made_again(self, http: None, made: Publication) -> None:
        ready = made.prepare()
        made.tap.wrong = made.is_call
        for error in (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            made.tap.instead = fails(error)
            outcome, _ = made.publish(ready)
            assert isinstance(outcome, NotDone), error
            assert (outcome.kind, outcome.passing) == (Kind.NETWORK, True), error
            ready = made.prepare(ready.handle)
        made.tap.instead = None
        assert isinstance(made.publish(ready)[0], Done)
        assert made.settled_count() == 1

    def test_a_refusal_on_the_platforms_list_is_proof(self, refused: None, made: Publication) -> None:
        ready = made.prepare()
        made.stand_in.refuse(made.scenario.refused_by or "")
        outcome, _ = made.publish(ready)
        assert isinstance(outcome, NotDone)
        assert made.is_plain(outcome.message), outcome.message
        assert made.count() == 0

    # What the invisible steps and the look-ups may meet.

    @pytest.mark.parametrize("name", ["a cut", "502 as a page", "a success as a page", "a success cut short"])
    def test_a_fault_at_any_step_leaves_a_handle_from_which_one_post_comes(
        self, http: None, made: Publication, name: str
    ) -> None:
        made.tap.instead, number = no_proof(200)[name], 0
        while True:
            number += 1
            made.another(number)
            made.clock.move(1000)  # clients remember for fifteen minutes that a token works
            at = len(made.tap.requests) + number
            made.tap.wrong = lambda _, at=at: len(made.tap.requests) == at  # type: ignore[misc]  # bound to this turn
            steps, failure, _ = made.drive()
            if len(made.tap.requests) < at:
                break  # there are not so many requests before the publishing call
            if failure is not None:
                assert failure.outcome.passing, failure.outcome
                assert made.is_plain(failure.outcome.message), failure.outcome.message
            handles = [step.handle for step in steps if isinstance(step, StepDone) and step.handle is not None]
            assert isinstance(made.publish(made.prepare(handles[-1] if handles else None))[0], Done)
            assert made.settled_count() == number
        assert number > 1

    def test_a_look_up_that_meets_anything_odd_could_not_tell(self, http: None, made: Publication) -> None:
        outcome, ready = made.publish(made.prepare())
        assert isinstance(outcome, Done)
        if made.request.thread:
            ready = made.prepare()  # a look-up for a thread that is out has nothing to ask
        for name, instead in no_proof(200).items():
            made.tap.wrong, made.tap.instead = (lambda request: True), instead
            finding = made.look_up(ready)
            assert isinstance(finding, Unclear), (name, finding)
            assert not finding.final or made.proof == "none", name
            assert made.is_plain(finding.message), (name, finding.message)
            made.clock.move(120)
        assert {request.url.host for request in made.tap.requests} == {"127.0.0.1"}

    # Whose the token is.

    def test_a_token_goes_to_no_host_but_its_own(self, http: None, made: Publication) -> None:
        ready, before = made.prepare(), len(made.tap.requests)
        token = made.request.credentials.access_token
        made.request = replace(
            made.request, credentials=replace(made.request.credentials, host="api.elsewhere.example")
        )
        made.clock.move(1000)
        _, failure, _ = made.drive()
        assert failure is not None
        assert failure.outcome.kind is Kind.AUTH
        outcome, _ = made.publish(ready)
        # An upload to an address that is itself a secret carries no token.
        assert made.calls or (isinstance(outcome, NotDone) and outcome.kind is Kind.AUTH)
        made.look_up(ready)
        assert not [request for request in made.tap.requests[before:] if token in str(request.headers)]

    def test_an_ended_token_is_reported_before_anything_is_sent(self, http: None, made: Publication) -> None:
        made.stand_in.end_token()
        _, failure, _ = made.drive()
        assert failure is not None
        assert (failure.outcome.kind, failure.outcome.passing) == (Kind.AUTH, False)
        assert failure.outcome.hint == reconnect_hint(made.request.account)
        assert made.is_plain(failure.outcome.message), failure.outcome.message
        assert made.calls == []
