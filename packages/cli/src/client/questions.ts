/** Asks the user the questions of a server, in the terminal. */
import { createInterface, type Interface } from "node:readline/promises";
import type { ElicitHandler, ElicitInfo } from "lutra/client";
import type {
  ElicitContent,
  ElicitFormParams,
  ElicitParams,
  ElicitResult,
  ElicitURLParams,
} from "lutra/protocol";
import { notice } from "../notice.ts";
import { askFields } from "./form-fields.ts";
import { plainLine, plainText } from "./plain-text.ts";
import type { ProgressLine } from "./progress-line.ts";

/** Asks for one line. Rejects when the input ends or the question is no longer needed. */
type Ask = (question: string) => Promise<string>;

/** The reason why a question has no answer: the input of the terminal has ended. */
const ended = Symbol("the input has ended");

/**
 * Creates the handler of elicitations. Questions are asked one after the other on standard error.
 * Without a terminal, they are declined.
 */
export function createQuestions(
  label: string,
  progress: ProgressLine,
): { readonly ask: ElicitHandler } {
  let last: Promise<unknown> = Promise.resolve();
  const ask = (params: ElicitParams, info: ElicitInfo): Promise<ElicitResult> => {
    const answer = last.then(() => {
      progress.clear();
      return isInteractive() ? askInTerminal(label, params, info) : declined(label, params);
    });
    last = answer.catch(() => {});
    return answer;
  };
  return { ask };
}

function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

function declined(label: string, { message }: ElicitParams): ElicitResult {
  const asked = `${label} asked: ${plainLine(message)}`;
  notice(`${asked}; declined, because there is no terminal to answer in`);
  return { action: "decline" };
}

async function askInTerminal(
  label: string,
  params: ElicitParams,
  info: ElicitInfo,
): Promise<ElicitResult> {
  const { stdin: input, stderr: output } = process;
  const lines = createInterface({ input, output });
  // In raw mode, Ctrl-C is a key. It cancels the call, as it does at other times.
  lines.on("SIGINT", () => process.emit("SIGINT"));
  const ask = askBy(lines, info.signal);
  try {
    output.write(`${plainText(`${label} asks: ${params.message}`)}\n`);
    return params.mode === "url" ? await askURL(params, ask) : await askForm(params, info, ask);
  } catch (error) {
    if (error === ended) return { action: "cancel" };
    throw error;
  } finally {
    lines.close();
  }
}

function askBy(lines: Interface, signal: AbortSignal): Ask {
  const closed = new Promise<never>((_resolve, reject) => lines.once("close", () => reject(ended)));
  closed.catch(() => {});
  return async (question) =>
    (await Promise.race([lines.question(question, { signal }), closed])).trim();
}

/** The program does not open the URL. The user has then seen all of it. */
async function askURL({ url }: ElicitURLParams, ask: Ask): Promise<ElicitResult> {
  process.stderr.write(`  Open this address in a browser, if you agree:\n  ${url}\n`);
  return { action: await choose(ask, "Opened?", { y: "accept", d: "decline", c: "cancel" }) };
}

/** The user can change the answers before they are sent. */
async function askForm(
  { requestedSchema }: ElicitFormParams,
  { defaults, validate }: ElicitInfo,
  ask: Ask,
): Promise<ElicitResult> {
  let content: ElicitContent = defaults;
  for (;;) {
    content = await askFields(requestedSchema, content, ask);
    const problem = validate(content);
    if (problem !== undefined) {
      process.stderr.write(`  ${plainLine(problem)}\n`);
      continue;
    }
    const actions = { y: "accept", e: "edit", d: "decline", c: "cancel" } as const;
    const action = await choose(ask, "Send?", actions);
    if (action !== "edit") return action === "accept" ? { action, content } : { action };
  }
}

const words = { accept: "yes", edit: "edit", decline: "decline", cancel: "cancel" } as const;

/** Asks until the answer begins with one of the letters. An empty answer is not an agreement. */
async function choose<Action extends keyof typeof words>(
  ask: Ask,
  question: string,
  actions: { readonly [letter: string]: Action },
): Promise<Action> {
  const names = Object.values(actions).map((action) => words[action]);
  const offered = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  for (;;) {
    const answer = (await ask(`${question} (${offered}) `)).toLowerCase();
    const found = Object.entries(actions).find(
      ([letter, action]) => answer === letter || answer === words[action],
    );
    if (found !== undefined) return found[1];
  }
}
