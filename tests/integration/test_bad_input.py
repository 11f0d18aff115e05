"""What a user gets wrong is refused by the API server, with a sentence that says what to write instead."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from mlflow_operator.api import crd
from mlflow_operator.api.schema import API_VERSION

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
_MODIFIED = "the object has been modified"
OWN_KINDS = {kind.NAMES.kind for kind in crd.KINDS}

SQLITE = "backendStore: {sqlite: {}}\n"
MANAGED = "backendStore: {managed: {}}\n"
VOLUME = "artifactStore: {persistentVolume: {}}\n"
BUCKET = "artifactStore: {s3: {bucket: models}}\n"
GOOGLE = "artifactStore: {uri: {uri: 'gs://models/a'}}\n"
WRITE_URI = "write gs://bucket/path, wasbs://container@account.blob.core.windows.net/path"
EXTERNAL = "external: {url: 'https://mlflow.example.com'}\n"
REF = "serverRef: {name: mlflow}\n"
MODEL = "model: fraud\n"
STAGE = "target: {stage: Production}\n"
ALIAS = "target: {alias: champion}\n"
SEVEN = "version: 7\n"

BOTH_STORES = "set both backendStore and artifactStore, or external alone for a server that already exists"
EXTERNAL_ONLY = (
    "beside external there can be experiments, promotions and suspend; the rest is for a server that the operator"
    " deploys"
)
ONE_BACKEND = "set exactly one of postgres, uriSecretRef, sqlite, managed and cloudNativePG"
ONE_ARTIFACTS = "set exactly one of s3, persistentVolume, managed and uri"
SQLITE_REPLICA = (
    "spec.replicas: Invalid value: SQLite serves one replica; set replicas: 1, or use backendStore postgres"
)
ONE_NODE = "spec.replicas: Invalid value: more than one replica needs artifactStore s3 or managed, or persistentVolume"
NO_WAY_TO_VOLUME = (
    "spec.serveArtifacts: Invalid value: clients cannot reach a volume themselves; leave serveArtifacts true"
)
QUANTITY = "write a quantity, such as 5Gi or 500m"
TARGET_MISSING = "target is missing: write target: {stage: Production} or target: {alias: champion}"
VERSION_MISSING = "version is missing: write the number of a registered version, such as version: 7"
STAGE_OR_ALIAS = "write a stage or an alias: {stage: Production} or {alias: champion}"
RESERVED = "latest and v<number> are reserved by MLflow; choose another alias, such as champion"
NUMBER = "write the number of a registered version, such as 7 or '7'"
ARCHIVES = "spec.existingVersions: Invalid value: MLflow archives only for target.stage Staging and Production"
MIRROR = "spec.target.mirrorAlias: Invalid value: mirrorAlias goes with a stage"

SECONDS = "write seconds, from 0s to 3600s, such as 60s"
PASSWORD = "passwordSecretRef: {name: people, key: ann}"
KEY = {"name": "a", "key": "b"}


def at_provider(**more: Any) -> str:
    """Logins at a provider; JSON is YAML."""
    said = {"issuerURL": "https://login.example.com", "clientID": "a", "emailDomains": ["example.com"]}
    return json.dumps({"oauth2Proxy": said | {"clientSecretRef": {"name": "a", "key": "b"}} | more})


TAG_KEY = "MLflow takes letters, digits, blanks and _ - . : / in a key"

PROVIDERS_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a provider by plain HTTP": ({"issuerURL": "http://a.example.com"}, "write an https:// URL: whoever changes"),
    "a provider with a query": ({"issuerURL": "https://a.example.com/?x=y"}, "without query and fragment"),
    "nobody let in": ({"emailDomains": []}, "should have at least 1 items"),
    "an address for a domain": ({"emailDomains": ["ann@example.com"]}, "emailDomains[0]"),
    "a star and a domain": ({"emailDomains": ["*.example.com"]}, "emailDomains[0]"),
    "two groups in one": ({"groups": ["a,b"]}, "groups[0]"),
    "two audiences in one": ({"audiences": ["a,b"]}, "audiences[0]"),
    "scopes without tokens": ({"scopes": ["email"]}, "add openid, without which the issuer gives no ID token"),
    "a session for a year": ({"sessionTTL": "9999h"}, "write a week at most, 168h"),
    "a session without a unit": ({"sessionTTL": "60"}, "write hours, minutes and seconds"),
    "a forward proxy with a login": ({"httpsProxy": "http://a:b@proxy:3128"}, "use a proxy that asks for no login"),
    "a forward proxy without a scheme": ({"httpsProxy": "proxy:3128"}, "write an http:// or https:// URL with a host"),
    "two authorities": ({"caBundle": {"secretKeyRef": KEY, "configMapKeyRef": KEY}}, "set exactly one of"),
    **{
        f"a flag of the proxy: {flag}": ({"extraArgs": [flag]}, "write --name=value with one of acr-values,")
        for flag in (
            "--skip-auth-route=.*",
            "--trusted-ip=0.0.0.0/0",
            "--client-secret=known",
            "--upstream=http://a",
            "--prompt",
            "prompt=login",
            "--prompting=a",
            "--config=/a",
        )
    },
}

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
SERVERS_REFUSED = {
    "a selector for all": (
        EXTERNAL + "promotions: {allowedNamespaces: {from: All, selector: {matchLabels: {a: b}}}}\n",
        "a selector goes with from: Selector, and from: Selector with a selector",
    ),
    "a selection without a selector": (
        EXTERNAL + "promotions: {allowedNamespaces: {from: Selector}}\n",
        "a selector goes with from: Selector, and from: Selector with a selector",
    ),
    "an empty selector": (
        EXTERNAL + "promotions: {allowedNamespaces: {from: Selector, selector: {}}}\n",
        "an empty selector would be of all namespaces; write matchLabels or matchExpressions, or from: All",
    ),
    "a label without values": (
        EXTERNAL
        + "promotions: {allowedNamespaces: {from: Selector, selector: {matchExpressions: [{key: a, operator: In}]}}}\n",
        "values go with In and NotIn, one at least",
    ),
    "external with workers": (EXTERNAL + "workers: 4", EXTERNAL_ONLY),
    "external with replicas": (EXTERNAL + "replicas: 2", EXTERNAL_ONLY),
    "external asleep": (EXTERNAL + "hibernate: true", EXTERNAL_ONLY),
    "external with a login": (
        "external: {url: 'https://me:secret@mlflow.example.com'}",
        "leave user and password out of the URL; they belong in credentialsSecretRef",
    ),
    "a managed store without a size": (
        "backendStore: {managed: {size: big}}\n" + VOLUME,
        "spec.backendStore.managed.size",
    ),
    "no store": ("replicas: 1", BOTH_STORES),
    "backend store alone": (SQLITE, BOTH_STORES),
    "artifact store alone": (VOLUME, BOTH_STORES),
    "external and a store": (EXTERNAL + SQLITE, BOTH_STORES),
    "two backends": ("backendStore: {sqlite: {}, managed: {}}\n" + VOLUME, ONE_BACKEND),
    "no backend": ("backendStore: {}\n" + VOLUME, ONE_BACKEND),
    "two artifact stores": (SQLITE + "artifactStore: {s3: {bucket: models}, managed: {}}", ONE_ARTIFACTS),
    "no artifact store": (SQLITE + "artifactStore: {}", ONE_ARTIFACTS),
    "two replicas on SQLite": (SQLITE + BUCKET + "replicas: 2", SQLITE_REPLICA),
    "two replicas on one node's volume": (MANAGED + VOLUME + "replicas: 2", ONE_NODE),
    "two replicas on one pod's volume": (
        MANAGED + "artifactStore: {persistentVolume: {accessMode: ReadWriteOncePod}}\nreplicas: 2",
        ONE_NODE,
    ),
    "logins of an external server": (EXTERNAL + "auth: {basic: {}}", EXTERNAL_ONLY),
    "a cache without a unit": (SQLITE + VOLUME + "auth: {basic: {cacheTTL: '60'}}", SECONDS),
    "a cache for a day": (SQLITE + VOLUME + "auth: {basic: {cacheTTL: 9999s}}", SECONDS),
    "a permission that MLflow does not know": (
        SQLITE + VOLUME + "auth: {basic: {defaultPermission: WRITE}}",
        'supported values: "READ", "EDIT", "MANAGE", "NO_PERMISSIONS"',
    ),
    "the operator's user": (
        SQLITE + VOLUME + f"auth: {{basic: {{users: [{{name: mlflow-operator, {PASSWORD}}}]}}}}",
        "mlflow-operator is the operator's own user; choose another name",
    ),
    "a user with a colon": (
        SQLITE + VOLUME + f"auth: {{basic: {{users: [{{name: 'a:b', {PASSWORD}}}]}}}}",
        "spec.auth.basic.users[0].name",
    ),
    "a user twice": (
        SQLITE + VOLUME + f"auth: {{basic: {{users: [{{name: ann, {PASSWORD}}}, {{name: ann, {PASSWORD}}}]}}}}",
        "Duplicate value",
    ),
    "a user without a password": (SQLITE + VOLUME + "auth: {basic: {users: [{name: ann}]}}", "passwordSecretRef"),
    **{
        what: (
            SQLITE + VOLUME + f"auth: {{basic: {{users: [{{name: ann, {PASSWORD}, permissions: [{item}]}}]}}}}",
            "set exactly one of experiment and model",
        )
        for what, item in (
            ("a permission on nothing", "{permission: READ}"),
            ("a permission on two things", "{permission: READ, model: a, experiment: b}"),
        )
    },
    "two kinds of logins": (
        SQLITE + VOLUME + "auth: " + at_provider()[:-1] + ", basic: {}}",
        "set one of basic and oauth2Proxy at most",
    ),
    "a provider for an external server": (EXTERNAL + "auth: " + at_provider(), EXTERNAL_ONLY),
    "logins at nobody's": (SQLITE + VOLUME + "auth: {oauth2Proxy: {clientID: a}}", "issuerURL: Required value"),
    "a container called like the proxy": (
        SQLITE + VOLUME + f"auth: {at_provider()}\nsidecars: [{{name: oauth2-proxy, image: a}}]",
        "oauth2-proxy is a container and a volume of the operator's own; choose another name",
    ),
    "a volume called like the proxy": (
        SQLITE + VOLUME + f"auth: {at_provider()}\nvolumes: [{{name: oauth2-proxy, emptyDir: {{}}}}]",
        "oauth2-proxy is a container and a volume of the operator's own; choose another name",
    ),
    **{
        what: (SQLITE + VOLUME + "auth: " + at_provider(**more), message)
        for what, (more, message) in PROVIDERS_REFUSED.items()
    },
    "clients sent to a volume": (SQLITE + VOLUME + "serveArtifacts: false", NO_WAY_TO_VOLUME),
    "links from a server that serves no artifacts": (
        MANAGED + "artifactStore: {s3: {bucket: models, directAccess: true}}\nserveArtifacts: false",
        "spec.artifactStore: Invalid value: without serveArtifacts clients go to the bucket themselves",
    ),
    **{
        f"a misspelt field in {where}": (SQLITE + VOLUME + text, f'unknown field "spec.{field}"')
        for where, field, text in (
            ("tolerations", "tolerations[0].opertor", "tolerations: [{key: a, opertor: Exists}]"),
            ("affinity", "affinity.nodeAfinity", "affinity: {nodeAfinity: {}}"),
            (
                "a term of an affinity",
                f"affinity.podAntiAffinity.{REQUIRED}[0].topologykey",
                f"affinity: {{podAntiAffinity: {{{REQUIRED}: [{{topologyKey: a, topologykey: b}}]}}}}",
            ),
            (
                "topologySpreadConstraints",
                "topologySpreadConstraints[0].maxskew",
                "topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: a, maxskew: 1}]",
            ),
            ("env", "env[0].valueFrom.secretRef", "env: [{name: A, valueFrom: {secretRef: {name: a}}}]"),
            ("envFrom", "envFrom[0].secretKeyRef", "envFrom: [{secretKeyRef: {name: a}}]"),
        )
    },
    "a toleration of the wrong type": (
        SQLITE + VOLUME + "tolerations: [{tolerationSeconds: soon}]",
        "spec.tolerations[0].tolerationSeconds",
    ),
    "a key without a name": (
        SQLITE + VOLUME + "env: [{name: A, valueFrom: {secretKeyRef: {name: a}}}]",
        "spec.env[0].valueFrom.secretKeyRef.key: Required value",
    ),
    "a size that is a word": ("backendStore: {sqlite: {size: large}}\n" + VOLUME, QUANTITY),
    "a size in another unit": ("backendStore: {sqlite: {size: 5GB}}\n" + VOLUME, QUANTITY),
    **{
        f"the URL {url}": (f"external: {{url: {url!r}}}", "write an http:// or https:// URL with a host")
        for url in (
            *("file:///etc/passwd", "http://", "http:///x", "http://:80", "http://a/?x=", "https://a/latest#"),
            *("http://a b", "http://bücher.example", "http://[abc.def"),
        )
    },
    **{
        f"the URL {url}": (f"external: {{url: {url!r}}}", "write a port from 1 to 65535")
        for url in ("http://a:0", "http://a:99999", "http://a:123456789012345678901")
    },
    "an external server without a scheme": ("external: {url: mlflow.example.com}", "write an http:// or https:// URL"),
    "two bundles of authorities": (
        "external: {url: 'https://a', caBundle: {secretKeyRef: {name: a, key: b}, configMapKeyRef: {name: a, key: b}}}",
        "set exactly one of configMapKeyRef and secretKeyRef",
    ),
    "a workspace that MLflow has not": ("external: {url: 'https://a', workspace: Team_A}", "spec.external.workspace"),
    "a profile without its file": (
        SQLITE + VOLUME + "podSecurityContext: {seccompProfile: {type: Localhost}}",
        "name the localhostProfile with type Localhost, and leave it out otherwise",
    ),
    "root": (SQLITE + VOLUME + "podSecurityContext: {runAsUser: 0}", "spec.podSecurityContext.runAsUser"),
    "a temporary storage that is a word": (SQLITE + VOLUME + "temporaryStorage: {sizeLimit: large}", QUANTITY),
    "a host with a path": (
        SQLITE + VOLUME + "ingress: {host: mlflow.example.com/mlflow}",
        "write a host name, such as mlflow.example.com, without a scheme, port, path or wildcard",
    ),
    "any host": (SQLITE + VOLUME + "ingress: {host: '*.example.com'}", "without a scheme, port, path or wildcard"),
    "HTTPS without a certificate": (
        SQLITE + VOLUME + "ingress: {host: mlflow.example.com, tls: {}}",
        "name the secretName that holds the certificate, or a clusterIssuer of cert-manager that makes one",
    ),
    "a route without a Gateway": (SQLITE + VOLUME + "gateway: {hostnames: [a.example.com]}", "spec.gateway.parentRefs"),
    "a route to nobody's name": (
        SQLITE + VOLUME + "gateway: {parentRefs: [{name: public}], hostnames: ['*.example.com']}",
        "write a host name, such as mlflow.example.com, without a scheme, port, path or wildcard",
    ),
    "external with a Gateway": (
        EXTERNAL + "gateway: {parentRefs: [{name: public}], hostnames: [a.example.com]}",
        EXTERNAL_ONLY,
    ),
    "HTTPS in the pods without a Secret": (
        SQLITE + VOLUME + "tls: {caBundle: {secretKeyRef: {name: a, key: b}}}",
        "set exactly one of secretName and issuerRef",
    ),
    "a certificate that exists and is made": (
        SQLITE + VOLUME + "tls: {secretName: a, issuerRef: {name: a}}",
        "set exactly one of secretName and issuerRef",
    ),
    "two bundles for HTTPS in the pods": (
        SQLITE + VOLUME + "tls: {secretName: a, caBundle: {}}",
        "set exactly one of configMapKeyRef and secretKeyRef",
    ),
    "authorities of a database that shows no certificate": (
        "backendStore: {postgres: {host: a, database: a, credentialsSecretRef: {name: a}, sslMode: require,"
        " caBundle: {configMapKeyRef: {name: a, key: b}}}}\n" + BUCKET,
        "nobody is asked for a certificate otherwise: beside caBundle write sslMode verify-full, or verify-ca",
    ),
    "authorities of a store from nowhere": (
        SQLITE + "artifactStore: {s3: {bucket: models, caBundle: {}}}",
        "set exactly one of configMapKeyRef and secretKeyRef",
    ),
    "external with HTTPS in the pods": (EXTERNAL + "tls: {secretName: a}", EXTERNAL_ONLY),
    "external with a route": (EXTERNAL + "ingress: {host: mlflow.example.com}", EXTERNAL_ONLY),
    "a range that is none": (
        SQLITE + VOLUME + "networkPolicy: {egress: {databaseCIDRs: [db.example.com]}}",
        "write a range of addresses, such as 10.20.0.0/16 or 10.20.0.7/32",
    ),
    "a peer that is none": (
        SQLITE + VOLUME + "networkPolicy: {from: [{namespace: web}]}",
        'unknown field "spec.network',
    ),
    "a wall before a database that only a Secret knows": (
        "backendStore: {uriSecretRef: {name: db, key: uri}}\n" + BUCKET + "networkPolicy: {}",
        "spec.networkPolicy: Invalid value: where the database of a Secret's URI is, only the Secret knows",
    ),
    "a schedule that no CronJob understands": (
        SQLITE + VOLUME + "backup: {schedule: '0 9 L * *', destination: {persistentVolume: {}}}",
        "write minute, hour, day of the month, month and day of the week, such as '30 2 * * *', with 0 for Sunday",
    ),
    "a schedule that never comes": (
        SQLITE + VOLUME + "backup: {schedule: '0 9 31 2 *', destination: {persistentVolume: {}}}",
        "no month has such a day, so this never begins",
    ),
    "encryption of what goes past the server": (
        SQLITE + "artifactStore: {s3: {bucket: models, directAccess: true, encryption: {type: SSE-S3}}}",
        "links say nothing of encryption; leave directAccess out, or set the encryption up in the bucket",
    ),
    "encryption that only clients could ask for": (
        SQLITE + "artifactStore: {s3: {bucket: models, encryption: {type: SSE-S3}}}\nserveArtifacts: false",
        "without serveArtifacts clients write by themselves; tell them how to encrypt",
    ),
    "a key where the store has its own": (
        SQLITE + "artifactStore: {s3: {bucket: models, encryption: {type: SSE-S3, kmsKeyId: a}}}",
        "kmsKeyId goes with type SSE-KMS",
    ),
    "a lifecycle of half a day": (
        SQLITE + "artifactStore: {s3: {bucket: models, lifecycle: {expireNoncurrentAfter: 36h}}}",
        "stores count whole days: write a multiple of 24 hours, such as 24h, 168h or 720h",
    ),
    "an owner that is no account": (
        SQLITE + "artifactStore: {s3: {bucket: models, expectedBucketOwner: me}}",
        "spec.artifactStore.s3.expectedBucketOwner",
    ),
    "a backup before an upgrade, and none at all": (
        SQLITE + VOLUME + "upgrade: {backupFirst: true}",
        "a backup before an upgrade is made as backup says; set backup, or leave backupFirst out",
    ),
    "a window of upgrades that never opens": (
        SQLITE + VOLUME + "upgrade: {window: {cron: '0 9 31 2 *', duration: 1h}}",
        "no month has such a day, so this never begins",
    ),
    **{
        f"artifacts at {uri}": (SQLITE + f"artifactStore: {{uri: {{uri: '{uri}'}}}}", message)
        for uri, message in {
            "s3://models/a": "a bucket of S3 goes into s3, and a folder into persistentVolume",
            "file:///models": "a bucket of S3 goes into s3, and a folder into persistentVolume",
            "ftp://host/a": WRITE_URI,
            "gs://": WRITE_URI,
            "gs://key:word@models/a": WRITE_URI,
            "wasbs://models@account.blob.core.windows.net/a?sig=word": WRITE_URI,
            "wasbs://models:word@account.blob.core.windows.net/a": WRITE_URI,
            "hdfs://user@host:8020/a": WRITE_URI,
        }.items()
    },
    "a backup of artifacts at a URI": (
        SQLITE + GOOGLE + "backup: {schedule: '0 9 * * *', destination: {persistentVolume: {}}}",
        "backups copy artifacts of s3 and of volumes; write artifacts: false",
    ),
    "walls around HDFS": (
        SQLITE + "artifactStore: {uri: {uri: 'hdfs://host:8020/a'}}\nnetworkPolicy: {}",
        "where the nodes of HDFS are, only HDFS knows",
    ),
    "backups nowhere": (
        SQLITE + VOLUME + "backup: {schedule: '0 9 * * *', destination: {}}",
        "set exactly one of s3 and persistentVolume",
    ),
    "backups of which none has to stay": (
        SQLITE + VOLUME + "backup: {schedule: '0 9 * * *', destination: {persistentVolume: {}}, retention: {}}",
        "say what stays: keepLast, a number of backups, or maxAge, such as 720h",
    ),
    "backups among the artifacts": (
        SQLITE + BUCKET + "backup: {schedule: '0 9 * * *', destination: {s3: {bucket: models}}}",
        "keep them in another bucket, or artifacts below a prefix of their own",
    ),
    "garbage that one pod alone can reach": (
        SQLITE
        + "artifactStore: {persistentVolume: {accessMode: ReadWriteOncePod}}\n"
        + "garbageCollection: {schedule: '0 9 * * *'}",
        "no other pod can delete artifacts on a ReadWriteOncePod volume; use another access mode",
    ),
    "garbage that is none yet": (
        SQLITE + VOLUME + "garbageCollection: {schedule: '0 9 * * *', olderThan: 30d}",
        "write hours, minutes and seconds, a minute at least",
    ),
    "a volume of the metrics' name": (
        SQLITE + VOLUME + "monitoring: {}\nvolumes: [{name: metrics, emptyDir: {}}]",
        "with monitoring, metrics is a container and a volume of the operator's own; choose another name",
    ),
    "an interval that is none": (
        SQLITE + VOLUME + "monitoring: {podMonitor: {interval: often}}",
        "spec.monitoring.podMonitor.interval",
    ),
    "a backup of artifacts that one pod alone can read": (
        SQLITE
        + "artifactStore: {persistentVolume: {accessMode: ReadWriteOncePod}}\n"
        + "backup: {schedule: '0 9 * * *', destination: {persistentVolume: {}}}",
        "write artifacts: false, and copy it otherwise",
    ),
    "a backup from nowhere": (
        SQLITE + VOLUME + "bootstrap: {restore: {from: {}}}",
        "set exactly one of s3 and persistentVolumeClaim",
    ),
    "a backup by no name": (
        SQLITE + VOLUME + "bootstrap: {restore: {from: {persistentVolumeClaim: {claimName: a}}, backup: yesterday}}",
        "spec.bootstrap.restore.backup",
    ),
    "external with a backup to begin with": (
        EXTERNAL + "bootstrap: {restore: {from: {persistentVolumeClaim: {claimName: a}}}}",
        EXTERNAL_ONLY,
    ),
    "external with backups": (
        EXTERNAL + "backup: {schedule: '0 9 * * *', destination: {persistentVolume: {}}}",
        EXTERNAL_ONLY,
    ),
    "external with a wall": (EXTERNAL + "networkPolicy: {}", EXTERNAL_ONLY),
    "fewer at most than at least": (
        MANAGED + BUCKET + "autoscaling: {minReplicas: 3, maxReplicas: 2}",
        "spec.autoscaling.minReplicas: Invalid value: minReplicas is more than maxReplicas",
    ),
    "scaling without an end": (MANAGED + BUCKET + "autoscaling: {minReplicas: 3}", "spec.autoscaling.maxReplicas"),
    "SQLite that scales": (SQLITE + BUCKET + "autoscaling: {maxReplicas: 3}", SQLITE_REPLICA),
    "a volume of one node that scales": (MANAGED + VOLUME + "autoscaling: {maxReplicas: 3}", ONE_NODE),
    "external that scales": (EXTERNAL + "autoscaling: {maxReplicas: 3}", EXTERNAL_ONLY),
    "a folder of the node": (
        SQLITE + VOLUME + "volumes: [{name: node, hostPath: {path: /}}]",
        'unknown field "spec.volumes[0].hostPath"',
    ),
    "a volume by the name of one of ours": (
        SQLITE + VOLUME + "volumes: [{name: tmp, emptyDir: {}}]",
        "tmp, database, artifacts, backups, certificate and what ends in -authorities are volumes of",
    ),
    "a container by the name of one of ours": (
        SQLITE + VOLUME + "sidecars: [{name: mlflow, image: a}]",
        "mlflow, prepare, restore, make-bucket and collect are containers of the operator's own; choose another name",
    ),
    "a sidecar that is misspelt": (
        SQLITE + VOLUME + "sidecars: [{name: a, image: b, cmd: [c]}]",
        "spec.sidecars[0].cmd",
    ),
    "external with a sidecar": (EXTERNAL + "sidecars: [{name: a, image: b}]", EXTERNAL_ONLY),
    "a load balancer's class without one": (
        SQLITE + VOLUME + "service: {loadBalancerClass: example.com/internal}",
        "loadBalancerClass and loadBalancerSourceRanges go with type: LoadBalancer",
    ),
    "a policy of outside without an outside": (
        SQLITE + VOLUME + "service: {externalTrafficPolicy: Local}",
        "externalTrafficPolicy goes with type: LoadBalancer or NodePort",
    ),
    "two budgets": (
        SQLITE + VOLUME + "podDisruptionBudget: {minAvailable: 1, maxUnavailable: 1}",
        "set exactly one of minAvailable and maxUnavailable",
    ),
    "a budget that is no number": (
        SQLITE + VOLUME + "podDisruptionBudget: {minAvailable: most}",
        "write a number of pods, such as 1, or a share of them, such as 50%",
    ),
    "external with a budget": (EXTERNAL + "podDisruptionBudget: {minAvailable: 1}", EXTERNAL_ONLY),
    "external with a security context": (EXTERNAL + "podSecurityContext: {runAsUser: 5}", EXTERNAL_ONLY),
    "external with temporary storage": (EXTERNAL + "temporaryStorage: {sizeLimit: 1Gi}", EXTERNAL_ONLY),
    "a tag without its repository": (
        SQLITE + VOLUME + "image: {tag: v3}",
        "a tag or digest needs its repository too",
    ),
    "a version that is no release": (SQLITE + VOLUME + "version: latest", "spec.version"),
    "a field that does not exist": (SQLITE + VOLUME + "replica: 2", 'unknown field "spec.replica"'),
    "a nested field that does not exist": (
        "backendStore: {sqlite: {path: /data}}\n" + VOLUME,
        'unknown field "spec.backendStore.sqlite.path"',
    ),
    "an experiment's tag that MLflow refuses": (
        SQLITE + VOLUME + "experiments: [{name: a, tags: {'a//b': x}}]",
        TAG_KEY,
    ),
    "an experiment twice": (SQLITE + VOLUME + "experiments: [{name: a}, {name: a}]", 'Duplicate value: {"name":"a"}'),
}

BAD_KEYS = ["bad!key", "a" * 251, "", "a/../b", "/a", "a/", "a//b", ".", "..", "..a", "./a", "a\tb", "a=b", "🚀"]
BAD_NAMES = [" ", "a/b", "a:b", ".", "..", "..a"]

PROMOTIONS_REFUSED = {
    **{
        f"the tag {key[:20]!r}": (REF + MODEL + SEVEN + STAGE + yaml.safe_dump({"tags": {key: "x"}}), TAG_KEY)
        for key in BAD_KEYS
    },
    **{
        f"the required tag {key[:20]!r}": (
            REF + MODEL + SEVEN + STAGE + yaml.safe_dump({"requires": {"tags": [{"key": key}]}}),
            TAG_KEY if 0 < len(key) <= 250 else "spec.requires.tags[0].key: ",
        )
        for key in BAD_KEYS
    },
    **{
        f"the model {name!r}": (
            REF + SEVEN + STAGE + yaml.safe_dump({"model": name}),
            "MLflow has no models whose names are blank",
        )
        for name in BAD_NAMES
    },
    "a required tag that is set to another value": (
        REF + MODEL + SEVEN + STAGE + "tags: {a: good}\nrequires: {tags: [{key: b, value: x}, {key: a, value: bad}]}",
        "spec.tags: Invalid value: a tag that is required cannot be set to another value",
    ),
    "no history": (REF + MODEL + SEVEN + STAGE + "historyLimit: 0", "should be greater than or equal to 2"),
    "no target": (REF + MODEL + SEVEN, TARGET_MISSING),
    "no version": (REF + MODEL + STAGE, VERSION_MISSING),
    "no server": (MODEL + STAGE + SEVEN, "spec.serverRef: Required value"),
    "an empty target": (REF + MODEL + SEVEN + "target: {}", STAGE_OR_ALIAS),
    "a stage and an alias": (REF + MODEL + SEVEN + "target: {stage: Staging, alias: a}", STAGE_OR_ALIAS),
    "a stage that does not exist": (
        REF + MODEL + SEVEN + "target: {stage: production}",
        'supported values: "None", "Staging", "Production", "Archived"',
    ),
    "the alias latest": (REF + MODEL + SEVEN + "target: {alias: latest}", RESERVED),
    "the alias Latest": (REF + MODEL + SEVEN + "target: {alias: Latest}", RESERVED),
    "the alias v3": (REF + MODEL + SEVEN + "target: {alias: v3}", RESERVED),
    "the mirror alias v3": (REF + MODEL + SEVEN + "target: {stage: Staging, mirrorAlias: v3}", RESERVED),
    "an alias with a blank": (REF + MODEL + SEVEN + "target: {alias: the best}", "spec.target.alias"),
    "a mirror of an alias": (REF + MODEL + SEVEN + "target: {alias: a, mirrorAlias: b}", MIRROR),
    "the version v3": (REF + MODEL + STAGE + "version: v3", NUMBER),
    "the version latest": (REF + MODEL + STAGE + "version: latest", NUMBER),
    "the version '0'": (REF + MODEL + STAGE + "version: '0'", NUMBER),
    "the version '007'": (REF + MODEL + STAGE + "version: '007'", NUMBER),
    "the version 0": (REF + MODEL + STAGE + "version: 0", "should be greater than or equal to 1"),
    "the version -1": (REF + MODEL + STAGE + "version: -1", "should be greater than or equal to 1"),
    "the version 1.5": (REF + MODEL + STAGE + "version: 1.5", "spec.version"),
    "a version beyond MLflow's column": (
        REF + MODEL + STAGE + "version: 1000000000",
        "less than or equal to 999999999",
    ),
    "archiving in None": (
        REF + MODEL + SEVEN + "target: {stage: None}\nexistingVersions: Archive",
        ARCHIVES,
    ),
    "archiving behind an alias": (REF + MODEL + SEVEN + ALIAS + "existingVersions: Archive", ARCHIVES),
    "a field that does not exist": (REF + MODEL + SEVEN + STAGE + "gate: {}", 'unknown field "spec.gate"'),
}

GOOD_KEYS = ["a", "a" * 250, "mlflow.talentflow.ai/vouched-for", "a b: c", "a.b..c", "ü模", "a/.b"]

ACCEPTED = {
    "MLflowServer": {
        "sqlite on a volume": SQLITE + VOLUME,
        "two replicas": MANAGED + BUCKET + "replicas: 2\nserveArtifacts: false",
        "two replicas on a shared volume": (
            MANAGED + "artifactStore: {persistentVolume: {accessMode: ReadWriteMany}}\nreplicas: 2"
        ),
        "external": EXTERNAL + "experiments: [{name: a}, {name: b}]",
        "external by address": "external: {url: 'HTTPS://[::1]:65535/mlflow/'}",
        "external by a name of the cluster": "external: {url: 'http://mlflow.team.svc.cluster.local:5000'}",
        "sizes": "backendStore: {managed: {size: 1.5Gi}}\nartifactStore: {managed: {size: 10e9}}",
        "logins at a provider": MANAGED
        + BUCKET
        + "auth: "
        + at_provider(
            issuerURL="https://login.example.com:8443/realms/ml/",
            emailDomains=["*", ".example.org", "a-b.example.com", "localhost.localdomain"],
            groups=["data science", "/ml", "[x]"],
            scopes=["openid", "https://example.com/a.b"],
            extraArgs=["--oidc-email-claim=upn", "--api-route=^/a(b|c)"],
        ),
        "a proxy of one's own": SQLITE + VOLUME + "sidecars: [{name: oauth2-proxy, image: a}]",
        "quantities as numbers": SQLITE + VOLUME + "resources: {requests: {cpu: 1, memory: 1073741824}}",
    },
    "ModelPromotion": {
        "a number": REF + MODEL + STAGE + SEVEN,
        "a text": REF + MODEL + STAGE + "version: '7'",
        "an alias": REF + MODEL + ALIAS + SEVEN + "existingVersions: Keep",
        "a stage with its alias": REF + MODEL + SEVEN + "target: {stage: Staging, mirrorAlias: challenger}",
        "latest as a part of a name": REF + MODEL + SEVEN + "target: {alias: latest-good}",
        "keys of all kinds": (
            REF
            + MODEL
            + ALIAS
            + SEVEN
            + yaml.safe_dump(
                {"tags": dict.fromkeys(GOOD_KEYS, ""), "requires": {"tags": [{"key": k} for k in GOOD_KEYS]}}
            )
        ),
        "a required tag that is set to the same": (
            REF + MODEL + ALIAS + SEVEN + "tags: {a: x, c: z}\nrequires: {tags: [{key: a, value: x}, {key: c}]}"
        ),
        **{
            f"the model {name!r}": REF + ALIAS + SEVEN + yaml.safe_dump({"model": name})
            for name in ('it\'s the "best"', "fraud 🚀", "a.b..c", ".a", "100 %")
        },
        "back to None": REF + MODEL + SEVEN + "target: {stage: None}",
    },
}

SHRINKS = "size cannot shrink, as no volume does; write the size that it had or a larger one"
UPDATES_REFUSED = {  # kind, before, after, message
    "two replicas on SQLite": ("MLflowServer", SQLITE + BUCKET, SQLITE + BUCKET + "replicas: 2", SQLITE_REPLICA),
    "two replicas on one node's volume": ("MLflowServer", MANAGED + VOLUME, MANAGED + VOLUME + "replicas: 2", ONE_NODE),
    "external after all": ("MLflowServer", SQLITE + VOLUME, EXTERNAL, "a server cannot become external"),
    "a smaller volume": (
        "MLflowServer",
        "backendStore: {managed: {size: 6Gi}}\n" + VOLUME,
        "backendStore: {managed: {size: 5000Mi}}\n" + VOLUME,
        SHRINKS,
    ),
    "a volume smaller than what it was without a word": (
        "MLflowServer",
        MANAGED + VOLUME,
        "backendStore: {managed: {size: 4Gi}}\n" + VOLUME,
        SHRINKS,
    ),
    "a volume of the default after all": (
        "MLflowServer",
        SQLITE + "artifactStore: {persistentVolume: {size: 20Gi}}",
        SQLITE + VOLUME,
        SHRINKS,
    ),
    "a smaller SQLite volume": (
        "MLflowServer",
        "backendStore: {sqlite: {size: 2Gi}}\n" + VOLUME,
        "backendStore: {sqlite: {size: 1Gi}}\n" + VOLUME,
        SHRINKS,
    ),
    "a smaller managed object store": (
        "MLflowServer",
        SQLITE + "artifactStore: {managed: {size: 20Gi}}",
        SQLITE + "artifactStore: {managed: {size: 1}}",
        SHRINKS,
    ),
    "another user of a managed PostgreSQL": (
        "MLflowServer",
        MANAGED + VOLUME + "podSecurityContext: {runAsUser: 5}",
        MANAGED + VOLUME + "podSecurityContext: {runAsUser: 6}",
        "spec.podSecurityContext: Invalid value: runAsUser cannot be changed with a managed PostgreSQL",
    ),
    "a user of a managed PostgreSQL after all": (
        "MLflowServer",
        MANAGED + VOLUME,
        MANAGED + VOLUME + "podSecurityContext: {runAsUser: 6}",
        "runAsUser cannot be changed with a managed PostgreSQL",
    ),
    "another storage class": (
        "MLflowServer",
        SQLITE + VOLUME,
        SQLITE + "artifactStore: {persistentVolume: {storageClassName: fast}}",
        "storageClassName cannot be changed; a volume stays in its class",
    ),
    "another server": (
        "ModelPromotion",
        REF + MODEL + STAGE + SEVEN,
        "serverRef: {name: other}\n" + MODEL + STAGE + SEVEN,
        "serverRef cannot be changed; create a new ModelPromotion instead",
    ),
    "another model": (
        "ModelPromotion",
        REF + MODEL + STAGE + SEVEN,
        REF + STAGE + SEVEN + "model: other",
        "model cannot be changed; create a new ModelPromotion instead",
    ),
    "another target": (
        "ModelPromotion",
        REF + MODEL + STAGE + SEVEN,
        REF + MODEL + ALIAS + SEVEN,
        "target cannot be changed; create a new ModelPromotion instead",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def crds(control_plane: ControlPlane) -> None:
    """Both CRDs, by server-side apply of the committed files."""
    control_plane.kubectl("apply", "--server-side", "-f", str(ROOT / "crds"))
    control_plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(ROOT / "crds"))


def manifest(kind: str, spec: str) -> str:
    """An object with the spec."""
    content = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "x"}, "spec": yaml.safe_load(spec)}
    return yaml.safe_dump(content)


def dry_run(plane: ControlPlane, text: str) -> str:
    """What the API server says to a new object."""
    return plane.kubectl("-n", "default", "create", "--dry-run=server", "-f", "-", text=text)


def refusal(plane: ControlPlane, *words: str, text: str | None = None) -> str:
    """What kubectl prints when it fails, which it has to."""
    with pytest.raises(ClusterError) as refused:
        plane.kubectl(*words, text=text)
    return str(refused.value)


@pytest.mark.parametrize(("spec", "message"), SERVERS_REFUSED.values(), ids=list(SERVERS_REFUSED))
def test_a_bad_server_is_refused(control_plane: ControlPlane, spec: str, message: str) -> None:
    """The sentence names what to write instead."""
    text = manifest("MLflowServer", spec)
    assert message in refusal(control_plane, "-n", "default", "create", "--dry-run=server", "-f", "-", text=text)


@pytest.mark.parametrize(("spec", "message"), PROMOTIONS_REFUSED.values(), ids=list(PROMOTIONS_REFUSED))
def test_a_bad_promotion_is_refused(control_plane: ControlPlane, spec: str, message: str) -> None:
    """The sentence names what to write instead."""
    text = manifest("ModelPromotion", spec)
    assert message in refusal(control_plane, "-n", "default", "create", "--dry-run=server", "-f", "-", text=text)


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        pytest.param(kind, spec, id=f"{kind}: {name}")
        for kind, specs in ACCEPTED.items()
        for name, spec in specs.items()
    ],
)
def test_good_input_is_accepted(control_plane: ControlPlane, kind: str, spec: str) -> None:
    """No rule is stricter than it means to be."""
    assert "created (server dry run)" in dry_run(control_plane, manifest(kind, spec))


@pytest.mark.parametrize("case", UPDATES_REFUSED.values(), ids=list(UPDATES_REFUSED))
def test_a_bad_change_is_refused(control_plane: ControlPlane, namespace: str, case: tuple[str, str, str, str]) -> None:
    """What cannot change says so."""
    kind, before, after, message = case
    control_plane.kubectl("-n", namespace, "create", "-f", "-", text=manifest(kind, before))
    said = replacing(control_plane, namespace, manifest(kind, after))
    assert message in said


def replacing(control_plane: ControlPlane, namespace: str, text: str) -> str:
    """What a refused replacement says; an operator of another test may write a status between read and write."""
    said = _MODIFIED
    for _ in range(5):
        if _MODIFIED in said:
            said = refusal(control_plane, "-n", namespace, "replace", "-f", "-", text=text)
    return said


def test_a_server_of_before_can_still_be_changed(control_plane: ControlPlane, namespace: str) -> None:
    """A URL from before it was checked stays, and so can everything else; the operator says what is wrong with it."""
    file = ROOT / "crds" / "mlflowservers.yaml"
    before = yaml.safe_load(file.read_text())
    schema = before["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    del schema["properties"]["external"]["properties"]["url"]["x-kubernetes-validations"]
    bad = manifest("MLflowServer", "external: {url: 'http://a/?x='}")

    def applied(crd: str, *, taken: bool) -> None:
        control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=crd)

        def follows() -> bool:
            try:
                return bool(dry_run(control_plane, bad)) is taken
            except ClusterError:
                return not taken

        waiting.until(follows, what="the CRD to be used", seconds=30, pause=0.1)

    applied(yaml.safe_dump(before), taken=True)
    control_plane.kubectl("-n", namespace, "create", "-f", "-", text=bad)
    applied(file.read_text(), taken=False)
    patch = ("-n", namespace, "patch", "mls/x", "--type=merge", "-p")
    assert "patched" in control_plane.kubectl(*patch, '{"spec": {"experiments": [{"name": "a"}]}}')
    assert "write an http:// or https:// URL" in refusal(
        control_plane, *patch, '{"spec": {"external": {"url": "http://a/?y="}}}'
    )


def test_scaling_is_no_way_around_the_rules(control_plane: ControlPlane, namespace: str) -> None:
    """`kubectl scale` of a server on SQLite is refused with the same sentence, and scaling to zero is not."""
    control_plane.kubectl("-n", namespace, "create", "-f", "-", text=manifest("MLflowServer", SQLITE + VOLUME))
    assert SQLITE_REPLICA in refusal(control_plane, "-n", namespace, "scale", "mls/x", "--replicas=2")
    assert "scaled" in control_plane.kubectl("-n", namespace, "scale", "mls/x", "--replicas=0")


def test_a_version_changes_freely(control_plane: ControlPlane, namespace: str) -> None:
    """7, '7' and 8 follow each other: the version is the one thing that a promotion is about."""
    for version in ("7", "'7'", "8", "7"):
        text = manifest("ModelPromotion", REF + MODEL + STAGE + f"version: {version}")
        control_plane.kubectl("-n", namespace, "apply", "-f", "-", text=text)


def test_a_fresh_object_does_not_count_as_done(control_plane: ControlPlane, namespace: str) -> None:
    """Its status says that no generation has been observed, so tools that wait keep waiting."""
    words = ("-n", namespace, "create", "-f", "-", "-o", "jsonpath={.status.observedGeneration}")
    assert control_plane.kubectl(*words, text=manifest("MLflowServer", SQLITE + VOLUME)) == "-1"


def _own_samples() -> list[Any]:
    return [
        pytest.param(item, id=f"{file.parent.name}/{file.name}")
        for file in sorted((ROOT / "manifests" / "samples").rglob("*.yaml"))
        for item in yaml.safe_load_all(file.read_text())
        if item["kind"] in OWN_KINDS
    ]


@pytest.mark.parametrize("item", _own_samples())
def test_a_sample_is_accepted(control_plane: ControlPlane, item: dict[str, Any]) -> None:
    """What users copy passes the API server's own checks."""
    assert "created (server dry run)" in dry_run(control_plane, yaml.safe_dump(item))
