/** A file that a script writes on its host. */
export interface WrittenFile {
  path: string;
  content: string;
}

/** The files among a step's data (commands/step.ts), a line for each: mode, owner, path, content in base64. */
export function writtenFiles(script: string): WrittenFile[] {
  return [...script.matchAll(/^'?0?\d{3} \S+ (\/\S+) ([A-Za-z0-9+/=]*)'?$/gm)].map(([, path = "", data = ""]) => ({
    path,
    content: Buffer.from(data, "base64").toString(),
  }));
}

/** What holds a credential, told by its form alone. */
const forms: readonly (readonly [name: string, form: RegExp])[] = [
  ["a broker's password (default_pass)", /^\s*default_pass\s*=\s*\S/m],
  ["VRRP's password (auth_pass)", /^\s*auth_pass\s+\S/m],
  ["the statistics page's password (stats auth)", /^\s*stats\s+auth\s+\S+:\S/m],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a URL with a password", /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@$'"]+:[^\s/@$'"]+@/i],
  ["a user's password", /\b(?:add_user|change_password)\s+[^\s|;&]+\s+[^\s|;&$]/],
  [
    "an Erlang cookie",
    /\b(?:RABBITMQ_)?ERLANG_COOKIE=["']?[^\s"'$]|--erlang-cookie[= ]["']?[^\s"'$]|-setcookie\s+[^\s$]/,
  ],
  ["a password", /\b\w*(?:PASS|PASSWORD|SECRET|TOKEN)=["']?[^\s"'$]/],
];

/** Names of the credentials that a text carries as it stands. */
export function credentialsIn(content: string): string[] {
  return forms.filter(([, form]) => form.test(content)).map(([name]) => name);
}

/** Names of the credentials that a script carries, those in the files that it writes included. */
export function credentialsInScript(script: string): string[] {
  const inFiles = writtenFiles(script).flatMap(({ path, content }) => [
    ...(path.endsWith("/.erlang.cookie") ? ["the Erlang cookie"] : []),
    ...credentialsIn(content),
  ]);
  return [...new Set([...credentialsIn(script), ...inFiles])];
}

/** Whether a script carries a text, be it in a file that it writes. */
export function carries(script: string, secret: string): boolean {
  return script.includes(secret) || writtenFiles(script).some(({ content }) => content.includes(secret));
}

/** Whether an environment variable of that name holds a secret; one that names a file does not. */
export function isSecretVariable(name: string): boolean {
  return /PASS|SECRET|TOKEN|COOKIE|PRIVATE_?KEY|CREDENTIAL/i.test(name) && !/_FILE$/i.test(name);
}
