# Reads a broker's log and prints why its last start failed, in one line or two. tests/host/rabbitmq/logs has such logs of several series.
#
# An attempt ends with Erlang's crash dump. What counts within it, in this order: a key of the configuration that does not exist; what the
# configuration's reader lists; the first sentence of an error; the term after `Error during startup:`; what the image's entry point says.

function forget() {
  key = neighbour = sentence = term = printed = ""
  listed = failed = collects = prints = 0
}

function shortened(text) {
  if (sub(/^ *\{error, */, "", text)) sub(/\} *$/, "", text)
  gsub(/ in ranch_tcp:listen\(.*\) for reason /, ": ", text)
  gsub(/ +/, " ", text)
  return length(text) > 300 ? substr(text, 1, 300) "..." : text
}

function conclude() {
  if (key != "") reason = key (neighbour == "" ? "" : " Did you mean " neighbour "?")
  else if (listed > 0) reason = shortened(list[1]) (listed > 1 ? "\n" shortened(list[2]) : "")
  else if (sentence != "") reason = shortened(sentence)
  else if (term != "") reason = shortened(term)
  else if (printed != "") reason = shortened(printed)
  forget()
}

BEGIN { forget() }

{
  sub(/\r$/, "")
  gsub(/\033\[[0-9;]*m/, "")
}

/^Crash dump is being written/ { conclude(); next }
/^error: / { before = last; last = substr($0, 8); next }
/ Starting RabbitMQ [0-9]/ { sentence = "" }

# Without a level in front: what the broker prints beside its log.
!/^[-0-9:.+ ]+\[[a-z]+\]/ {
  if (/^Error during startup:/) { printed = substr($0, 23); prints = 1 }
  else if ($0 ~ /^ *$/) prints = 0
  else if (prints) printed = printed $0
  next
}

!/^[-0-9:.+ ]+\[error\]/ { next }

{
  sub(/^[-0-9:.+ ]+\[error\] ?/, "")
  process = match($0, /^<[0-9.]+>/) ? substr($0, 1, RLENGTH) : ""
  sub(/^<[0-9.]+> ?/, "")
}

/^ *$/ { if (process == collects_of) collects = 0; next }
/^BOOT FAILED/ { failed = 1; next }
/^Error during startup:/ { term = substr($0, 23); collects = 1; collects_of = process; next }
collects && process == collects_of { term = term $0; next }
failed { next }
/^You've tried to set .* no setting with that name/ { key = $0; next }
/^    [A-Za-z0-9_.$]+$/ { if (neighbour == "") neighbour = substr($0, 5); next }
/^  - / { list[++listed] = substr($0, 5); next }
/^(Error (preparing|parsing|generating) configuration|Are these files|Supervisor |CRASH REPORT|=+$| )/ { next }
sentence == "" { sentence = $0 }

END {
  conclude()
  if (reason == "" && last != "") reason = (before == "" ? "" : before "\n") last
  if (reason != "") print reason
}
