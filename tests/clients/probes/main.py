"""Runs the probes against one endpoint and says how many got AWS's answer.

Decides selection, concurrency and the report. It must not know what any probe
asks; a probe file is found by its name, `probe_*.py`.
"""

import argparse
import concurrent.futures
import fnmatch
import importlib
import json
import pathlib
import sys
import time
import traceback
import uuid

import harness

WORKERS = 10


def load():
    """Imports every probe file of this directory, in order of name."""
    here = pathlib.Path(__file__).resolve().parent
    for path in sorted(here.glob("probe_*.py")):
        importlib.import_module(path.stem)
    names = [entry[0] for entry in harness.REGISTRY]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        sys.exit(f"two probes are called {', '.join(twice)}")
    return harness.REGISTRY


def run(world, entry):
    """Runs one probe; the answer says whether it passed and, if not, why."""
    name, function, row, region = entry
    prefix = "pb" + uuid.uuid4().hex[:10]
    begun = time.monotonic()
    result = {"name": name, "ok": True}
    try:
        function(harness.Probe(world, prefix, region), *row)
    except harness.Mismatch as mismatch:
        result.update(ok=False, expected=mismatch.expected, got=mismatch.got)
    except Exception as error:  # a setup call refused, or a reply of another shape
        place = traceback.extract_tb(error.__traceback__)
        lines = [f"{frame.name}:{frame.lineno}" for frame in place if "/probes/" in frame.filename]
        got = f"{type(error).__name__}: {str(error)[:300]} ({' '.join(lines[1:3])})"
        result.update(ok=False, expected="the steps before the check to work", got=got)
    result["seconds"] = round(time.monotonic() - begun, 2)
    return result


def select(entries, pattern):
    """The probes whose name holds the pattern (`*` and `?` allowed)."""
    if not pattern:
        return entries
    return [entry for entry in entries if fnmatch.fnmatch(entry[0], f"*{pattern}*")]


def main():
    """Command line entry; the exit code is 0 only if all probes pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", help="address of the simulator, http://host:port")
    parser.add_argument("--only", metavar="PATTERN", help="run the probes whose name holds this")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--workers", type=int, default=WORKERS)
    arguments = parser.parse_args()
    entries = select(load(), arguments.only)
    if arguments.list:
        print("\n".join(entry[0] for entry in entries))
        return 0
    if not arguments.endpoint:
        parser.error("--endpoint is required")
    world = harness.World(arguments.endpoint)
    with concurrent.futures.ThreadPoolExecutor(arguments.workers) as pool:
        results = list(pool.map(lambda entry: run(world, entry), entries))
    return report(results, arguments.json)


def report(results, as_json):
    """Prints failures with expected and got, then the total."""
    failures = [result for result in results if not result["ok"]]
    total = f"{len(results) - len(failures)} of {len(results)} probes"
    if as_json:
        print(json.dumps({"passed": len(results) - len(failures), "total": len(results),
                          "probes": results}, indent=1))
    else:
        for result in failures:
            print(f"FAIL {result['name']}\n  expected {result['expected']}\n  got      {result['got']}")
        print(total)
    return 1 if failures or not results else 0


if __name__ == "__main__":
    sys.exit(main())
