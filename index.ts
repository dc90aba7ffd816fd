import type { StackOutputs } from "./components/outputs";
import { lookAround, RabbitService } from "./components/rabbitService";
import { loadConfig } from "./config";

/** The service that the stack's config describes. */
export = async (): Promise<StackOutputs> => {
  const config = loadConfig();
  return new RabbitService("warren", { ...config, ...(await lookAround(config)) }).outputs;
};
