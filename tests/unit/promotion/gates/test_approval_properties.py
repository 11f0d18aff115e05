"""Whatever people do in whatever order: no attempt begins without the approvals that were given to exactly it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionapproval import PromotionApproval
from mlflow_operator.promotion.decision import Step, concluded
from mlflow_operator.promotion.gates.approval import REQUESTED_BY
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.promotion.wish import REASSERT, Wish
from mlflow_operator.status.promotion import compute
from unit.promotion.claims import NOW, claim, with_version
from unit.promotion.test_properties import applied

from .approvals import again, decided, rejected, said, written
from .measured import models, version

PEOPLE = ("alice", "bob", "carol")

specs = st.fixed_dictionaries(
    {},
    optional={
        "version": st.sampled_from([6, 7, 8]),
        "requires": st.sampled_from([{}, {"currentStage": ["Staging"]}]),
        "gates": st.builds(
            lambda n, own: {"approval": {"required": n, "allowSelfApproval": own, "timeout": "1h"}},
            st.integers(1, 2),
            st.booleans(),
        ),
        "tags": st.sampled_from([{}, {"team": "risk"}]),
        "suspend": st.booleans(),
    },
)
steps = st.one_of(
    st.tuples(st.just("approve"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("approve"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("reject"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("take back"), st.integers(0, 9)),
    st.tuples(st.just("ask"), st.sampled_from(PEOPLE), specs),
    st.tuples(st.just("ask once more"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("move"), st.sampled_from(["6", "7", "8"]), st.sampled_from(["Production", "Staging", "None"])),
    st.tuples(st.just("register anew"), st.sampled_from(["6", "7", "8"])),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 90])),
    st.tuples(st.just("die")),
)


@dataclass
class Word:
    """What somebody has said, and everything that it was about."""

    approval: PromotionApproval
    about: tuple[Any, ...]
    at: datetime


@dataclass
class Play:
    """A claim, its registry, and people."""

    made: ModelPromotion
    snapshot: Snapshot = field(default_factory=lambda: models(v6="Production", v7="Staging", v8="Staging"))
    now: datetime = NOW
    words: list[Word] = field(default_factory=list)
    begun: int = 0
    used: set[str] = field(default_factory=set)
    """Digests that an attempt began with."""

    def about(self) -> tuple[Any, ...]:
        """Everything that somebody who approves has to be asked about, as a person would list it."""
        spec, wanted = self.made.spec, self.snapshot.versions[self.made.spec.version]
        holders = [(v.version, v.created) for v in self.snapshot.versions.values() if v.stage == "Production"]
        asker = self.made.metadata.annotations.get(REQUESTED_BY)
        what = (spec.version, wanted.created, repr(spec.requires), repr(spec.gates), repr(spec.tags))
        return (*what, tuple(sorted(holders)), asker)

    def play(self, step: tuple[Any, ...]) -> None:
        """Something happens, and the operator looks, unless it is dead."""
        self.now += timedelta(seconds=1)
        match step:
            case ("approve" | "reject" as what, who) if self.made.status.approval:
                make = said if what == "approve" else rejected
                self.words.append(Word(make(self.made, who, made_at=self.now), self.about(), self.now))
            case ("take back", number) if self.words:
                self.words.pop(number % len(self.words))
            case ("ask", who, spec):
                self.made = again(self.made, {**self.made.metadata.annotations, REQUESTED_BY: who}, **spec)
            case ("ask once more", who):
                self.made = again(self.made, {REQUESTED_BY: who, REASSERT: self.now.isoformat()})
            case ("move", name, stage):
                self.snapshot = with_version(self.snapshot, replace(self.snapshot.versions[name], stage=stage))
            case ("register anew", name):
                created = self.snapshot.versions[name].created + 1000
                self.snapshot = with_version(self.snapshot, replace(version(name), created=created))
            case ("wait", minutes):
                self.now += timedelta(minutes=minutes)
        if step != ("die",):
            self.look()
        self.look(dies=step == ("die",))

    def look(self, *, dies: bool = False) -> None:
        """One pass; it may die after its intent."""
        words = [word.approval for word in self.words]
        decision = decided(self.made, *words, snapshot=self.snapshot, now=self.now)
        status = compute(self.made, self.snapshot, decision, self.now)
        before, self.made = self.made, written(self.made, status)
        if decision.step is not Step.WRITE or decision.attempt is None:
            same = decided(self.made, *words, snapshot=self.snapshot, now=self.now)
            assert compute(self.made, self.snapshot, same, self.now) == status, "the same look says something else"
            return
        there = before.spec.version in self.snapshot.holders(before.spec.target)
        if decision.gates is not None and not (there and before.status.attempt == decision.attempt):
            self.check(decision.attempt.number)
        if not dies:
            self.snapshot = applied(self.snapshot, self.made.spec, decision.plan)
            done = concluded(self.made, decision.attempt, Wish.of(self.made).tagged, self.now)
            after = decide(done, self.snapshot, self.now)
            self.made = written(done, compute(done, self.snapshot, after, self.now))

    def check(self, number: int) -> None:
        """Enough people, each of whom was asked about exactly this, and nobody who says no."""
        gate, asked = self.made.spec.gates.approval, self.made.status.approval
        assert gate is not None
        assert asked is not None
        if number != self.begun:
            assert asked.digest not in self.used, "an approval was used twice"
        self.begun = number
        self.used.add(asked.digest)
        mine = [word for word in self.words if word.about == self.about()]
        asker = self.made.metadata.annotations.get(REQUESTED_BY)
        yes = {w.approval.spec.approver for w in mine if w.approval.spec.decision == "Approve"}
        assert len(yes - (set() if gate.allow_self_approval else {asker})) >= gate.required
        assert not [
            w for w in self.words if w.approval.spec.decision == "Reject" and w.approval.spec.attempt == asked.digest
        ]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=300)
@given(st.lists(steps, max_size=14))
def test_nothing_is_written_without_its_own_approvals(story: list[tuple[Any, ...]]) -> None:
    """Not with others', not with old ones, not with one twice; the same look always says the same."""
    play = Play(claim(annotations={REQUESTED_BY: "alice"}, gates={"approval": {"timeout": "1h"}}))
    play.look()
    for step in story:
        play.play(step)
