import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where a config's relative paths start. */
export interface Places {
  projectDirectory: string;
  /** What ~ stands for. Default: the operator's home. */
  homeDirectory?: string | undefined;
}

export function absolutePath(path: string, { projectDirectory, homeDirectory = homedir() }: Places): string {
  if (path === "~" || path.startsWith("~/")) return join(homeDirectory, path.slice(1));
  return resolve(projectDirectory, path);
}

/** The file's text, or nothing where it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
