import type { Policies } from "@pulumi/policy";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { secretsWatch } from "../lib/marks";
import { policies } from "../policies";
import type { Registered, Stack } from "./wire";

/** The SDK's own handlers of the engine's calls, which its declarations leave out. */
interface Handlers {
  makeAnalyzeRpcFun: HandlerOf<proto.AnalyzeRequest, proto.AnalyzeResponse>;
  makeRemediateRpcFun: HandlerOf<proto.AnalyzeRequest, proto.RemediateResponse>;
  makeAnalyzeStackRpcFun: HandlerOf<proto.AnalyzeStackRequest, proto.AnalyzeResponse>;
}
type HandlerOf<Request, Response> = (
  name: string,
  version: string,
  level: string,
  policies: Policies,
) => (call: { request: Request }, callback: (error?: Error | null, response?: Response) => void) => void;

const handlers = jest.requireActual<Handlers>("@pulumi/policy/server");

export interface Violation {
  policy: string;
  level: string;
  /** Name of the resource it is about. */
  resource: string;
  message: string;
}

/** What the pack says of a stack: the SDK is called as the engine calls it, resource by resource and then for the whole. */
export async function judge(stack: Stack, pack: Policies = [secretsWatch, ...policies]): Promise<Violation[]> {
  const remediate = promised(handlers.makeRemediateRpcFun("warren", "0", "advisory", pack));
  const analyze = promised(handlers.makeAnalyzeRpcFun("warren", "0", "advisory", pack));
  const analyzeStack = promised(handlers.makeAnalyzeStackRpcFun("warren", "0", "advisory", pack));
  const found: Violation[] = [];
  for (const resource of stack.resources) {
    const request = requestFor(resource, stack);
    const remedies = (await remediate(request)).getRemediationsList();
    if (remedies.length > 0) throw new Error(`a remediation: ${JSON.stringify(remedies[0]?.toObject())}`);
    found.push(...violations((await analyze(request)).getDiagnosticsList(), resource.name));
  }
  const request = new proto.AnalyzeStackRequest().setResourcesList(stack.resources.map(stackResourceFor));
  return [...found, ...violations((await analyzeStack(request)).getDiagnosticsList(), "stack")];
}

function promised<Request, Response>(handler: ReturnType<HandlerOf<Request, Response>>) {
  return (request: Request) =>
    new Promise<Response>((resolve, reject) => {
      handler({ request }, (error, response) => {
        if (error || !response) reject(error ?? new Error("no response"));
        else resolve(response);
      });
    });
}

function violations(diagnostics: proto.AnalyzeDiagnostic[], resource: string): Violation[] {
  const levels = new Map(Object.entries(proto.EnforcementLevel).map(([name, value]) => [value, name.toLowerCase()]));
  return diagnostics.map((diagnostic) => ({
    policy: diagnostic.getPolicyname(),
    level: levels.get(diagnostic.getEnforcementlevel()) ?? "?",
    resource: diagnostic.getUrn().split("::").at(-1) || resource,
    // The SDK puts the policy's description before it.
    message: diagnostic.getMessage().slice(diagnostic.getDescription().length + 1),
  }));
}

/** As on the wire, where a key without a value does not exist. */
function struct(values: Record<string, unknown>): Struct {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Struct.fromJavaScript(Object.fromEntries(given) as Record<string, JavaScriptValue>);
}

function options({ additionalSecretOutputs }: Registered): proto.AnalyzerResourceOptions {
  return new proto.AnalyzerResourceOptions().setAdditionalsecretoutputsList(additionalSecretOutputs);
}

function requestFor(resource: Registered, { resources }: Stack): proto.AnalyzeRequest {
  const { urn, type, name, inputs } = resource;
  const request = new proto.AnalyzeRequest();
  request.setUrn(urn).setType(type).setName(name).setProperties(struct(inputs)).setOptions(options(resource));
  const provider = resources.find((other) => other.urn === resource.provider);
  if (provider) {
    request.setProvider(
      new proto.AnalyzerProviderResource()
        .setUrn(provider.urn)
        .setType(provider.type)
        .setName(provider.name)
        .setProperties(struct(provider.inputs)),
    );
  }
  return request;
}

function stackResourceFor(resource: Registered): proto.AnalyzerResource {
  const { urn, type, name, outputs, propertyDependencies } = resource;
  const message = new proto.AnalyzerResource();
  message.setUrn(urn).setType(type).setName(name).setProperties(struct(outputs)).setOptions(options(resource));
  for (const [key, urns] of Object.entries(propertyDependencies)) {
    message.getPropertydependenciesMap().set(key, new proto.AnalyzerPropertyDependencies().setUrnsList(urns));
  }
  return message;
}
