import Ajv from "ajv";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { parse } from "yaml";
import { parseConfig } from "../../config";
import { stackSchema } from "../../config/jsonSchema";
import { hostKey, makePlaces, refusal } from "./configFixture";

/*
 * The documentation is held against the code: its examples are read as a stack's config is, and what it names must exist.
 */

const root = join(__dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

const pages = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith(".md"))
  .map((path) => ({ path, text: read(path) }));

const fence = /^ *```(\w*)\n([\s\S]*?)^ *```$/gm;

/** The text without its blocks of code. */
const prose = (text: string) => text.replace(fence, "");

/** What stands in backticks within the prose. */
const inlineCode = (text: string) => [...prose(text).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);

/** One test for each thing that a page names, and none for a thing that it names twice. */
function named(find: (text: string) => string[]): [path: string, thing: string][] {
  return pages.flatMap(({ path, text }) => [...new Set(find(text))].map((thing): [string, string] => [path, thing]));
}

const schema = stackSchema();

describe("examples of a stack's config", () => {
  type Config = Record<string, Record<string, unknown>>;

  const examples = pages.flatMap(({ path, text }) =>
    [...text.matchAll(fence)]
      .filter(([, language, body = ""]) => language === "yaml" && /^ *warren:/m.test(body))
      .map(([, , body = ""], index): [string, Config] => [
        `${path}, ${index + 1}`,
        // A key is not printed in full; any will do.
        (parse(body.replaceAll("ssh-ed25519 AAAA…", hostKey())) as { config: Config }).config,
      ]),
  );
  const isWhole = (config: Config) =>
    ["hosts", "rabbitmq", "haproxy"].every((name) => Object.hasOwn(config, `warren:${name}`));
  const whole = examples.filter(([, config]) => isWhole(config));

  test("there are some, in the README and in the docs", () => {
    expect(whole.map(([name]) => name)).toEqual(
      expect.arrayContaining(["README.md, 1", "docs/config.md, 1", "docs/first-deployment.md, 1"]),
    );
  });

  test.each(whole)("%s is right for editors", (_name, config) => {
    const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
    validate({ config });
    expect(validate.errors).toBeNull();
  });

  test.each(examples)("%s is accepted", (_name, config) => {
    const places = makePlaces();
    const [, readme = {}] = whole[0] ?? [];
    // What an example leaves out, the README's has.
    const sections = isWhole(config) ? config : { ...readme, ...config };
    const addresses = Object.values(sections["warren:hosts"] ?? {}).map(
      (host) => (host as { address: string }).address,
    );
    places.write("home/.ssh/known_hosts", addresses.map((address) => `${address} ${hostKey()}\n`).join(""));
    const raw = Object.fromEntries(Object.entries(sections).map(([key, value]) => [key.replace("warren:", ""), value]));
    expect(() => parseConfig(raw, { stack: "mystack", ...places })).not.toThrow();
  });
});

describe("commands", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

  test.each(named((text) => [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = ""]) => name)))(
    "%s: npm run %s is a script",
    (_path, name) => {
      expect(Object.keys(scripts)).toContain(name);
    },
  );

  test("npm start and npm test are scripts", () => {
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["start", "test"]));
  });

  const parts = (tier: string) =>
    new RegExp(`^${tier}_parts=\\((.*)\\)$`, "m").exec(read("scripts/test.sh"))?.[1]?.split(" ") ?? [];
  const tiers: [tier: string, command: string][] = [
    ["daily", "npm test"],
    ["full", "npm run test:full"],
  ];
  test.each(
    tiers.flatMap(([tier, command]) =>
      named((text) => [...text.matchAll(new RegExp(`\\b${command} -- (\\w+)`, "g"))].map(([, part = ""]) => part)).map(
        ([path, part]): [string, string, string, string] => [path, command, part, tier],
      ),
    ),
  )("%s: %s -- %s is a part", (_path, _command, part, tier) => {
    expect(parts(tier)).toContain(part);
  });

  const lab = ["lab/lab", ...readdirSync(join(root, "lab/lib")).map((name) => `lab/lib/${name}`)].map(read).join("");
  const verbs = [...lab.matchAll(/^verb_(\w+)\(\)/gm)].map(([, verb = ""]) => verb);
  test.each(named((text) => [...text.matchAll(/\bnpm run lab -- ([a-z]+)/g)].map(([, verb = ""]) => verb)))(
    "%s: npm run lab -- %s is a verb",
    (_path, verb) => {
      expect(verbs).toContain(verb);
    },
  );
});

describe("the Node that is needed", () => {
  const engines = (path: string) => (JSON.parse(read(path)) as { engines: { node: string } }).engines.node;

  test("is the same in the README and in package.json", () => {
    expect(engines("package.json")).toBe(">=20");
    expect(engines("node_modules/@pulumi/pulumi/package.json")).toBe(">=22");
    expect(read("README.md").match(/Node \d+(?: or later)?/g)).toEqual([
      "Node 20 or later",
      "Node 20",
      "Node 22 or later",
      "Node 20 or later",
    ]);
  });
});

/** Headings' anchors, as GitHub makes them. */
function anchors(text: string): string[] {
  return [...prose(text).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("links", () => {
  const links = named((text) => [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link)).filter(
    ([, link]) => !/^https?:/.test(link),
  );

  test.each(links)("%s: %s leads somewhere", (path, link) => {
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    expect(existsSync(join(root, target))).toBe(true);
    if (anchor !== undefined) expect(anchors(read(target))).toContain(anchor);
  });

  test("every page is linked from the README", () => {
    const linked = links.filter(([path]) => path === "README.md").map(([, link]) => link.replace(/#.*/, ""));
    expect(linked).toEqual(
      expect.arrayContaining(pages.map(({ path }) => path).filter((path) => path !== "README.md")),
    );
  });
});

describe("paths", () => {
  const rooms = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const isPath = (code: string) =>
    /^[\w./-]+$/.test(code) &&
    (rooms.some((room) => code.startsWith(`${room}/`)) || /^[\w.]+\.(?:ts|json|yaml|mjs)$/.test(code)) &&
    code !== "Pulumi.mystack.yaml";

  test.each(named((text) => inlineCode(text).filter(isPath)))("%s: %s exists", (_path, file) => {
    expect(existsSync(join(root, file))).toBe(true);
  });
});

describe("config keys", () => {
  interface Node {
    properties?: Record<string, Node>;
    additionalProperties?: Node | boolean;
    items?: Node;
  }

  /** The schema's node for a path such as `warren:rabbitmq.nodes[].host`. */
  function find(path: string): Node | undefined {
    const [section = "", ...keys] = path
      .replace(/^(?:warren:)?/, "warren:")
      .replace(/\[\w*\]/g, ".[]")
      .split(".");
    const config = schema.properties?.["config"] as Node | undefined;
    return keys.reduce<Node | undefined>((node, key) => {
      if (key === "[]") return node?.items;
      if (key === "<name>")
        return typeof node?.additionalProperties === "object" ? node.additionalProperties : undefined;
      return node?.properties?.[key];
    }, config?.properties?.[section]);
  }

  const isKey = (code: string) =>
    /^(?:warren:\w+|(?:hosts|ssh|prepare|rabbitmq|haproxy|vip|firewall|tls)\.)[\w.<>[\]]*$/.test(code) &&
    !/\.(?:conf|cfg|md)$/.test(code);

  test.each(named((text) => inlineCode(text).filter(isKey)))("%s: %s is one", (_path, key) => {
    expect(find(key)).toBeDefined();
  });
});

describe("the README's tables", () => {
  /** The first cells of the table under a heading. */
  const rows = (title: string) =>
    [
      ...(read("README.md").split(`\n## ${title}\n`)[1] ?? "").replace(/\n## [\s\S]*/, "").matchAll(/^\| `([^`]+)`/gm),
    ].map(([, cell = ""]) => cell);

  test("name every output, and no other", () => {
    const source = ts.createSourceFile("outputs.ts", read("components/outputs.ts"), ts.ScriptTarget.ES2022, true);
    const names = source.statements.flatMap((statement) =>
      ts.isInterfaceDeclaration(statement) && ["ServiceOutputs", "StackOutputs"].includes(statement.name.text)
        ? statement.members.map((member) => member.name?.getText())
        : [],
    );
    expect(rows("Outputs")).toEqual(names);
  });

  test("name every section of the config, and no other", () => {
    const { properties } = schema.properties?.["config"] as { properties: Record<string, unknown> };
    expect(rows("Config")).toEqual(Object.keys(properties));
  });
});

describe("messages in the pages on troubleshooting", () => {
  const library = readdirSync(join(root, "host"), { recursive: true, encoding: "utf8" }).filter((path) =>
    /(\.sh|^warren)$/.test(path),
  );
  const own = [
    refusal({ "vip.virtualRouterId": 0, "haproxy.hosts": [] }),
    ...library.map((path) => read(`host/${path}`).replaceAll("\\`", "`")),
    read("engine/command/remote/connection.go"),
  ].join("\n");

  /** What others say: sudo, ssh, Docker, Pulumi. */
  const others = [
    "the stack is currently locked by 1 lock(s)",
    "incorrect passphrase",
    "unable to authenticate",
    "sudo: a password is required",
    "permission denied while trying to connect to the Docker daemon socket",
    "port is already allocated",
    "Attempting to deploy or update resources with",
  ];

  const headings = pages
    .filter(({ path }) => path.startsWith("docs/troubleshooting"))
    .flatMap(({ text }) => [...text.matchAll(/^### `(.*)`$/gm)].map(([, message = ""]) => message));

  test.each(headings.filter((message) => !others.includes(message)))("Warren says: %s", (message) => {
    expect(own).toContain(message);
  });

  test("every other one is there for somebody", () => {
    expect(headings).toEqual(expect.arrayContaining(others));
  });
});
