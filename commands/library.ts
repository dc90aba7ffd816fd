import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { library, render, type HostFile } from "./step";

/** The library that hosts get: all of the directory `host/`. */
export interface Library {
  /** Changes with any of its files. */
  digest: string;
  /** With paths below the library's directory. */
  files: HostFile[];
}

const source = join(__dirname, "..", "host");

function names(directory: string): string[] {
  return readdirSync(join(source, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? names(path) : [path];
  });
}

/** Reads the library from this checkout. */
export function readLibrary(): Library {
  const files = names("")
    .sort()
    .map((path): HostFile => {
      const executable = (statSync(join(source, path)).mode & 0o100) !== 0;
      return { path, mode: executable ? "0755" : "0644", content: readFileSync(join(source, path), "utf8") };
    });
  const digest = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  return { digest, files };
}

/** Standard input for `bash -s`, as root: makes the host this deployment's and brings the library to it. */
export function installLibrary({ digest, files }: Library, deployment: string, stack: string): string {
  const part = (name: string): string => readFileSync(join(source, name), "utf8");
  const placed = files.map((file) => ({ ...file, path: `${library}/${digest}/${file.path}` }));
  const data = render({ deployment, stack, home: library, digest, files: placed });
  return [data, part("lib/owner.sh"), part("lib/files.sh"), part("install.sh")].join("");
}
