import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/", "engine/", "lab/", "coverage/"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.mjs"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // A Pulumi resource acts by being made; most are not referred to again.
      "no-new": "off",
    },
  },
  // The rules' room: what a room may not import says the house better than a drawing.
  {
    files: ["commands/**", "templates/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@pulumi/*"], message: "commands/ and templates/ are pure functions: no Pulumi." }] },
      ],
    },
  },
  // A test that meets undefined fails by itself.
  { files: ["tests/**", "policies/tests/**"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
  {
    files: ["**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: "readonly", console: "readonly" } },
  },
  prettier,
);
