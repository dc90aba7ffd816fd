# Reads a balancer's statistics (CSV) and says which of the brokers it does not use, and why: `NAME is STATE (REASON), …`; nothing where it
# uses all. A broker is UP once its first check was good: until then, and while checks fail, a fraction stands behind it.
# Lines of another form are the sizes of HTTP's chunks.

# Fills field with the fields of a line; one with commas or quotes in it is quoted.
function split_csv(line,    count) {
  count = 0
  do {
    if (match(line, /^"([^"]|"")*"/)) {
      field[++count] = substr(line, 2, RLENGTH - 2)
      gsub(/""/, "\"", field[count])
    } else {
      match(line, /^[^,]*/)
      field[++count] = substr(line, 1, RLENGTH)
    }
    line = substr(line, RLENGTH + 2)
  } while (line != "")
  return count
}

{ sub(/\r$/, "") }

/^# pxname,/ {
  count = split_csv(substr($0, 3))
  for (i = 1; i <= count; i++) column[field[i]] = i
  next
}

/^rabbitmq,/ {
  split("", field)
  split_csv($0)
  name = field[column["svname"]]
  state[name] = field[column["status"]]
  reason[name] = field[column["check_desc"]]
  detail = field[column["last_chk"]]
  if (detail != "") reason[name] = reason[name] ": " detail
}

END {
  count = split(brokers, wanted, " ")
  for (i = 1; i <= count; i++) {
    name = wanted[i]
    if (state[name] == "UP") continue
    said = name (name in state && state[name] != "" ? " is " state[name] : " is not among its servers")
    if (reason[name] != "") said = said " (" reason[name] ")"
    printf "%s%s", separator, said
    separator = "; "
  }
}
