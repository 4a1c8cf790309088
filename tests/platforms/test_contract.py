"""What every client keeps to, whatever its platform: one suite for all of them, over real HTTP against the sandbox.

Between each client and the sandbox sits a tap, which writes down every request and can answer in the sandbox's place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.platforms.factories import client_for
from tests.platforms.sandboxed import PUBLIC, Desk
from tests.platforms.stubs import Clock, drive_to_failure, last_handle, media
from tests.platforms.tap import Tap, fails, no_proof
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.config import Value
from ttp.domain.outcome import Absent, Done, Finding, Found, Kind, NotDone, Unclear, Unknown, Working
from ttp.platforms.client import MediaFile, PublishRequest, Ready, Step, StepFailed, Wait
from ttp.platforms.instagram.client import InstagramClient
from ttp.platforms.tiktok.client import TikTokClient
from ttp.platforms.x.client import XClient
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import RunningSandbox

AHEAD = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Role:
    """One way to publish: `call` is its one publishing call, `success` the status of a real answer to it."""

    platform: str
    call: tuple[str, str]
    success: int = 200
    film: bool = False
    pictures: int = 0
    login: str | None = None
    options: dict[str, str] = field(default_factory=dict)


ROLES = {
    "x": Role("x", ("POST", r"/2/tweets$"), 201),
    "x with images": Role("x", ("POST", r"/2/tweets$"), 201, pictures=2),
    "x with a video": Role("x", ("POST", r"/2/tweets$"), 201, film=True),
    "instagram": Role("instagram", ("POST", r"/media_publish$"), pictures=1),
    "instagram carousel": Role("instagram", ("POST", r"/media_publish$"), pictures=2),
    "facebook": Role("instagram", ("POST", r"/media_publish$"), film=True, login="facebook"),
    # 201 alone is TikTok's answer to the last chunk, whatever its body; 200 is none that it has.
    "tiktok": Role("tiktok", ("PUT", r"/video/"), film=True, options={"privacy_level": "SELF_ONLY"}),
    "tiktok pull": Role("tiktok", ("POST", r"/video/init/$"), film=True, options={**PUBLIC, "source": "pull"}),
}
roles = pytest.mark.parametrize("seat", list(ROLES), indirect=True)


class Seat(Desk):
    """A desk with a tap, and an account of its own; `called` are the publishing calls that were made so far."""

    role: Role
    tap: Tap

    @property
    def called(self) -> list[httpx.Request]:
        return [request for request in self.tap.requests if self.is_call(request)]

    def is_call(self, request: httpx.Request) -> bool:
        method, path = self.role.call
        return request.method == method and re.search(path, request.url.path) is not None

    def own(self) -> list[object]:
        return [post for post in self.posts() if post["account"] == self.order.account.name]

    def another(self, number: int) -> None:
        """Go on with another text: X refuses the same one twice."""
        self.order = replace(self.order, text=f"Number {number}")

    def found(self, ready: Ready) -> Finding:
        """What the look-ups of half an hour come to, a minute apart."""
        finding: Finding = Working("nothing yet")
        for _ in range(30):
            self.clock.move(60)
            assert ready.platform_at is not None
            finding = self.client.look_up(self.order, ready.handle, ready.platform_at).finding
            if isinstance(finding, Found):
                break
        return finding


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def sandbox(
    clock: Clock, tmp_path_factory: pytest.TempPathFactory, shared_sandbox: RunningSandbox
) -> tuple[RunningSandbox, Path]:
    """The shared sandbox, reset once for the module. Its clock is an hour ahead of this machine's."""
    served = tmp_path_factory.mktemp("served")
    shared_sandbox.reset(now=lambda: clock.now() + AHEAD, media_dir=served, processing_s=5, moderation_s=5)
    return shared_sandbox, served


@pytest.fixture
def seat(
    request: pytest.FixtureRequest, clock: Clock, sandbox: tuple[RunningSandbox, Path], tmp_path: Path
) -> Iterator[Seat]:
    role, (running, served) = ROLES[request.param], sandbox
    settings: dict[str, Value] = {
        f"platforms.{role.platform}.base_url": running.url,
        "platforms.instagram.login": role.login or "instagram",
        "media_host.kind": "folder",
        "media_host.path": str(served),
        "media_host.base_url": f"{running.url}/_sandbox/media",
    }
    tap = Tap()
    client = client_for(role.platform, Config(settings), clock, transport=tap)
    assert isinstance(client, XClient | InstagramClient | TikTokClient)
    name = f"t{len(running.state.accounts)}"
    order = PublishRequest(1, Account(role.platform, name), Credentials(""), "Hello", media_of(role, tmp_path))
    made = Seat(running.url, clock, client, replace(order, options=role.options), settings)
    made.role, made.tap = role, tap
    wanted: dict[str, object] = {"account": f"{role.platform}/{name}", "unlimited": True}
    held = made.control("POST", "accounts", wanted | ({"login": role.login} if role.login else {}))["credentials"]
    credentials = Credentials(held["accessToken"], host="127.0.0.1", user_id=held["userId"])
    made.order = replace(made.order, credentials=credentials)
    yield made
    client.close()


def media_of(role: Role, folder: Path) -> tuple[MediaFile, ...]:
    if role.film:
        return (media(folder / "clip.mp4", CLIP.read_bytes(), "video/mp4", duration_ms=4000),)
    return tuple(
        media(folder / f"{n}.jpg", PHOTO.read_bytes() + bytes(n), "image/jpeg", alt="A cup")
        for n in range(role.pictures)
    )


# What happens when nothing goes wrong.


@roles
def test_preparing_is_invisible_and_may_be_repeated(seat: Seat) -> None:
    first = seat.prepare()
    seat.prepare()
    seat.clock.move(60)
    last = seat.prepare(first.handle)
    assert last.doubt is None
    assert (seat.own(), seat.called) == ([], [])
    assert isinstance(seat.publish(last), Done)
    seat.clock.move(60)
    assert len(seat.own()) == 1


@roles
def test_publishing_is_one_call_and_the_look_up_finds_it(seat: Seat) -> None:
    ready = seat.prepare()
    outcome = seat.publish(ready)
    assert isinstance(outcome, Done)
    assert len(seat.called) == 1
    finding = seat.found(replace(ready, handle=outcome.handle or ready.handle))
    assert isinstance(finding, Found)
    assert len(seat.own()) == 1
    assert len(seat.called) == 1


@roles
def test_the_platforms_time_is_told_however_wrong_the_local_clock_is(seat: Seat) -> None:
    ready = seat.prepare()
    assert ready.platform_at == (seat.clock.now() + AHEAD).replace(microsecond=0)
    looked = seat.client.look_up(seat.order, ready.handle, ready.platform_at)
    assert looked.platform_at == ready.platform_at


@roles
def test_an_order_that_nothing_became_of_is_not_found(seat: Seat) -> None:
    ready = seat.prepare()
    # A video that TikTok was to fetch has no id yet to ask about: that it is not listed proves nothing.
    expected = Unclear if "source" in seat.order.options else Absent
    assert ready.platform_at is not None
    assert isinstance(seat.client.look_up(seat.order, ready.handle, ready.platform_at).finding, expected)
    assert seat.called == []


# What a publishing call may meet.


def is_plain(message: str, seat: Seat) -> bool:
    """Whether a message is one line that a person can read, without a secret."""
    held = seat.order.credentials
    return 0 < len(message) <= 400 and message.isprintable() and held.access_token not in message


@roles
def test_no_answer_but_a_proof_is_taken_for_one_and_the_handle_stays_usable(seat: Seat) -> None:
    ready = seat.prepare()
    assert ready.platform_at is not None
    seat.tap.wrong = seat.is_call
    for number, (name, instead) in enumerate(no_proof(seat.role.success).items(), 1):
        seat.tap.instead = instead
        outcome = seat.publish(ready)
        assert isinstance(outcome, Unknown), (name, outcome)
        assert is_plain(outcome.message, seat), (name, outcome)
        assert len(seat.called) == number, name
        finding = seat.client.look_up(seat.order, ready.handle, ready.platform_at).finding
        assert isinstance(finding, Absent | Unclear), (name, finding)
        seat.clock.move(10)
        if isinstance(finding, Absent) and finding.handle is not None:
            ready = replace(ready, handle=finding.handle)
    seat.tap.instead = None
    assert isinstance(seat.publish(ready), Done)
    assert {request.url.host for request in seat.tap.requests} == {"127.0.0.1"}
    seat.clock.move(60)
    assert len(seat.own()) == 1


@pytest.mark.parametrize("seat", ["x", "x with images", "instagram", "tiktok", "tiktok pull"], indirect=True)
def test_a_call_that_was_carried_out_is_found_whatever_was_answered(seat: Seat) -> None:
    answers = no_proof(seat.role.success)
    for number, (name, instead) in enumerate(answers.items()):
        seat.another(number)
        ready = seat.prepare()
        seat.tap.wrong, seat.tap.instead, seat.tap.carried_out = seat.is_call, instead, True
        outcome = seat.publish(ready)
        assert isinstance(outcome, Unknown), (name, outcome)
        seat.tap.instead = None
        assert isinstance(seat.found(ready), Found), name
        seat.clock.move(120)
    assert len(seat.own()) == len(answers) == len(seat.called)


@roles
@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_a_call_that_never_left_is_not_done_and_may_be_made_again(
    seat: Seat, error: type[httpx.TransportError]
) -> None:
    ready = seat.prepare()
    seat.tap.wrong, seat.tap.instead = seat.is_call, fails(error)
    outcome = seat.publish(ready)
    assert isinstance(outcome, NotDone)
    assert (outcome.kind, outcome.passing) == (Kind.NETWORK, True)
    seat.tap.instead = None
    assert isinstance(seat.publish(seat.prepare(ready.handle)), Done)
    seat.clock.move(60)
    assert len(seat.own()) == 1


TROUBLE = {"x": "not_permitted", "instagram": "spam", "facebook": "restricted", "tiktok pull": "spam_risk"}


@pytest.mark.parametrize(("seat", "trouble"), TROUBLE.items(), indirect=["seat"])
def test_a_refusal_on_the_platforms_list_is_proof(seat: Seat, trouble: str) -> None:
    ready = seat.prepare()
    seat.change(trouble=trouble)
    outcome = seat.publish(ready)
    assert isinstance(outcome, NotDone)
    assert is_plain(outcome.message, seat)
    assert len(seat.called) == 1
    assert seat.own() == []


# What the invisible steps and the look-ups may meet.


def drive_to_the_end(seat: Seat) -> tuple[list[Step], StepFailed | None]:
    """Every step of a new preparation, and why it failed if it did."""
    steps: list[Step] = []
    try:
        for step in seat.client.prepare(seat.order, {}):
            steps.append(step)
            seat.clock.move(step.seconds if isinstance(step, Wait) else 0)
    except StepFailed as failed:
        return steps, failed
    return steps, None


@roles
@pytest.mark.parametrize("name", ["a cut", "502 as a page", "a success as a page", "a success cut short"])
def test_a_fault_at_any_step_leaves_a_handle_from_which_one_post_comes(seat: Seat, name: str) -> None:
    seat.tap.instead, number = no_proof(200)[name], 0
    while True:
        number += 1
        seat.another(number)
        seat.clock.move(1000)  # a token check counts for fifteen minutes
        at = len(seat.tap.requests) + number
        seat.tap.wrong = lambda _, at=at: len(seat.tap.requests) == at  # type: ignore[misc]  # bound to this turn
        steps, failure = drive_to_the_end(seat)
        if len(seat.tap.requests) < at:
            break  # there are not so many requests before the publishing call
        if failure is not None:
            assert failure.outcome.passing, failure.outcome
            assert is_plain(failure.outcome.message, seat)
        assert isinstance(seat.publish(seat.prepare(last_handle(steps))), Done)
        seat.clock.move(60)
        assert len(seat.own()) == number
    assert number > 1


@roles
def test_a_look_up_that_meets_anything_odd_could_not_tell(seat: Seat) -> None:
    ready = seat.prepare()
    assert isinstance(seat.publish(ready), Done)
    assert ready.platform_at is not None
    for name, instead in no_proof(200).items():
        seat.tap.wrong, seat.tap.instead = (lambda request: True), instead
        finding = seat.client.look_up(seat.order, ready.handle, ready.platform_at).finding
        assert isinstance(finding, Unclear), (name, finding)
        assert not finding.final, name
        assert is_plain(finding.message, seat), (name, finding.message)
        seat.clock.move(120)
    assert {request.url.host for request in seat.tap.requests} == {"127.0.0.1"}


# Whose the token is.


@roles
def test_a_token_goes_to_no_host_but_its_own(seat: Seat) -> None:
    ready, before = seat.prepare(), len(seat.tap.requests)
    seat.order = replace(seat.order, credentials=replace(seat.order.credentials, host="api.elsewhere.example"))
    seat.clock.move(1000)
    _, failure = drive_to_failure(seat.client.prepare(seat.order, {}), seat.clock)
    assert failure.outcome.kind is Kind.AUTH
    outcome = seat.publish(ready)
    token = seat.order.credentials.access_token
    if seat.role.call[0] != "PUT":  # TikTok's upload address is its own secret: no token goes there
        assert isinstance(outcome, NotDone)
        assert outcome.kind is Kind.AUTH
    assert ready.platform_at is not None
    assert isinstance(seat.client.look_up(seat.order, ready.handle, ready.platform_at).finding, Unclear)
    assert not [request for request in seat.tap.requests[before:] if token in str(request.headers)]


@roles
def test_a_token_that_has_ended_is_told_before_anything_is_sent(seat: Seat) -> None:
    seat.control("POST", "accounts", {"account": seat.order.account.name, "keepTokens": True, "accessExpired": True})
    _, failure = drive_to_failure(seat.client.prepare(seat.order, {}), seat.clock)
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.AUTH, False)
    assert failure.outcome.hint == action("account connect", seat.order.account.name)
    assert is_plain(failure.outcome.message, seat)
    assert seat.called == []
