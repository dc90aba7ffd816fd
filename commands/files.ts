/** One file on a host. */
export interface HostFile {
  /** Absolute path; the directory must exist. No white space. */
  path: string;
  /** Octal permissions, such as `0400`. */
  mode: string;
  /** `user:group`, by name or number. Default: `root:root`. */
  owner?: string;
  content: string;
}

/**
 * Script: writes files. Each is written beside the old one and moved over it, so that no reader ever sees half of it. An owner `container` stands for the shell variable `$container_owner`, which the script before
 * this one sets. Contents stand in the script in base64, so a script with a secret in it is itself one.
 */
export function writeFiles(files: HostFile[]): string {
  const lines = files.map(({ mode, owner = "root:root", path, content }) =>
    [mode, owner, path, Buffer.from(content).toString("base64")].join(" "),
  );
  return `umask 077
while read -r mode owner path data; do
  [ "$owner" != container ] || owner=$container_owner
  printf %s "$data" | base64 -d > "$path.new"
  chmod "$mode" "$path.new"
  chown "$owner" "$path.new"
  mv -f "$path.new" "$path"
done <<'END'
${lines.join("\n")}
END`;
}
