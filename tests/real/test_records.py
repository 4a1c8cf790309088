"""What ttp computes of a record before it is sent, against what a server makes of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.real.pds import POSTS, Pds, Refused
from ttp.platforms.bluesky.record_keys import content_id, new_keys

CREATE = "com.atproto.repo.applyWrites#create"


def test_a_thread_has_the_content_ids_that_were_computed_before_it_was_sent(pds: Pds) -> None:
    person = pds.new_person("content-ids")
    keys = new_keys(datetime.now(UTC), 3)
    refs: list[dict[str, str]] = []
    writes = []
    for number, key in enumerate(keys):
        record: dict[str, object] = {
            "$type": POSTS,
            "text": f"Part {number} 👩\u200d💻 é",
            "createdAt": "2026-11-27T10:00:00.000Z",
            "langs": ["en", "de-AT"],
            **({"reply": {"root": refs[0], "parent": refs[-1]}} if refs else {}),
        }
        refs.append({"uri": f"at://{person.did}/{POSTS}/{key}", "cid": content_id(record)})
        writes.append({"$type": CREATE, "collection": POSTS, "rkey": key, "value": record})
    made = pds.call("com.atproto.repo.applyWrites", {"repo": person.did, "writes": writes}, token=person.token)
    assert [{"uri": one["uri"], "cid": one["cid"]} for one in made["results"]] == refs
    assert [{"uri": one["uri"], "cid": one["cid"]} for one in person.records()] == refs


def test_a_key_that_exists_is_refused_and_nothing_changes(pds: Pds) -> None:
    person = pds.new_person("same-key")
    (key,) = new_keys(datetime.now(UTC), 1)
    record = {"$type": POSTS, "text": "Once", "createdAt": "2026-11-27T10:00:00.000Z"}
    writes = [{"$type": CREATE, "collection": POSTS, "rkey": key, "value": record}]
    body = {"repo": person.did, "writes": writes}
    pds.call("com.atproto.repo.applyWrites", body, token=person.token)
    with pytest.raises(Refused) as again:
        pds.call("com.atproto.repo.applyWrites", body, token=person.token)
    assert again.value.status == 500
    assert [one["value"]["text"] for one in person.records()] == ["Once"]
