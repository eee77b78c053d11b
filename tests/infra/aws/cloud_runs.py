"""Runs as tests want them, and ways to make AWS behave badly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from farm.model.aws_settings import AwsHosts, AwsServer, AwsSettings
from infra.aws.apply import Patience, provide, remove
from infra.aws.cloud import Cloud
from infra.aws.look import observe, region_facts
from infra.aws.resources import Observed, RegionFacts, Wanted
from infra.aws.wanted import complete, wanted_of

EAST, WEST = "us-east-1", "us-west-2"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH0Hn4fZ2kx4M0dW0bDq3oRkzq0n5xZ8y3m1mXo0aBcD test"
OPERATOR = "198.51.100.7/32"
EXPIRES = datetime(2030, 1, 1, tzinfo=UTC)

ONE_PLACE = AwsSettings(server=AwsServer(elastic_ip=True), hosts=(AwsHosts(type="c6i.2xlarge"),))
TWO_PLACES = AwsSettings(
    hosts=(
        AwsHosts(count=2, type="c6i.2xlarge", place="east"),
        AwsHosts(type="c6i.2xlarge", region=WEST, place="west"),
    )
)


def wanted_for(aws: AwsSettings, run: str = "calls-1") -> Wanted:
    wanted = wanted_of(aws, run, EXPIRES, OPERATOR)
    data = {machine.name: f"#cloud-config\n# {machine.name}\n" for machine in wanted.machines}
    return complete(wanted, KEY, data)


def impatient(ready_s: float = 60.0, gone_s: float = 60.0) -> Patience:
    """Waits by a clock that each round moves, without any real time."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    return Patience(ready_s=ready_s, gone_s=gone_s, sleep=sleep, now=lambda: clock[0])


@dataclass
class Account:
    """A user's calls: of one run, with what was said to them."""

    wanted: Wanted
    cloud: Cloud = field(default_factory=Cloud)
    said: list[str] = field(default_factory=list)
    known: dict[str, RegionFacts] | None = None

    def facts(self) -> dict[str, RegionFacts]:
        machines = self.wanted.machines
        if self.known is not None:
            return self.known
        return {
            region: region_facts(
                self.cloud, region, {t for m in machines if m.region == region for t in m.types}
            )
            for region in self.wanted.regions
        }

    def provide(self, patience: Patience | None = None) -> Observed:
        return provide(
            self.cloud, self.wanted, self.facts(), self.said.append, patience or impatient()
        )

    def remove(self) -> Observed:
        return remove(
            self.cloud, self.wanted.run, self.wanted.regions, self.said.append, impatient()
        )

    def there(self) -> Observed:
        return observe(self.cloud, self.wanted.regions, self.wanted.run)


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, no cleaning up either."""


class Calls:
    """Counts a cloud's calls to EC2; from the one at `dies_at` on there is nobody to make any.

    `when` is `before-call` (it never left) or `after-call` (AWS did it, nobody heard).
    """

    def __init__(self, cloud: Cloud, dies_at: int | None = None, when: str = "before-call") -> None:
        self.made: list[str] = []
        self._dies_at = dies_at
        self._when = when
        self._lock = threading.Lock()
        self._dead = False
        self._cloud = cloud
        on(cloud, "before-call.ec2.*", self._before)
        on(cloud, "after-call.ec2.*", self._after)

    def end(self) -> None:
        """The cloud is as before."""
        for events in _events(self._cloud):
            events.unregister("before-call.ec2.*", self._before)
            events.unregister("after-call.ec2.*", self._after)

    def _before(self, model: Any, **_: Any) -> None:
        with self._lock:
            now = self._when == "before-call" and len(self.made) == self._dies_at
            if self._dead or now:
                self._dead = True
                raise Killed
            self.made.append(model.name)

    def _after(self, **_: Any) -> None:
        with self._lock:
            if self._when == "after-call" and len(self.made) - 1 == self._dies_at:
                self._dead = True
                raise Killed


def on(cloud: Cloud, event: str, handler: Callable[..., Any]) -> None:
    """Have botocore call `handler` at an event of a call to EC2."""
    for events in _events(cloud):
        events.register(event, handler)


def _events(cloud: Cloud, regions: tuple[str, ...] = (EAST, WEST)) -> list[Any]:
    return [cloud.client("ec2", region).meta.events for region in regions]


def refusing(
    cloud: Cloud,
    operation: str,
    code: str,
    *,
    times: int = 10**6,
    says: str = "no",
    regions: tuple[str, ...] = (EAST, WEST),
) -> Callable[[], int]:
    """AWS answers an operation with an error, so many times; how often it did.

    The operation `*` is every one.
    """
    refused = [0]

    def answer(request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        if refused[0] >= times:
            return None
        refused[0] += 1
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{says}</Message></Error>"
            "</Errors><RequestID>r</RequestID></Response>"
        ).encode()

        class Raw:
            def stream(self, *_: Any, **__: Any) -> Any:
                yield body

        return AWSResponse(request.url, 400, {}, Raw())

    for events in _events(cloud, regions):
        events.register(f"before-send.ec2.{operation}", answer)
    return lambda: refused[0]
