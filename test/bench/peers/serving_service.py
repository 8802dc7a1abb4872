"""A recommender as it is often first written: FastAPI, uvicorn, numpy. Factors in memory, seen items left out, ten items."""

import json
import sys

import numpy as np
import orjson
import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import Response

directory, port = sys.argv[1], int(sys.argv[2])
meta = json.load(open(f"{directory}/meta.json"))
users = np.fromfile(f"{directory}/users.f32", dtype=np.float32).reshape(-1, meta["width"])
items = np.fromfile(f"{directory}/items.f32", dtype=np.float32).reshape(-1, meta["width"])
starts = np.fromfile(f"{directory}/starts.i32", dtype=np.int32)
history = np.fromfile(f"{directory}/history.i32", dtype=np.int32)
user_index = {user: index for index, user in enumerate(meta["userIds"])}
facts = [
    {"itemId": item, "title": title, "categories": categories}
    for item, title, categories in zip(meta["itemIds"], meta["titles"], meta["categories"])
]

app = FastAPI()


@app.get("/recommendations/{user_id}")
async def recommendations(user_id: str, k: int = 10):
    index = user_index.get(user_id)
    if index is None:
        raise HTTPException(404)
    scores = items @ users[index]
    scores[history[starts[index] : starts[index + 1]]] = -np.inf
    best = np.argpartition(scores, -k)[-k:]
    best = best[np.argsort(-scores[best])]
    answer = {"userId": user_id, "items": [{**facts[i], "score": float(scores[i])} for i in best]}
    return Response(orjson.dumps(answer), media_type="application/json")


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
