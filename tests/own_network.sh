#!/bin/sh
# own_network.sh COMMAND ...: runs it in a network namespace of its own, where there is lo alone.
#
# Whatever a test sends stays on this machine, and tests that run side by side, each worker in a
# network of its own, share no port. Who is not root stays who he is in there, and what lo needed is
# given back: sshd and Chromium refuse to be half a root. What remains is for the tests' own process,
# which looks at packets (tests/conftest.py).
if [ "$(id -u)" -eq 0 ]; then
    exec unshare -n sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
# shellcheck disable=SC2016
exec unshare -cn --keep-caps sh -c 'ip link set lo up && exec "$@"' sh \
    setpriv --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw "$@"
