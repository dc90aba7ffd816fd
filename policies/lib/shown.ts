import { types } from "./types";

/** Inputs that end in an error's text, a process list or `docker inspect`, by type. No mark keeps them from there. */
export const shown: Readonly<Record<string, readonly string[]>> = {
  [types.command]: ["create", "update", "delete", "environment"],
  [types.container]: ["command", "entrypoints", "envs", "labels"],
};
