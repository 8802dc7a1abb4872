"""Peers on a split of "user item item ..." lines: seconds of the fit, Recall@20 and NDCG@20 over users of the test part.

    ranking_fit.py DIRECTORY implicit-als|implicit-bpr|implicit-cosine|sklearn-cosine|cornac-bpr|lightfm-bpr '{"factors": 64}'
"""
import json
import sys
import time

import numpy as np
from scipy.sparse import csr_matrix

K, THREADS = 20, 2


def read(path):
    rows, columns = [], []
    for line in open(path):
        user, *items = line.split()
        items = set(items)
        rows += [int(user)] * len(items)
        columns += [int(item) for item in items]
    return np.array(rows), np.array(columns)


def judge(lists, test):
    recalls, gains = [], []
    discount = 1 / np.log2(np.arange(2, K + 2))
    for items, user in zip(lists, range(test.shape[0])):
        wanted = test.indices[test.indptr[user] : test.indptr[user + 1]]
        if len(wanted) == 0:
            continue
        hits = np.isin(items[:K], wanted)
        recalls.append(hits.sum() / len(wanted))
        gains.append((hits * discount[: len(hits)]).sum() / discount[: min(K, len(wanted))].sum())
    return {"recall": float(np.mean(recalls)), "ndcg": float(np.mean(gains))}


def lists_of(train, scores_of, batch=512):
    """The best items of dense scores, those of the training part left out."""
    for start in range(0, train.shape[0], batch):
        users = np.arange(start, min(start + batch, train.shape[0]))
        scores = np.asarray(scores_of(users))
        scores[train[users].nonzero()] = -np.inf
        best = np.argpartition(-scores, K, axis=1)[:, :K]
        order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1)
        yield from np.take_along_axis(best, order, 1)


def fit_implicit(name, train, params):
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.cpu.bpr import BayesianPersonalizedRanking
    from implicit.nearest_neighbours import CosineRecommender

    if name == "cosine":
        model = CosineRecommender(num_threads=THREADS, **params)
    else:
        kind = {"als": AlternatingLeastSquares, "bpr": BayesianPersonalizedRanking}[name]
        model = kind(num_threads=THREADS, random_state=1, **params)
    model.fit(train, show_progress=False)
    users = np.arange(train.shape[0])
    return lambda: model.recommend(users, train, N=K, filter_already_liked_items=True)[0]


def fit_sklearn(_name, train, params):
    from sklearn.neighbors import NearestNeighbors

    items = train.T.tocsr()
    neighbours = NearestNeighbors(metric="cosine", algorithm="brute", n_jobs=THREADS, **params).fit(items)
    distances, columns = neighbours.kneighbors(items)
    rows = np.repeat(np.arange(items.shape[0]), columns.shape[1])
    weights = csr_matrix(((1 - distances).ravel(), (rows, columns.ravel())), shape=(items.shape[0],) * 2)
    return lambda: lists_of(train, lambda users: (train[users] @ weights).toarray())


def fit_cornac(_name, train, params):
    from cornac.data import Dataset
    from cornac.models import BPR

    triples = [(u, i, 1.0) for u, i in zip(*train.nonzero())]
    data = Dataset.from_uir(triples)
    model = BPR(seed=1, num_threads=THREADS, verbose=False, **params)
    start = time.perf_counter()
    model.fit(data)
    fit_cornac.seconds = time.perf_counter() - start
    users = np.zeros((train.shape[0], model.u_factors.shape[1]), dtype=np.float32)
    items = np.zeros((train.shape[1], model.i_factors.shape[1]), dtype=np.float32)
    biases = np.full(train.shape[1], -1e9, dtype=np.float32)
    for user, at in data.uid_map.items():
        users[user] = model.u_factors[at]
    for item, at in data.iid_map.items():
        items[item], biases[item] = model.i_factors[at], model.i_biases[at]
    return lambda: lists_of(train, lambda batch: users[batch] @ items.T + biases)


def fit_lightfm(_name, train, params):
    from lightfm import LightFM

    epochs = params.pop("epochs")
    model = LightFM(loss="bpr", random_state=1, **params)
    model.fit(train, epochs=epochs, num_threads=THREADS)
    biases, items = model.get_item_representations()
    _, users = model.get_user_representations()
    return lambda: lists_of(train, lambda batch: users[batch] @ items.T + biases)


def main():
    directory, kind, params = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    parts = [read(f"{directory}/{part}.txt") for part in ("train", "test")]
    shape = tuple(1 + max(part[axis].max() for part in parts) for axis in (0, 1))
    train, test = (csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape) for rows, columns in parts)
    library, _, name = kind.partition("-")
    fit = {"implicit": fit_implicit, "sklearn": fit_sklearn, "cornac": fit_cornac, "lightfm": fit_lightfm}[library]
    start = time.perf_counter()
    lists = fit(name, train, params)
    seconds = getattr(fit, "seconds", time.perf_counter() - start)
    print(json.dumps({"seconds": [seconds], **judge(lists(), test)}))


main()
