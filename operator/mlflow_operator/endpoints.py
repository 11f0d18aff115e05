"""What Kubernetes and Prometheus ask of the process: /healthz, /readyz and /metrics."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mlflow_operator.engine import telemetry
from mlflow_operator.engine.workers import Workers


async def serve(host: str, port: int, workers: Workers, watching: Callable[[], bool]) -> web.AppRunner:
    """Start serving, unless the port is 0; the caller cleans the runner up."""

    async def healthz(_: web.Request) -> web.Response:
        """Whether a restart would help."""
        ailment = workers.ailment()
        return web.Response(text=ailment or "ok", status=500 if ailment else 200)

    async def readyz(_: web.Request) -> web.Response:
        """Whether changes are being worked on."""
        ready = workers.started and watching()
        return web.Response(text="ok" if ready else "not listing and watching yet", status=200 if ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(telemetry.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    if port:
        await web.TCPSite(runner, host, port).start()
    return runner
