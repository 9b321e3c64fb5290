/** Code that repeats a call: with `curl`, and with the client of this package. */
import type { RunSummary } from "../../../../server/explore/runs.ts";
import type { ExploredTarget } from "../../../../server/explore/target.ts";
import type { WireMessage } from "../../../../server/explore/wire-message.ts";

/** Headers that `curl` sets by itself. */
const ownHeaders = new Set(["content-length", "host", "connection", "accept-encoding"]);

/** Returns the command for the last request of a call over HTTP, or undefined. */
export function curlOf(messages: readonly WireMessage[]): string | undefined {
  const sent = messages.findLast(
    ({ direction, http, text }) => direction === "sent" && http !== undefined && text !== "",
  );
  if (sent?.http === undefined || sent.isCut) return undefined;
  const lines = sent.http.headers
    .filter(([name]) => !ownHeaders.has(name))
    .map(([name, value]) => `-H ${headerWord(name, value)}`);
  return ["curl", quoted(sent.http.url ?? ""), ...lines, `-d ${quoted(sent.text)}`].join(" \\\n  ");
}

/** A masked value becomes a variable of the shell. */
function headerWord(name: string, value: string): string {
  if (!value.includes("•")) return quoted(`${name}: ${value}`);
  return `"${name}: ${value.replace(/•+/, `$${variableOf(name)}`)}"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const requests: {
  readonly [kind in RunSummary["kind"]]: (name: string, args: string) => string;
} = {
  tool: (name, args) => `client.callTool(${name}, ${args})`,
  prompt: (name, args) => `client.getPrompt(${name}, ${args})`,
  resource: (name) => `client.readResource(${name})`,
  task: (name) => `client.tasks.resume(${name})`,
};

/** Returns a program that repeats a call. */
export function programOf({ kind, name, args }: RunSummary, target: ExploredTarget): string {
  const isTask = kind === "task";
  const text = JSON.stringify(args, undefined, 2);
  const imports = ['import { createClient } from "lutra/client";'];
  if (isTask) imports.push('import { followTasks } from "lutra/tasks";');
  if (target.kind === "module") imports.push(`import server from ${JSON.stringify(target.file)};`);
  return `${imports.join("\n")}

const client = createClient(${argumentsOf(target, isTask)});
const result = await ${requests[kind](JSON.stringify(name), text)};
console.log(result);
await client.close();
`;
}

function argumentsOf(target: ExploredTarget, isTask: boolean): string {
  const { headers = [] } = target;
  const options = [
    ...(headers.length > 0 ? [`  headers: { ${headers.map(headerMember).join(", ")} },`] : []),
    ...(isTask ? ["  extensions: [followTasks()],"] : []),
  ];
  const given = options.length === 0 ? "" : `, {\n${options.join("\n")}\n}`;
  return addressOf(target) + given;
}

function addressOf({ kind, label, url, command, args = [] }: ExploredTarget): string {
  if (kind === "module") return "server";
  if (kind === "url") return JSON.stringify(url);
  const words = JSON.stringify(args);
  return `{ command: ${JSON.stringify(command ?? label)}, args: ${words} }`;
}

function headerMember(name: string): string {
  return `${JSON.stringify(name.toLowerCase())}: process.env.${variableOf(name)} ?? ""`;
}

function variableOf(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}
