"""MLflow's own metrics: what is beside it in its pods, who finds it, and what the container shows."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from cluster.host import ports, waiting
from mlflow_operator.desired.server.metrics import PORT, pod_monitor, program
from mlflow_operator.desired.server.programs import start_server
from unit.desired.servers import EXISTING, prepared, server

# Two processes that count one thing each, as MLflow's workers do.
COUNT = "from prometheus_client import Counter; Counter('asked', 'Questions.').inc(int(__import__('sys').argv[1]))"


def pod(**more: Any) -> dict[str, Any]:
    """The pod of a server."""
    (deployment,) = [o for o in prepared(server(EXISTING | more)).objects if o["kind"] == "Deployment"]
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return found


def test_the_workers_count_where_the_container_beside_them_reads() -> None:
    """In one folder of the pod; its port is not that of the Service, and no login is asked for there."""
    found = pod(monitoring={}, tls={"secretName": "tls"})
    mlflow, beside = (next(c for c in found["containers"] if c["name"] == name) for name in ("mlflow", "metrics"))
    (folder,) = [m["mountPath"] for m in mlflow["volumeMounts"] if m["name"] == "metrics"]
    assert {"name": "MLFLOW_EXPOSE_PROMETHEUS", "value": folder} in mlflow["env"]
    assert {"name": "metrics", "mountPath": folder} in beside["volumeMounts"]
    assert beside["command"][-2:] == [str(PORT), folder]
    assert beside["image"] == mlflow["image"]
    assert "metrics" in {v["name"] for v in found["volumes"] if "emptyDir" in v}
    (service,) = [o for o in prepared(server(EXISTING | {"monitoring": {}})).objects if o["kind"] == "Service"]
    assert [p["targetPort"] for p in service["spec"]["ports"]] == ["http"]


def test_nothing_is_counted_where_nobody_asks() -> None:
    """Neither the container nor the variable is there."""
    found = pod()
    assert [c["name"] for c in found["containers"]] == ["mlflow"]
    assert "MLFLOW_EXPOSE_PROMETHEUS" not in {v["name"] for v in found["containers"][0]["env"]}


def test_a_pod_monitor_finds_the_pods_of_its_server_alone() -> None:
    """By their labels, at the port of the container; labels of the operator's own win."""
    spec = {"podMonitor": {"interval": "15s", "labels": {"release": "x", "app.kubernetes.io/name": "other"}}}
    found = pod_monitor(server(EXISTING | {"monitoring": spec}))
    assert found is not None
    labels = pod_labels()
    assert found["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert found["spec"]["podMetricsEndpoints"] == [{"port": "metrics", "path": "/metrics", "interval": "15s"}]
    assert found["metadata"]["labels"]["release"] == "x"
    assert found["metadata"]["labels"]["app.kubernetes.io/name"] == "mlflow"


def pod_labels() -> dict[str, str]:
    """Labels of the server's pods."""
    (deployment,) = [o for o in prepared(server(EXISTING)).objects if o["kind"] == "Deployment"]
    found: dict[str, str] = deployment["spec"]["template"]["metadata"]["labels"]
    return found


@pytest.mark.parametrize(
    ("policy", "peers"),
    [
        ({}, [{"podSelector": {}}]),
        ({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}, [{"ipBlock": {"cidr": "10.0.0.0/8"}}]),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "metricsFrom": [{"namespaceSelector": {}}]},
            [{"namespaceSelector": {}}],
        ),
    ],
)
def test_who_reads_the_metrics_may_be_others_than_who_reaches_the_server(policy: Any, peers: Any) -> None:
    """Through the network's walls, and not to the server's port."""
    objects = prepared(server(EXISTING | {"monitoring": {}, "networkPolicy": policy})).objects
    (own,) = [o for o in objects if o["kind"] == "NetworkPolicy" and o["metadata"]["name"] == "mlflow"]
    of_metrics = [rule for rule in own["spec"]["ingress"] if rule["ports"][0]["port"] == "metrics"]
    assert [rule["from"] for rule in of_metrics] == [peers]


def test_what_all_workers_counted_is_shown_as_one(tmp_path: Path) -> None:
    """Also of one that has ended; and the container ends when it is told to."""
    folder, port = tmp_path / "counted", ports.free(1)[0]
    folder.mkdir()
    for number in (2, 5):
        env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
        subprocess.run([sys.executable, "-c", COUNT, str(number)], env=env, check=True)
    argv = [sys.executable, "-c", program(), str(port), str(folder)]
    with subprocess.Popen(argv) as process:
        waiting.until(lambda: ports.answers("127.0.0.1", port), what="the metrics", seconds=20)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert "asked_total 7.0" in answer.read().decode()
        process.terminate()
        assert process.wait(timeout=10) == 0, (
            "it hears the signal itself, without which the first of a pod does not end"
        )


def test_an_image_that_cannot_count_says_so() -> None:
    """Instead of a traceback of MLflow's."""
    start_server.check_metrics({}, "no_such_package")
    start_server.check_metrics({"MLFLOW_EXPOSE_PROMETHEUS": "/x"}, "json")
    with pytest.raises(SystemExit, match="prometheus-flask-exporter"):
        start_server.check_metrics({"MLFLOW_EXPOSE_PROMETHEUS": "/x"}, "no_such_package")
