// Pulumi type-checks a policy pack each time it starts one, and has no switch against it: two seconds of every preview.
// So the pack begins here, with its files merely translated. `npm test` checks the types.
import { readFileSync } from "node:fs";
import { createRequire, flushCompileCache } from "node:module";

const require = createRequire(import.meta.url);
// Not imported: Node would first read all its nine megabytes for what they export.
const ts = require("typescript");
const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true };

require.extensions[".ts"] = (module, fileName) => {
  const { outputText } = ts.transpileModule(readFileSync(fileName, "utf8"), { compilerOptions, fileName });
  module._compile(outputText, fileName);
};
require("./index.ts");
// The engine ends this process without a word, and what Node has compiled (where NODE_COMPILE_CACHE is set) would be lost.
flushCompileCache();
