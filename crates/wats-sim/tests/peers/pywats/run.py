"""Runs every script of this folder against a server: run.py BASE_URL TOKEN [NAME ...]

A script has a function run(api), which uses the client and asserts what comes back.
"""

import importlib
import pathlib
import sys
import traceback

from pywats import pyWATS


def main():
    base_url, token, *names = sys.argv[1:]
    here = pathlib.Path(__file__).parent
    names = names or sorted(file.stem for file in here.glob("*.py") if file.stem != "run")
    api = pyWATS(base_url=base_url, token=token)
    failed = []
    for name in names:
        try:
            importlib.import_module(name).run(api)
            print(f"ok      {name}")
        except Exception:  # the next script has its say too
            traceback.print_exc()
            print(f"FAILED  {name}")
            failed.append(name)
    sys.exit(1 if failed or not names else 0)


if __name__ == "__main__":
    main()
