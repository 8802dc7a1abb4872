"""LensKit's full ranking with factors that full-ranking.ts has left beside train.csv and test.csv: one JSON line.

    lenskit_ranking.py DIRECTORY FACTORS JOBS

The model is a scorer that multiplies factors; lists, masks of seen items, top-20 and metrics are LensKit's own. The seconds
are those of its batch recommendation and its analysis of the run. NDCG with discount log2(rank + 1), as ours has it.
"""
import json
import os
import sys
import time
import warnings

import numpy as np
import pandas as pd
from lenskit.batch import recommend
from lenskit.data import ItemList, ItemListCollection, UserIDKey, from_interactions_df
from lenskit.metrics import NDCG, Hit, LogRankWeight, Precision, Recall, RecipRank, RunAnalysis
from lenskit.pipeline import Component, topn_pipeline
from lenskit.training import Trainable

K = 20
warnings.filterwarnings("ignore")


class FactorScorer(Component, Trainable):
    config: None

    def train(self, data, options=None):
        directory, width = sys.argv[1], int(sys.argv[2])
        self.users, self.items = data.users, data.items
        self.user_factors, self.item_factors = (
            np.fromfile(os.path.join(directory, f"{side}.f32"), dtype=np.float32).reshape(-1, width) for side in ("users", "items")
        )

    def __call__(self, query, items: ItemList) -> ItemList:
        scores = self.item_factors @ self.user_factors[self.users.number(query.user_id)]
        return ItemList(items, scores=scores[items.numbers(vocabulary=self.items)])


def main():
    directory, jobs = sys.argv[1], int(sys.argv[3])
    train, test = (pd.read_csv(os.path.join(directory, f"{part}.csv")) for part in ("train", "test"))
    both = pd.concat([train, test])
    users, items = np.sort(both["user"].unique()), np.sort(both["item"].unique())
    data = from_interactions_df(train, user_col="user", item_col="item", rating_col="rating", users=users, items=items)
    pipeline = topn_pipeline(FactorScorer())
    pipeline.train(data)
    truth = ItemListCollection.from_df(test.rename(columns={"user": "user_id", "item": "item_id"}), UserIDKey)
    metrics = [NDCG(K, weight=LogRankWeight(offset=1)), Recall(K), Precision(K), Hit(K), RecipRank(K)]

    start = time.perf_counter()
    lists = recommend(pipeline, list(truth.keys()), K, n_jobs=jobs)
    analysis = RunAnalysis(*metrics).measure(lists, truth)
    seconds = time.perf_counter() - start
    means = analysis.list_metrics(fill_missing=False).mean()
    names = {"ndcg": "NDCG", "recall_min": "Recall", "precision": "Precision", "hitRate": "Hit", "mrr": "RecipRank"}
    print(json.dumps({"seconds": [seconds], **{ours: float(means[f"{theirs}@{K}"]) for ours, theirs in names.items()}}))


# Its worker processes read this file again.
if __name__ == "__main__":
    main()
