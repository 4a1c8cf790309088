"""Serves mastodon-mock on a free loopback port until the standard input ends. Run with its packages as PYTHONPATH."""

from __future__ import annotations

import json
import os
import sys

from mastodon_mock.testing.server import MockServer

with MockServer() as server:
    print(json.dumps({"url": server.base_url, "pid": os.getpid()}), flush=True)
    sys.stdin.read()
