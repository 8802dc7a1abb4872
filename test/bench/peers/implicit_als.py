"""Iterations of implicit's ALS on a file of pairs, and the loss of any factors by one function, its own objective:

sum over observed c(1 - y)^2 + sum over the others y^2 + regularization (|X|^2 + |Y|^2)

    implicit_als.py fit PAIRS FACTORS cg|cholesky ITERATIONS ALPHA REGULARIZATION
    implicit_als.py loss PAIRS FACTORS DIRECTORY SCALE ALPHA REGULARIZATION
"""
import json
import sys
import time

import numpy as np
from scipy.sparse import csr_matrix


def read(path):
    pairs = np.fromfile(path, dtype=np.int32).reshape(-1, 2)
    ones = np.ones(len(pairs), dtype=np.float32)
    return csr_matrix((ones, (pairs[:, 0], pairs[:, 1])))


def loss(matrix, users, items, confidence, regularization):
    users, items = users.astype(np.float64), items.astype(np.float64)
    total = np.sum((users.T @ users) * (items.T @ items))
    coo = matrix.tocoo()
    for start in range(0, coo.nnz, 500_000):
        part = slice(start, start + 500_000)
        scores = np.einsum("ij,ij->i", users[coo.row[part]], items[coo.col[part]])
        total += np.sum(confidence * (1 - scores) ** 2 - scores**2)
    return total + regularization * (np.sum(users**2) + np.sum(items**2))


def fit(path, factors, solver, iterations, confidence, regularization):
    from implicit.cpu.als import AlternatingLeastSquares

    matrix = read(path)
    model = AlternatingLeastSquares(
        factors=factors, regularization=regularization, alpha=confidence, iterations=iterations,
        use_cg=solver == "cg", num_threads=2, random_state=1,
    )
    stamps = [None]
    model.fit(matrix, show_progress=False, callback=lambda *_: stamps.append(time.perf_counter()))
    seconds = [b - a for a, b in zip(stamps[1:], stamps[2:])]
    value = loss(matrix, model.user_factors, model.item_factors, confidence, regularization)
    print(json.dumps({"solver": solver, "factors": factors, "seconds": seconds, "loss": value}))


def loss_of(path, factors, directory, scale, confidence, regularization):
    matrix = read(path)
    users, items = (np.fromfile(f"{directory}/{side}Factors.f32", dtype=np.float32).reshape(-1, factors) for side in ("user", "item"))
    print(json.dumps({"loss": loss(matrix, scale * users, scale * items, confidence, regularization)}))


if __name__ == "__main__":
    command, path, factors = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if command == "fit":
        fit(path, factors, sys.argv[4], int(sys.argv[5]), float(sys.argv[6]), float(sys.argv[7]))
    else:
        loss_of(path, factors, sys.argv[4], float(sys.argv[5]), float(sys.argv[6]), float(sys.argv[7]))
