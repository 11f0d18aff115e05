"""Whether a live object has to be applied again: everything wanted is there, whatever else others have added."""

from decimal import Decimal, InvalidOperation
from typing import Any

_MERGE_KEYS = {
    "containers": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
"""Lists that Kubernetes merges by a key (x-kubernetes-list-map-keys); all others belong to one writer as a whole."""

_QUANTITIES = ("requests", "limits")

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15,
    "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
    "Ei": Decimal(2) ** 60,
}


def differs(wanted: Any, live: Any) -> bool:
    """Whether ``live`` lacks or contradicts anything of ``wanted``.

    Absent, null, empty and zero are the same, since the API server leaves out what is empty.
    """
    return not _satisfied(wanted, live, field="")


def fitted(wanted: dict[str, Any], live: dict[str, Any]) -> dict[str, Any]:
    """``wanted`` as it can be applied to the object that is there.

    A claim never shrinks, so its size is a minimum: what an autoscaler or a person has grown is left as it is.
    """
    if wanted["kind"] != "PersistentVolumeClaim":
        return wanted
    asked, there = (str(obj["spec"]["resources"]["requests"]["storage"]) for obj in (wanted, live))
    least, found = _amount(asked), _amount(there)
    if isinstance(least, str) or isinstance(found, str) or found <= least:
        return wanted
    return wanted | {"spec": wanted["spec"] | {"resources": {"requests": {"storage": there}}}}


def _satisfied(wanted: Any, live: Any, field: str) -> bool:
    if live is None:
        return _empty(wanted)
    if isinstance(wanted, dict):
        return isinstance(live, dict) and _map_satisfied(wanted, live, field)
    if isinstance(wanted, list):
        return isinstance(live, list) and _list_satisfied(wanted, live, field)
    return wanted is None or bool(wanted == live and isinstance(wanted, bool) == isinstance(live, bool))


def _empty(wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return all(_empty(value) for value in wanted.values())
    return not wanted


def _map_satisfied(wanted: dict[str, Any], live: dict[str, Any], field: str) -> bool:
    if field in _QUANTITIES:
        return all(_same_quantity(value, live.get(key)) for key, value in wanted.items())
    return all(
        _same_quantity(value, live.get(key)) if key == "sizeLimit" else _satisfied(value, live.get(key), key)
        for key, value in wanted.items()
    )


def _list_satisfied(wanted: list[Any], live: list[Any], field: str) -> bool:
    key = _merge_key(wanted, field)
    if key is None:
        return len(wanted) == len(live) and all(_satisfied(w, x, "") for w, x in zip(wanted, live, strict=True))
    found = {item.get(key): item for item in live if isinstance(item, dict)}
    return all(_satisfied(item, found.get(item[key]), "") for item in wanted)


def _merge_key(wanted: list[Any], field: str) -> str | None:
    """The key that tells the items of a list apart, if the list has one."""
    for key in _MERGE_KEYS.get(field, ()):
        values = [item.get(key) for item in wanted if isinstance(item, dict)]
        if len(values) == len(wanted) and None not in values and len(set(values)) == len(values):
            return key
    return None


def _same_quantity(wanted: Any, live: Any) -> bool:
    if live is None or wanted is None:
        return wanted is None
    return str(wanted) == str(live) or _amount(str(wanted)) == _amount(str(live))


def _amount(text: str) -> Decimal | str:
    """The value of a Kubernetes quantity, such as 500m, 1.5Gi or 1e3; what is none stays text."""
    number = text.rstrip("KMGTPEkminu")
    try:
        return Decimal(number) * _SUFFIXES[text[len(number) :]]
    except (InvalidOperation, KeyError):
        return text
