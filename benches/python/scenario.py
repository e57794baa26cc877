# One scenario of the report through pywats (AsyncWATS). Arguments: scenario, way, base URL, token. The way is `best`, as
# its documentation tells to do it, or `naive`.
# Seconds of 0 prepare what is not part of the scenario (a new client with its first connection), any other number
# does the scenario with that client and gives its milliseconds, its milliseconds of processor time, and by how much the
# figures are to be multiplied where only a part was done.
import asyncio
import logging

from pywats import AsyncWATS
from pywats.core.coalesce import batch_map
from pywats.core.throttle import configure_throttling
from pywats.shared.enums import CompOp

logging.disable(logging.CRITICAL)
scenario, way, base_url, token = sys.argv[1:5]
# Its limit of 500 requests a minute would be all that is measured.
configure_throttling(enabled=False)

NUMBERS = [f"PART-{n:04}" for n in range(100)]
IDS = [f"00000000-0000-4000-8000-{n:012}" for n in range(1000)]
# Numeric steps of a report of about 10 MB.
STEPS_OF_10_MB = 55_000
# How often a call is made that asks no server.
KEPT_CALLS = 10_000


async def prepare(api):
    if scenario == "processes_second_call":
        await api.process.get_processes()
    else:
        await api.product.get_product("PART-0000")


async def products(api):
    return await batch_map(NUMBERS, api.product.get_product)


async def products_one_by_one(api):
    return [await api.product.get_product(number) for number in NUMBERS]


async def products_at_once(api):
    return await asyncio.gather(*map(api.product.get_product, NUMBERS))


def build(api, number, steps):
    report = api.report.create_uut_report(
        operator="bench", part_number="PART-0001", revision="A", serial_number=f"SN-{number:05}",
        operation_type=100, station_name="Bench", location="Here", purpose="Bench",
    )
    root = report.get_root_sequence_call()
    for step in range(steps):
        root.add_numeric_step(name=f"Rail {step}", value=5.0 + step / 1000, unit="V", comp_op=CompOp.GELE,
                              low_limit=4.5, high_limit=1000.5)
    return report


async def submit(api):
    async def one(number):
        return await api.report.submit_report(build(api, number, 10))

    return await batch_map(list(range(100)), one)


async def submit_one_by_one(api):
    return [await api.report.submit_report(build(api, number, 10)) for number in range(100)]


async def transfer(api):
    sent = build(api, 0, STEPS_OF_10_MB)
    read = await api.report.get_report(await api.report.submit_report(sent))
    if len(read.root.steps) != len(sent.root.steps):
        raise SystemExit("the report came back changed")
    return [read]


async def headers(api):
    return await api.report.query_headers(top=1000)


async def headers_in_pages(api):
    return [header for page in range(10) for header in await api.report.query_headers(top=100, skip=page * 100)]


async def full_report(api, id):
    return len((await api.report.get_report(id)).root.steps)


async def full_reports(api):
    return await batch_map(IDS, lambda id: full_report(api, id))


async def full_reports_one_by_one(api):
    return [await full_report(api, id) for id in IDS[::10]]


async def processes(api):
    for _ in range(KEPT_CALLS):
        result = await api.process.get_processes()
    return result


# The work, how many results it must have at least, by how much its figures are multiplied and divided.
SCENARIOS = {
    ("products_100", "best"): (products, 100, 1, 1),
    ("products_100", "naive"): (products_one_by_one, 100, 1, 1),
    ("concurrent_100", "best"): (products_at_once, 100, 1, 1),
    ("submit_100", "best"): (submit, 100, 1, 1),
    ("submit_100", "naive"): (submit_one_by_one, 100, 1, 1),
    ("transfer_10mb", "best"): (transfer, 1, 1, 1),
    ("reports_1000", "best"): (headers, 1000, 1, 1),
    ("reports_1000", "naive"): (headers_in_pages, 1000, 1, 1),
    ("full_reports_1000", "best"): (full_reports, 1000, 1, 1),
    ("full_reports_1000", "naive"): (full_reports_one_by_one, 100, 10, 1),
    ("processes_second_call", "best"): (processes, 1, 1, KEPT_CALLS),
}


api = None
loop = asyncio.new_event_loop()


async def begin():
    global api
    if api:
        await api.close()
    api = AsyncWATS(base_url=base_url, token=token, enable_throttling=False)
    await prepare(api)
    return [0, 0, 1]


async def measure():
    work, least, scale, times = SCENARIOS[scenario, way]
    cpu, start = time.process_time(), time.perf_counter()
    result = await work(api)
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    if len(result) < least:
        raise SystemExit(f"{scenario}: {len(result)} results instead of {least}")
    factor = 1e3 * scale / times
    return [took * factor, cpu * factor, scale]


serve(lambda seconds: loop.run_until_complete(measure() if seconds else begin()))
