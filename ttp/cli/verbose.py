"""Telling on stderr what is asked of the platforms: `-v` a line for each request, `TTP_DEBUG=http` all but secrets."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ttp.cli.streams import willing


@contextmanager
def requests_told(*, wanted: bool, environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """As long as the block runs, where it is `wanted` or the environment says so."""
    wholly = environ.get("TTP_DEBUG") == "http"
    if not (wanted or wholly):
        yield
        return
    log = logging.getLogger("ttp.http")
    handler = logging.StreamHandler(willing(sys.stderr))
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(message)s", "%H:%M:%S"))
    log.setLevel(logging.DEBUG if wholly else logging.INFO)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)
