"""What the tests of Janus' clients share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.farm.janus.fake_janus import FakeJanus


@pytest.fixture
async def janus() -> AsyncIterator[FakeJanus]:
    """A scripted Janus that runs."""
    fake = FakeJanus()
    await fake.start()
    yield fake
    await fake.die()
