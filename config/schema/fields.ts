import { IPv4 } from "ipaddr.js";
import { isIPv4 } from "node:net";
import { z } from "zod";
import { unknownKeyRule } from "../errors";

/*
 * The fields a section is made of. Each has one sentence that begins with "must" and states its rule as a whole: it is what
 * an error says, whichever way the rule was broken. Descriptions (`describe`) go into the JSON Schema, so editors show them.
 */

/** One line of text, of the form that `pattern` says. */
export function text(rule: string, pattern: RegExp) {
  return z.string({ error: rule }).regex(pattern, { error: rule });
}

/** Text that is never printed. In a stack's file it may stand as `secure: …` (`pulumi config set --secret`). */
export function secret(rule: string, pattern: RegExp) {
  return text(rule, pattern).meta({ secret: true });
}

export function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function choice<const T extends readonly string[]>(...values: T) {
  return z.enum(values, { error: `must be one of ${values.join(", ")}` });
}

export function yesOrNo() {
  return z.boolean({ error: "must be true or false" });
}

export function list<T extends z.ZodType>(item: T) {
  return z.array(item, { error: "must be a list" });
}

/** A list of which at least one entry is needed. */
export function listOfSome<T extends z.ZodType>(item: T) {
  const error = "must be a list with at least one entry";
  return z.array(item, { error }).min(1, { error });
}

/** A group of known keys. Zod names all unknown keys in one issue: its message is their rules, a line for each. */
export function section<T extends z.ZodRawShape>(keys: T) {
  const known = Object.keys(keys);
  return z.strictObject(keys, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => unknownKeyRule(key, known)).join("\n")
        : "must be a section of keys and values",
  });
}

/** A group of keys that the user chooses. */
export function mapOf<K extends z.ZodString, V extends z.ZodType>(key: K, value: V) {
  return z.record(key, value, { error: "must be a section of keys and values" });
}

export const port = () => wholeNumber(1, 65535);

/** A network, or one address. */
export const network = () => {
  const error = "must be an IPv4 network or address, such as 192.0.2.0/24 or 192.0.2.7";
  return text(error, /^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?$/).refine(isNetwork, { error });
};

/** Bits of a host in a network's address are a slip: was the address meant, or its network? */
function isNetwork(value: string): boolean {
  const [address = "", length] = value.split("/");
  if (!isIPv4(address) || Number(length ?? 32) > 32) return false;
  return length === undefined || IPv4.networkAddressFromCIDR(value).toString() === address;
}

export const hostName = () =>
  text(
    "must be a host name: up to 63 lowercase letters, digits and hyphens, with a letter or digit at both ends",
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  );

/** A directory that Warren may own on a host. One part alone (`/etc`, `/var`) is refused: its owner and mode are set. */
export const directory = () =>
  text(
    "must be an absolute path of two parts or more, made of letters, digits and . _ -",
    /^(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*){2,}$/,
  );

export const filePath = () => text("must be the path of a file", /\S/);

export const userName = () =>
  text("must be a name of letters, digits and . _ - that is not guest", /^(?!guest$)[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/);

/** The characters need no quoting in rabbitmq.conf (where # begins a comment, even inside a value) nor in haproxy.cfg. */
export const password = () =>
  secret(
    "must be text of 12 to 128 characters: letters, digits and - . _ ~ ! @ % ^ * + = , / ?",
    /^[A-Za-z0-9._~!@%^*+=,/?-]{12,128}$/,
  );

/** What Erlang takes, one line of it. One that a hand-made cluster has may be short and of any characters. */
export const erlangCookie = () => secret("must be text of 8 to 255 characters, without spaces", /^[!-~]{8,255}$/);

/** Which secret in a row is in use. Another number means another secret. */
export const rotation = () => wholeNumber(1, 1_000_000).default(1);

export const containerName = () =>
  text("must be a container's name, such as my-rabbitmq", /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/);

/** An image that stays what it is: `name:tag` or `name@sha256:…`, the name with its registry if it has one. */
export const image = (example: string) =>
  text(
    `must be an image pinned by a version's tag or by a digest, such as ${example}; latest is no pin`,
    /^[a-z0-9][a-z0-9.-]*(?::\d+(?=\/))?(?:\/[a-z0-9][a-z0-9._-]*)*(?::(?!latest)(?=[\w.-]*\d)\w[\w.-]{0,127}|(?::\w[\w.-]{0,127})?@sha256:[0-9a-f]{64})$/,
  );
