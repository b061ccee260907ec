# Outlives the proxy by a moment. Reads "+ PID" for each child that starts and "- PID" for each that is gone;
# when the pipe closes, however the proxy died, it kills the groups that are left and then every process
# whose environment carries the mark ($1=$2...), which is Linux only: elsewhere there is no /proc to read.
leaders=" "
while read -r change pid; do
  case $change in
    +) leaders="$leaders$pid " ;;
    -) case $leaders in *" $pid "*) leaders="${leaders%% "$pid" *} ${leaders#* "$pid" }" ;; esac ;;
  esac
done
for pid in $leaders; do kill -9 "-$pid"; done
for round in 1 2 3 4 5; do
  files=$(grep -lF -e "$1=$2" /proc/[0-9]*/environ)
  [ -n "$files" ] || exit 0
  for file in $files; do
    pid=${file#/proc/}
    kill -9 "${pid%/environ}"
  done
done
