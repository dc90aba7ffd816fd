export { ConfigError } from "./errors";
export type { LastLogins } from "./logins";
export { loadConfig } from "./load";
export { parseConfig, type ParseOptions } from "./parse";
export type * from "./types";
export * from "./versions";
