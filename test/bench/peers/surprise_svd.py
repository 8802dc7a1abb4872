"""Surprise's SVD on MovieLens 1M: seconds of the fit and RMSE on one random fifth, which is written down for recsys.

    surprise_svd.py RATINGS.dat DIRECTORY     writes train.csv and test.csv there: --split file:train.csv,test.csv
"""
import json
import sys
import time

import numpy as np
import pandas as pd
from surprise import SVD, Dataset, Reader, accuracy

ratings = pd.read_csv(sys.argv[1], sep="::", engine="python", names=["user", "item", "rating", "timestamp"], encoding="latin-1")
is_test = np.random.default_rng(1).random(len(ratings)) < 0.2
columns = ["user", "item", "rating"]
ratings[~is_test][columns].to_csv(f"{sys.argv[2]}/train.csv", index=False)
ratings[is_test][columns].to_csv(f"{sys.argv[2]}/test.csv", index=False)
train = Dataset.load_from_df(ratings[~is_test][columns], Reader(rating_scale=(1, 5))).build_full_trainset()
test = list(ratings[is_test][columns].itertuples(index=False, name=None))
model = SVD(n_factors=100, n_epochs=20, random_state=1)
start = time.perf_counter()
model.fit(train)
seconds = time.perf_counter() - start
rmse = accuracy.rmse(model.test(test), verbose=False)
print(json.dumps({"seconds": seconds, "rmse": rmse}))
