"""What a kubelet makes of a pod, for containers that run as processes."""

from typing import Any

POD_IP = "10.9.8.7"


def environment(obj: dict[str, Any], secrets: dict[str, dict[str, str]]) -> dict[str, str]:
    """The environment as a kubelet makes it from the first container of the object's pods."""
    found: dict[str, str] = {}
    for variable in obj["spec"]["template"]["spec"]["containers"][0]["env"]:
        if "value" in variable:
            found[variable["name"]] = variable["value"].replace("$(POD_IP)", POD_IP).replace("$$", "$")
        elif "secretKeyRef" in variable["valueFrom"]:
            reference = variable["valueFrom"]["secretKeyRef"]
            found[variable["name"]] = secrets[reference["name"]][reference["key"]]
    return found
