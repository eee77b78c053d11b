from dataclasses import replace

from farm.attribution.impairment import impairment_of
from farm.attribution.impairment_scope import TOGETHER, ImpairmentScope, impairment_scope
from farm.model.trial_evidence import StreamIdentity, StreamInterval
from tests.farm.trial_evidence import Change, Spoil, good, spoilt, stream


def suffering(spoil: Spoil, load: int = 8) -> ImpairmentScope:
    found = impairment_scope(impairment_of(spoilt(good(load=load, windows=8), spoil)))
    assert found is not None
    return found


def loses(share_of: dict[str, list[float]]) -> Spoil:
    """Each probe or session named loses so much of what it receives, window by window."""

    def spoil(interval: StreamInterval) -> Change | None:
        shares = share_of.get(interval.probe) or share_of.get(interval.session)
        if shares is None or interval.direction == "outbound":
            return None
        return {"residual_loss_ratio": shares[interval.window]}

    return spoil


UP_AND_DOWN = [0.0, 0.1, 0.0, 0.2, 0.1, 0.0, 0.1, 0.0]
DOWN_AND_UP = [0.1, 0.0, 0.2, 0.0, 0.0, 0.1, 0.0, 0.1]


def test_nobody_suffered() -> None:
    assert suffering(lambda _: None).said == "no probe that had joined had impaired media"


def test_all_at_the_same_times() -> None:
    found = suffering(loses({f"s{number:03d}": UP_AND_DOWN for number in range(4)}))
    assert found.suffered == found.probes == 8
    assert found.strangers is not None
    assert found.strangers > 0.99
    assert "8 of 8 probes had impaired media, at the same times" in found.said


def test_of_few_windows_what_goes_together_may_be_chance() -> None:
    """r = 0.6 over 8 windows is nothing rare: which of them is the partner's doing nobody knows."""
    mine = UP_AND_DOWN
    other = [0.0, 0.1, 0.1, 0.2, 0.0, 0.0, 0.0, 0.0]
    found = suffering(loses({"p002": mine, "p003": other}))
    assert found.partners is not None
    assert TOGETHER <= found.partners < 0.7
    assert "at the same times" not in found.said


def test_partners_but_not_strangers() -> None:
    found = suffering(loses({"s000": UP_AND_DOWN, "s001": DOWN_AND_UP}))
    assert found.partners is not None
    assert found.partners > 0.99
    assert found.strangers is not None
    assert found.strangers < 0
    assert found.said.startswith(
        "4 of 8 probes had impaired media, those of one session at the same times"
    )


def test_a_session_all_through() -> None:
    found = suffering(loses({"s001": [0.3] * 8}))
    assert (found.suffered, found.sessions_hit, found.sessions_whole) == (2, 1, 1)
    assert found.said == "2 of 8 probes had impaired media, whole sessions (1) and no others"


def test_one_alone() -> None:
    found = suffering(loses({"p002": [0.3] * 8}))
    assert (found.suffered, found.sessions_hit, found.sessions_whole) == (1, 1, 0)
    assert found.said == "1 of 8 probes had impaired media, in 1 session, and not all of it"


def test_one_of_each_of_two_sessions() -> None:
    found = suffering(loses({"p002": UP_AND_DOWN, "p004": DOWN_AND_UP}))
    assert found.said == "2 of 8 probes had impaired media, in 2 sessions, none of them as a whole"


def test_frames_that_lack_are_harm_too() -> None:
    def spoil(interval: StreamInterval) -> Change | None:
        slow = interval.probe == "p000" and interval.kind == "video" and interval.window > 3
        return {"frame_rate": 5.0} if slow and interval.direction == "inbound" else None

    impairment = impairment_of(spoilt(good(load=2, windows=8), spoil))
    assert impairment.worst() == tuple((30.0 + 10 * at, 40.0 + 10 * at) for at in range(4, 8))


def test_all_slow_alike_are_all_harmed_where_a_trial_held() -> None:
    def spoil(interval: StreamInterval) -> Change | None:
        slow = interval.kind == "video" and interval.direction == "inbound"
        return {"frame_rate": 5.0} if slow else None

    held, broken = good(load=2, windows=8), spoilt(good(load=8, windows=8), spoil)
    found, alone = (
        impairment_scope(impairment_of(broken, held)),
        impairment_scope(impairment_of(broken)),
    )
    assert found is not None
    assert found.said == "8 of 8 probes had impaired media"
    assert alone is not None
    assert alone.suffered == 0  # nobody knows that they could be faster


def test_what_is_missed_because_a_page_left_is_no_harm() -> None:
    gone = {"residual_loss_ratio": None, "stalled_ratio": 1.0}
    streams = tuple(
        StreamIdentity(each, "inbound", "video", 0, True, True, (other,))
        for each, other in (("p000", "p001"), ("p001", "p000"))
    )
    spoil = stream("p000", "inbound", "video", (4, 5), **gone)
    broken = replace(spoilt(good(load=2, windows=8), spoil), streams=streams)
    assert impairment_of(broken).worst()
    assert not impairment_of(replace(broken, left={"p001": 70.0})).worst()
    off = spoilt(broken, stream("p000", "inbound", "video", (4, 5), owed=False))
    assert not impairment_of(off).worst()
