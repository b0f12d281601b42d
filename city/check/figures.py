"""Small figures: area under the curve, average precision, a plain logistic regression. Arrays in, numbers out."""

import numpy as np

from city.draws import Flags, Floats, Ints


def auc(score: Floats, happened: Flags) -> float:
    """Area under the ROC curve, ties counted half; NaN where only one kind is there."""
    _, place, times = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(times) - (times - 1) / 2)[place]
    hits = int(happened.sum())
    if not hits or hits == len(score):
        return float("nan")
    return float((rank[happened].sum() - hits * (hits + 1) / 2) / (hits * (len(score) - hits)))


def average_precision(score: Floats, happened: Flags) -> float:
    """Mean precision over the hits, by falling score."""
    order = np.argsort(-score, kind="stable")
    hit = happened[order]
    return float((np.cumsum(hit) / np.arange(1, len(hit) + 1))[hit].mean()) if hit.any() else float("nan")


def logistic_fit(columns: Floats, happened: Flags, weight: Floats, ridge: float = 1.0, steps: int = 25) -> Floats:
    """Coefficients (the last one the intercept) by Newton's method with a ridge, columns of about the same scale."""
    x = np.column_stack([columns, np.ones(len(columns))]).astype(np.float64)
    beta, pull = np.zeros(x.shape[1]), np.eye(x.shape[1]) * ridge
    pull[-1, -1] = 1e-6
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        slope = x.T @ (weight * (happened - p)) - pull @ beta
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + pull
        move = np.linalg.solve(curve, slope)
        beta += move
        if np.abs(move).max() < 1e-6:
            break
    return beta.astype(np.float32)


def logistic_score(columns: Floats, beta: Floats) -> Floats:
    """The log odds of each row."""
    return np.asarray(columns @ beta[:-1] + beta[-1], np.float32)


def some(happened: Flags, most: int, stream: np.random.Generator) -> tuple[Ints, Floats]:
    """All rows where it happened and a sample of the others: their places and weights."""
    others = np.flatnonzero(~happened)
    chosen = stream.choice(others, min(most, len(others)), replace=False)
    places = np.concatenate([np.flatnonzero(happened), chosen])
    weight = np.where(happened[places], 1.0, len(others) / max(len(chosen), 1))
    return places, weight.astype(np.float32)
