import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { library, render } from "./step";

/** One file of the library. */
export interface LibraryFile {
  /** Below the library's directory. */
  path: string;
  content: string;
  executable: boolean;
}

/** The library that hosts get: all of the directory `host/`. */
export interface Library {
  /** Changes with any of its files. */
  digest: string;
  files: LibraryFile[];
}

const source = join(__dirname, "..", "host");

/** But for hidden files, which are for the tools of this checkout. */
function names(directory: string): string[] {
  return readdirSync(join(source, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.name.startsWith(".")) return [];
    return entry.isDirectory() ? names(path) : [path];
  });
}

let read: Library | undefined;

/** Reads the library from this checkout, once. */
export function readLibrary(): Library {
  if (read !== undefined) return read;
  const files = names("")
    .sort()
    .map((path): LibraryFile => {
      const executable = (statSync(join(source, path)).mode & 0o100) !== 0;
      return { path, content: readFileSync(join(source, path), "utf8"), executable };
    });
  const digest = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  read = { digest, files };
  return read;
}

/** Standard input for `bash -s`, as root: makes the host this deployment's and brings the library to it. */
export function installLibrary({ digest, files }: Library, deployment: string, stack: string): string {
  const part = (name: string): string => readFileSync(join(source, name), "utf8");
  const data = render({
    deployment,
    stack,
    home: library,
    digest,
    paths: files.map(({ path }) => path),
    contents: files.map(({ content }) => content),
    programs: files.filter(({ executable }) => executable).map(({ path }) => path),
  });
  return [data, part("lib/owner.sh"), part("install.sh")].join("");
}
