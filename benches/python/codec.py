# pywats Serializer on the value in a JSON file. Arguments: file, format (json, msgpack, json-gzip), ser | de | size.
# ser and de give microseconds for the whole value, size gives bytes.
from pywats.core import performance

path, format, what = sys.argv[1:4]
with open(path, encoding="utf-8") as file:
    value = json.load(file)
serializer = performance.Serializer(format=format)
if serializer.format != format:
    sys.exit(f"pywats fell back from {format} to {serializer.format}: a Python package is missing")
packed = serializer.dumps(value)

if what == "size":
    serve(lambda seconds: [len(packed)])
elif what == "ser":
    serve(lambda seconds: [ns_per_op(seconds, lambda: serializer.dumps(value)) / 1000])
else:
    serve(lambda seconds: [ns_per_op(seconds, lambda: serializer.loads(packed)) / 1000])
