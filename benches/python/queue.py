# The queue on disk of the Python client, as its documentation tells to use it. Arguments: what to measure (enqueue, drain),
# how many reports; for drain also base URL, token and folder.
import logging
import tempfile
from unittest.mock import MagicMock

from pywats import pyWATS
from pywats.core.throttle import configure_throttling
from pywats.shared.enums import CompOp


def persistent_queue():
    """The class, whatever its package imports beside it for windows and services that no queue needs."""
    while True:
        try:
            from pywats_client.queue import PersistentQueue
            return PersistentQueue
        except ModuleNotFoundError as error:
            if error.name in sys.modules or error.name.startswith("pywats"):
                raise
            sys.modules[error.name] = MagicMock()
            for name in [name for name in sys.modules if name.startswith("pywats_client")]:
                del sys.modules[name]


logging.disable(logging.CRITICAL)
configure_throttling(enabled=False)
PersistentQueue = persistent_queue()
what, count = sys.argv[1], int(sys.argv[2])
base_url, token = sys.argv[3:5] if what == "drain" else ("http://127.0.0.1:9", "token")
api = pyWATS(base_url=base_url, token=token)
made = 0


def build(steps):
    global made
    made += 1
    report = api.report.create_uut_report(
        operator="bench", part_number="PART-0001", revision="A", serial_number=f"SN-{made:012}",
        operation_type=100, station_name="Bench", location="Here", purpose="Bench",
    )
    root = report.get_root_sequence_call()
    for step in range(1, steps + 1):
        root.add_numeric_step(name=f"Rail {step}", value=5.0 + step / 1000, unit="V", comp_op=CompOp.GELE,
                              low_limit=4.5, high_limit=1000.5)
    return report


def written():
    try:
        with open("/proc/self/io") as counters:
            return int(next(line for line in counters if line.startswith("write_bytes:")).split()[1])
    except OSError:
        return None


def enqueue(folder):
    # About 10 KB as this client writes them.
    queue, steps = PersistentQueue(folder), 24

    def one_round(_):
        reports = [build(steps) for _ in range(count)]
        before, times = written(), []
        for report in reports:
            start = time.perf_counter()
            queue.add(report)
            times.append(time.perf_counter() - start)
        bytes = None if before is None else (written() - before) / count
        return [sorted(times)[count // 2] * 1e6, count / sum(times), bytes]

    return one_round


def drain(folder):
    queue = PersistentQueue(folder)

    def one_round(_):
        for _ in range(count):
            queue.add(build(10))
        start = time.perf_counter()
        done = queue.process_pending(lambda data: bool(api.report.submit_report(data)))
        took = time.perf_counter() - start
        if done["success"] != count:
            raise SystemExit(f"{done} instead of {count}")
        return [count / took]

    return one_round


if what == "drain":
    serve(drain(sys.argv[5]))
else:
    # Beside the program that measures: /tmp may be memory.
    with tempfile.TemporaryDirectory(dir=sys.argv[3]) as folder:
        serve(enqueue(folder))
