"""The properties of a fresh endpoint, as a real Kurento 7.3.0 reported them."""

from __future__ import annotations

from infra.embedded_kurento.objects import Json, complex_type


def fresh_properties() -> dict[str, Json]:
    """By property name; bandwidths in kbit/s, 0 is no limit."""
    return {
        "minVideoRecvBandwidth": 100,
        "maxVideoRecvBandwidth": 0,
        "maxAudioRecvBandwidth": 0,
        "minVideoSendBandwidth": 100,
        "maxVideoSendBandwidth": 500,
        "mtu": 1200,
        "rembParams": complex_type(
            "RembParams",
            decrementFactor=0.5,
            exponentialFactor=0.03999999910593033,
            linealFactorGrade=30.0,
            linealFactorMin=50,
            packetsRecvIntervalTop=100,
            rembOnConnect=300000,
            thresholdFactor=0.800000011920929,
            upLosses=12,
        ),
        "networkInterfaces": "",
        "iceTcp": True,
        "stunServerAddress": "",
        "stunServerPort": 3478,
        "turnUrl": "",
        "externalIPv4": "",
        "externalIPv6": "",
    }
