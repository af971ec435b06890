"""What a probe is and what it may ask of the answer it gets.

Decides how a refusal is compared (status, code, message), how pages are walked
and how long a probe waits. It must not know any service: names of operations,
codes and texts live in the probe files.
"""

import re
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
POLL = 0.2
CONFIG = Config(
    parameter_validation=False,
    inject_host_prefix=False,
    retries={"max_attempts": 1, "mode": "standard"},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=32,
)
# Answers every AWS client is expected to wait out; a probe that looks for one of
# them names it, and is then served before this list is consulted.
TRANSIENT_CODES = {
    "Throttling", "ThrottlingException", "RequestLimitExceeded", "PriorRequestNotComplete",
    "OperationAbortedException", "ConcurrentModification", "ConcurrentUpdateException",
    "TooManyUpdates", "RequestLimitExceededException", "LimitExceededRateException",
}
TRANSIENT_TEXTS = (
    "Unable to assume the service linked role",
    "Too many concurrent attempts to create a new revision",
    "verify that the ECS service role being passed has the proper permissions",
)
REGISTRY = []


class Mismatch(AssertionError):
    """The answer is not the one real AWS gives."""

    def __init__(self, expected, got):
        super().__init__(f"expected {expected}; got {got}")
        self.expected, self.got = str(expected), str(got)


class Part(str):
    """Text that must occur somewhere in the message."""


class Pattern(str):
    """A regular expression that must match somewhere in the message."""


def probe(name, region="us-east-1", cases=((),)):
    """Registers a function as a probe, or as one probe per row of `cases`.

    The name may hold `{0}`, `{1}`, … for the values of the row.
    """

    def register(function):
        for row in cases:
            REGISTRY.append((name.format(*row), function, tuple(row), region))
        return function

    return register


def is_transient(error):
    """Whether a client is expected to send the same call again."""
    body = error.response["Error"]
    text = body.get("Message") or ""
    return body.get("Code") in TRANSIENT_CODES or any(part in text for part in TRANSIENT_TEXTS)


class Patient:
    """A boto3 client whose calls wait out throttling; `.raw` is the bare call."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        raw = getattr(self._client, name)

        def call(**kwargs):
            deadline = time.monotonic() + 40
            while True:
                try:
                    return raw(**kwargs)
                except ClientError as error:
                    if not is_transient(error) or time.monotonic() > deadline:
                        raise
                    time.sleep(POLL)

        call.raw = raw
        return call


class World:
    """One simulator: its clients and the objects several probes share."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self._clients, self._shared, self._locks = {}, {}, {}
        self._guard = threading.Lock()

    def client(self, service, region):
        """The client of a service in a region, made once."""
        with self._guard:
            key = (service, region)
            if key not in self._clients:
                session = boto3.session.Session(
                    aws_access_key_id="test", aws_secret_access_key="test", region_name=region
                )
                self._clients[key] = Patient(
                    session.client(service, endpoint_url=self.endpoint, config=CONFIG)
                )
            return self._clients[key]

    def shared(self, key, make):
        """An object made by whoever asks first and then used by all."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._shared:
                self._shared[key] = make()
            return self._shared[key]


class Probe:
    """What a running probe holds: clients, a name of its own and the checks."""

    def __init__(self, world, name, region):
        self.world, self.name, self.region = world, name, region

    def __getattr__(self, service):
        return self.world.client(service.replace("_", "-"), self.region)

    def shared(self, kind, make):
        """An object shared by the probes of this region."""
        return self.world.shared((kind, self.region), make)

    def equal(self, got, want, what=""):
        """Both values are the same."""
        if got != want:
            raise Mismatch(f"{what} {want!r}".strip(), repr(got))

    def true(self, condition, what, got=""):
        """The condition holds."""
        if not condition:
            raise Mismatch(what, got if got != "" else "the contrary")

    def until(self, check, seconds=60):
        """Calls `check` every 0.2 s until it neither raises nor answers false."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = check()
                if value is not None and value is not False:
                    return value
                last = f"still {value!r}"
            except (ClientError, Mismatch, KeyError, IndexError) as error:
                last = str(error)
            if time.monotonic() > deadline:
                raise Mismatch(f"a state reached within {seconds} s", last)
            time.sleep(POLL)

    def refused(self, spec, message, call, **kwargs):
        """The call fails with `[status ]Code[|Code]` and the message; gives the answer."""
        return self.refused_within(0, spec, message, call, **kwargs)

    def refused_within(self, seconds, spec, message, call, **kwargs):
        """Like `refused`, but other refusals are tolerated for that long."""
        status, codes = parse_spec(spec)
        want = f"{spec} {message or ''}"
        deadline, patience = time.monotonic() + seconds, time.monotonic() + 40
        while True:
            try:
                answer = call.raw(**kwargs)
            except ClientError as error:
                got = error.response
                if refusal_fits(got, status, codes, message):
                    return got
                limit = patience if is_transient(error) else deadline
                if time.monotonic() < limit:
                    time.sleep(POLL)
                    continue
                body = got["Error"]
                said = f"{got['ResponseMetadata']['HTTPStatusCode']} {body.get('Code')}"
                raise Mismatch(want, f"{said} {body.get('Message', '')}") from None
            answer.pop("ResponseMetadata", None)
            raise Mismatch(want, f"success {str(answer)[:200]}")

    def walk(self, call, key, names=("nextToken", "nextToken"), **kwargs):
        """All pages of a list call, as lists of items."""
        into, out = names
        pages, seen = [], set()
        while True:
            answer = call(**kwargs)
            pages.append(answer.get(key, []))
            token = answer.get(out)
            if not token:
                return pages
            if token in seen or len(pages) > 400:
                raise Mismatch("tokens that lead to an end", f"token {token!r} again")
            seen.add(token)
            kwargs[into] = token

    def once(self, pages, wanted, size, key=lambda item: item):
        """Every wanted item is on exactly one page and no page is longer than `size`."""
        flat = [key(item) for page in pages for item in page]
        for item in wanted:
            if flat.count(item) != 1:
                raise Mismatch(f"{item} once in {len(pages)} pages", f"{flat.count(item)} times")
        if len(wanted) > size and len(pages) < 2:
            raise Mismatch(f"pages of {size}", f"one page of {len(flat)}")
        longest = max(len(page) for page in pages)
        if longest > size:
            raise Mismatch(f"at most {size} on a page", longest)


def parse_spec(spec):
    """`409 DeleteConflict` or `A|B` into statuses and codes; no status means 400."""
    head, _, tail = spec.rpartition(" ")
    statuses = {int(word) for word in head.split("|")} if head else {400}
    return statuses, set(tail.split("|"))


def refusal_fits(got, statuses, codes, message):
    """Whether an error answer is the expected one."""
    body = got["Error"]
    text = body.get("Message") or ""
    if got["ResponseMetadata"]["HTTPStatusCode"] not in statuses:
        return False
    if body.get("Code") not in codes:
        return False
    if message is None:
        return True
    if isinstance(message, Part):
        return message in text
    if isinstance(message, Pattern):
        return re.search(message, text) is not None
    return text == message
