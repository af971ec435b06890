"""What the commands of bootcamp journals made by hand, read back with boto3 after `evenkeel apply` has made it.

Decides how a row is run and reported. Must not know what a row reads. A row is a command as somebody typed it, and a function that reads
what the command leaves behind and says what is missing. Usage: main.py --endpoint URL [--gone]; with --gone each row must find nothing.
"""

import argparse
import sys

import boto3
from botocore.exceptions import ClientError

import cruddur
import flask_todo

# What AWS says of what is not there.
ABSENT = ("NotFound", "NoSuchEntity", "NoSuchHostedZone", "Missing", "ClientException", "InvalidParameterException")


class Clients:
    """One boto3 client per service, made when first used."""

    def __init__(self, endpoint, region):
        self.region, self._endpoint = region, endpoint

    def __getattr__(self, service):
        client = boto3.client(
            service.replace("_", "-"), endpoint_url=self._endpoint, region_name=self.region,
            aws_access_key_id="test", aws_secret_access_key="test",
        )
        setattr(self, service, client)
        return client


def found(row, aws):
    """The findings of a row, or None if what it reads is not there."""
    try:
        return row(aws)
    except (LookupError, StopIteration):
        return None
    except ClientError as error:
        if any(word in error.response["Error"]["Code"] for word in ABSENT):
            return None
        raise


def main():
    """Reads every row and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--gone", action="store_true", help="nothing may be left")
    options = parser.parse_args()
    wrong = rows = 0
    for journal in (cruddur, flask_todo):
        aws = Clients(options.endpoint, journal.REGION)
        for command, row in journal.ROWS:
            rows += 1
            findings = found(row, aws)
            if options.gone:
                said = None if findings is None else "is still there"
            else:
                said = "is not there" if findings is None else ", ".join(findings)
            wrong += bool(said)
            print(f"{'not ok' if said else 'ok'}: {command}{': ' + said if said else ''}", flush=True)
    print(f"{rows - wrong} of {rows} rows")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
