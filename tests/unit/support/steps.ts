import { readFileSync } from "node:fs";
import { join } from "node:path";

import { render } from "../../../commands/step";
import { unsealed, type Resource } from "./mocks";

/** Standard input of a resource that runs a step, by the step's data. */
export function stepInput(data: object): string {
  return render({ deployment: "uuid-deployment", ...data });
}

/** Standard input of a resource, sealed or not. */
export function inputOf({ inputs }: Resource): string {
  const value = inputs["stdin"];
  return String(unsealed(value) ?? value);
}

/** The step that a resource runs; nothing where it runs a script. */
export function stepOf({ inputs }: Resource): string | undefined {
  return /\/warren create (\S+) \S+$/.exec(String(inputs["create"]))?.[1];
}

/** The lock that a resource's step or script holds. */
export function lockOf(resource: Resource): string | undefined {
  const step = stepOf(resource);
  const input = inputOf(resource);
  if (step === undefined) return /^exec 9> \/run\/lock\/warren-(.*)$/m.exec(input)?.[1];
  const [, lock] = /^lock=(.*)$/m.exec(readFileSync(join(__dirname, `../../../host/${step}.sh`), "utf8")) ?? [];
  if (lock === "$resource") return resource.name;
  return lock === "$name" ? /^name=(.*)$/m.exec(input)?.[1] : lock;
}
