"""What a user gets wrong about gates and requirements is refused by the API server, with a sentence that helps."""

from pathlib import Path

import pytest
import yaml

from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from mlflow_operator.api.schema import API_VERSION

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
CLAIM = "serverRef: {name: mlflow}\nmodel: fraud\ntarget: {stage: Production}\nversion: 7\n"
AUC = "{name: auc, metric: val_auc, min: 0.9}"
CRON = "write minute, hour, day of the month, month and day of the week, such as '0 9 * * MON-FRI'"
NO_SUCH_DAY = "no month has such a day, so this never begins; for the last day of a month write L"
DURATION = "write hours, minutes and seconds, a minute at least, such as 30m, 8h or 720h"
ZONE = "write a time zone by its IANA name, such as Europe/Rome"
VALUES = "operator In goes with values, and values go with operator In"


def windows(allow: str = "", deny: str = "", zone: str = "") -> str:
    """Gates with nothing but windows."""
    parts = [
        f"allow: [{allow}]" if allow else "",
        f"deny: [{deny}]" if deny else "",
        f"timeZone: {zone}" if zone else "",
    ]
    return f"gates: {{windows: {{{', '.join(part for part in parts if part)}}}}}"


def job(container: str = "", pod: str = "", gate: str = "", more: str = "", name: str = "j") -> str:
    """Gates with nothing but a job, with these fields more."""
    inner, outer, beside = (f", {part}" if part else "" for part in (container, pod, gate))
    spec = f"{{containers: [{{name: c, image: i{inner}}}{more}]{outer}}}"
    return f"gates: {{jobs: [{{name: {name}, template: {{spec: {spec}}}{beside}}}]}}"


CAB = "{name: cab, type: Confirm, url: 'https://cab.example.com/mlflow'}"
URL = "write an http:// or https:// URL with a host, without query and fragment"


def webhook(**changed: str) -> str:
    """Gates with one webhook."""
    fields = {"name": "cab", "type": "Confirm", "url": "'https://cab.example.com/mlflow'", **changed}
    return f"gates: {{webhooks: [{{{', '.join(f'{name}: {value}' for name, value in fields.items() if value)}}}]}}"


REFUSED = {
    "a webhook without a type": (webhook(type=""), "spec.gates.webhooks[0].type: Required value"),
    "a webhook of another type": (webhook(type="Pre"), "Unsupported value"),
    "a webhook without a URL": (webhook(url=""), "spec.gates.webhooks[0].url: Required value"),
    **{f"a webhook at {url}": (webhook(url=f"'{url}'"), URL) for url in ("cab.example.com", "ftp://cab.example.com")},
    "a webhook with a login": (webhook(url="'https://u:p@cab.example.com'"), URL),
    "a webhook with a query": (webhook(url="'https://cab.example.com/?token=a'"), URL),
    "a webhook at no port": (webhook(url="'https://cab.example.com:70000'"), "write a port from 1 to 65535, or none"),
    **{
        f"a webhook that has {time}": (webhook(timeout=f"'{time}'"), "write seconds, from 1s to 30s, such as 10s")
        for time in ("0s", "31s", "1m", "10")
    },
    "a dry run of what is only told": (
        webhook(type="Post", mode="DryRun"),
        "mode goes with type: Confirm; what is only told is in nobody's way",
    ),
    "a key without a Secret": (webhook(secretRef="{key: a}"), "spec.gates.webhooks[0].secretRef.name: Required value"),
    "a webhook twice": (f"gates: {{webhooks: [{CAB}, {CAB}]}}", "Duplicate value"),
    "a webhook with the name of a metric": (
        f"gates: {{metrics: [{{name: cab, metric: m, min: 1}}], webhooks: [{CAB}]}}",
        "two gates have the same name; give each a name of its own",
    ),
    "a webhook with the name of a comparison": (
        f"gates: {{comparisons: [{{name: cab, metric: m}}], webhooks: [{CAB}]}}",
        "two gates have the same name; give each a name of its own",
    ),
    "a webhook with the name of a job": (
        f"{job(name='cab')[:-1]}, webhooks: [{CAB}]}}",
        "two gates have the same name; give each a name of its own",
    ),
    "nine webhooks": (
        f"gates: {{webhooks: [{', '.join(CAB.replace('cab,', f'cab-{n},') for n in range(9))}]}}",
        "must have at most 8 items",
    ),
    "a metric without bounds": ("gates: {metrics: [{name: a, metric: m}]}", "a metric needs a bound"),
    "bounds that exclude each other": (
        "gates: {metrics: [{name: a, metric: m, min: 0.9, max: 0.1}]}",
        "spec.gates.metrics[0].min: Invalid value: min is more than max: exchange them",
    ),
    "a bound that is text": (
        "gates: {metrics: [{name: a, metric: m, min: '0.9'}]}",
        "spec.gates.metrics[0].min: Invalid value",
    ),
    "a metric without a name": ("gates: {metrics: [{name: a, metric: ' ', min: 1}]}", "write the name of a metric"),
    "a dataset of a run": (
        "gates: {metrics: [{name: a, metric: m, min: 1, source: Run, dataset: d}]}",
        "metrics of a run or of a Job are of no dataset",
    ),
    "a name twice": (f"gates: {{metrics: [{AUC}, {AUC}]}}", "Duplicate value"),
    "a name in both lists": (
        f"gates: {{metrics: [{AUC}], comparisons: [{{name: auc, metric: m}}]}}",
        "two gates have the same name; give each a name of its own",
    ),
    "two baselines": (
        "gates: {comparisons: [{name: a, metric: m, baseline: {alias: champion, version: 6}}]}",
        "set exactly one of alias and version",
    ),
    "a gate that nobody knows": ("gates: {analyses: []}", 'unknown field "spec.gates.analyses"'),
    "a pod without a container": ("gates: {jobs: [{name: j, template: {spec: {containers: []}}}]}", "containers"),
    "two containers": (job(more=", {name: d, image: i}"), "spec.gates.jobs[0].template.spec.containers"),
    "a privileged pod": (job("securityContext: {privileged: true}"), "the pods of gates have no privileges"),
    "a pod that gains privileges": (
        job("securityContext: {allowPrivilegeEscalation: true}"),
        "the pods of gates gain no privileges; leave allowPrivilegeEscalation out",
    ),
    "a pod with capabilities": (
        job("securityContext: {capabilities: {add: [NET_ADMIN]}}"),
        "the pods of gates get no capabilities; leave add out",
    ),
    "a pod that keeps capabilities": (
        job("securityContext: {capabilities: {drop: [NET_RAW]}}"),
        "write drop: [ALL], or leave it out",
    ),
    "a container as root": (job("securityContext: {runAsNonRoot: false}"), "the pods of gates never run as root"),
    "a pod as root": (job(pod="securityContext: {runAsNonRoot: false}"), "the pods of gates never run as root"),
    "a user that is root": (job("securityContext: {runAsUser: 0}"), "greater than or equal to 1"),
    **{
        f"a pod with {field}": (job(pod=f"{field}: true"), f"see nothing of their node; leave {field} out")
        for field in ("hostNetwork", "hostPID", "hostIPC")
    },
    "a folder of the node": (
        job(pod="volumes: [{name: v, hostPath: {path: /etc}}]"),
        "the pods of gates see nothing of their node; take another volume",
    ),
    "a volume of two kinds": (
        job(pod="volumes: [{name: v, emptyDir: {}, secret: {secretName: s}}]"),
        "set exactly one of emptyDir, secret, configMap and persistentVolumeClaim",
    ),
    "a volume of no kind": (job(pod="volumes: [{name: v}]"), "set exactly one of emptyDir"),
    "a token of the default account": (
        job(pod="automountServiceAccountToken: true"),
        "a token is of an account that you name, never of the namespace's default one",
    ),
    "a pod that is started again": (job(pod="restartPolicy: OnFailure"), 'supported values: "Never"'),
    "a field of pods that gates do not have": (job(pod="initContainers: []"), "unknown field"),
    "a deadline of a month": (job(gate="activeDeadline: 720h"), "write a week at most, 168h"),
    "a deadline in words": (job(gate="activeDeadline: half an hour"), DURATION),
    "many tries": (job(gate="backoffLimit: 7"), "less than or equal to 6"),
    "a job with the name of a metric": (
        job(gate="mode: DryRun", name="auc").replace("{jobs:", f"{{metrics: [{AUC}], jobs:"),
        "two gates have the same name",
    ),
    "a metric of a job that is none": (
        job().replace("{jobs:", "{metrics: [{name: m, metric: g, min: 0, source: Job, job: k}], jobs:"),
        "job names no gate under jobs; correct it",
    ),
    "a metric of no job": (
        job().replace("{jobs:", "{metrics: [{name: m, metric: g, min: 0, source: Job}], jobs:"),
        "source Job goes with the name of a gate under jobs",
    ),
    "a job of a metric that MLflow has": (
        job().replace("{jobs:", "{metrics: [{name: m, metric: g, min: 0, job: j}], jobs:"),
        "source Job goes with the name of a gate under jobs",
    ),
    "a comparison of what a job reports": (
        job().replace("{jobs:", "{comparisons: [{name: m, metric: g, source: Job}], jobs:"),
        "a Job reports on one version",
    ),
    "a dataset of a job": (
        job().replace("{jobs:", "{metrics: [{name: m, metric: g, min: 0, source: Job, job: j, dataset: d}], jobs:"),
        "metrics of a run or of a Job are of no dataset",
    ),
    "a mode that nobody knows": (
        "gates: {metrics: [{name: a, metric: m, min: 1, mode: Warn}]}",
        'supported values: "Enforce", "DryRun"',
    ),
    "windows without times": ("gates: {windows: {timeZone: Europe/Rome}}", "windows need times: write allow, deny"),
    "windows that deny everything": (windows(deny="{cron: '* * * * *', duration: 1m}"), "is always"),
    "windows that deny what they allow": (
        windows("{cron: '0 9 * * *', duration: 8h}", "{cron: '0 9 * * *', duration: 9h}"),
        "deny covers everything in allow",
    ),
    **{
        f"a window at {cron}": (windows(f"{{cron: '{cron}', duration: 8h}}"), CRON)
        for cron in (
            "60 9 * * *",
            "0 24 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 8",
            "0 9 * *",
            "0 9 * * * *",
            "@daily",
        )
    },
    **{
        f"a window that never begins: {cron}": (windows(f"{{cron: '{cron}', duration: 8h}}"), NO_SUCH_DAY)
        for cron in ("0 0 30 2 *", "0 0 31 feb *", "0 0 31 4 *", "0 0 31 NOV *")
    },
    **{
        f"a window of {duration}": (windows(f"{{cron: '0 9 * * *', duration: {duration}}}"), DURATION)
        for duration in ("30s", "0h", "8 hours", "1d", "1h-1m")
    },
    **{
        f"the zone {zone}": (windows("{cron: '0 9 * * *', duration: 8h}", zone=zone), message)
        for zone, message in (("Local", ZONE), ("Europe/Rom", "unknown time zone Europe/Rom"), ("../etc", "timeZone"))
    },
    "a tag that has a value and an operator": (
        "requires: {tags: [{key: a, value: b, operator: Exists}]}",
        "write value alone, or operator: In with values",
    ),
    "In without values": ("requires: {tags: [{key: a, operator: In}]}", VALUES),
    "values without In": ("requires: {tags: [{key: a, operator: Exists, values: [b]}]}", VALUES),
    "a tag that is forbidden and set": (
        "requires: {tags: [{key: a, operator: NotExists}]}\ntags: {a: b}",
        "a tag that requires.tags forbids, or wants with another value, cannot be set",
    ),
    "a tag that is set to another value than one of those": (
        "requires: {tags: [{key: a, operator: In, values: [c, d]}]}\ntags: {a: b}",
        "a tag that requires.tags forbids, or wants with another value, cannot be set",
    ),
    "a soak in the slot itself": (
        "requires: {minSoak: {slot: {stage: Production}, duration: 24h}}",
        "minSoak is time in another slot, before this one",
    ),
    "a soak nowhere": ("requires: {minSoak: {slot: {}, duration: 24h}}", "set exactly one of stage and alias"),
    "an age in days": ("requires: {maxAge: 30d}", DURATION),
}
ACCEPTED = {
    "everything": """
gates:
  metrics:
  - {name: auc, metric: val_auc, min: 0.9, dataset: holdout, missing: Inconclusive}
  - {name: loss, metric: loss, min: -1, max: 2.5e-1, source: Run, mode: DryRun, missing: Skip}
  comparisons:
  - {name: not-worse, metric: val_auc, minImprovement: -0.5, unit: Percent, noBaseline: Fail}
  - {name: faster, metric: latency, direction: Lower, baseline: {version: '6'}, source: LoggedModel}
  webhooks:
  - {name: cab, type: Confirm, url: 'https://cab.example.com:8443/mlflow', timeout: 30s, mode: DryRun}
  - {name: legal, type: Confirm, url: 'http://[::1]:8000', timeout: 1s, secretRef: {name: legal, key: whsec}}
  - {name: chat, type: Event, url: 'https://chat.example.com'}
  - {name: catalogue, type: Post, url: 'https://catalogue.example.com'}
  windows:
    timeZone: Europe/Rome
    allow: [{cron: '0 9 * * MON-FRI', duration: 8h}, {cron: '*/30 0-6,22 L * mon#1,5L', duration: 1h30m}]
    deny: [{cron: '0 0 24 DEC *', duration: 72h}]
    mode: DryRun
requires:
  inputExample: true
  maxAge: 720h
  minSoak: {slot: {stage: Staging}, duration: 24h}
  tags: [{key: a, operator: In, values: [b, c]}, {key: d, operator: NotExists}, {key: e, operator: Exists}]
tags: {a: b, e: f}
""",
    "a job": job(),
    "a job with everything that is so anyway": job(
        "securityContext: {privileged: false, allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: []},"
        " runAsNonRoot: true, runAsUser: 1000, readOnlyRootFilesystem: true}",
        "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, restartPolicy: Never,"
        " hostNetwork: false, hostPID: false, automountServiceAccountToken: false",
        "activeDeadline: 168h, backoffLimit: 6, mode: DryRun",
    ),
    "a job with a token and volumes": job(
        "volumeMounts: [{name: v, mountPath: /v}], env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]",
        "serviceAccountName: runner, automountServiceAccountToken: true,"
        " volumes: [{name: v, emptyDir: {}}, {name: w, persistentVolumeClaim: {claimName: c}}]",
    ),
    "a metric of a job": job().replace(
        "{jobs:", "{metrics: [{name: m, metric: g, min: 0, source: Job, job: j}], jobs:"
    ),
    "the 31st of any month": windows("{cron: '0 0 31 * *', duration: 24h}"),
    "the 31st, or each Monday in April": windows("{cron: '0 0 31 4 1', duration: 24h}"),
    "a zone of one word": windows("{cron: '0 9 * * *', duration: 8h}", zone="UTC"),
    "a soak under an alias": "requires: {minSoak: {slot: {alias: challenger}, duration: 1h}}",
}


@pytest.fixture(scope="module", autouse=True)
def crds(control_plane: ControlPlane) -> None:
    """Both CRDs, by server-side apply of the committed files."""
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    control_plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(ROOT / "crds"))


def dry_run(plane: ControlPlane, spec: str) -> str:
    """What the API server says to a new claim."""
    content = {"apiVersion": API_VERSION, "kind": "ModelPromotion", "metadata": {"name": "x"}}
    text = yaml.safe_dump({**content, "spec": yaml.safe_load(CLAIM + spec)})
    return plane.kubectl("-n", "default", "create", "--dry-run=server", "-f", "-", text=text)


@pytest.mark.parametrize(("spec", "message"), REFUSED.values(), ids=list(REFUSED))
def test_a_bad_gate_is_refused(control_plane: ControlPlane, spec: str, message: str) -> None:
    """The sentence names what to write instead."""
    with pytest.raises(ClusterError) as refused:
        dry_run(control_plane, spec)
    assert message in str(refused.value)


@pytest.mark.parametrize("spec", ACCEPTED.values(), ids=list(ACCEPTED))
def test_a_good_gate_is_accepted(control_plane: ControlPlane, spec: str) -> None:
    """No rule is stricter than it means to be."""
    assert "created (server dry run)" in dry_run(control_plane, spec)
