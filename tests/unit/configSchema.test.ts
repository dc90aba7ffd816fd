import Ajv, { type ValidateFunction } from "ajv";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { schemaFile, stackSchema } from "../../config/jsonSchema";
import { wholeConfig } from "./configFixture";

const root = join(__dirname, "../..");
const schema = stackSchema();

test("config/stack.schema.json is up to date (npm run schema writes it)", () => {
  expect(JSON.parse(readFileSync(schemaFile, "utf8"))).toEqual(schema);
});

describe("a stack's file in an editor", () => {
  let validate: ValidateFunction;
  beforeAll(() => {
    validate = new Ajv({ allowUnionTypes: true }).compile(schema);
  });
  const file = (config: Record<string, unknown>) => ({
    config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`warren:${key}`, value])),
  });

  test("Pulumi.dev.yaml is right, and names the schema", () => {
    const text = readFileSync(join(root, "Pulumi.dev.yaml"), "utf8");
    expect(text).toMatch(/^# yaml-language-server: \$schema=config\/stack\.schema\.json\n/);
    validate(parse(text));
    expect(validate.errors).toBeNull();
  });

  test("so is a file with secrets, other namespaces and Pulumi's own keys", () => {
    const { config } = file({
      ...wholeConfig(),
      haproxy: { image: "haproxy:2.6", hosts: ["host1"], stats: { password: { secure: "v1:a" } } },
    });
    validate({ config: { ...config, "aws:region": "x" }, encryptionsalt: "v1:a", secretsprovider: "passphrase" });
    expect(validate.errors).toBeNull();
  });

  test.each([
    ["a misspelt section", { ...wholeConfig(), vipp: {} }],
    ["a misspelt key", { ...wholeConfig(), prepare: { installdocker: true } }],
    ["a missing section", { hosts: wholeConfig()["hosts"] }],
    ["a wrong type", { ...wholeConfig(), ssh: { port: "22" } }],
    [
      "a short password",
      { ...wholeConfig(), haproxy: { image: "haproxy:2.6", hosts: ["host1"], stats: { password: "short" } } },
    ],
  ])("%s is marked", (_title, config) => {
    expect(validate(file(config))).toBe(false);
  });
});

/** What the schema says of one value. */
interface Field {
  description?: string;
  default?: unknown;
  secret: boolean;
}

interface Node extends Omit<Field, "secret"> {
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  items?: Node;
  anyOf?: Node[];
}

/** Every value of the schema by its path in the docs: `hosts.<name>.port`, `rabbitmq.nodes[].name`. */
function fieldsOf(node: Node, path: string): [string, Field][] {
  const own: [string, Field][] = [
    [path, { ...node, secret: node.anyOf?.some((one) => one.properties?.["secure"]) ?? false }],
  ];
  if (node.properties)
    return Object.entries(node.properties).flatMap(([key, inner]) => fieldsOf(inner, path ? `${path}.${key}` : key));
  if (path === "hosts" && typeof node.additionalProperties === "object")
    return fieldsOf(node.additionalProperties, "hosts.<name>");
  if (typeof node.additionalProperties === "object" && node.additionalProperties.properties)
    return [...own, ...fieldsOf(node.additionalProperties, `${path}.<name>`)];
  if (node.items?.properties) return [...own, ...fieldsOf(node.items, `${path}[]`)];
  return own;
}

const sections = (schema.properties?.["config"] as Node).properties ?? {};
const fields = Object.entries(sections).flatMap(([name, node]) => fieldsOf(node, name.replace("warren:", "")));

test("every key has a description", () => {
  expect(fields.filter(([, field]) => !field.description).map(([path]) => path)).toEqual([]);
});

test("the secrets are the passwords, the cookie and a certificate's key: errors know a secret by such a key, and do not print it", () => {
  const secrets = fields.filter(([, field]) => field.secret).map(([path]) => path);
  expect(secrets).toEqual([
    "rabbitmq.password",
    "rabbitmq.cookie",
    "rabbitmq.users.<name>.password",
    "haproxy.stats.password",
    "haproxy.tls.certificate",
    "vip.password",
    "tls.certificates.nodes.<name>.certificate",
  ]);
});

describe("docs/config.md", () => {
  const rows = readFileSync(join(root, "docs/config.md"), "utf8")
    .split("\n")
    .filter((line) => /^\| `[a-z]+[.[]/.test(line) || /^\| `rabbitmq\.nodes` /.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim().replace(/^`(.*)`$/, "$1")));
  const documented = new Map(rows.map(([, key = "", , , written = ""]) => [key, written]));

  test("has every key of the schema, and no other", () => {
    expect([...documented.keys()].sort()).toEqual(fields.map(([path]) => path).sort());
  });

  test.each(fields.filter(([, field]) => field.default !== undefined))("says the default of %s", (path, field) => {
    const said = typeof field.default === "string" ? field.default : JSON.stringify(field.default);
    expect(documented.get(path)).toBe(said);
  });
});
