"""The gate: whether a candidate replaces the champion, decided on the same rows, with every reason.

A pure function: truth, predictions and bounds in, a verdict with a ledger of checks out. It reads no
data, no clock and no registry. On by default; nothing turns it off.

- REJECT: the candidate is surely worse than the champion, does not surely beat the baseline, breaks a
  floor or its latency or size budget.
- HOLD: none of that, but it is not surely better, or there is too little to judge by.
- PROMOTE: surely better than the champion (or, where there is none, than the baseline), all floors held.

"Surely" is a paired bootstrap of the primary metric's difference on the same resampled rows, at the
gate's confidence; as the best of several candidates is taken, each must reach it divided by their
number (Bonferroni). McNemar's test guards the decisions: a better ranking that makes surely more
mistakes at its threshold is held, not promoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from landfall.intent.ml import HIGHER_IS_BETTER, Gate, Problem
from ml.bootstrap import Difference, mcnemar, paired_difference, resample
from ml.metrics import Statistic
from ml.problems import KINDS, Predictions, score

Decision = Literal["PROMOTE", "HOLD", "REJECT", "NONE"]
_NAMES = {
    "pr_auc": "PR-AUC", "roc_auc": "ROC-AUC", "f1": "F1", "macro_f1": "macro F1", "r2": "R²",
    "log_loss": "log loss", "brier": "Brier score", "mae": "mean absolute error", "rmse": "RMSE",
}  # fmt: skip


@dataclass(frozen=True)
class Contender:
    """A model at the gate: what it predicted of the judged rows, and what it costs to ask."""

    name: str
    found: Predictions
    latency_ms: float = 0.0
    """Median time to predict one row. Not repeatable, so it can only break the budget, never win."""
    size_mb: float = 0.0


@dataclass(frozen=True)
class Check:
    """One line of the ledger. `passed` None: there was nothing to judge by."""

    name: str
    candidate: str | None
    passed: bool | None
    sentence: str
    value: float | None = None
    bound: float | None = None
    otherwise: Literal["HOLD", "REJECT", "PROMOTE"] = "HOLD"
    """What follows where it is not passed (PROMOTE: nothing, it informs)."""


@dataclass(frozen=True)
class Verdict:
    """The decision, the winner where there is one, each candidate's own outcome, and all reasons."""

    decision: Decision
    winner: str | None
    outcomes: dict[str, Decision]
    checks: list[Check] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: decision, winner, outcomes, reasons."""
        return {
            "decision": self.decision,
            "winner": self.winner,
            "outcomes": self.outcomes,
            "reasons": [asdict(check) for check in self.checks],
        }


def judge(
    truth: np.ndarray,
    candidates: Sequence[Contender],
    baseline: Contender,
    champion: Contender | None,
    gate: Gate,
    problem: Problem,
    seed: int = 0,
) -> Verdict:
    """Judge candidates against baseline and champion on the same rows.

    `truth` has n entries as `ml.problems` gives them; every contender predicted those n rows with the
    classes in the same order. The same input gives the same verdict.
    """
    if not candidates:
        return Verdict("NONE", None, {})
    enough = _enough(truth, gate, problem)
    if not enough.passed:
        return Verdict("HOLD", None, {c.name: "HOLD" for c in candidates}, [enough])
    court = _Court(truth, candidates, baseline, champion, gate, problem, seed)
    checks = [enough]
    outcomes: dict[str, Decision] = {}
    for candidate in candidates:
        ledger = court.hear(candidate)
        checks += ledger
        outcomes[candidate.name] = _outcome(ledger)
    winners = [c for c in candidates if outcomes[c.name] == "PROMOTE"]
    if winners:
        best = max(winners, key=lambda c: court.merit(c.found))
        return Verdict("PROMOTE", best.name, outcomes, checks)
    decision: Decision = "HOLD" if "HOLD" in outcomes.values() else "REJECT"
    return Verdict(decision, None, outcomes, checks)


def _outcome(ledger: list[Check]) -> Decision:
    failed = {check.otherwise for check in ledger if check.passed is False}
    return "REJECT" if "REJECT" in failed else "HOLD" if "HOLD" in failed else "PROMOTE"


def _enough(truth: np.ndarray, gate: Gate, problem: Problem) -> Check:
    rows = len(truth)
    kinds = 2 if problem.kind == "regression" else len(np.unique(truth))
    if rows < gate.min_rows:
        sentence = f"{rows:,} rows are too few to judge by; {gate.min_rows:,} are asked."
        return Check("rows", None, False, sentence, rows, gate.min_rows)
    if kinds < 2:
        sentence = "The month holds one class only, so no model can be told from another."
        return Check("rows", None, False, sentence, kinds, 2)
    return Check("rows", None, True, f"{rows:,} rows to judge by.", rows, gate.min_rows)


class _Court:
    """Everything that the candidates of one month share."""

    def __init__(
        self,
        truth: np.ndarray,
        candidates: Sequence[Contender],
        baseline: Contender,
        champion: Contender | None,
        gate: Gate,
        problem: Problem,
        seed: int,
    ) -> None:
        self.truth, self.gate, self.problem = truth, gate, problem
        self.baseline, self.champion = baseline, champion
        self.kind = KINDS[problem.kind]
        self.sign = 1.0 if HIGHER_IS_BETTER[problem.metric] else -1.0
        self.needed = 1 - (1 - gate.confidence) / len(candidates)
        self._ones = np.ones(len(truth))
        rivals = [baseline] if champion is None else [baseline, champion]
        self._values = self._draw([*candidates, *rivals], seed)

    def _draw(self, contenders: list[Contender], seed: int) -> dict[int, np.ndarray]:
        """The primary metric on every sample, by the contender's identity (names may repeat)."""
        statistics = [self._statistic(one.found) for one in contenders]
        drawn = resample(statistics, len(self.truth), _draws(self.needed), seed)
        return {id(one): values for one, values in zip(contenders, drawn, strict=True)}

    def _statistic(self, found: Predictions) -> Statistic:
        return self.kind.statistic(self.problem.metric, self.truth, found)

    def merit(self, found: Predictions) -> float:
        """The primary metric, turned so that more is better."""
        value = self._statistic(found)(self._ones)
        return self.sign * value if np.isfinite(value) else -np.inf

    def hear(self, candidate: Contender) -> list[Check]:
        """The ledger of one candidate."""
        ledger = [
            *self._budgets(candidate),
            *self._floors(candidate),
            *self._class_floors(candidate),
            self._against_baseline(candidate),
        ]
        if self.champion is not None:
            ledger += self._against_champion(candidate, self.champion)
        return ledger

    def _budgets(self, one: Contender) -> list[Check]:
        found = []
        for name, unit, value, bound in (
            ("latency", "ms for one row", one.latency_ms, self.gate.max_latency_ms),
            ("size", "MB", one.size_mb, self.gate.max_size_mb),
        ):
            passed = value <= bound
            says = "keeps" if passed else f"takes {value:.3g}, more than"
            sentence = f"{one.name} {says} the {name} budget of {bound:g} {unit}."
            found.append(Check(name, one.name, passed, sentence, None, bound, otherwise="REJECT"))
        return found

    def _floors(self, one: Contender) -> list[Check]:
        metrics = score(self.problem, self.truth, one.found)
        return [
            _floor(f"floor {metric}", one.name, label(metric), metrics.get(metric), bound, metric)
            for metric, bound in sorted(self.gate.floors.items())
        ]

    def _class_floors(self, one: Contender) -> list[Check]:
        if not self.gate.class_floors:
            return []
        classes = self.kind.detail(self.truth, one.found).get("classes", {})
        named = dict(classes)
        if self.problem.kind == "binary":
            named[self.problem.target] = classes[one.found.labels[1]]
        found = []
        for name, floors in sorted(self.gate.class_floors.items()):
            for metric, bound in sorted(floors.items()):
                check = f"floor {name} {metric}"
                says = f"{label(metric)} of '{name}'"
                if name not in named or metric not in named[name]:
                    known = ", ".join(sorted(named)) or "none"
                    sentence = f"{says} cannot be judged: the classes are {known}."
                    found.append(Check(check, one.name, False, sentence, None, bound))
                elif not named[name]["rows"]:
                    sentence = f"{says} is not judged: the month has no such row."
                    found.append(Check(check, one.name, None, sentence, None, bound))
                else:
                    found.append(_floor(check, one.name, says, named[name][metric], bound, metric))
        return found

    def _against_baseline(self, one: Contender) -> Check:
        found = self._difference(one, self.baseline)
        passed = found.surely_better(self.needed)
        here, there = self._point(one), self._point(self.baseline)
        sentence = (
            f"{one.name} {'surely beats' if passed else 'does not surely beat'} the baseline: "
            f"{label(self.problem.metric)} {here} against {there}."
        )
        return Check(
            "baseline", one.name, passed, sentence, found.better, self.needed, otherwise="REJECT"
        )

    def _against_champion(self, one: Contender, champion: Contender) -> list[Check]:
        found = self._difference(one, champion)
        worse = found.surely_worse(self.gate.confidence)
        better = found.surely_better(self.needed)
        says = "surely better" if better else "surely worse" if worse else "not surely better"
        gain = f"{found.low:+.4f} to {found.high:+.4f}"
        sentence = (
            f"{one.name} is {says} than the champion: {label(self.problem.metric)} "
            f"{self._point(one)} against {self._point(champion)} (gain {gain}; "
            f"sure at {found.better:.1%}, {self.needed:.1%} asked)."
        )
        checks = [
            Check(
                "champion", one.name, better, sentence, found.better, self.needed,
                otherwise="REJECT" if worse else "HOLD",
            )
        ]  # fmt: skip
        mine = self.kind.correct(self.truth, one.found)
        theirs = self.kind.correct(self.truth, champion.found)
        if mine is not None and theirs is not None:
            checks.append(self._mistakes(one.name, mine, theirs))
        return checks

    def _mistakes(self, name: str, mine: np.ndarray, theirs: np.ndarray) -> Check:
        only_mine = int((mine & ~theirs).sum())
        only_theirs = int((theirs & ~mine).sum())
        p = mcnemar(only_mine, only_theirs)
        bound = 1 - self.gate.confidence
        more = p < bound and only_theirs > only_mine
        relation = (
            "surely more mistakes than" if more else "no surely greater number of mistakes than"
        )
        sentence = (
            f"{name} makes {relation} the champion: it alone is right on {only_mine:,} rows, the "
            f"champion alone on {only_theirs:,} (McNemar p {'< 0.001' if p < 0.001 else f'= {p:.3f}'})."
        )
        return Check("mistakes", name, not more, sentence, p, bound)

    def _difference(self, one: Contender, rival: Contender) -> Difference:
        return paired_difference(self._values[id(one)], self._values[id(rival)], self.sign)

    def _point(self, one: Contender) -> str:
        return f"{self.sign * self.merit(one.found):.4f}"


def _floor(
    check: str, candidate: str, says: str, value: float | None, bound: float, metric: str
) -> Check:
    """A floor, which for losses is a ceiling."""
    upward = HIGHER_IS_BETTER[metric]
    passed = value is not None and (value >= bound if upward else value <= bound)
    shown = "undefined" if value is None else f"{value:.4f}"
    sentence = (
        f"{candidate}: {says} is {shown}; {'at least' if upward else 'at most'} {bound:g} is asked."
    )
    return Check(check, candidate, passed, sentence, value, bound, otherwise="REJECT")


def label(metric: str) -> str:
    """A metric's name as people write it."""
    return _NAMES.get(metric, metric.replace("_", " "))


def _draws(confidence: float) -> int:
    """Resamples: enough that the asked confidence can be told from certainty, at most 5,000."""
    return int(min(5000, max(300, np.ceil(4 / (1 - confidence)))))
