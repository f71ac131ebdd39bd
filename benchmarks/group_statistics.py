"""Which interval and which test over groups hold what they promise: a simulation, 20 seconds.

    python benchmarks/group_statistics.py

Two classes with 3 to 24 groups each, or six groups that hold both. The truth is 0: the means of the
two classes cancel. The gains of groups are normal, exponential with a long tail of gains or of
losses, or heavy-tailed (Student, 3 degrees of freedom); groups hold 30 images each, or 5 to 60.
Each cell: false positives of the one-sided test at 5 % / coverage of the 95 % interval, in %.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import t

from keras_dcmix.evidence.statistics import group_mean
from keras_dcmix.evidence.statistics.group_design import GroupDesign

DRAWS = {
    "normal": lambda draw, shape: draw.normal(size=shape),
    "gains": lambda draw, shape: draw.exponential(size=shape) - 1,
    "losses": lambda draw, shape: 1 - draw.exponential(size=shape),
    "heavy": lambda draw, shape: draw.standard_t(3, size=shape) / np.sqrt(3),
}
CASES = [*((number, False) for number in (3, 6, 12, 24)), (6, True)]
NUM_DESIGNS, NUM_PROBLEMS = 10, 400
NUM_RESAMPLES, NUM_BOOTSTRAPPED = 400, 40
Outcome = tuple[np.ndarray, np.ndarray, np.ndarray]  # p_values, low, high


class Problem:
    """Contributions `(num_units, num_problems)` whose sum is 0 on average."""

    def __init__(
        self, kind: str, num_groups: int, *, mixed: bool, unequal: bool, shift: float, seed: int
    ) -> None:
        draw = np.random.default_rng(seed)
        num_units = 2 * num_groups
        self.strata = np.repeat([0, 1], num_groups)
        self.groups = np.tile(np.arange(num_groups), 2) if mixed else np.arange(num_units)
        self.sizes = draw.integers(5, 61, num_units) if unequal else np.full(num_units, 30)
        gains = DRAWS[kind](draw, (num_units, NUM_PROBLEMS))
        if mixed:
            gains = DRAWS[kind](draw, (num_groups, NUM_PROBLEMS))[self.groups] + 0.3 * gains
        gains += np.where(self.strata == 0, shift, -shift)[:, None]
        self.shares = self.sizes / np.bincount(self.strata, self.sizes)[self.strata]
        self.contributions = gains * self.shares[:, None] / 2
        self.mixed = mixed


def student(values: np.ndarray, errors: np.ndarray, freedom: np.ndarray) -> Outcome:
    reach = t.ppf(0.975, freedom) * errors
    return t.sf(values / errors, freedom), values - reach, values + reach


def ours(problem: Problem) -> Outcome:
    """`group_mean`."""
    mean = group_mean(
        problem.contributions, problem.strata, sizes=problem.sizes, groups=problem.groups
    )
    return mean.p_values, mean.low, mean.high


def without_sizes(problem: Problem) -> Outcome:
    """`group_mean` that is not told the sizes."""
    mean = group_mean(problem.contributions, problem.strata, groups=problem.groups)
    return mean.p_values, mean.low, mean.high


def unstratified(problem: Problem) -> Outcome:
    """Student's t over what each group contributes, whatever its class."""
    sums = of_groups(problem).sum(axis=0)
    errors = np.sqrt(len(sums)) * sums.std(axis=0, ddof=1)
    return student(sums.sum(axis=0), errors, np.full(errors.shape, len(sums) - 1))


def fewest_freedom(problem: Problem) -> Outcome:
    """Within classes, with the degrees of freedom of one class."""
    design = GroupDesign.of(problem.groups, problem.strata, problem.sizes)
    variance, *_ = design.variances(design.residuals(problem.contributions))
    freedom = np.full(variance.shape, len(problem.strata) / 2 - 1)
    return student(problem.contributions.sum(axis=0), np.sqrt(variance), freedom)


def satterthwaite(problem: Problem) -> Outcome:
    """Within classes, Bell and McCaffrey's degrees of freedom joined after Satterthwaite."""
    design = GroupDesign.of(problem.groups, problem.strata, problem.sizes)
    variance, of_design, _ = design.variances(design.residuals(problem.contributions))
    return student(problem.contributions.sum(axis=0), np.sqrt(variance), of_design)


def effective(problem: Problem) -> Outcome:
    """The effective number of groups as degrees of freedom."""
    design = GroupDesign.of(problem.groups, problem.strata, problem.sizes)
    variance, _, freedom = design.variances(design.residuals(problem.contributions))
    return student(problem.contributions.sum(axis=0), np.sqrt(variance), freedom)


def sign_flips(problem: Problem) -> Outcome:
    """Signs of the contributions flipped; dividing by the spread gives the same order."""
    sums = of_groups(problem).sum(axis=0)
    signs = np.random.default_rng(0).choice([-1, 1], (999, len(sums)))
    above = signs @ sums >= sums.sum(axis=0) - 1e-12
    unknown = np.full(sums.shape[1], np.nan)
    return (1 + above.sum(axis=0)) / 1000, unknown, unknown


def percentile(problem: Problem) -> Outcome:
    """Groups drawn again within classes; the interval between two quantiles of the mean."""
    values, _ = bootstrap(problem)
    low, high = np.quantile(values, [0.025, 0.975], axis=0)
    return (values <= 0).mean(axis=0), low, high


def studentised(problem: Problem) -> Outcome:
    """Groups drawn again within classes; quantiles of the mean divided by its error."""
    values, errors = bootstrap(problem)
    truth = problem.contributions.sum(axis=0)[:NUM_BOOTSTRAPPED]
    _, error = resampled(problem, np.ones((1, problem.groups.max() + 1)))
    ratios = (values - truth) / np.maximum(errors, 1e-9)
    low, high = np.quantile(ratios, [0.975, 0.025], axis=0)
    p_values = (ratios >= truth / error[0]).mean(axis=0)
    return p_values, truth - low * error[0], truth - high * error[0]


METHODS: dict[str, Callable[[Problem], Outcome]] = {
    "ours": ours,
    "no sizes": without_sizes,
    "Satterthwaite": satterthwaite,
    "effective": effective,
    "fewest df": fewest_freedom,
    "no strata": unstratified,
    "sign flips": sign_flips,
    "percentile": percentile,
    "bootstrap-t": studentised,
}


def of_groups(problem: Problem) -> np.ndarray:
    """`(2, num_groups, num_problems)`: what each group contributes to each class."""
    table = np.zeros((2, problem.groups.max() + 1, NUM_PROBLEMS))
    table[problem.strata, problem.groups] = problem.contributions
    return table


def bootstrap(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Means and errors of resamples, each `(num_resamples, num_problems)`."""
    draw, number = np.random.default_rng(0), problem.groups.max() + 1
    parts = 1 if problem.mixed else 2
    each = number // parts
    counts = draw.multinomial(each, np.full(each, 1 / each), (parts, NUM_RESAMPLES))
    return resampled(problem, np.concatenate(counts, axis=1))


def resampled(problem: Problem, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    table = of_groups(problem)[..., :NUM_BOOTSTRAPPED]
    shares = np.zeros(table.shape[:2])
    shares[problem.strata, problem.groups] = problem.shares
    drawn = np.einsum("bg,kg->kb", counts, shares)[..., None]
    means = counts @ table / drawn
    residuals = (table[:, None] - shares[:, None, :, None] * means[:, :, None]) / drawn[:, :, None]
    each = counts.shape[1] if problem.mixed else counts.shape[1] // 2
    squares = np.einsum("bg,bgn->bn", counts, residuals.sum(axis=0) ** 2)
    return means.sum(axis=0), np.sqrt(squares * each / (each - 1))


def cell(method: str, case: dict) -> str:
    """False positives and coverage of one method in one case."""
    positives, covered = [], []
    for seed in range(NUM_DESIGNS):
        p_values, low, high = METHODS[method](Problem(**case, seed=seed))
        positives.append((p_values < 0.05).mean())
        covered.append(np.nan if np.isnan(low).any() else ((low <= 0) & (high >= 0)).mean())
    coverage = "-" if np.isnan(covered).any() else f"{100 * np.mean(covered):.1f}"
    return f"{100 * np.mean(positives):.1f}/{coverage}"


def main() -> None:
    for shift in (0.0, 2.0):
        rows = {}
        for number, mixed in CASES:
            for kind in DRAWS if shift == 0 else ("normal", "losses"):
                for unequal in (False, True):
                    case = {
                        "kind": kind,
                        "num_groups": number,
                        "mixed": mixed,
                        "unequal": unequal,
                        "shift": shift,
                    }
                    groups = f"{number} {'with both' if mixed else 'a class'}"
                    name = (groups, kind, "5-60" if unequal else "30")
                    rows[name] = {method: cell(method, case) for method in METHODS}
        print(f"\nclass means {shift:g} and {-shift:g} standard deviations of the groups")
        print(pd.DataFrame(rows).T.to_string())


if __name__ == "__main__":
    main()
