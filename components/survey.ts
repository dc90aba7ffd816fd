import * as pulumi from "@pulumi/pulumi";

import type { StackConfig } from "../config";
import { askHosts, notices, survey, SurveyError, type Survey } from "../facts/survey";
import { stackLabel } from "./container";
import type { LastUpdate } from "./serving";

/** The survey of a stack's hosts, and a way to tell what it found once all resources are declared. */
export interface StackSurvey extends Survey {
  /** Name of the stack when the deployment was made. */
  stack: string;
  /** Warns of what is not as it should be on the hosts, and says what runs again for it. */
  tell: () => void;
}

/** Asks the hosts what is so on them, before anything is declared. A host of another deployment ends the program. */
export async function surveyHosts(config: StackConfig, last: LastUpdate): Promise<StackSurvey> {
  const { deployment, nodes, login } = last;
  const belief = {
    deployment: deployment?.id,
    stack: deployment?.stack ?? stackLabel(),
    steps: deployment?.steps,
    containers: deployment?.containers,
    serving: nodes,
    login,
  };
  const facts = await askHosts(config, belief);
  try {
    const found = survey(config, belief, facts);
    const tell = (): void => {
      for (const notice of notices(found)) void pulumi.log.warn(notice);
    };
    return { ...found, stack: belief.stack, tell };
  } catch (error) {
    throw error instanceof SurveyError ? new pulumi.RunError(error.message) : error;
  }
}
