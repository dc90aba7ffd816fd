import { looks, step } from "./step";

/** Container labels that say which stack and which part of it a container belongs to. */
export const labels = {
  /** Value: `organization/project/stack`. */
  stack: "io.warren.stack",
  /** Value: the resource's own name within the stack, such as `rabbitmq1`. */
  part: "io.warren.part",
  /** Value: a digest of everything that replaces the container, beside its image. */
  settings: "io.warren.settings",
} as const;

/** Data of `host/remove-stray.sh`. */
export interface StrayData {
  /** Name of the container. */
  container: string;
  stack: string;
  part: string;
  graceSeconds: number;
}

/** Right before a container is made: one of the same stack and part goes that Docker made but the state does not know. */
export const removeStray = step<StrayData>("remove-stray", looks("removes what a killed run left"));
