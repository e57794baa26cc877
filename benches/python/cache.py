# The caches of pywats. Arguments: what to measure (get_hit, async_get_hit, insert_evict, sweep, memory), number of keys.
import asyncio
import itertools
import tracemalloc

from pywats.core.cache import AsyncTTLCache, TTLCache

what, count = sys.argv[1], int(sys.argv[2])
keys = [f"key-{n}" for n in range(count)]


def filled(ttl=3600.0, room=count):
    cache = TTLCache(default_ttl=ttl, max_size=room, auto_cleanup=False)
    for number, key in enumerate(keys):
        cache.set(key, number)
    return cache


def get_hit():
    cache = filled()

    def all_keys():
        for key in keys:
            cache.get(key)

    return lambda seconds: [ns_per_op(seconds, all_keys) / count]


def async_get_hit():
    cache = AsyncTTLCache(default_ttl=3600.0, max_size=count, auto_cleanup=False)
    loop = asyncio.new_event_loop()

    async def fill():
        for number, key in enumerate(keys):
            await cache.set(key, number)

    async def measure(seconds):
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            for key in keys:
                await cache.get(key)
            done += count
        return [(time.perf_counter() - start) * 1e9 / done]

    loop.run_until_complete(fill())
    return lambda seconds: loop.run_until_complete(measure(seconds))


def insert_evict():
    cache = filled()
    fresh = (f"fresh-{n}" for n in itertools.count())
    return lambda seconds: [ns_per_op(seconds, lambda: cache.set(next(fresh), 1))]


def sweep():
    def one_round(_):
        cache = filled(ttl=0.001, room=2 * count)
        time.sleep(0.01)
        start = time.perf_counter()
        cache.cleanup_expired()
        return [(time.perf_counter() - start) * 1e9 / count]

    return one_round


def memory():
    def one_round(_):
        tracemalloc.start()
        cache = filled()
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return [size / len(cache.keys())]

    return one_round


serve(globals()[what]())
