# One scenario of the report through pywats (AsyncWATS). Arguments: scenario, base URL, token.
# Seconds of 0 prepare what is not part of the scenario (a new client with its first connection), any other number
# does the scenario with that client and gives its milliseconds.
import asyncio
import logging

from pywats import AsyncWATS
from pywats.core.throttle import configure_throttling

logging.disable(logging.CRITICAL)
scenario, base_url, token = sys.argv[1:4]
# Its limit of 500 requests a minute would be all that is measured.
configure_throttling(enabled=False)


async def prepare(api):
    if scenario == "processes_second_call":
        await api.process.get_processes()
    else:
        await api.product.get_product("PART-0000")


async def products_one_by_one(api):
    return [await api.product.get_product(f"PART-{n:04}") for n in range(100)]


async def products_at_once(api):
    return await asyncio.gather(*(api.product.get_product(f"PART-{n:04}") for n in range(100)))


def build(api, number, steps):
    report = api.report.create_uut_report(
        operator="bench", part_number="PART-0001", revision="A", serial_number=f"SN-{number:05}",
        operation_type=100, station_name="Bench", location="Here", purpose="Bench",
    )
    root = report.get_root_sequence_call()
    for step in range(steps):
        root.add_numeric_step(name=f"Rail {step}", value=5.0 + step / 1000, unit="V",
                              low_limit=4.5, high_limit=1000.5)
    return report


async def submit(api):
    for number in range(100):
        await api.report.submit_report(build(api, number, 10))
    return range(100)


async def headers(api):
    return await api.report.query_headers(top=1000)


async def processes(api):
    return await api.process.get_processes()


SCENARIOS = {
    "products_100": (products_one_by_one, 100),
    "concurrent_100": (products_at_once, 100),
    "submit_100": (submit, 100),
    "reports_1000": (headers, 1000),
    "processes_second_call": (processes, 1),
}


api = None
loop = asyncio.new_event_loop()


async def begin():
    global api
    if api:
        await api.close()
    api = AsyncWATS(base_url=base_url, token=token, enable_throttling=False)
    await prepare(api)
    return [0]


async def measure():
    work, least = SCENARIOS[scenario]
    start = time.perf_counter()
    result = await work(api)
    took = time.perf_counter() - start
    if len(result) < least:
        raise SystemExit(f"{scenario}: {len(result)} results instead of {least}")
    return [took * 1e3]


serve(lambda seconds: loop.run_until_complete(measure() if seconds else begin()))
