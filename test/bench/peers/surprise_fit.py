"""Surprise on train.csv and test.csv of a directory (user,item,rating with a header): seconds of the fit, RMSE.

    surprise_fit.py DIRECTORY SVD|SVDpp|NMF '{"n_factors": 100}'
"""
import json
import sys
import time

import pandas as pd
import surprise

directory, algorithm, params = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
columns = ["user", "item", "rating"]
train_rows, test_rows = (pd.read_csv(f"{directory}/{part}.csv", usecols=columns)[columns] for part in ("train", "test"))
scale = surprise.Reader(rating_scale=(train_rows.rating.min(), train_rows.rating.max()))
train = surprise.Dataset.load_from_df(train_rows, scale).build_full_trainset()
model = getattr(surprise, algorithm)(random_state=1, **params)
start = time.perf_counter()
model.fit(train)
seconds = time.perf_counter() - start
rmse = surprise.accuracy.rmse(model.test(list(test_rows.itertuples(index=False, name=None))), verbose=False)
print(json.dumps({"seconds": [seconds], "rmse": rmse}))
