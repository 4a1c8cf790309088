"""Serves snac on a loopback port until the standard input ends: snac_server.py PROGRAM FOLDER PORT."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # snac is ended below
program, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
place = f"127.0.0.1:{port}"
answers = f"127.0.0.1\n{port}\n{place}\n\n\n"
subprocess.run([program, "init", str(folder)], input=answers, text=True, check=True, stdout=sys.stderr)
file = folder / "server.json"
file.write_text(json.dumps({**json.loads(file.read_text()), "protocol": "http"}))
process = subprocess.Popen([program, "httpd", str(folder)], stdin=subprocess.DEVNULL, stdout=sys.stderr)
try:
    while process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    else:
        sys.exit("snac has ended")
    print(json.dumps({"url": f"http://{place}", "pid": process.pid}), flush=True)
    sys.stdin.read()
finally:
    process.terminate()
    process.wait(60)
