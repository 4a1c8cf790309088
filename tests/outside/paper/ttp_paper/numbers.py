"""Reads what pages have collected, and deletes pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ttp.domain.account import Account
from ttp.domain.metrics.sample import Sample
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock, from_ms
from ttp.platforms.client import Deleted, PublishRequest
from ttp.platforms.http import HttpByServer
from ttp.platforms.metrics_reader import AccountSession, MetricsPage, parse_count
from ttp.platforms.reply import Answer, as_failure, parse_id

from .client import refusal


class PaperReader:
    name = "Paper"

    def __init__(self, http: HttpByServer, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def accepts(self, answer: Answer) -> bool:
        return answer.is_success and isinstance(answer.value_at("numbers"), list)

    def judge(self, answer: Answer, account: Account) -> NotDone | None:
        return refusal(answer, account)

    def refuses_token(self, failure: NotDone) -> bool:
        return failure.kind is Kind.AUTH

    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        samples = self._samples(session, {"ids": ",".join(ids)})
        yield MetricsPage(samples, frozenset(ids) - {sample.remote_id for sample in samples})

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        yield MetricsPage(self._samples(session, {"newest": str(most)}))

    def _samples(self, session: AccountSession, query: dict[str, str]) -> tuple[Sample, ...]:
        answer = session.request(self._http.of(session.account), self, "GET", "/numbers", query=query)
        found, now = [], self._clock.now()
        listed = answer.value_at("numbers")
        for one in listed if isinstance(listed, list) else []:
            page, at = parse_id(one["id"]), parse_count(one["at"])
            if page and at is not None:
                name = session.account.name
                found.append(Sample(name, page, from_ms(at), now, parse_count(one["hearts"]), views=9, kind="text"))
        return tuple(found)


class PaperDeleter:
    def __init__(self, http: HttpByServer) -> None:
        self._http = http

    def close(self) -> None:
        self._http.close()

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        reply = self._http.of(request.account).request_for(request, "DELETE", f"/pages/{remote_id}")
        if isinstance(reply, Answer) and reply.status in (200, 404) and reply.value_at("gone") is True:
            return Deleted(reply.status)
        return as_failure(reply, lambda answer: refusal(answer, request.account), "Paper")
