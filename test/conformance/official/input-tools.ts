/** Tools that ask before they answer. */
import type {
  CallToolResult,
  ClientCapabilities,
  InputRequests,
  InputRequiredResult,
  McpServer,
  ServerContext,
} from "@modelcontextprotocol/server";
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import { text } from "./tools.ts";

interface State {
  readonly step: string;
}

/** Seals `requestState`; one key, so that any server of this process opens it. */
export const stateCodec = createRequestStateCodec<State>({
  key: crypto.getRandomValues(new Uint8Array(32)),
});

type Called = CallToolResult | InputRequiredResult;

const person = z.object({ name: z.string() });

const askName = () => inputRequired.elicit({ message: "Your name?", requestedSchema: person });

const askConfirmation = () =>
  inputRequired.elicit({ message: "Sure?", requestedSchema: z.object({ ok: z.boolean() }) });

const askModel = () =>
  inputRequired.createMessage({
    messages: [{ role: "user", content: { type: "text", text: "The capital of France?" } }],
    maxTokens: 50,
  });

export function addInputTools(server: McpServer): void {
  const asking = (name: string, call: (ctx: ServerContext) => Promise<Called>) =>
    server.registerTool(name, { description: "Asks before it answers" }, call);
  asking("test_streaming_elicitation", askOnce("user_name", askName));
  asking("test_input_required_result_elicitation", askOnce("user_name", askName));
  asking("test_input_required_result_sampling", askOnce("capital_question", askModel));
  asking("test_input_required_result_list_roots", askOnce("client_roots", inputRequired.listRoots));
  asking("test_input_required_result_request_state", askWithState);
  asking("test_input_required_result_tampered_state", askWithState);
  asking("test_input_required_result_multiple_inputs", askAll);
  asking("test_input_required_result_multi_round", askTwice);
  asking("test_input_required_result_capabilities", askWhatIsDeclared);
}

/** Asks until `key` is answered. */
function askOnce(key: string, ask: () => InputRequests[string]) {
  return async ({ mcpReq }: ServerContext): Promise<Called> => {
    const answer = inputResponse(mcpReq.inputResponses, key);
    if (answer.kind === "missing") return inputRequired({ inputRequests: { [key]: ask() } });
    const accepted = acceptedContent(mcpReq.inputResponses, key, person);
    return text(accepted ? `Hello, ${accepted.name}` : `Answered with ${answer.kind}`);
  };
}

async function askWithState(ctx: ServerContext): Promise<Called> {
  if (ctx.mcpReq.requestState<State>()?.step === "asked") return text("state-ok");
  return inputRequired({
    inputRequests: { confirm: askConfirmation() },
    requestState: await stateCodec.mint({ step: "asked" }, ctx),
  });
}

async function askAll(ctx: ServerContext): Promise<Called> {
  if (ctx.mcpReq.inputResponses !== undefined) return text("Thanks for everything");
  return inputRequired({
    inputRequests: {
      user_name: askName(),
      greeting: askModel(),
      client_roots: inputRequired.listRoots(),
    },
    requestState: await stateCodec.mint({ step: "asked" }, ctx),
  });
}

async function askTwice(ctx: ServerContext): Promise<Called> {
  const step = ctx.mcpReq.requestState<State>()?.step;
  if (step === "two") return text("Both are answered");
  const next = step === undefined ? "one" : "two";
  return inputRequired({
    inputRequests: step === undefined ? { step1: askName() } : { step2: askConfirmation() },
    requestState: await stateCodec.mint({ step: next }, ctx),
  });
}

async function askWhatIsDeclared({ mcpReq }: ServerContext): Promise<Called> {
  // Its types leave the envelope empty.
  const envelope = mcpReq.envelope as
    | { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities }
    | undefined;
  const declared = envelope?.[CLIENT_CAPABILITIES_META_KEY];
  const inputRequests: InputRequests = {
    ...(declared?.elicitation && { user_name: askName() }),
    ...(declared?.sampling && { greeting: askModel() }),
    ...(declared?.roots && { client_roots: inputRequired.listRoots() }),
  };
  const isAnswered = mcpReq.inputResponses !== undefined;
  if (isAnswered || Object.keys(inputRequests).length === 0) return text("Nothing to ask");
  return inputRequired({ inputRequests });
}
