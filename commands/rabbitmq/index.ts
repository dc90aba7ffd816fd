export * from "./administrator";
export * from "./cookie";
export * from "./files";
export * from "./formed";
export * from "./gate";
export * from "./joining";
export * from "./place";
