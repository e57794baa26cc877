# The exchange with the benchmark: see benches/src/python.rs.
import json
import sys
import time


def serve(one_round):
    """Says ready, then calls one_round(seconds) for every line and prints the figures it returns."""
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(one_round(float(line))), flush=True)


def ns_per_op(seconds, operation, batch=1):
    """Mean nanoseconds of operation(), repeated for about so many seconds."""
    done = 0
    start = time.perf_counter()
    while True:
        for _ in range(batch):
            operation()
        done += batch
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return elapsed * 1e9 / done
