/**
 * Tools that request input from the client.
 *
 * Most use `await context.elicit(...)`: the retry runs the handler again with the remembered
 * answers. Tools whose name ends in `ByHand` return their input requests, and read the answers and
 * their own state from the context of the retry. In both cases `requestState` is sealed.
 */
import type { FieldSchema, InputRequest } from "lutra/protocol";
import { defineTool, inputRequired } from "lutra/server";
import { z } from "zod";

const person = z.object({ name: z.string() });
const confirmation = z.object({ ok: z.boolean() });

const elicitation = defineTool({
  name: "test_input_required_result_elicitation",
  description: "Asks for a name and greets",
  call: async (_args, context) => {
    const answer = await context.elicit("user_name", {
      message: "What is your name?",
      requestedSchema: person,
    });
    return answer.action === "accept" ? `Hello, ${answer.content.name}!` : "Hello, stranger!";
  },
});

const sampling = defineTool({
  name: "test_input_required_result_sampling",
  description: "Asks the client's model for the capital of France",
  call: async (_args, context) => {
    const { model, content } = await context.sample("capital_question", {
      messages: [userMessage("What is the capital of France?")],
      maxTokens: 100,
    });
    return `${model} says: ${JSON.stringify(content)}`;
  },
});

const listRoots = defineTool({
  name: "test_input_required_result_list_roots",
  description: "Lists the client's directories",
  call: async (_args, context) => {
    const roots = await context.roots("client_roots");
    return `Roots: ${roots.map(({ uri }) => uri).join(", ")}`;
  },
});

const multipleInputs = defineTool({
  name: "test_input_required_result_multiple_inputs",
  description: "Asks the user and the client's model, and lists directories, all at once",
  call: async (_args, context) => {
    const [answer, greeting, roots] = await Promise.all([
      context.elicit("user_name", { message: "What is your name?", requestedSchema: person }),
      context.sample("greeting", {
        messages: [userMessage("Generate a greeting")],
        maxTokens: 50,
      }),
      context.roots("client_roots"),
    ]);
    const name = answer.action === "accept" ? answer.content.name : "an unknown person";
    return `${JSON.stringify(greeting.content)} to ${name}, who offers ${roots.length} roots`;
  },
});

const tamperedState = defineTool({
  name: "test_input_required_result_tampered_state",
  description: "Asks for confirmation; refuses a request state that was changed on the way",
  call: async (_args, context) => {
    const answer = await context.elicit("confirm", {
      message: "Please confirm",
      requestedSchema: confirmation,
    });
    return `Answered by ${answer.action}, with an intact state`;
  },
});

const streamingElicitation = defineTool({
  name: "test_streaming_elicitation",
  description: "Reports progress, then asks; the question is a result and no request of its own",
  call: async (_args, context) => {
    await context.progress({ progress: 1, total: 2, message: "about to ask" });
    const answer = await context.elicit("user_name", {
      message: "What is your name?",
      requestedSchema: person,
    });
    return `The user answered by ${answer.action}.`;
  },
});

const requestStateByHand = defineTool({
  name: "test_input_required_result_request_state",
  description: "Asks for confirmation and remembers that it did",
  call: (_args, { state, inputResponses }) => {
    const wasAsked = state === "waiting for confirm";
    if (wasAsked && inputResponses.confirm !== undefined) return "state-ok";
    return inputRequired({
      inputRequests: { confirm: form("Please confirm", { ok: { type: "boolean" } }) },
      state: "waiting for confirm",
    });
  },
});

const multiRoundByHand = defineTool({
  name: "test_input_required_result_multi_round",
  description: "Asks for a name, then for a color",
  call: (_args, { inputResponses: { step1, step2 } }) => {
    if (step1 === undefined) {
      const question = form("Step 1: What is your name?", { name: { type: "string" } });
      return inputRequired({ inputRequests: { step1: question } });
    }
    if (step2 === undefined) {
      const question = form("Step 2: What is your favorite color?", { color: { type: "string" } });
      return inputRequired({ inputRequests: { step2: question } });
    }
    return `Answers: ${JSON.stringify([step1, step2])}`;
  },
});

const capabilitiesByHand = defineTool({
  name: "test_input_required_result_capabilities",
  description: "Asks only what the client can answer",
  call: (_args, { capabilities, inputResponses }) => {
    const wanted: Record<string, InputRequest> = {};
    if (capabilities.elicitation) {
      wanted.user_name = form("What is your name?", { name: { type: "string" } });
    }
    if (capabilities.sampling) {
      const params = { messages: [userMessage("Generate a greeting")], maxTokens: 50 };
      wanted.greeting = { method: "sampling/createMessage", params };
    }
    if (capabilities.roots) wanted.client_roots = { method: "roots/list" };
    const open = Object.entries(wanted).filter(([key]) => inputResponses[key] === undefined);
    if (open.length > 0) return inputRequired({ inputRequests: Object.fromEntries(open) });
    return `Asked for: ${Object.keys(wanted).join(", ") || "nothing"}`;
  },
});

function userMessage(text: string) {
  return { role: "user", content: { type: "text", text } } as const;
}

/** A form whose fields are all required. */
function form(message: string, properties: { readonly [name: string]: FieldSchema }): InputRequest {
  const requestedSchema = {
    type: "object",
    properties,
    required: Object.keys(properties),
  } as const;
  return { method: "elicitation/create", params: { mode: "form", message, requestedSchema } };
}

export const inputTools = [
  elicitation,
  sampling,
  listRoots,
  multipleInputs,
  tamperedState,
  streamingElicitation,
  requestStateByHand,
  multiRoundByHand,
  capabilitiesByHand,
] as const;
