# Runs on the server under any POSIX sh (dash, busybox) for as long as somebody asks: it ends with
# its standard input. Each line asked, `NUMBER PID SELDOM FILE...` (PID `-`: no process; SELDOM: 1,
# what is looked at every few seconds too, or 0; FILEs may be patterns), is answered on standard
# output by one frame of `FILE:LINE` lines. `top` writes to standard error beside it, so that
# neither cuts the other's lines. Arguments: the interface (`-`: none), 1 if it is in the process'
# network namespace and not in ours, 1 if its driver counts a cloud's limits.
LC_ALL=C
HOME=/nonexistent # nobody's toprc
XDG_CONFIG_HOME=/nonexistent
PATH=$PATH:/usr/sbin:/sbin # where tc and ethtool are; not every user has it
export LC_ALL HOME XDG_CONFIG_HOME PATH
interface=$1
inside=$2
allowances=$3
top -b -d 1 >&2 &
top=$!
trap 'kill $top 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM PIPE
while read -r number pid seldom files; do
  echo "@farm begin $number"
  grep -asH '' $files
  if [ "$seldom" = 1 ]; then
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
