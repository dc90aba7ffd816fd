# Reads a broker's log and prints why its last start failed, in one line or two. tests/host/rabbitmq/logs has such logs of several series.
#
# An attempt ends with Erlang's crash dump. What counts within it, in this order: a key of the configuration that does not exist; what the
# configuration's reader lists; the first sentence of an error; the term after `Error during startup:`; an exception and where it was thrown;
# what Erlang says of its own options; what the image's entry point says.

function forget() {
  key = neighbour = sentence = term = printed = exception = thrower = unparsed = ""
  listed = failed = collects = prints = 0
}

function shortened(text) {
  if (sub(/^ *\{error, */, "", text)) sub(/\} *$/, "", text)
  gsub(/ in ranch_tcp:listen\(.*\) for reason /, ": ", text)
  gsub(/ +/, " ", text)
  return length(text) > 300 ? substr(text, 1, 300) "..." : text
}

# A key whose value is of another type, with the reason in the next line; a reader that fails itself shows the value at least.
function of_list() {
  if (sub(/^Error transforming datatype for: /, "", list[1])) {
    if (listed > 1) return shortened(list[1] ": " list[2])
    return list[1] ": " (unparsed == "" ? "its value cannot be read" : unparsed " is not a number")
  }
  return shortened(list[1]) (listed > 1 ? "\n" shortened(list[2]) : "")
}

# A line of an exception, after its heading: the error, and functions, of which the nearest one of RabbitMQ's own counts.
function note_exception(line) {
  if (line ~ /^(error|exit|throw):/) {
    sub(/^(error|exit|throw):/, "", line)
    if (exception == "") exception = line
    # Up to 3.8 the error comes last, and the nearest function right before it.
  } else if (line ~ /^    (rabbit|cuttlefish)[a-z0-9_]*:.*line [0-9]+$/) {
    sub(/^ +/, "", line)
    sub(/,? line [0-9]+$/, "", line)
    gsub(/\(.*\)|'-|-fun-[0-9]+-'|-fun-[0-9]+-/, "", line)
    if (exception == "" || thrower == "") thrower = line
  } else if (match(line, /\{number_parse,.*\}/)) {
    unparsed = substr(line, RSTART + 14, RLENGTH - 15)
    sub(/\}.*/, "", unparsed)
  }
}

function conclude() {
  if (key != "") reason = key (neighbour == "" ? "" : " Did you mean " neighbour "?")
  else if (listed > 0) reason = of_list()
  else if (sentence != "") reason = shortened(sentence)
  else if (term != "") reason = shortened(term)
  else if (printed != "") reason = shortened(printed)
  else if (exception != "") reason = shortened("an exception: " exception (thrower == "" ? "" : ", in " thrower))
  forget()
}

BEGIN { forget() }

{
  sub(/\r$/, "")
  gsub(/\033\[[0-9;]*m/, "")
}

/^Crash dump is being written/ { conclude(); next }
/^error: / { before = last; last = substr($0, 8); next }
/^Usage: beam/ { before = ""; last = previous }
{ previous = $0 }
/ Starting RabbitMQ [0-9]/ { sentence = "" }

# Without a level in front: what the broker prints beside its log.
!/^[-0-9:.+ ]+\[[a-z]+\]/ {
  if (/^Error during startup:/) { printed = substr($0, 23); prints = 1 }
  else if ($0 ~ /^ *$/) prints = 0
  else if (prints) printed = printed $0
  note_exception($0)
  next
}

!/^[-0-9:.+ ]+\[error\]/ { next }

{
  sub(/^[-0-9:.+ ]+\[error\] ?/, "")
  process = match($0, /^<[0-9.]+>/) ? substr($0, 1, RLENGTH) : ""
  sub(/^<[0-9.]+> ?/, "")
}

/^ *$/ { if (process == collects_of) collects = 0; next }
{ note_exception($0) }
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
