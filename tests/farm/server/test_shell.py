"""What a command on the server's machine answered."""

from __future__ import annotations

from farm.server.shell import CommandResult


def test_what_a_command_complains_of_is_all_of_it_in_a_line() -> None:
    systemctl = (
        "Failed to restart kms.service: Interactive authentication required.\n"
        "See system logs and 'systemctl status kms.service' for details.\n"
    )
    assert CommandResult(4, "", systemctl).complaint == (
        "Failed to restart kms.service: Interactive authentication required.; "
        "See system logs and 'systemctl status kms.service' for details."
    )
    assert CommandResult(5, "no kms here\n", "").complaint == "no kms here"
    assert CommandResult(137, "", "").complaint == "status 137"
    much = CommandResult(1, "", "first\n" + "between\n" * 100 + "last\n").complaint
    assert much == "first; ...; last"
