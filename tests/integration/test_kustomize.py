"""What kustomize makes of objects of ours, by the kustomize in kubectl."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.plane.control_plane import ControlPlane

pytestmark = pytest.mark.integration

CONFIGURATION = Path(__file__).resolve().parents[2] / "manifests" / "kustomize" / "namereference.yaml"

KUSTOMIZATION = """
namePrefix: prod-
resources: [objects.yaml]
configurations: [namereference.yaml]
secretGenerator:
- {name: login, literals: [username=mlflow, password=secret]}
- {name: keys, literals: [AWS_ACCESS_KEY_ID=a, AWS_SECRET_ACCESS_KEY=b]}
- {name: extra, literals: [token=x]}
configMapGenerator:
- {name: authorities, literals: [ca.crt=x]}
"""

OBJECTS = """
apiVersion: mlflow.talentflow.ai/v1alpha1
kind: MLflowServer
metadata: {name: mlflow}
spec:
  version: 3.17.2
  image: {repository: r, pullSecrets: [{name: extra}]}
  backendStore:
    postgres: {host: db, database: mlflow, credentialsSecretRef: {name: login}}
  artifactStore: {s3: {bucket: models, credentialsSecretRef: {name: keys}}}
  serviceAccount: {name: runner}
  env:
  - {name: A, valueFrom: {secretKeyRef: {name: extra, key: token}}}
  - {name: B, valueFrom: {configMapKeyRef: {name: authorities, key: ca.crt}}}
  - {name: C, value: extra}
  envFrom: [{secretRef: {name: extra}}, {configMapRef: {name: authorities}}]
---
apiVersion: mlflow.talentflow.ai/v1alpha1
kind: MLflowServer
metadata: {name: elsewhere}
spec:
  external:
    url: https://mlflow.example.com
    credentialsSecretRef: {name: login}
    caBundle: {configMapKeyRef: {name: authorities, key: ca.crt}}
---
apiVersion: mlflow.talentflow.ai/v1alpha1
kind: ModelPromotion
metadata: {name: fraud}
spec:
  serverRef: {name: mlflow}
  model: fraud
  target: {stage: Production}
  version: 7
  gates:
    jobs:
    - name: fairness
      template:
        spec:
          serviceAccountName: runner
          imagePullSecrets: [{name: extra}]
          containers:
          - name: validate
            image: r
            env: [{name: A, valueFrom: {secretKeyRef: {name: extra, key: token}}}]
            envFrom: [{configMapRef: {name: authorities}}]
          volumes:
          - {name: v, secret: {secretName: keys}}
          - {name: w, configMap: {name: authorities}}
          - {name: x, persistentVolumeClaim: {claimName: holdout}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: holdout}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def test_references_follow_prefixes_and_generated_names(control_plane: ControlPlane, tmp_path: Path) -> None:
    """With the configuration that is shipped, nothing stays behind under its old name."""
    (tmp_path / "kustomization.yaml").write_text(KUSTOMIZATION)
    (tmp_path / "objects.yaml").write_text(OBJECTS)
    shutil.copy(CONFIGURATION, tmp_path)
    found = list(yaml.safe_load_all(control_plane.kubectl("kustomize", str(tmp_path))))
    specs: dict[str, Any] = {o["metadata"]["name"]: o["spec"] for o in found if "spec" in o}
    made = {o["metadata"]["name"].rpartition("-")[0].removeprefix("prod-"): o["metadata"]["name"] for o in found}
    server, external = specs["prod-mlflow"], specs["prod-elsewhere"]["external"]
    assert server["backendStore"]["postgres"]["credentialsSecretRef"]["name"] == made["login"]
    assert server["artifactStore"]["s3"]["credentialsSecretRef"]["name"] == made["keys"]
    assert server["image"]["pullSecrets"] == [{"name": made["extra"]}]
    assert server["serviceAccount"]["name"] == "prod-runner"
    a, b, c = server["env"]
    assert a["valueFrom"]["secretKeyRef"]["name"] == made["extra"]
    assert b["valueFrom"]["configMapKeyRef"]["name"] == made["authorities"]
    assert c["value"] == "extra", "a value that is only spelt like it is left alone"
    assert [next(iter(source.values()))["name"] for source in server["envFrom"]] == [made["extra"], made["authorities"]]
    assert external["credentialsSecretRef"]["name"] == made["login"]
    assert external["caBundle"]["configMapKeyRef"]["name"] == made["authorities"]
    assert specs["prod-fraud"]["serverRef"]["name"] == "prod-mlflow"
    pod = specs["prod-fraud"]["gates"]["jobs"][0]["template"]["spec"]
    (container,) = pod["containers"]
    assert (pod["serviceAccountName"], pod["imagePullSecrets"]) == ("prod-runner", [{"name": made["extra"]}])
    assert container["env"][0]["valueFrom"]["secretKeyRef"]["name"] == made["extra"]
    assert container["envFrom"][0]["configMapRef"]["name"] == made["authorities"]
    v, w, x = pod["volumes"]
    assert (v["secret"]["secretName"], w["configMap"]["name"]) == (made["keys"], made["authorities"])
    assert x["persistentVolumeClaim"]["claimName"] == "prod-holdout"
