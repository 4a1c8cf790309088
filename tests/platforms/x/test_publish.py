"""X's one publishing call: every answer becomes Done, NotDone or Unknown by one table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.platforms.factories import client_for
from tests.platforms.stubs import BEARER, TOKEN, Script, Stub, order
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.publishing.outcome import Done, Handle, Kind, NotDone, Outcome, Unknown
from ttp.platforms.client import PublishRequest
from ttp.platforms.reply import Answer
from ttp.platforms.testing import NOON, StandingClock
from ttp.platforms.x.errors import REFUSALS, refusal

API = "https://api.x.com"
PROBLEMS = "https://api.twitter.com/2/problems/"
ORDER = order("x")
HINT = action("account connect", "x/demo")


def published(stub: Stub, handle: Handle | None = None, what: PublishRequest = ORDER) -> Outcome:
    script = Script(stub)
    outcome = client_for("x", Config(), StandingClock(), transport=script).publish(what, handle or {})
    assert script.left == []
    return outcome


def post(**changes: Any) -> Stub:
    return Stub("POST", f"{API}/2/tweets", **{"headers": BEARER, "json": {"text": "Hello"}, **changes})


def problem(status: int, detail: str, kind: str = "about:blank", **more: object) -> dict[str, object]:
    return {"title": "Title", "detail": detail, "type": kind, "status": status, **more}


def test_a_created_post_is_done_with_its_link() -> None:
    answer = {"data": {"id": "1346889436626259968", "text": "Hello", "edit_history_tweet_ids": [""]}}
    assert published(post(status=201, answer=answer)) == Done(
        "1346889436626259968", "https://x.com/i/status/1346889436626259968", http_status=201
    )


def test_the_media_ids_go_along_in_order() -> None:
    handle = {"media": [{"id": "11", "key": "3_11"}, {"id": "22", "key": "3_22"}]}
    what = order("x", "", *[None, None])  # type: ignore[arg-type]  # publish never opens the files
    stub = post(json={"text": "", "media": {"media_ids": ["11", "22"]}}, status=201, answer={"data": {"id": "5"}})
    assert isinstance(published(stub, handle, what), Done)


def test_refused_keys_of_oauth_1_are_added_again_and_not_connected() -> None:
    keys = Credentials(TOKEN, client_id="key", client_secret="key-secret", token_secret="token-secret")
    stub = post(headers={}, status=401, answer=problem(401, "Unauthorized"))
    refused = published(stub, what=order("x", credentials=keys))
    assert isinstance(refused, NotDone)
    assert (refused.kind, refused.hint) == (Kind.AUTH, action("account add", "x/demo", credentials="FILE"))


LIFT = action("account enable", "x/demo")
ADVICE = ": add credit in X's developer console; ttp tries again every hour"
HELD: dict[str, object] = {"passing": True, "hold": True, "retry_at": NOON + timedelta(hours=1), "hint": LIFT}
NO_CREDIT = {"account_id": 1, "title": "CreditsDepleted", "detail": "no credits", "type": PROBLEMS + "credits"}
TOO_MANY = "You are not allowed to create a Tweet with duplicate content."


def typed(status: int, detail: str, segment: str) -> dict[str, object]:
    return problem(status, detail, PROBLEMS + segment)


ROWS: list[tuple[int, dict[str, object], Kind, dict[str, object]]] = [
    (400, problem(400, "Your media IDs are invalid."), Kind.MEDIA, {"passing": True}),
    (400, typed(400, "One or more parameters", "invalid-request"), Kind.CONTENT, {"code": "invalid-request"}),
    (400, problem(400, "Your Tweet text is too long."), Kind.CONTENT, {}),
    (403, problem(403, "Your Tweet text is too long."), Kind.CONTENT, {}),
    (401, problem(401, "Unauthorized"), Kind.AUTH, {}),
    (402, typed(402, "credits depleted", "credits-depleted"), Kind.QUOTA, {"code": "credits-depleted", **HELD}),
    (402, NO_CREDIT, Kind.QUOTA, {"code": "credits", **HELD}),
    (403, problem(403, TOO_MANY), Kind.DUPLICATE, {}),
    (403, typed(403, "App", "unsupported-authentication"), Kind.AUTH, {"code": "unsupported-authentication"}),
    (403, typed(403, "Client", "client-forbidden"), Kind.AUTH, {"code": "client-forbidden"}),
    (403, problem(403, "Missing required scope tweet.write"), Kind.AUTH, {}),
    (403, typed(403, "Suspended", "user-suspended"), Kind.ACCOUNT, {"code": "user-suspended"}),
    (403, typed(403, "Reply", "not-authorized-for-resource"), Kind.CONTENT, {"code": "not-authorized-for-resource"}),
    (403, problem(403, "Reply to this conversation is not allowed because you have not"), Kind.CONTENT, {}),
    (403, problem(403, "You are not permitted to perform this action."), Kind.CONTENT, {}),
    (403, problem(403, "This user is not allowed to post a video longer than 20 minutes."), Kind.CONTENT, {}),
    (403, problem(403, "The post has more than the maximum of one cashtag"), Kind.CONTENT, {}),
    (403, problem(403, "A post can have a maximum of 4 items"), Kind.CONTENT, {}),
    (403, problem(403, "The Tweet contains an invalid URL."), Kind.CONTENT, {}),
    (403, typed(403, "Nobody knows this one", "brand-new-problem"), Kind.CONTENT, {"code": "brand-new-problem"}),
    (404, typed(404, "Not found", "resource-not-found"), Kind.CONTENT, {"code": "resource-not-found"}),
]


@each(("status", "answer", "kind", "more"), ROWS)
def test_a_refusal_on_the_list_is_proof(
    status: int, answer: dict[str, object], kind: Kind, more: dict[str, Any]
) -> None:
    expected = {"code": str(status), "http_status": status, "hint": HINT if kind is Kind.AUTH else None, **more}
    advice = ADVICE if status == 402 else ""
    assert published(post(status=status, answer=answer)) == NotDone(
        kind, f"{status} {answer['detail']}{advice}", **expected
    )


DOUBTS = [
    post(status=409, answer=problem(409, "Conflict")),
    post(status=400, raw=b"<html>no</html>"),
    post(status=401, raw=b""),
    post(status=403, answer={"unexpected": True}),
    post(status=403, answer=[1]),
    post(status=201, answer={"data": {"text": "Hello"}}),
    post(status=201, answer={"data": {"id": "../1"}}),
    post(status=201, answer={"data": {"id": "9" * 21}}),
    post(status=201, answer={"data": {"id": "0"}}),
    post(status=201, answer={"data": {"id": "5"}, "errors": [{"title": "Oops"}]}),
    post(status=201, answer={"data": {"id": "0001"}}),
    post(status=201, answer={"data": {"id": 1346889436626259968}}),
    post(status=201, answer={"data": {"id": 1 << 64}}),
    post(status=200, answer={"errors": [{"message": "odd"}]}),
]


@each("stub", DOUBTS)
def test_everything_else_is_unknown(stub: Stub) -> None:
    outcome = published(stub)
    assert isinstance(outcome, Unknown)
    assert (outcome.kind, outcome.look_at) == (Kind.SERVER, None)


NOON_S = int(NOON.timestamp())


@each(
    ("header", "seconds"),
    [
        ({"x-rate-limit-reset": str(NOON_S + 90)}, 90),
        ({"x-rate-limit-reset": str(NOON_S - 90)}, 1),
        ({"x-rate-limit-reset": str(NOON_S + 10**6)}, 86_400),
        ({"x-rate-limit-reset": "9" * 30}, 900),
        ({"x-rate-limit-reset": "soon"}, 900),
        ({}, 900),
    ],
)
def test_a_rate_limit_on_publishing_is_unknown_until_its_reset(header: dict[str, str], seconds: int) -> None:
    outcome = published(post(status=429, answer=problem(429, "Too Many Requests"), sent=header))
    assert outcome == Unknown(
        Kind.RATE_LIMIT, "429 Too Many Requests", "429", 429, look_at=NOON + timedelta(seconds=seconds)
    )


def test_the_reset_counts_from_the_platforms_own_clock() -> None:
    ahead = NOON + timedelta(minutes=10)  # X's clock; ours is ten minutes behind it
    header = {"x-rate-limit-reset": str(int(ahead.timestamp()) + 30)}
    outcome = published(post(status=429, answer=problem(429, "Too Many Requests"), sent=header, date=ahead))
    assert isinstance(outcome, Unknown)
    assert outcome.look_at == NOON + timedelta(seconds=30)


def test_the_old_form_of_a_rate_limit_is_read_too() -> None:
    outcome = published(post(status=429, answer={"errors": [{"code": 88, "message": "Rate limit exceeded"}]}))
    assert isinstance(outcome, Unknown)
    assert (outcome.kind, outcome.message) == (Kind.RATE_LIMIT, "429 Rate limit exceeded")


@pytest.mark.parametrize(
    "answer",
    [
        problem(429, "Usage cap exceeded: Monthly", PROBLEMS + "usage-capped"),
        {"title": "UsageCapExceeded", "detail": "Usage cap exceeded", "period": "Monthly", "type": "about:blank"},
    ],
)
def test_a_spent_usage_cap_is_unknown_too_but_a_quota(answer: dict[str, object]) -> None:
    outcome = published(post(status=429, answer=answer))
    assert isinstance(outcome, Unknown)
    assert (outcome.kind, outcome.look_at) == (Kind.QUOTA, NOON + timedelta(hours=1))


def test_a_duplicate_after_an_unknown_outcome_is_evidence_of_a_post() -> None:
    outcome = published(post(status=403, answer=problem(403, TOO_MANY)), {"unsettled_since": 1})
    assert isinstance(outcome, Unknown)
    assert outcome.kind is Kind.DUPLICATE


def test_the_most_telling_words_are_shown_cleaned() -> None:
    answer = problem(400, "One or more parameters", PROBLEMS + "invalid-request")
    answer["errors"] = [{"message": f"text\x1b[2J is \u202e{TOKEN}", "parameters": {}}]
    outcome = published(post(status=400, answer=answer))
    assert outcome == NotDone(
        Kind.CONTENT, r"400 text\u001b[2J is \u202e[secret]", code="invalid-request", http_status=400
    )


def test_every_row_of_the_table_is_reached() -> None:
    answers = [*ROWS, (429, problem(429, "x", PROBLEMS + "usage-capped"), Kind.QUOTA, {})]
    answers += [
        (429, {"title": "UsageCapExceeded"}, Kind.QUOTA, {}),
        (429, problem(429, "Too Many Requests"), Kind.RATE_LIMIT, {}),
    ]
    hit = set()
    for status, data, kind, _ in answers:
        found = refusal(Answer(status, data=data), ORDER.account, NOON)
        assert found is not None
        assert found.kind is kind
        segment = str(data.get("type", "")).rpartition("/")[2]
        words = str(data).lower()
        hit.add(next(index for index, row in enumerate(REFUSALS) if row.fits(status, (segment,), words)))
    assert hit == set(range(len(REFUSALS)))


def test_only_the_chosen_options_are_sent() -> None:
    chosen = {"reply_settings": "following", "made_with_ai": "true", "paid_partnership": "false"}
    body = {"text": "Hello", "reply_settings": "following", "made_with_ai": True, "paid_partnership": False}
    stub = post(json=body, status=201, answer={"data": {"id": "5"}})
    assert isinstance(published(stub, what=order("x", options=chosen)), Done)
