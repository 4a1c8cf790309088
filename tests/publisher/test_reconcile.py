"""Look-ups of unknown outcomes and of processing posts: what they may conclude, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.clock import START
from tests.publisher.bench import Bench, Scripted
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import (
    Absent,
    Done,
    Found,
    Handle,
    Kind,
    NotDone,
    Outcome,
    Phase,
    Refused,
    Unclear,
    Unknown,
    Working,
)
from ttp.platforms.client import LookupResult, PublishRequest, Ready, StepDone
from ttp.publisher.loop import Mode

CUT = Unknown(Kind.NETWORK, "the connection was cut")
RECONCILING, PUBLISHED, FAILED, REVIEW = (
    DeliveryState.RECONCILING,
    DeliveryState.PUBLISHED,
    DeliveryState.FAILED,
    DeliveryState.NEEDS_REVIEW,
)


def on(bench: Bench, platform: str) -> Scripted:
    """A due post to an account of the platform; the platform's client."""
    if platform != "x":
        bench.account(f"{platform}/me")
    bench.post(f"{platform}/me")
    return bench.clients[platform]


def test_what_an_unknown_outcome_adds_to_the_handle_is_there_in_the_look_ups_and_the_next_try(bench: Bench) -> None:
    bench.post()
    bench.x.publishes += [replace(CUT, handle={"code": 100}), Done("9")]
    bench.x.always = Absent()
    bench.run()
    handles = [call.handle for call in bench.x.calls if call.name in ("look_up", "publish")]
    assert handles == [{}, *[{"code": 100}] * (len(handles) - 1)]
    assert bench.x.names().count("publish") == 2


def test_a_found_post_is_accepted_at_once(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(CUT)
    bench.x.looks.append(Found("9", "https://x.com/i/status/9"))
    bench.run()
    delivery = bench.delivery()
    assert (delivery.state, delivery.remote_id, delivery.url) == (PUBLISHED, "9", "https://x.com/i/status/9")
    assert bench.x.times("look_up") == [2.0]
    assert bench.x.times("publish") == [0.0]
    assert [(a.step, a.outcome) for a in bench.attempts(1, Phase.LOOK_UP)] == [("look up", "found")]


@pytest.mark.parametrize(("platform", "settle"), [("x", 900.0), ("instagram", 300.0)])
@pytest.mark.parametrize("skew", [0.0, 3600.0, -3600.0])
def test_absence_is_proven_only_after_the_window_and_three_clean_look_ups(
    bench: Bench, platform: str, settle: float, skew: float
) -> None:
    client = on(bench, platform)
    client.skew = skew
    client.publishes.extend([CUT, Done("2")])
    client.always = Absent()
    bench.run()
    looks, sends = client.times("look_up"), client.times("publish")
    assert sends == [0.0, looks[-1]]
    assert settle <= looks[-1] <= settle + 60.0
    assert len(looks) >= 3
    assert all(after - before >= 30.0 for before, after in zip(looks, looks[1:], strict=False))  # noqa: RUF007
    assert bench.intents() == ["unknown", "done"]
    assert bench.delivery().remote_id == "2"
    assert bench.delivery().tries == 1


def test_the_last_of_three_clean_look_ups_must_be_after_the_window_by_platform_time(bench: Bench) -> None:
    """The machine's clock jumps an hour ahead after the intent; the platform's does not."""
    bench.post()
    bench.x.publishes.extend([CUT, Done("2")])
    bench.x.always = Absent()

    def jump() -> None:
        bench.clock.set(bench.clock.now() + timedelta(hours=1))
        bench.x.skew = -3600.0

    bench.at(1.0, jump)
    bench.run()
    assert bench.clock.boot() - 1000.0 >= 900.0
    assert bench.intents() == ["unknown", "done"]


def test_a_look_up_too_soon_after_another_does_not_count(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.extend([CUT, Done("2")])
    bench.x.always = Absent()
    for second in range(3, 20):  # a person makes the look-up due at once, again and again
        bench.at(second, lambda: bench.sql("UPDATE delivery SET next_at = 0 WHERE state = 'reconciling'"))
    bench.stop_at(25.0)
    bench.run(Mode.LOOP)
    assert len(bench.x.times("look_up")) > 10
    assert bench.delivery().state is RECONCILING
    assert bench.x.times("publish") == [0.0]


def test_tiktok_s_status_is_final_and_needs_no_window(bench: Bench) -> None:
    client = on(bench, "tiktok")
    client.publishes.extend([CUT, Done("v_pub_file~v2-1.2", processing=True)])
    client.looks.extend([Absent(certain=True, handle={}), Found("7")])
    bench.run()
    assert client.times("publish") == [0.0, 2.0]
    assert bench.delivery().remote_id == "7"


@pytest.mark.parametrize("silent", ["before the intent", "in the look-up"])
def test_without_platform_time_nothing_is_resent(bench: Bench, silent: str) -> None:
    bench.post()
    bench.x.publishes.append(CUT)
    if silent == "before the intent":
        bench.x.skew = None
        bench.x.always = lambda *_: LookupResult(Absent(), bench.clock.now())
    else:
        bench.x.always = LookupResult(Absent(), None)
    bench.run()
    assert bench.delivery().state is REVIEW
    assert "does not tell its time" in bench.error().message
    assert bench.intents() == ["unknown"]


@pytest.mark.parametrize("told", [None, -3600.0, 90.0, 3600.0], ids=str)
def test_a_look_up_with_an_impossible_platform_time_is_repeated(bench: Bench, told: float | None) -> None:
    bench.post()
    bench.x.publishes.extend([CUT, Done("7")])

    def wrong(*_: object) -> LookupResult:
        return LookupResult(Absent(), None if told is None else bench.clock.now() + timedelta(seconds=told))

    bench.x.looks.append(wrong)
    bench.x.always = Absent()
    bench.run()
    assert bench.delivery().remote_id == "7"
    assert bench.x.times("publish")[1] > 900.0
    assert bench.attempts(1, Phase.LOOK_UP)[0].outcome == "unclear"


@pytest.mark.parametrize("found", [True, False])
def test_a_call_during_which_the_machine_slept_is_never_sent_again_for_absence(bench: Bench, found: bool) -> None:
    """Its request may have left an hour after its intent, far outside the time in which a look-up searches."""
    bench.post()

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        bench.clock.advance(3600.0)
        return CUT

    bench.x.publishes.append(publish)
    bench.x.always = Found("9") if found else Absent()
    bench.run()
    assert bench.delivery().state is (PUBLISHED if found else REVIEW)
    assert found or "slept" in bench.error().message
    assert bench.intents() == ["unknown"]


def test_a_post_is_found_without_platform_time(bench: Bench) -> None:
    bench.post()
    bench.x.skew = None
    bench.x.publishes.append(CUT)
    bench.x.looks.append(Found("9"))
    bench.run()
    assert bench.delivery().state is PUBLISHED


@pytest.mark.parametrize(("platform", "patience"), [("x", 900.0), ("instagram", 1800.0), ("tiktok", 1800.0)])
def test_an_unclear_look_up_is_repeated_until_its_patience_ends(bench: Bench, platform: str, patience: float) -> None:
    client = on(bench, platform)
    client.publishes.append(CUT)
    client.always = Unclear(Kind.SERVER, "503 Service Unavailable", http_status=503)
    bench.run()
    assert bench.delivery().state is REVIEW
    error = bench.error()
    assert (error.kind, error.message, error.hint) == (Kind.SERVER, "503 Service Unavailable", action("show", 1))
    assert patience <= client.times("look_up")[-1] <= patience + 60.0
    assert client.times("publish") == [0.0]


def test_patience_starts_over_after_a_clear_answer(bench: Bench) -> None:
    bench.post()
    unclear = Unclear(Kind.SERVER, "503")
    bench.x.publishes.append(CUT)
    bench.x.looks.extend([*[unclear] * 20, Absent(), *[unclear] * 20, Found("9")])
    bench.run()
    assert bench.delivery().state is PUBLISHED
    assert bench.seconds > 900.0


def test_a_rate_limited_look_up_waits_for_the_reset(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(CUT)
    bench.x.looks.append(Unclear(Kind.RATE_LIMIT, "429", look_at=START + timedelta(seconds=500)))
    bench.x.looks.append(Found("9"))
    bench.run()
    assert bench.x.times("look_up") == [2.0, 500.0]


def test_two_matches_are_shown_to_a_person(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(CUT)
    links = ("https://x.com/i/status/1", "https://x.com/i/status/2")
    bench.x.looks.append(Unclear(Kind.DUPLICATE, "2 posts on X could be this one", final=True, links=links))
    bench.run()
    error = bench.error()
    assert all(link in error.message for link in links)
    assert bench.delivery().state is REVIEW
    assert bench.x.times("look_up") == [2.0]


def test_a_rate_limited_call_is_looked_up_at_the_reset_and_its_resend_spends_no_try(bench: Bench) -> None:
    bench.post()
    reset = START + timedelta(seconds=1000)
    bench.x.publishes.extend([Unknown(Kind.RATE_LIMIT, "429", "429", 429, look_at=reset), Done("2")])
    bench.x.always = Absent()
    bench.run()
    assert bench.x.times("look_up")[0] == 1000.0
    assert len(bench.x.times("look_up")) == 3
    assert bench.delivery().remote_id == "2"
    assert bench.delivery().tries == 0


def test_certain_absence_is_resent_at_once_but_a_failure_waits_for_the_window(bench: Bench) -> None:
    bench.config = Config({"publish.retry_max": 2})
    bench.post()
    bench.x.publishes.extend([CUT, CUT])
    bench.x.always = Absent(certain=True)
    bench.run()
    first, second = bench.x.times("publish")
    assert second - first < 60
    assert bench.delivery().state is FAILED
    assert bench.intents() == ["unknown", "unknown"]
    assert bench.x.times("look_up")[-1] - second >= 900


@pytest.mark.parametrize("why", ["late", "disabled"])
def test_what_cannot_be_resent_is_looked_for_until_the_window_is_over(bench: Bench, why: str) -> None:
    bench.post(max_lateness_s=1.0 if why == "late" else None)

    def cut(order: PublishRequest, handle: Handle) -> Outcome:
        with bench.database.writing() as db:
            db.execute("UPDATE account SET enabled = ?", (why == "late",))
        return CUT

    bench.x.publishes.append(cut)
    bench.x.looks.extend([Absent(certain=True)] * 3)
    bench.x.looks.append(Found("9"))
    bench.run()
    assert (bench.delivery().state, bench.delivery().remote_id) == (PUBLISHED, "9")


def test_keys_are_stored_with_the_intent_and_survive_a_failure_and_a_refusal_may_change_them(bench: Bench) -> None:
    bench.post()
    seeds = []

    def ready(order: PublishRequest, handle: Handle) -> Ready:
        seeds.append(order.key_seed)
        return Ready({"upload": "secret", "keys": ["k", order.key_seed], **handle}, START, "POST", "0" * 64)

    def refuse(order: PublishRequest, handle: Handle) -> Outcome:
        assert bench.delivery().handle == handle, "stored before the call"
        keys = {"keys": ["k2", order.key_seed]}
        return NotDone(Kind.SERVER, "500", passing=True, handle={**handle, **keys})

    bench.x.makes = ready
    bench.x.publishes.extend([refuse, NotDone(Kind.CONTENT, "no")])
    bench.run()
    delivery = bench.delivery()
    assert seeds == [seeds[0]] * 2
    assert seeds[0].endswith("/1")
    assert delivery.state is FAILED
    assert delivery.kept_handle == {"keys": ["k2", seeds[0]]}


def test_what_a_server_allows_is_stored_with_its_account(bench: Bench) -> None:
    bench.post()
    bench.x.prepares.append([StepDone("ask the server", server_info={"most": 500})])
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert bench.account_now("x/me").server_info == {"most": 500}


@pytest.mark.parametrize("found", [True, False])
def test_a_duplicate_refusal_of_a_resend_is_looked_up_three_more_times(bench: Bench, found: bool) -> None:
    bench.post()
    bench.x.publishes.extend([CUT, NotDone(Kind.DUPLICATE, "duplicate content")])
    bench.x.looks.append(Absent(certain=True))
    bench.x.looks.extend([Absent(), Absent(), Found("9") if found else Absent()])
    bench.run()
    assert bench.intents() == ["unknown", "unknown"]
    assert bench.x.times("look_up")[1:] == [4.0, 34.0, 64.0]
    assert bench.delivery().state is (PUBLISHED if found else REVIEW)
    assert found or bench.error().kind is Kind.DUPLICATE


def test_a_found_id_of_another_delivery_is_not_a_match(bench: Bench) -> None:
    first, second = bench.post(), bench.post()
    bench.x.publishes.extend([Done("1"), CUT])
    bench.x.looks.append(Found("1"))
    bench.run()
    assert [bench.delivery(i).state for i in (first, second)] == [PUBLISHED, REVIEW]
    assert bench.delivery(second).remote_id is None
    assert [a.outcome for a in bench.attempts(second, Phase.LOOK_UP)] == ["unclear"]


def test_a_look_up_gets_the_bound_ids_and_the_intent_s_platform_time(bench: Bench) -> None:
    bench.post()
    second = bench.post()
    bench.x.skew = 120.0
    bench.x.publishes.extend([Done("1"), CUT])
    bench.x.looks.append(Found("2"))
    bench.run()
    assert bench.x.orders[-1].bound == {"1"}
    assert bench.attempts(second, Phase.PUBLISH)[0].platform_at == START + timedelta(seconds=120)


def test_processing_is_polled_until_it_is_done(bench: Bench) -> None:
    client = on(bench, "tiktok")
    client.publishes.append(Done("v_pub", processing=True))
    client.looks.extend([*[Working("TikTok is processing the video")] * 7, Found("7")])
    waits: list[tuple[str | None, object]] = []
    bench.at(1.5, lambda: waits.append((bench.delivery().waiting_for, bench.delivery().waiting_until)))
    bench.run()
    times = client.times("look_up")
    assert [after - before for before, after in zip(times, times[1:], strict=False)] == [2, 4, 8, 16, 30, 30, 30]  # noqa: RUF007
    assert waits == [("the platform is processing the post", START + timedelta(hours=24))]
    assert bench.delivery().state is PUBLISHED


@pytest.mark.parametrize(("platform", "deadline"), [("x", 1800.0), ("instagram", 1800.0), ("tiktok", 86400.0)])
def test_endless_processing_needs_review(bench: Bench, a_day_passes: None, platform: str, deadline: float) -> None:
    bench.config = Config({"publish.status_poll_s": 600.0})
    client = on(bench, platform)
    client.publishes.append(CUT)
    client.always = Working("IN_PROGRESS")
    bench.run()
    assert bench.delivery().state is REVIEW
    assert deadline <= client.times("look_up")[-1] <= deadline + 600.0
    assert client.times("publish") == [0.0]


def test_accepted_work_whose_status_cannot_be_read_is_waited_for_as_long_as_the_work_itself(bench: Bench) -> None:
    client = on(bench, "instagram")
    client.publishes.append(Done("m", processing=True))
    client.always = Unclear(Kind.SERVER, "500")
    bench.run()
    assert bench.delivery().state is REVIEW
    assert 1800.0 <= client.times("look_up")[-1] <= 1860.0


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize(
    ("refusal", "state", "sends"),
    [
        (NotDone(Kind.MEDIA, "frame_rate_check_failed"), FAILED, 1),
        (NotDone(Kind.SERVER, "internal", passing=True), PUBLISHED, 2),
    ],
)
def test_work_that_the_platform_refuses_in_the_end_fails_or_is_tried_again(
    bench: Bench, accepted: bool, refusal: NotDone, state: DeliveryState, sends: int
) -> None:
    client = on(bench, "tiktok")
    client.publishes.extend([Done("v", processing=True) if accepted else CUT, Done("2")])
    client.looks.append(Refused(refusal))
    bench.run()
    assert bench.delivery().state is state
    assert len(client.times("publish")) == sends


def test_a_refusal_that_proves_nothing_counts_once_absence_is_proven_and_nothing_is_sent_again(bench: Bench) -> None:
    client = on(bench, "instagram")
    client.publishes.append(CUT)
    client.always = Absent(refusal=NotDone(Kind.ACCOUNT, "suspected spam", hold=True))
    held = []
    bench.at(200.0, lambda: held.append(bench.account_now("instagram/me").hold_until))
    bench.run()
    delivery = bench.delivery()
    assert delivery.state is FAILED
    assert delivery.error is not None
    assert delivery.error.kind is Kind.ACCOUNT
    assert client.times("publish") == [0.0]
    assert client.times("look_up")[-1] >= 300.0
    assert held == [None]
    assert bench.account_now("instagram/me").hold_until == bench.clock.now() + timedelta(days=1)


def test_a_refusal_for_a_dead_token_marks_the_account(bench: Bench) -> None:
    client = on(bench, "tiktok")
    client.publishes.append(Done("v", processing=True))
    client.looks.append(Refused(NotDone(Kind.AUTH, "auth_removed")))
    bench.run()
    assert bench.account_now("tiktok/me").needs_reconnect


def test_a_look_up_without_credentials_is_unclear(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(CUT)
    bench.at(1.0, lambda: bench.credentials.remove("x/me"))
    bench.at(60.0, lambda: bench.credentials.put("x/me", Credentials("new", host="")))
    bench.x.looks.append(Found("9"))
    bench.run()
    assert [a.outcome for a in bench.attempts(1, Phase.LOOK_UP)] == ["unclear", "unclear", "found"]
    assert bench.delivery().state is PUBLISHED


def late_id(bench: Bench) -> Scripted:
    """A published TikTok post whose public id is not known yet."""
    client = on(bench, "tiktok")
    client.publishes.append(Done("v_pub", processing=True))
    client.looks.append(Found("v_pub", id_later=True))
    return client


def test_a_late_public_id_is_requested_and_stored(bench: Bench) -> None:
    client = late_id(bench)
    client.looks.extend([Working("moderation"), Found("v_pub", id_later=True), Found("7301", "https://tiktok/7301")])
    bench.run()  # an idle publisher does not stay for it
    assert bench.seconds < 30.0
    assert (bench.delivery().state, bench.delivery().remote_id) == (PUBLISHED, "v_pub")
    published = bench.delivery().published_at
    bench.stop_at(600.0)
    bench.run(Mode.LOOP)
    delivery = bench.delivery()
    assert (delivery.remote_id, delivery.url, delivery.next_at) == ("7301", "https://tiktok/7301", None)
    assert delivery.published_at == published
    assert [at - 1.0 for at in client.times("look_up")] == [0.0, 30.0, 90.0, 210.0]
    assert bench.told("delivery.published") == ["delivery.published"]
    assert bench.told("post.finished") == ["post.finished"]


@pytest.mark.parametrize(
    "finding",
    [
        Absent(certain=True),
        Refused(NotDone(Kind.CONTENT, "removed")),
        Unclear(Kind.SERVER, "500", final=True),
        Working("moderation"),
        Found("v_pub", id_later=True),
    ],
    ids=lambda finding: type(finding).__name__,
)
def test_a_missing_public_id_is_given_up_after_a_day_without_a_failure(
    bench: Bench, a_day_passes: None, finding: Found
) -> None:
    client = late_id(bench)
    client.always = finding
    bench.stop_at(100_000.0)
    bench.run(Mode.LOOP)
    delivery = bench.delivery()
    assert (delivery.state, delivery.remote_id, delivery.next_at) == (PUBLISHED, "v_pub", None)
    assert 80_000.0 < client.times("look_up")[-1] <= 86_400.0 + 3600.0
    assert len(client.times("look_up")) < 40


def test_a_late_id_of_another_delivery_is_not_stored(bench: Bench) -> None:
    client = late_id(bench)
    other = bench.post("tiktok/me")
    client.publishes.append(Done("7301"))
    client.always = Found("7301")
    bench.run()
    bench.stop_at(200.0)
    bench.run(Mode.LOOP)
    assert (bench.delivery(1).state, bench.delivery(1).remote_id) == (PUBLISHED, "v_pub")
    assert bench.delivery(other).remote_id == "7301"


def test_the_reason_for_waiting_is_recorded(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(CUT)
    bench.x.always = Absent()
    bench.stop_at(100.0)
    bench.run(Mode.LOOP)
    delivery = bench.delivery()
    assert delivery.waiting_for
    assert delivery.waiting_until == START + timedelta(seconds=901)
    assert bench.error().message == CUT.message


@pytest.mark.parametrize("jump", [-3600.0, 90.0, 3600.0])
def test_absence_proves_nothing_where_the_platforms_clock_jumped_since_the_intent(bench: Bench, jump: float) -> None:
    def cut(order: PublishRequest, handle: Handle) -> Outcome:
        bench.x.skew = 0.0
        return CUT

    bench.post()
    bench.x.skew = jump
    bench.x.publishes.append(cut)
    bench.x.always = Absent()
    bench.run()
    assert bench.delivery().state is REVIEW
    assert "clock jumped" in bench.error().message
    assert bench.x.times("publish") == [0.0]


def test_the_window_begins_at_the_end_of_the_call(bench: Bench) -> None:
    def slow(order: PublishRequest, handle: Handle) -> Outcome:
        bench.clock.advance(70.0)
        return CUT

    bench.post()
    bench.x.publishes.extend([slow, Done("2")])
    bench.x.always = Absent()
    bench.run()
    assert bench.x.times("publish")[1] >= 70.0 + 900.0


def test_an_accepted_publication_keeps_the_handle_that_its_answer_gave(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(Done(processing=True, handle={"publish_id": "p1"}))
    bench.x.looks.append(Found("9"))
    bench.run()
    looked = next(call for call in bench.x.calls if call.name == "look_up")
    assert looked.handle == {"publish_id": "p1"}
