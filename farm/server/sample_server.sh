# Runs on the server under any POSIX sh (dash, busybox) for as long as somebody asks: it ends with
# its standard input. Each line asked, `NUMBER PID DESCRIPTORS THREADS` (PID `-`: no process; the
# others 1 or 0), is answered on standard output by one frame of `/proc/FILE:LINE` lines. `top`
# writes to standard error beside it, so that neither cuts the other's lines.
LC_ALL=C
HOME=/nonexistent # nobody's toprc
XDG_CONFIG_HOME=/nonexistent
export LC_ALL HOME XDG_CONFIG_HOME
top -b -d 1 >&2 &
top=$!
trap 'kill $top 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM PIPE
while read -r number pid descriptors threads; do
  set -- /proc/stat /proc/meminfo /proc/loadavg /proc/uptime /proc/net/dev /proc/net/snmp
  if [ "$pid" != - ]; then
    set -- "$@" "/proc/$pid/stat" "/proc/$pid/status" "/proc/$pid/net/snmp"
    if [ "$threads" = 1 ]; then
      set -- "$@" /proc/"$pid"/task/*/stat
    fi
  fi
  echo "@farm begin $number"
  grep -asH '' "$@"
  if [ "$descriptors" = 1 ]; then
    set -- /proc/"$pid"/fd/*
    if [ -L "$1" ]; then
      echo "@farm descriptors $#"
    fi
  fi
  echo "@farm end $number"
done
