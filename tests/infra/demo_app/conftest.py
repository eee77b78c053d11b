"""What the demo app's tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.infra.demo_app.fake_kurento import FakeKurento


@pytest.fixture
async def kurento() -> AsyncIterator[FakeKurento]:
    """A scripted media server that runs."""
    fake = FakeKurento()
    await fake.start()
    yield fake
    await fake.die()
