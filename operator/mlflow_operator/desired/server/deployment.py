"""The Deployment of the server itself."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names, pod, releases, versions, volumes
from mlflow_operator.desired.companions import accompanied
from mlflow_operator.desired.endpoint import Endpoint, endpoint
from mlflow_operator.desired.inputs import Inputs, Object
from mlflow_operator.desired.server import encryption, links, metrics, oauth2_proxy, programs, service_account
from mlflow_operator.desired.server.disruption import spread
from mlflow_operator.desired.server.environment import server_environment

PORT = 5000
PROBE_HOST = "localhost"
"""Always an allowed host; the pod's address, which the kubelet would send, is not exempt under every path."""


def deployment(server: MLflowServer, inputs: Inputs, fingerprint: str) -> Object:
    """The Deployment; ``fingerprint`` is that of everything that the pods reference."""
    version = versions.version(server)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": names.metadata(server, names.instance(server), names.SERVER, version=version),
        "spec": {
            "replicas": 0 if server.spec.hibernate else server.spec.replicas,
            "selector": {"matchLabels": names.selector(server, names.SERVER)},
            "strategy": strategy(server),
            "revisionHistoryLimit": 3,
            "template": pod.template(
                server,
                inputs,
                names.SERVER,
                _pod(server, inputs),
                version=version,
                annotations={names.DIGESTS_ANNOTATION: fingerprint, **service_account.identity(server)},
                tmp_limit=server.spec.temporary_storage.size_limit,
            ),
        },
    }


def strategy(server: MLflowServer) -> Object:
    """Never fewer pods than asked for, except where two pods cannot share a volume."""
    if volumes.one_node(server):
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


def _pod(server: MLflowServer, inputs: Inputs) -> Object:
    proxy = oauth2_proxy.container(server, inputs.images, PORT)
    body: Object = {
        "serviceAccountName": names.service_account(server),
        "terminationGracePeriodSeconds": server.spec.termination_grace_period_seconds,
        "containers": [_container(server, inputs), *([proxy] if proxy else []), *metrics.container(server, inputs)],
        "volumes": _volumes(server),
    }
    if server.spec.affinity:
        body["affinity"] = server.spec.affinity
    if constraints := spread(server):
        body["topologySpreadConstraints"] = constraints
    return accompanied(server, body, beside=True)


def _volumes(server: MLflowServer) -> list[Object]:
    beside = [*encryption.volumes(server), *oauth2_proxy.volumes(server), *metrics.volumes(server)]
    return [*volumes.pod_volumes(server), *beside]


def _container(server: MLflowServer, inputs: Inputs) -> Object:
    where, alone = endpoint(server, inputs.cluster_domain), oauth2_proxy.wanted(server) is None
    port = PORT if alone else oauth2_proxy.PORT_BEHIND
    stays = oauth2_proxy.LEAVING_SECONDS + (0 if alone else oauth2_proxy.OUTLIVING_SECONDS)
    words = [*oauth2_proxy.words_for_mlflow(server), *encryption.arguments(server), *links.arguments(server)]
    words += _of_release(versions.version(server))
    fields: Object = {
        "command": ["python", "-c", start_script(), str(port), leaving(), strangers(), *words],
        "env": server_environment(server, where),
        **({"ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}]} if alone else {}),
        # Where it listens to its pod alone, the kubelet asks by the proxy, as everybody does.
        **_probes(where, "http" if alone else PORT),
        "lifecycle": {"preStop": {"sleep": {"seconds": stays}}},
        "volumeMounts": [
            pod.TMP_MOUNT,
            *volumes.mounts(server),
            *(encryption.mounts(server) if alone else []),
            *metrics.mounts(server),
        ],
    }
    policy = server.spec.image.pull_policy
    image = versions.image(server, inputs.images)
    return pod.container("mlflow", image, inputs.images, pull_policy=policy, **fields, **pod.of_user(server))


def _of_release(version: str) -> list[str]:
    """Words for ``start_server.py`` of what was otherwise in earlier releases."""
    gunicorn = [] if releases.has(version, releases.UVICORN) else ["--gunicorn"]
    return gunicorn + ([] if releases.has(version, releases.PASSES_ON_SIGTERM) else ["--alone"])


def start_script() -> str:
    """The program of the container, which becomes MLflow."""
    return programs.text("start_server")


def strangers() -> str:
    """The program by which nobody counts as local."""
    return programs.text("strangers")


def leaving() -> str:
    """The program by which it loses no request when it ends."""
    return programs.text("take_leave")


def _probes(where: Endpoint, port: str | int) -> Object:
    probe: Object = {
        "httpGet": {
            "path": where.path(oauth2_proxy.HEALTH),
            "port": port,
            **({"scheme": "HTTPS"} if where.scheme == "https" else {}),
            "httpHeaders": [{"name": "Host", "value": PROBE_HOST}],
        },
        "timeoutSeconds": 5,
    }
    return {
        # Four workers take 12 s to import MLflow on two idle cores, and a busy node far longer.
        "startupProbe": probe | {"periodSeconds": 2, "failureThreshold": 150},
        "readinessProbe": probe | {"periodSeconds": 5},
        "livenessProbe": probe | {"periodSeconds": 20, "failureThreshold": 6},
    }
