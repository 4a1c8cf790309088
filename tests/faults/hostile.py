"""Answers that no platform should give: odd JSON, wrong types, sizes, encodings, headers. By name, as bytes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping

from tests.faults.bench import Bench
from tests.faults.posts import JSON
from tests.faults.proxy import made
from tests.faults.troubles import HTML, dated

STATUSES = ("200 OK", "201 Created", "400 Bad Request", "403 Forbidden", "500 Oops")
BODIES: Mapping[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a number": b"1",
    "a text": b'"yes"',
    "a list": b"[]",
    "data is null": b'{"data":null}',
    "data is a list": b'{"data":[]}',
    "data is a text": b'{"data":"1"}',
    "id is null": b'{"id":null,"data":{"id":null,"publish_id":null,"upload_url":null},"error":{"code":"ok"}}',
    "id is a number": b'{"id":1.5,"data":{"id":1.5,"publish_id":1,"upload_url":2},"error":{"code":"ok"}}',
    "id is empty": b'{"id":"","data":{"id":"","publish_id":"","upload_url":""},"error":{"code":"ok"}}',
    "id is an object": b'{"id":{},"data":{"id":{},"publish_id":{},"upload_url":{}},"error":{"code":"ok"}}',
    "id is a path": b'{"id":"../../x?y=1","data":{"id":"../../x?y=1","publish_id":"../","upload_url":"file:///etc/passwd"}}',
    "id is long": json.dumps({"id": "9" * 5000, "data": {"id": "9" * 5000, "publish_id": "p" * 5000}}).encode(),
    "id has controls": b'{"id":"1\\u001b[31m\\r\\n","data":{"id":"1\\u001b[31m\\r\\n","publish_id":"\\u0000"}}',
    "an address elsewhere": b'{"data":{"publish_id":"v_pub_file~v2-1.9","upload_url":"http://127.0.0.1:9/x"},"error":{"code":"ok"}}',
    "error is null": b'{"error":null}',
    "error is a text": b'{"error":"no"}',
    "error codes of wrong types": b'{"error":{"code":"9007","error_subcode":[],"message":{}},"errors":7,"type":[]}',
    "endless numbers": b'{"data":{"id":' + b"9" * 100_000 + b"}}",
    "infinite": b'{"data":{"id":Infinity,"check_after_secs":NaN}}',
    "1e999": b'{"data":{"processing_info":{"state":"pending","check_after_secs":1e999}},"expires_in":1e999}',
    "100,000 brackets": b"[" * 100_000,
    "100,000 objects": b'{"data":' * 100_000,
    "a key twice": b'{"id":"1","id":null,"data":{"id":"1"},"data":null}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"data":{"name":"é"}}'.encode("utf-16"),
    "no UTF-8": b'{"data":{"id":"\xff\xfe"}}',
    "a lone surrogate": b'{"error":{"message":"\\ud800","code":9999},"detail":"\\udfff","title":"\\ud800"}',
    "controls": b'{"detail":"\\u001b]0;x\\u0007\\u202e\\u009b31m","title":"\\u0000","error":{"message":"\\u001b[2J"}}',
    "10 MB": b'{"detail":"' + b"x" * 10_000_000 + b'"}',
    "HTML": HTML,
}
"""Bodies without a whole answer of a platform: none of them says that anything is published."""
HEADERS: Mapping[str, Mapping[str, str]] = {
    "no date": {"Date": ""},
    "a date of 1970": {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"},
    "a date of 9999": {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"},
    "an invalid date": {"Date": "soon"},
    "a negative reset": {"x-rate-limit-reset": "-1", "x-rate-limit-remaining": "0", "Retry-After": "-5"},
    "an endless reset": {"x-rate-limit-reset": "9" * 400, "x-rate-limit-remaining": "-9", "Retry-After": "1e999"},
    "an invalid reset": {"x-rate-limit-reset": "NaN", "x-rate-limit-limit": "0x10", "Retry-After": "inf"},
    "invalid usage": {"X-Business-Use-Case-Usage": "[" * 10_000, "X-App-Usage": '{"call_count":"many"}'},
    "cookies": {"Set-Cookie": "a=b; Domain=.com", "Strict-Transport-Security": "max-age=1", "Refresh": "0; url=/"},
    "another encoding": {"Content-Encoding": "br"},
    "a length that is too short": {"X-Short": "1"},
}


def answers() -> Iterator[tuple[str, bytes]]:
    """Every answer by name; `{date}` is to be replaced by the platform's own."""
    for status in STATUSES:
        for name, body in BODIES.items():
            yield f"{status[:3]} {name}", made(status, body, {**JSON, "Date": "{date}"})
    for name, headers in HEADERS.items():
        for status in ("200 OK", "429 Too Many Requests"):
            yield f"{status[:3]} {name}", made(status, b"{}", {**JSON, "Date": "{date}", **headers})
    bomb = gzip.compress(b"[" + b"0," * 40_000_000)
    yield "200 a bomb", made("200 OK", bomb, {**JSON, "Content-Encoding": "gzip"})
    yield "500 a bomb", made("500 Oops", bomb, {**JSON, "Content-Encoding": "gzip"})
    yield "200 broken gzip", made("200 OK", b"\x1f\x8b" + b"0" * 50, {**JSON, "Content-Encoding": "gzip"})
    yield "no HTTP", b"SSH-2.0-OpenSSH_9.9\r\n\r\n"
    yield "an unknown status", b"HTTP/1.1 999 \r\nContent-Length: 0\r\n\r\n"
    yield "a status of letters", b"HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n"
    yield "two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"
    yield "a broken chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno\r\n"
    yield "204", b"HTTP/1.1 204 No Content\r\n\r\n"
    yield "304", b"HTTP/1.1 304 Not Modified\r\n\r\n"
    yield "100 without end", b"HTTP/1.1 100 Continue\r\n\r\n" * 50
    yield "endless headers", b"HTTP/1.1 200 OK\r\n" + b"X-More: " + b"y" * 200_000 + b"\r\nContent-Length: 2\r\n\r\n{}"
    yield "408", made("408 Request Timeout", b"", JSON)
    yield "425", made("425 Too Early", b"", JSON)


def finished(bench: Bench, answer: bytes) -> bytes:
    """The answer with the platform's date."""
    return answer.replace(b"{date}", dated(bench)["Date"].encode())
