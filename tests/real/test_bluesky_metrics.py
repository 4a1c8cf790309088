"""Bluesky's counts by the command line, in real processes, from an AppView that follows a PDS: what ttp shows is what
other people did."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.real.network import Network
from tests.real.pds import POSTS, Person
from tests.real.program import Program

LIKES, REPOSTS = "app.bsky.feed.like", "app.bsky.feed.repost"
_numbers = count()


@pytest.fixture
def person(network: Network) -> Person:
    return network.new_person(f"reader{next(_numbers)}")


@pytest.fixture
def others(network: Network) -> list[Person]:
    return [network.new_person(f"other{next(_numbers)}") for _ in range(2)]


@pytest.fixture
def ttp(network: Network, person: Person, tmp_path: Path) -> Program:
    """The program, connected by the handle alone: the AppView and the directory tell the server."""
    addresses = {"APPVIEW_URL": network.appview, "PLC_URL": network.plc}
    ttp = Program(tmp_path, {f"PLATFORMS__BLUESKY__{name}": address for name, address in addresses.items()})
    ttp.ok("account", "connect", f"bluesky/{person.handle}", "--password-file", "-", stdin=person.app_password)
    return ttp


def published(ttp: Program, person: Person, *argv: str) -> list[dict[str, str]]:
    """Publish one post; references to its parts, first part first."""
    before = {one["uri"] for one in person.records()}
    ttp.create(*argv, "--to", "bluesky")
    assert ttp.publish().code == 0
    # They may come before what was made elsewhere a moment ago: ttp's keys are of the second in the server's Date.
    new = [one for one in person.records() if one["uri"] not in before]
    return [{name: one[name] for name in ("uri", "cid")} for one in new]


def key(reference: dict[str, str]) -> str:
    return reference["uri"].rpartition("/")[2]


def reply(person: Person, text: str, to: dict[str, str], root: dict[str, str] | None = None) -> dict[str, str]:
    return person.create(POSTS, text=text, reply={"root": root or to, "parent": to})


def quote(person: Person, text: str, of: dict[str, str]) -> dict[str, str]:
    return person.create(POSTS, text=text, embed={"$type": "app.bsky.embed.record", "record": of})


def samples(ttp: Program) -> dict[str, dict[str, Any]]:
    """The stored samples of a first reading, by post."""
    listed = ttp.ok("metrics", "list", "--json").json
    found = {one["remoteId"]: one for one in listed}
    assert len(found) == len(listed)
    return found


def numbers(sample: dict[str, Any]) -> tuple[int | None, ...]:
    return tuple(sample[name] for name in ("likes", "comments", "shares", "views"))


def test_the_counts_of_a_post_and_of_a_thread(
    ttp: Program, network: Network, person: Person, others: list[Person]
) -> None:
    (post,) = published(ttp, person, "Fresh coffee")
    first, second, third = published(ttp, person, "One", "--thread", "Two", "--thread", "Three")
    one, two = others
    network.wait_for_counts(first["uri"], replyCount=1)
    # One after another: an AppView that indexes two at once may count one of them.
    one.create(LIKES, subject=post)
    network.wait_for_counts(post["uri"], likeCount=1)
    two.create(LIKES, subject=post)
    one.create(REPOSTS, subject=post)
    reply(two, "Nice", post)
    quote(one, "Look", post)
    network.wait_for_counts(post["uri"], likeCount=2, repostCount=1, replyCount=1, quoteCount=1)
    quote(two, "Look here", post)
    one.create(LIKES, subject=first)
    one.create(LIKES, subject=third)
    reply(two, "To the first", first)
    reply(two, "To the second", second, first)
    network.wait_for_counts(post["uri"], quoteCount=2)
    network.wait_for_counts(first["uri"], likeCount=1, replyCount=2)
    network.wait_for_counts(second["uri"], replyCount=2)
    network.wait_for_counts(third["uri"], likeCount=1)

    (done,) = ttp.ok("metrics", "pull", "--json").json
    assert (done["read"], done["inserted"], done["rejected"]) == (2, 2, [])
    # Bluesky counts the next part of a thread as a reply. Of a thread, the first part counts.
    found = samples(ttp)
    assert {name: numbers(sample) for name, sample in found.items()} == {
        key(post): (2, 1, 3, None),
        key(first): (1, 2, 0, None),
    }

    two.create(LIKES, subject=first)
    network.wait_for_counts(first["uri"], likeCount=2)
    (done,) = ttp.ok("metrics", "pull", "--json").json
    assert (done["read"], done["inserted"], done["unchanged"]) == (2, 1, 1)


def test_history_has_posts_made_elsewhere_and_nothing_of_others(
    ttp: Program, network: Network, person: Person, others: list[Person]
) -> None:
    (other, _) = others
    by_hand = person.create(POSTS, text="By hand")
    first, second = published(ttp, person, "One", "--thread", "Two")
    theirs = other.create(POSTS, text="Theirs")
    answer = reply(person, "Well said", theirs)
    person.create(REPOSTS, subject=theirs)
    other.create(LIKES, subject=by_hand)
    network.wait_for_counts(by_hand["uri"], likeCount=1)
    network.wait_for_counts(theirs["uri"], replyCount=1, repostCount=1)
    for reference in (first, second, answer):
        network.wait_for_counts(reference["uri"])

    (done,) = ttp.ok("metrics", "pull", "--history", "50", "--json").json
    assert (done["read"], done["inserted"], done["rejected"]) == (3, 3, [])
    found = samples(ttp)
    assert {name: numbers(sample) for name, sample in found.items()} == {
        key(by_hand): (1, 0, 0, None),
        key(first): (0, found[key(first)]["comments"], 0, None),
        key(second): (0, 0, 0, None),
    }
    assert found[key(first)]["comments"] in (0, 1)  # the second part, which the AppView counts when it comes to it
    assert found[key(by_hand)]["text"] == "By hand"


def test_a_long_history_is_read_page_by_page_to_its_limit(ttp: Program, network: Network, person: Person) -> None:
    made = person.create_all(POSTS, [{"text": f"Post {number}"} for number in range(105)])
    network.wait_for_counts(made[-1]["uri"])  # the posts of one person are indexed in their order
    (done,) = ttp.ok("metrics", "pull", "--history", "103", "--json").json
    assert done["read"] == 103  # of pages of 100
    found = set(samples(ttp))
    assert len(found) == 103
    assert found <= {key(reference) for reference in made}
