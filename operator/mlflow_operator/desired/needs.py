"""Which of a server's objects have to be there before another one: read from what is rendered."""

from collections.abc import Iterator

from mlflow_operator.desired.inputs import Key, Object


def needs(obj: Object) -> frozenset[Key]:
    """The ServiceAccount, claims and Secrets that an object's pods run as, mount and read; none of what has no pods.

    A pod without them does not start; with ones of the same name that belong to somebody else it must not.
    """
    template = obj.get("spec", {}).get("template", {}).get("spec")
    return frozenset(_of_pod(template)) if template else frozenset()


def _of_pod(pod: Object) -> Iterator[Key]:
    if account := pod.get("serviceAccountName"):
        yield "ServiceAccount", account
    for volume in pod.get("volumes", []):
        if claim := volume.get("persistentVolumeClaim"):
            yield "PersistentVolumeClaim", claim["claimName"]
        if secret := volume.get("secret"):
            yield "Secret", secret["secretName"]
    for container in pod["containers"]:
        for variable in container.get("env", []):
            if secret := (variable.get("valueFrom") or {}).get("secretKeyRef"):
                yield "Secret", secret["name"]
