"""What `make` says on a machine where it cannot do its work."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent


def test_who_may_not_make_a_network_is_told_what_to_do(tmp_path: Path) -> None:
    """Ubuntu 24.04 lets nobody but root, and says no more than that something is not permitted."""
    forbidden = tmp_path / "unshare"
    forbidden.write_text("#!/bin/sh\necho 'unshare: not permitted' >&2\nexit 1\n")
    forbidden.chmod(0o755)

    made = subprocess.run(
        ["make", "-C", REPOSITORY, "own-network"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.returncode == 2
    assert "unshare: not permitted" in made.stderr
    assert "Run make as root, or on Ubuntu first:" in made.stderr
