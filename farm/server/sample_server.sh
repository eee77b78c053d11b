# Runs on the server under any POSIX sh (dash, busybox) for as long as requests come: it ends with
# its standard input, or after five ticks without a request. Each request line, `NUMBER PID
# SLOW FILE...` (PID `-`: no process; SLOW: 1, with what is read every few seconds, or 0;
# FILEs may be patterns), is answered on standard output by one frame of `FILE:LINE` lines. `top`
# writes to standard error, so that neither cuts the other's lines. Arguments: the
# interface (`-`: none), 1 if it is in the process' network namespace and not in ours, 1 if its
# driver counts a cloud's limits, seconds of a tick.
LC_ALL=C
HOME=/nonexistent # no user's toprc
XDG_CONFIG_HOME=/nonexistent
PATH=$PATH:/usr/sbin:/sbin # where tc and ethtool are; not every user has it
export LC_ALL HOME XDG_CONFIG_HOME PATH
interface=$1
inside=$2
allowances=$3
tick=$4
top -b -d 1 >&2 &
top=$!
# A connection that was cut does not end standard input: it can stay open for hours. This shell uses
# no CPU between requests, so that its stat does not change. It may also hang (its output is read no
# more) or be killed outright: then this watch ends top.
(
  quiet=0
  before=
  while [ "$quiet" -lt 5 ] && kill -0 $$ 2>/dev/null; do
    sleep "$tick"
    now=
    read -r now </proc/$$/stat
    quiet=$((quiet + 1))
    if [ -z "$now" ] || [ "$now" != "$before" ]; then
      quiet=0
    fi
    before=$now
  done
  trap '' TERM
  left="$$ $top $(cat /proc/$$/task/$$/children)"
  kill $left
  sleep 1
  kill -KILL $left
) </dev/null >/dev/null 2>&1 &
watch=$!
trap 'kill $top $watch $(cat /proc/$watch/task/$watch/children 2>/dev/null) 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM PIPE
while read -r number pid slow files; do
  echo "@farm begin $number"
  grep -asH '' $files
  [ $? -lt 128 ] || printf '\n@farm begin %s\n' "$number" # it was killed: its lines are cut anywhere
  if [ "$slow" = 1 ]; then
    if [ "$pid" != - ]; then
      ls -ln "/proc/$pid/fd" 2>/dev/null | sed -n \
        -e 's/.* -> socket:\[\([0-9]*\)\]$/@farm socket \1/p' -e t -e 's/.* -> .*/@farm file -/p'
    fi
    if [ "$interface" != - ]; then
      there=
      if [ "$inside" = 1 ]; then
        there="nsenter -n -t $pid"
      fi
      queues=$($there tc -s -j qdisc show dev "$interface" 2>/dev/null)
      if [ -n "$queues" ]; then
        echo "@farm queues $queues"
        case $queues in *'"htb"'* | *'"hfsc"'*)
          $there tc class show dev "$interface" 2>/dev/null | sed 's/^/@farm class /' ;;
        esac
      fi
      if [ "$allowances" = 1 ]; then
        $there ethtool -S "$interface" 2>/dev/null | sed -n 's/^ *\(.*_allowance_exceeded\)/@farm allowance \1/p'
      fi
    fi
  fi
  echo "@farm end $number"
done
