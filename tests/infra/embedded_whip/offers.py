"""Offers as browsers write them, without the codecs that the server does not know."""

from __future__ import annotations

UFRAG = "EsAw"
FINGERPRINT = ":".join(["DA"] * 32)

_TRANSPORT = f"""a=ice-ufrag:{UFRAG}
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=rtcp-mux
"""
_CODECS = {
    "audio": "a=rtpmap:111 opus/48000/2\na=fmtp:111 minptime=10;useinbandfec=1\n",
    "video": "a=rtpmap:96 VP8/90000\na=rtcp-fb:96 nack\na=rtcp-fb:96 nack pli\n",
}
_FORMATS = {"audio": 111, "video": 96}


def offer(direction: str, media: tuple[str, ...] = ("audio", "video"), bundle: bool = True) -> str:
    """An offer with a section for each of `media`, all with this direction."""
    text = "v=0\no=- 5228595038118931041 2 IN IP4 127.0.0.1\ns=-\nt=0 0\n"
    if bundle:
        text += f"a=group:BUNDLE {' '.join(map(str, range(len(media))))}\n"
    for mid, kind in enumerate(media):
        if kind == "application":
            text += "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"
        else:
            text += f"m={kind} 9 UDP/TLS/RTP/SAVPF {_FORMATS[kind]}\n"
        text += f"c=IN IP4 0.0.0.0\na=mid:{mid}\na={direction}\n{_TRANSPORT}{_CODECS.get(kind, '')}"
    return text.replace("\n", "\r\n")


def fragment(ufrag: str = UFRAG, *lines: str) -> str:
    """A fragment of the offer's bundle with these further lines."""
    head = ("a=group:BUNDLE 0 1", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0")
    credentials = (f"a=ice-ufrag:{ufrag}", "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1")
    return "".join(f"{line}\r\n" for line in (*head, *credentials, *lines))
