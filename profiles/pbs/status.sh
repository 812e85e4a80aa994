# Tells whether a PBS job is running, success or failed; one killed for memory or time is failed.
# A job that PBS cannot tell about, since it forgot it or is busy, counts as running.
qstat -x -f "$1" 2>/dev/null | awk -F ' = ' '
  $1 ~ /job_state$/ { state = $2 }
  $1 ~ /Exit_status$/ { code = $2 }
  END {
    if (state != "F" && state != "C") print "running"
    else if (code == "0") print "success"
    else print "failed"
  }'
