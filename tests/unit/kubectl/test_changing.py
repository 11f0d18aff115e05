"""What promote, rollback, approve and reject decide before anything is written."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mlflow_operator.errors import ClusterUnavailable
from mlflow_operator.kubectl.changing import approving, keepers, promoting
from mlflow_operator.kubectl.changing.waiting import settled
from mlflow_operator.kubectl.looking.standing import Standing
from mlflow_operator.kubectl.terminal.exits import WRONG, Stop
from mlflow_operator.kubectl.terminal.moments import patience
from mlflow_operator.kubectl.terminal.output import say, table
from unit.kubectl.samples import UID, Object, attempt, claim, condition, printed

ASKED = {
    "digest": "ab12",
    "slots": ["production", "alias-champion"],
    "requestedBy": "alice",
    "required": 1,
    "by": [],
    "since": "2026-03-01T12:00:00Z",
    "expires": "2026-03-04T12:00:00Z",
    "summary": "0 of 1",
}
GATE = {"name": "auc", "type": "Metric", "result": "Passed", "message": "0.93, expected at least 0.9"}


def waiting(reason: str = "ApprovalRequired", **status: Any) -> Object:
    """A claim that asks people."""
    return claim(reason, "0 of 1 approvals", approval=ASKED, holders=["6"], gates=[GATE], **status)


BEFORE: dict[str, tuple[Object, str]] = {
    "who held it before, where the wish was carried out": (claim(attempt=attempt(2, "7"), previousVersion="5"), "5"),
    "the holder, where it was not": (claim("GateFailed", attempt=attempt(1, "6"), previousVersion="5"), "6"),
    "who held it before, where somebody else has moved it": (
        claim("DriftDetected", attempt=attempt(2, "7"), previousVersion="5", currentVersion="9"),
        "5",
    ),
}


@pytest.mark.parametrize("case", BEFORE)
def test_a_rollback_goes_back_to(case: str) -> None:
    """The version that a person would name."""
    obj, version = BEFORE[case]
    assert promoting.previous(obj) == version


def test_without_a_version_before_nothing_is_guessed() -> None:
    """A claim that has promoted one version has nothing to go back to."""
    with pytest.raises(Stop, match="name one with --to"):
        promoting.previous(claim(attempt=attempt(1, "7"), currentVersion="7"))


TRACKED = {"argocd.argoproj.io/tracking-id": "ns2_models:mlflow.talentflow.ai/ModelPromotion:team-a/fraud"}
MARKS: dict[str, tuple[Object, str, str]] = {
    "Argo CD by annotation": (
        {"annotations": TRACKED},
        "Argo CD (Application models)",
        "/apis/argoproj.io/v1alpha1/namespaces/ns2/applications/models",
    ),
    "Argo CD by label": (
        {"labels": {"argocd.argoproj.io/instance": "models"}},
        "Argo CD (Application models)",
        "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/models",
    ),
    "Flux": (
        {
            "labels": {
                "kustomize.toolkit.fluxcd.io/name": "apps",
                "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
            }
        },
        "Flux (Kustomization apps)",
        "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/apps",
    ),
    "a mark that leads elsewhere": (
        {"annotations": {"argocd.argoproj.io/tracking-id": "ns2_../../../../api/v1/namespaces/x/secrets/y:rest"}},
        "Argo CD (Application ../../../../api/v1/namespaces/x/secrets/y)",
        "",
    ),
    "by the manager of its fields": ({"managedFields": [{"manager": "kustomize-controller"}]}, "Flux", ""),
}


@pytest.mark.parametrize("case", MARKS)
def test_who_keeps_an_object_is_known_by(case: str) -> None:
    """The mark that it leaves."""
    marks, known_as, path = MARKS[case]
    obj = claim()
    obj["metadata"] |= marks
    found = keepers.keeper(obj)
    assert found is not None
    assert (str(found), found.path) == (known_as, path)


def test_what_people_apply_is_kept_by_nobody() -> None:
    """Also with the label that Helm and kubectl users set."""
    obj = claim()
    obj["metadata"] |= {
        "labels": {"app.kubernetes.io/instance": "fraud"},
        "managedFields": [{"manager": "kubectl"}, {"manager": "mlflow-operator"}],
    }
    assert keepers.keeper(obj) is None


def test_what_is_approved_is_shown_before() -> None:
    """The version, the holder, the gates, who asked and until when; and the attempt that the word is about."""
    text = "\n".join(approving.shown(waiting()))
    for part in (
        "ModelPromotion fraud in namespace team-a",
        "version       7",
        "slots         production, alias-champion",
        "holds it now  6",
        "asked for by  alice, 2026-03-01 12:00:00Z",
        "approvals     0 of 1, until 2026-03-04 12:00:00Z",
        "gate          auc: Passed: 0.93, expected at least 0.9",
        "attempt       ab12",
    ):
        assert f"  {part}" in text or part in text


def test_words_of_others_do_not_command_the_terminal() -> None:
    """A message cannot paint over what is approved, begin a line of its own, or turn its direction."""
    evil = {**GATE, "message": "ok\x1b[2A\x1b[2K\r\n  version       6\u202e"}
    obj = waiting()
    obj["status"]["gates"] = [evil]
    text = printed(lambda to: say(to, *approving.shown(obj)))
    assert not {"\x1b", "\r", "\u202e"} & set(text)
    assert len(text.splitlines()) == len(list(approving.shown(obj)))
    row = printed(lambda to: table(to, ["A"], [["x\x1b[31m\ny"]]))
    assert row.splitlines()[1:] == ["x\ufffd[31m y"]


def test_a_word_is_about_this_claim_and_this_attempt() -> None:
    """By uid and digest, in the person's own name, for every slot."""
    said = approving.approval(waiting(), approving.Word("Reject", "recall fell", True, None), "bob")
    assert said["spec"] == {
        "promotionRef": {"name": "fraud", "uid": UID},
        "slots": ["production", "alias-champion"],
        "attempt": "ab12",
        "decision": "Reject",
        "approver": "bob",
        "reason": "recall fell",
    }
    assert said["metadata"] == {"generateName": "fraud-", "namespace": "team-a"}


def test_nobody_is_asked_about_a_claim_that_asks_nobody() -> None:
    """A claim that is promoted, or whose status is about an earlier spec, gets no word; its reason is said."""
    stale = waiting()
    stale["metadata"]["generation"] = 4
    for obj, why in ((claim(), "Promoted: holds it"), (stale, "NotSeenYet")):
        with pytest.raises(Stop, match=why) as stop:
            approving.check(obj, "Approve")
        assert stop.value.code == WRONG
    approving.check(waiting(), "Approve")


def test_a_no_counts_until_the_window_opens() -> None:
    """It was approved and waits for its window: it can still be rejected, and has no need of one more yes."""
    obj = waiting("WindowClosed")
    approving.check(obj, "Reject")
    with pytest.raises(Stop, match="asks nobody"):
        approving.check(obj, "Approve")


class Looks:
    """A claim as it looks, one time after the other; the last look stays."""

    def __init__(self, *looks: Object | Exception) -> None:
        self._looks: Iterator[Object | Exception] = iter(looks)
        self.last: Object | Exception = looks[0]
        self.told: list[str] = []

    async def read(self) -> Object:
        """The next look."""
        self.last = next(self._looks, self.last)
        if isinstance(self.last, Exception):
            raise self.last
        return self.last

    async def wait(self, seconds: float = 5) -> Standing | None:
        """Where it ends."""
        told = self.told
        return await settled(self.read, lambda at: told.append(at.reason), timedelta(seconds=seconds), pause=0.001)


def stalled(reason: str) -> Object:
    """A claim that needs a change."""
    obj = claim(reason)
    obj["status"]["conditions"].append(condition("Stalled", "True", reason))
    return obj


async def test_waiting_ends_when_it_is_promoted_and_says_what_happened_meanwhile() -> None:
    """Each new reason once; an API server that does not answer for a moment is asked again."""
    before = claim()
    before["metadata"]["generation"] = 4
    gone = ClusterUnavailable("ClusterUnavailable", "no answer")
    looks = Looks(before, gone, claim("GatePending"), claim("GatePending"), claim("Promoting"), claim())
    end = await looks.wait()
    assert end is not None
    assert (end.reason, looks.told) == ("Promoted", ["NotSeenYet", "GatePending", "Promoting"])


@pytest.mark.parametrize("obj", [stalled("GateFailed"), claim("Suspended")], ids=["stalled", "suspended"])
async def test_waiting_ends_when_only_a_change_can_help(obj: Object) -> None:
    """Nobody waits ten minutes for a refusal, nor for somebody who has switched it off."""
    end = await Looks(obj).wait()
    assert end is not None
    assert not end.is_well


async def test_waiting_for_people_goes_on_until_time_is_over() -> None:
    """A claim that waits for an approval is not at its end."""
    assert await Looks(waiting()).wait(seconds=0.05) is None


def test_a_time_is_a_number_and_a_unit() -> None:
    """As in 90s, 10m, 2h; anything else is said to be none."""
    assert [patience(text).total_seconds() for text in ("90s", "10m", "2h")] == [90, 600, 7200]
    for text in ("10", "m", "-1s", "1.5h"):
        with pytest.raises(ValueError, match="is no time"):
            patience(text)
