"""Measure the same requests without a publisher: over bare sockets, and by httpx in threads.

No publisher that uses httpx can exceed the second number. On a busy machine it is far below 1.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable

import httpx

from benchmarks.fake_platform import platform
from benchmarks.publisher import ANSWER_S, AT_ONCE

_BODY = b'{"text":"Fresh beans, lot 1"}'


def sockets_share(requests: int) -> float:
    """Return the share of the ideal rate that bare sockets reach."""
    with platform(ANSWER_S) as x:
        began = time.perf_counter()
        asyncio.run(_by_sockets(x.port, requests))
        seconds = time.perf_counter() - began
        x.end()
    return requests * ANSWER_S / AT_ONCE / seconds


def httpx_share(requests: int) -> float:
    """Return the share of the ideal rate that threads with one httpx client each reach."""
    with platform(ANSWER_S) as x:
        left = list(range(requests))
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # shared: creating one takes as long as several requests

        def work() -> None:
            with httpx.Client(trust_env=False, verify=trust) as client:
                while left:
                    try:
                        left.pop()
                    except IndexError:
                        return
                    client.post(f"{x.url}/2/tweets", content=_BODY)

        seconds = _in_threads(work)
        x.end()
    return requests * ANSWER_S / AT_ONCE / seconds


def _in_threads(work: Callable[[], None]) -> float:
    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


async def _by_sockets(port: int, requests: int) -> None:
    left = list(range(requests))

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while left:
            left.pop()
            writer.write(b"POST /2/tweets HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
        writer.close()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
