"""Puts the server's own rule into the lifecycle of its bucket, beside those of others, and reads it back.

S3 replaces a lifecycle as a whole, and has no way to say "if it is still as I have read it".
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
"""

from typing import Any

from mlflow_operator.desired.preparation.program import store_errors
from mlflow_operator.desired.preparation.program.credentials import without_secrets
from mlflow_operator.desired.preparation.program.patience import Hopeless, Problem

_DENIED = ("AccessDenied", "AllAccessDisabled", "UnauthorizedAccess")
_RIGHTS = "grant s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration, or leave s3.lifecycle out"
_NO_RULES = "NoSuchLifecycleConfiguration"
_KEPT = "TransitionDefaultMinimumObjectSize"
"""What is said of the whole lifecycle beside its rules, and has to be said again."""

Rule = dict[str, Any]


def apply(client: Any, bucket: str, own: Rule) -> str:
    """Make the rule be there as it is wanted, or be gone where it has nothing but an ID; in words.

    Raises:
        Hopeless: LifecycleRefused, LifecycleDiffers.
        Problem: The store cannot be used.
    """
    wanted = own if len(own) > 1 else {}
    found = _read(client, bucket)
    if not _differences(_own(found["Rules"], own), wanted):
        return _words(own, wanted)
    others = [_modern(rule) for rule in found["Rules"] if rule.get("ID") != own["ID"]]
    _write(client, bucket, {**found, "Rules": [*others, wanted] if wanted else others})
    now = _read(client, bucket)["Rules"]
    if changed := _differences(_own(now, own), wanted):
        message = f"the store took the lifecycle of {bucket}, and has another {', '.join(changed)} than it was given"
        raise Hopeless("LifecycleDiffers", f"{message}; leave out of s3.lifecycle what it does not know")
    there = [_modern(rule) for rule in now]
    if lost := [str(rule.get("ID", "one without an ID")) for rule in others if rule not in there]:
        message = f"rules of others in the lifecycle of {bucket} are not as they were: {', '.join(lost)}"
        raise Hopeless("LifecycleDiffers", f"{message}; the store changed them, or somebody else did; look there")
    return _words(own, wanted)


def _own(rules: list[Rule], own: Rule) -> Rule:
    return next((rule for rule in rules if rule.get("ID") == own["ID"]), {})


def _differences(found: Rule, wanted: Rule) -> list[str]:
    """In which parts two rules differ; a list has no order."""
    return sorted(part for part in {*found, *wanted} if _ordered(found.get(part)) != _ordered(wanted.get(part)))


def _ordered(part: Any) -> Any:
    return sorted(part, key=lambda item: sorted(item.items())) if isinstance(part, list) else part


def _words(own: Rule, wanted: Rule) -> str:
    return f"its lifecycle has {'the' if wanted else 'no'} rule {own['ID']}"


def _read(client: Any, bucket: str) -> dict[str, Any]:
    try:
        found = client.get_bucket_lifecycle_configuration(Bucket=bucket)
    except Exception as error:
        if _code(error) == _NO_RULES:
            return {"Rules": []}
        raise _problem(bucket, error) from None
    return {name: found[name] for name in ("Rules", _KEPT) if found.get(name)}


def _write(client: Any, bucket: str, wanted: dict[str, Any]) -> None:
    rest = {name: value for name, value in wanted.items() if name != "Rules"}
    try:
        if wanted["Rules"]:
            rules = {"Rules": wanted["Rules"]}
            client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules, **rest)
        else:
            client.delete_bucket_lifecycle(Bucket=bucket)
    except Exception as error:
        raise _problem(bucket, error) from None


def _problem(bucket: str, error: Exception) -> Problem:
    found = store_errors.problem(f"s3://{bucket}", error)
    if found.reason != "StoreRefused" and _code(error) != "NotImplemented":
        return found
    advice = _RIGHTS if _code(error) in _DENIED else "leave out of s3.lifecycle what it does not know"
    words = " ".join(without_secrets(str(error)).split())
    return Hopeless("LifecycleRefused", f"the store refuses the lifecycle of {bucket}: {words}; {advice}")


def _code(error: Exception) -> str:
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _modern(rule: Rule) -> Rule:
    """The same rule with its prefix in a filter: S3 takes no mixture of both ways to write one."""
    if "Prefix" not in rule:
        return rule
    rest = {name: value for name, value in rule.items() if name != "Prefix"}
    return {**rest, "Filter": {"Prefix": rule["Prefix"]}}
