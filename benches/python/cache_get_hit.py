# pywats TTLCache.get of keys that are there. Argument: number of keys.
from pywats.core.cache import TTLCache

keys = [f"key-{n}" for n in range(int(sys.argv[1]))]
cache = TTLCache(default_ttl=3600.0, max_size=len(keys))
for number, key in enumerate(keys):
    cache.set(key, number)


def all_keys():
    for key in keys:
        cache.get(key)


serve(lambda seconds: [ns_per_op(seconds, all_keys) / len(keys)])
