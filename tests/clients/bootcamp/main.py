"""Entry point: builds, reads back, changes and tears down a bootcamp stack with boto3.

Decides the order of the areas, the client settings and the exit code. Must not know
what any step checks. Usage: main.py --endpoint URL [--deadline SECONDS] [--json]
"""

import argparse
import dataclasses
import importlib
import json
import secrets
import sys

import boto3
from botocore.config import Config

import harness

# The order is the order of the steps: each area uses what the ones before it built.
AREAS = (
    "network", "groups", "iam", "stores", "secrets", "dns", "certificate", "balancer", "targets", "listeners",
    "rules", "discovery", "cluster", "taskdefs", "services", "steady", "rollout", "tasks", "scaling", "schedule",
    "database", "tables", "tagging", "teardown", "remains",
)


class Clients:
    """One boto3 client per service, made when first used."""

    def __init__(self, endpoint, region):
        self._endpoint, self._region = endpoint, region
        # Only throttling may be repeated behind the steps' back; everything else is theirs to see.
        self._config = Config(
            retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=60,
            parameter_validation=True,
        )

    def __getattr__(self, service):
        client = boto3.client(
            service.replace("_", "-"), endpoint_url=self._endpoint, region_name=self._region, config=self._config,
            aws_access_key_id="test", aws_secret_access_key="test",
        )
        setattr(self, service, client)
        return client


def arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--deadline", type=float, default=60.0, help="seconds each wait may take")
    parser.add_argument("--run", default=secrets.token_hex(3), help="suffix that makes this run's names unique")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    parser.add_argument("--until", metavar="AREA", choices=AREAS, help="stop after this area (leaves the stack in place)")
    return parser.parse_args()


def main():
    """Runs every step and returns the exit code."""
    options = arguments()
    wanted = AREAS[: AREAS.index(options.until) + 1] if options.until else AREAS
    for area in wanted:
        importlib.import_module(f"steps_{area}")
    aws = Clients(options.endpoint, options.region)
    lab = harness.Lab(options.run, options.region, options.deadline)
    outcomes = []
    for number, item in enumerate(harness.STEPS, 1):
        outcome = harness.run_step(number, item, aws, lab)
        outcomes.append(outcome)
        if not options.json:
            print(harness.describe(outcome), flush=True)
    passed = sum(outcome.passed for outcome in outcomes)
    if options.json:
        rows = [
            {**dataclasses.asdict(o), "findings": [{"field": f, "expected": repr(e), "got": repr(g)} for f, e, g in o.findings]}
            for o in outcomes
        ]
        print(json.dumps({"passed": passed, "steps": len(outcomes), "outcomes": rows}, indent=1, default=repr))
    else:
        print(f"{passed} of {len(outcomes)} steps")
    return 0 if passed == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
