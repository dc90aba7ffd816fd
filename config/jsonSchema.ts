import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sections } from "./schema";

/*
 * The JSON Schema of a whole Pulumi.<stack>.yaml, for editors. `npm run schema` writes it to stack.schema.json; a unit test
 * says when that is due. What only parseConfig can check (rules between values, files, keys' insides) is not in it.
 */

export const schemaFile = join(__dirname, "stack.schema.json");

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** What `pulumi config set --secret` leaves in a value's place. */
const secured = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
} satisfies JsonSchema;

export function stackSchema(): JsonSchema {
  const { properties = {}, required = [] } = z.toJSONSchema(z.strictObject(sections), {
    target: "draft-07",
    // Defaults need not be written.
    io: "input",
    override: ({ jsonSchema }) => {
      allowSecured(jsonSchema);
    },
  });
  const names = Object.keys(properties);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A Warren stack",
    description: "Pulumi.<stack>.yaml of a stack that Warren deploys. docs/config.md explains every key.",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(names.map((name) => [`warren:${name}`, properties[name] ?? {}])),
        required: required.map((name) => `warren:${name}`),
        // Keys of other namespaces (aws:region, pulumi:disable-default-providers, …) are none of Warren's business.
        patternProperties: { [`^warren:(?!(?:${names.join("|")})$)`]: false },
      },
      encryptionsalt: { type: "string" },
      encryptedkey: { type: "string" },
      secretsprovider: { type: "string" },
    },
    required: ["config"],
  };
}

/** A secret may stand in the file encrypted. */
function allowSecured(schema: JsonSchema): void {
  if (schema["secret"] !== true) return;
  const { type, pattern } = schema;
  delete schema["secret"];
  delete schema.type;
  delete schema.pattern;
  schema.anyOf = [{ ...(type && { type }), ...(pattern && { pattern }) }, secured];
}

if (require.main === module) writeFileSync(schemaFile, JSON.stringify(stackSchema()));
