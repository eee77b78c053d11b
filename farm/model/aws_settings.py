"""The section `aws` of an experiment: what `farm provision` makes."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.setting import setting


@dataclass(frozen=True, slots=True)
class AwsServer:
    type: str = setting("c4.2xlarge", "its machine")
    other_types: tuple[str, ...] = setting((), "taken in this order where AWS has no more of it")
    region: str = setting("us-east-1", "where it stands")
    image: str | None = setting(None, "an AMI; null: Ubuntu 24.04 for its processor")
    disk_gib: int = setting(30, "of its disk", minimum=8, maximum=16384)
    elastic_ip: bool = setting(False, "an address that outlives the instance")


@dataclass(frozen=True, slots=True)
class AwsHosts:
    count: int = setting(1, "machines of this kind", minimum=1, maximum=100)
    type: str = setting("c6i.4xlarge", "their machine")
    other_types: tuple[str, ...] = setting((), "taken in this order where AWS has no more of it")
    region: str = setting("us-east-1", "where they stand")
    place: str | None = setting(None, "a name for where they are; null: the region's")
    image: str | None = setting(None, "an AMI; null: Ubuntu 24.04 for their processor")
    disk_gib: int = setting(30, "of each disk", minimum=8, maximum=16384)


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """The settings of what `farm provision` makes."""

    server: AwsServer = setting(AwsServer, "the machine of the media server")
    hosts: tuple[AwsHosts, ...] | None = setting(None, "machines for probes; null: only this one")
    operator: str | None = setting(
        None, "who may reach them, 198.51.100.7/32; auto: this machine as AWS sees it", null="auto"
    )
    kurento: str = setting("kurento/kurento-media-server:7.3.0", "its container image")
    ttl_s: float = setting(
        10800.0, "all machines end themselves after it", key="ttl", unit="duration", minimum=600
    )
