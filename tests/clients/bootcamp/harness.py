"""Runs numbered steps one after the other and reports what each one found.

Decides what a step is, how it records differences, how it waits, and what happens
to steps whose inputs an earlier failure never produced. Must not know any service.
"""

import dataclasses
import time
import traceback

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from compare import differences

POLL_SECONDS = 0.2

# Refusals that AWS itself resolves after a moment: a fresh role, group, zone or target.
PASSING = (
    "Unable to assume",
    "Role is not valid",
    "Invalid principal in policy",
    "verify that the ECS service role",
    "is not authorized to perform: iam:PassRole",
    "ECS service doesn't exist",
    "must provide AWS EventBridge Scheduler to assume",
    "still processing a prior request",
    "pending update to an Auto Scaling resource",
    "Cluster was not ACTIVE",
    "cluster is in a busy state",
)

STEPS = []


@dataclasses.dataclass
class Step:
    """One numbered step: a name and the function that performs and checks it."""

    name: str
    area: str
    run: object


def step(name):
    """Registers the decorated function as the next step."""

    def register(function):
        STEPS.append(Step(name, function.__module__.removeprefix("steps_"), function))
        return function

    return register


class Blocked(Exception):
    """The step needs something that an earlier step did not produce."""


class TimedOut(Exception):
    """A wait ended without the condition being met."""


class Lab:
    """What the steps share: names, results of earlier steps, and the checks."""

    def __init__(self, run, region, deadline):
        self.run, self.region, self.deadline = run, region, deadline
        self.findings = []

    def __getattr__(self, name):
        raise Blocked(f"an earlier step did not provide '{name}'")

    def name(self, suffix):
        """A name unique to this run."""
        return f"bc{self.run}-{suffix}"

    def same(self, what, expected, got):
        """Records every field in which `got` differs from `expected`."""
        found = list(differences(expected, got))
        self.findings += [(f"{what}: {path}" if path else what, want, have) for path, want, have in found]
        return not found

    def true(self, what, condition, got=""):
        """Records a finding unless the condition holds."""
        if not condition:
            self.findings.append((what, "true", got))
        return bool(condition)

    def refused(self, what, code, call, status=None, message=None):
        """Expects the call to be refused with this code."""
        try:
            answer = call()
        except ClientError as error:
            answer = error.response
            self.same(f"{what}: code", code, answer["Error"].get("Code"))
            if status is not None:
                self.same(f"{what}: HTTP status", status, answer["ResponseMetadata"]["HTTPStatusCode"])
            if message is not None:
                text = answer["Error"].get("Message", "")
                self.true(f"{what}: message contains '{message}'", message in text, text)
        else:
            answer.pop("ResponseMetadata", None)
            self.findings.append((f"{what}: refusal", code, f"accepted: {answer}"))

    def until(self, what, read, done, deadline=None):
        """Polls `read` until `done` accepts its value, and returns that value."""
        end = time.monotonic() + (deadline or self.deadline)
        while True:
            value = read()
            if done(value):
                return value
            if time.monotonic() > end:
                raise TimedOut(f"{what} not reached in {deadline or self.deadline} s; last seen: {short(value, 700)}")
            time.sleep(POLL_SECONDS)

    def gone(self, what, read, *codes):
        """Polls until `read` is refused with one of the codes."""

        def probe():
            try:
                return read()
            except ClientError as error:
                if error.response["Error"]["Code"] in codes:
                    return None
                raise

        self.until(what, probe, lambda value: value is None)

    def settle(self, call, *codes):
        """Repeats a call while AWS answers with a refusal that passes by itself."""
        end = time.monotonic() + self.deadline
        while True:
            try:
                return call()
            except ClientError as error:
                text = error.response["Error"].get("Message", "")
                passing = error.response["Error"]["Code"] in codes or any(part in text for part in PASSING)
                if not passing or time.monotonic() > end:
                    raise
            time.sleep(POLL_SECONDS)


@dataclasses.dataclass
class Outcome:
    """How one step ended."""

    number: int
    name: str
    area: str
    passed: bool
    seconds: float
    findings: list
    error: str = ""


def run_step(number, item, aws, lab):
    """Runs one step and turns whatever happened into an outcome."""
    lab.findings = []
    started, error = time.monotonic(), ""
    try:
        item.run(aws, lab)
    except Blocked as reason:
        error = f"blocked: {reason}"
    except (TimedOut, ClientError, ParamValidationError, BotoCoreError) as reason:
        error = f"{type(reason).__name__}: {reason}"
    except Exception:
        # A fault of the answer's shape (a missing key, say) is a finding too, with the line that needed it.
        error = traceback.format_exc(limit=-2).strip()
    passed = not error and not lab.findings
    return Outcome(number, item.name, item.area, passed, round(time.monotonic() - started, 2), lab.findings, error)


def short(value, limit=400):
    """A value on one line, cut to a length a reader can take in."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else text[:limit] + "…"


def describe(outcome):
    """The readable lines of one outcome."""
    mark = "ok  " if outcome.passed else "FAIL"
    lines = [f"{mark} {outcome.number:3} [{outcome.area}] {outcome.name} ({outcome.seconds} s)"]
    if outcome.error:
        lines += [f"         {line}" for line in outcome.error.splitlines()]
    for what, expected, got in outcome.findings:
        lines.append(f"         {what}: expected {short(expected)}, got {short(got)}")
    return "\n".join(lines)
