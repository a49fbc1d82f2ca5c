"""Prints what PutMetricData requests hold: one JSON list per sample, read from the files in a folder."""

import gzip
import json
import pathlib
import sys

import cbor2


def samples(body):
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    request = json.loads(body) if body[:1] == b"{" else cbor2.loads(body)
    for datum in request["MetricData"]:
        dimensions = sorted((it["Name"], it["Value"]) for it in datum.get("Dimensions") or [])
        at = datum["Timestamp"]
        yield [
            datum["MetricName"],
            ", ".join(f"{name}={value}" for name, value in dimensions),
            round(at.timestamp() if hasattr(at, "timestamp") else at),
            round(datum["Value"], 3),
            datum["Unit"],
        ]


for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    for sample in samples(path.read_bytes()):
        print(json.dumps(sample))
