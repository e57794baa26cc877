# Pooled GETs through httpx, the HTTP client of pywats, set up as pywats does. Arguments: base URL, file with the CA or
# "-", concurrency.
import asyncio
import ssl

import httpx

base_url, ca_file, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3])
PATH = "/api/Product/PN-1"
verify = True if ca_file == "-" else ssl.create_default_context(cafile=ca_file)
loop = asyncio.new_event_loop()


async def connect():
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=30.0)
    client = httpx.AsyncClient(base_url=base_url, http2=True, limits=limits, timeout=30.0, verify=verify)
    (await client.get(PATH)).raise_for_status()
    return client


async def load(seconds):
    started, cpu = time.perf_counter(), time.process_time()
    done = 0

    async def work():
        nonlocal done
        while True:
            response = await client.get(PATH)
            assert response.status_code == 200 and response.content
            done += 1
            if time.perf_counter() - started >= seconds:
                return

    await asyncio.gather(*(work() for _ in range(concurrency)))
    return [(time.process_time() - cpu) * 1e6 / done, done / (time.perf_counter() - started)]


client = loop.run_until_complete(connect())
serve(lambda seconds: loop.run_until_complete(load(seconds)))
