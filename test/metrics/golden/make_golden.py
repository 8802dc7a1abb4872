"""Golden values for the metrics, by tools that are not ours: writes golden.json beside this file.

    python3 -m venv /tmp/golden
    /tmp/golden/bin/pip install ranx==0.3.21 scikit-learn==1.9.1 pytrec-eval-terrier==0.5.11 numpy==2.4.6
    /tmp/golden/bin/python test/metrics/golden/make_golden.py

Random rankings with a seed: few different scores, so that most items tie; users with one relevant item, with more than the list
has places, with everything relevant, with nothing. Tools break ties each in a way of its own, so all of them get the same order:
by score, then by the hash of the item's id as `src/dataset/id-hash.ts` has it. Only the area under the ROC curve sees the tied scores.
"""
import json
import os

import numpy as np
import pytrec_eval
from ranx import Qrels, Run, evaluate
from scipy.spatial.distance import pdist
from sklearn.metrics import auc, mean_absolute_error, mean_squared_error, ndcg_score, roc_auc_score

HERE = os.path.dirname(os.path.abspath(__file__))
KS = [1, 5, 10]
N_USERS, N_ITEMS = 25, 30
random = np.random.default_rng(20240607)


def fmix32(h):
    h ^= h >> 16
    h = h * 0x85EBCA6B & 0xFFFFFFFF
    h ^= h >> 13
    h = h * 0xC2B2AE35 & 0xFFFFFFFF
    h ^= h >> 16
    return h - 2**32 if h >= 2**31 else h


def hash_id(text):
    high, low = 0x9E3779B9 ^ len(text), 0x85EBCA6B
    for unit in map(ord, text):
        high = (high ^ unit) * 0xCC9E2D51 & 0xFFFFFFFF
        high ^= high >> 15
        low = (low ^ unit) * 0x1B873593 & 0xFFFFFFFF
        low ^= low >> 13
    return fmix32(high ^ low), fmix32(low + high * 5 & 0xFFFFFFFF)


def make_user(number):
    """Parts of the catalogue, scores with ties, and ratings of the relevant items with predictions."""
    items = [int(item) for item in random.permutation(N_ITEMS)]
    n_seen = [0, 3, 8][number % 3]
    n_relevant = [1, 2, 5, 14, 0][number % 5] if number < N_USERS - 1 else N_ITEMS - n_seen
    seen, relevant = sorted(items[:n_seen]), sorted(items[n_seen : n_seen + n_relevant])
    n_values = [2, 4, 1000][number % 3 - 1]
    return {
        "seen": seen,
        "relevant": relevant,
        "scores": [int(value) for value in random.integers(0, n_values, N_ITEMS)],
        "ratings": [int(value) for value in random.integers(1, 6, n_relevant)],
        "predictions": [round(float(value), 3) for value in random.uniform(1, 5, n_relevant)],
    }


items = [f"item-{number}" for number in range(N_ITEMS)]
tie_order = sorted(range(N_ITEMS), key=lambda item: hash_id(items[item]))
tie_place = {item: place for place, item in enumerate(tie_order)}
users = [make_user(number) for number in range(N_USERS)]
categories = [sorted({int(value) for value in random.integers(0, 4, random.integers(0, 4))}) for _ in items]


def ranked_list(user):
    candidates = [item for item in range(N_ITEMS) if item not in user["seen"]]
    return sorted(candidates, key=lambda item: (-user["scores"][item], tie_place[item]))


judged = [number for number, user in enumerate(users) if user["relevant"]]
lists = {number: ranked_list(users[number]) for number in judged}
qrels = {f"u{n}": {items[item]: 1 for item in users[n]["relevant"]} for n in judged}
run = {f"u{n}": {items[item]: float(N_ITEMS - rank) for rank, item in enumerate(lists[n])} for n in judged}


def by_trec():
    cuts = ",".join(map(str, KS))
    measures = {f"{name}.{cuts}" for name in ("ndcg_cut", "recall", "P", "map_cut", "success")} | {"recip_rank"}
    values = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
    each = lambda name: [values[f"u{n}"][name] for n in judged]
    out = {}
    for k in KS:
        relevant = np.array([len(users[n]["relevant"]) for n in judged])
        fewer = np.minimum(k, relevant)
        out[f"ndcg@{k}"] = each(f"ndcg_cut_{k}")
        out[f"recall@{k}"] = each(f"recall_{k}")
        out[f"precision@{k}"] = each(f"P_{k}")
        out[f"hitRate@{k}"] = each(f"success_{k}")
        # The tool divides by all relevant items, ours by those that a list of k can hold.
        out[f"recall_min@{k}"] = (np.array(each(f"recall_{k}")) * relevant / fewer).tolist()
        out[f"map@{k}"] = (np.array(each(f"map_cut_{k}")) * relevant / fewer).tolist()
        out[f"mrr@{k}"] = [value if value >= 1 / k else 0.0 for value in each("recip_rank")]
    return out


def by_ranx():
    names = {"ndcg": "ndcg", "recall": "recall", "precision": "precision", "mrr": "mrr", "hitRate": "hit_rate"}
    out = {}
    for k in KS:
        for ours, theirs in names.items():
            values = evaluate(Qrels(qrels), Run(run), f"{theirs}@{k}", return_mean=False)
            # The tool sorts the users by name.
            order = sorted(f"u{n}" for n in judged)
            out[f"{ours}@{k}"] = [float(values[order.index(f"u{n}")]) for n in judged]
    return out


def by_sklearn():
    out = {f"ndcg@{k}": [] for k in KS} | {"auc": []}
    for n in judged:
        relevant = np.array([1 if item in users[n]["relevant"] else 0 for item in lists[n]])
        order = np.arange(len(relevant), 0, -1)
        for k in KS:
            out[f"ndcg@{k}"].append(float(ndcg_score([relevant], [order], k=k)))
        scores = [users[n]["scores"][item] for item in lists[n]]
        out["auc"].append(float(roc_auc_score(relevant, scores)) if relevant.min() == 0 else None)
    ratings = np.concatenate([users[n]["ratings"] for n in judged])
    predictions = np.concatenate([users[n]["predictions"] for n in judged])
    overall = {
        "rmse": float(np.sqrt(mean_squared_error(ratings, predictions))),
        "mae": float(mean_absolute_error(ratings, predictions)),
    }
    return out, overall


def beyond_accuracy():
    """Gini by the area under the Lorenz curve, diversity by SciPy's Jaccard distance, the others by numpy."""
    has = np.array([[category in own for category in range(4)] for own in categories])
    counts = np.bincount([item for user in users for item in user["seen"]], minlength=N_ITEMS)
    n_users = sum(1 for user in users if user["seen"])
    each, overall = {}, {}
    for k in KS:
        tops = [lists[n][:k] for n in judged]
        shown = np.sort(np.bincount(np.concatenate(tops), minlength=N_ITEMS))
        lorenz = np.concatenate([[0], np.cumsum(shown) / shown.sum()])
        overall[f"gini@{k}"] = float(1 - 2 * auc(np.linspace(0, 1, N_ITEMS + 1), lorenz))
        overall[f"coverage@{k}"] = float((shown > 0).mean())
        each[f"popularity@{k}"] = [float(counts[top].mean()) for top in tops]
        novelty = -np.log2(np.maximum(counts, 0.5) / n_users)
        each[f"novelty@{k}"] = [float(novelty[top].mean()) for top in tops]
        each[f"diversity@{k}"] = [float(distances(has[top]).mean()) if len(top) > 1 else 0.0 for top in tops]
    return each, overall


def distances(rows):
    """SciPy calls two empty sets equal; to us nothing in common is no likeness."""
    values = pdist(rows, "jaccard")
    empty = [not (rows[a].any() or rows[b].any()) for a in range(len(rows)) for b in range(a + 1, len(rows))]
    return np.where(empty, 1.0, values)


sklearn_each, sklearn_overall = by_sklearn()
beyond_each, beyond_overall = beyond_accuracy()
golden = {
    "made": "by make_golden.py: ranx 0.3.21, scikit-learn 1.9.1, pytrec-eval-terrier 0.5.11, numpy 2.4.6",
    "ks": KS,
    "items": items,
    "categories": categories,
    "users": users,
    "judged": judged,
    "perUser": {
        "pytrec_eval": by_trec(),
        "ranx": by_ranx(),
        "scikit-learn": sklearn_each,
        "numpy and SciPy": beyond_each,
    },
    "overall": {"scikit-learn": sklearn_overall, "numpy": beyond_overall},
}
with open(os.path.join(HERE, "golden.json"), "w") as file:
    file.write("{\n" + ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items()) + "\n}\n")
