import * as pulumi from "@pulumi/pulumi";

import type { StackConfig } from "../config";
import type { LastUpdate } from "../facts/last";
import { askHosts, beliefOf, notices, notLost, refuse, survey, SurveyError, type Survey } from "../facts/survey";
import { stackLabel } from "./container";

/** The survey of a stack's hosts, and a way to tell what it found once all resources are declared. */
export interface StackSurvey extends Survey {
  /** Name of the stack when the deployment was made. */
  stack: string;
  /** Warns of what is not as it should be on the hosts, and says what runs again for it. */
  tell: () => void;
}

/**
 * Asks the hosts what is so on them, before anything is declared. What an update must not go on with ends the program.
 * `WARREN_OFFLINE=1`: no host is asked, and the state is believed.
 */
export async function surveyHosts(config: StackConfig, last: LastUpdate): Promise<StackSurvey> {
  const stack = last.deployment?.stack ?? stackLabel();
  const belief = { ...beliefOf(last), stack };
  const offline = process.env["WARREN_OFFLINE"] === "1";
  const [facts, alive] = offline
    ? [{}, []]
    : await Promise.all([askHosts(config, belief), notLost(config, belief.serving)]);
  const found = survey(config, belief, facts);
  try {
    refuse({ refusals: [...found.refusals, ...alive] });
  } catch (error) {
    throw error instanceof SurveyError ? new pulumi.RunError(error.message) : error;
  }
  const tell = (): void => {
    for (const notice of notices(found)) void pulumi.log.warn(notice);
  };
  return { ...found, stack, tell };
}
