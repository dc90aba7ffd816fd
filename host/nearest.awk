# Prints the line that is nearest to a word, if one is near enough for a misspelling: by Levenshtein's distance.

function distance(a, b, i, j, above, left, cost) {
  for (j = 0; j <= length(b); j++) row[j] = j
  for (i = 1; i <= length(a); i++) {
    left = row[0]
    row[0] = i
    for (j = 1; j <= length(b); j++) {
      above = row[j]
      cost = left + (substr(a, i, 1) != substr(b, j, 1))
      if (above + 1 < cost) cost = above + 1
      if (row[j - 1] + 1 < cost) cost = row[j - 1] + 1
      left = above
      row[j] = cost
    }
  }
  return row[length(b)]
}

BEGIN { best = length(wanted) / 3 }

/^[a-z][a-z0-9_]*$/ {
  far = distance(wanted, $0)
  if (far < best) { best = far; near = $0 }
}

END { if (near != "") print near }
