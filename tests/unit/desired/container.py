"""The program of the server's container as a process, with a stand-in for MLflow and a real uvicorn."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mlflow_operator.desired.server.deployment import leaving, start_script, strangers

# What `mlflow server` does with its words: uvicorn in a process of its own, with more words from the environment.
MLFLOW = """#!{python}
import os, shlex, subprocess, sys
words = dict(zip(sys.argv[2::2], sys.argv[3::2]))
run = [sys.executable, "-m", "uvicorn", *shlex.split(os.environ.get("MLFLOW_UVICORN_OPTS", ""))]
run += ["--host", words["--host"], "--port", words["--port"], "--workers", os.environ["MLFLOW_WORKERS"], "served:app"]
os.execv(run[0], run)
"""
# Takes as many milliseconds as its path says.
SERVED = """import asyncio
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await asyncio.sleep(int(scope["path"][1:] or 0) / 1000)
        await send({"type": "http.response.body", "body": b"ok"})
"""


@contextmanager
def running(folder: Path, *words: str, **variables: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """The process and its port; what it prints is in ``log`` of the folder, what it can import in ``programs``."""
    programs, log = folder / "programs", folder / "log"
    programs.mkdir(exist_ok=True)
    (programs / "mlflow").write_text(MLFLOW.format(python=sys.executable))
    (programs / "mlflow").chmod(0o755)
    (programs / "served.py").write_text(SERVED)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    path = {"PATH": f"{programs}:{os.defpath}", "PYTHONPATH": str(programs), "TMPDIR": str(folder)}
    argv = [sys.executable, "-c", start_script(), str(port), leaving(), strangers(), *words]
    with log.open("wb") as out:
        process = subprocess.Popen(argv, env={**path, "MLFLOW_WORKERS": "1", **variables}, stdout=out, stderr=out)
    try:
        yield process, port
    finally:
        process.terminate()
        process.wait()
