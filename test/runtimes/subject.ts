/** The checks of one runtime or bundler, and the peers on Node that they use. */
import { outputOf, type Program, withServer } from "./programs.ts";
import { Projects } from "./project.ts";

export const columns = [
  "fetch handler",
  "Node handler",
  "client over HTTP",
  "client over stdio",
  "client in memory",
] as const;

export type Checks = {
  readonly [Column in (typeof columns)[number]]?: () => Promise<void>;
};

/** A runtime or bundler in one version. */
export interface Subject {
  readonly name: string;
  readonly version: string;
  /** Checks that do not apply are absent. */
  readonly checks: Checks;
}

/** The folder of all projects, and one of them for a server and a client on Node. */
export interface Workshop {
  readonly projects: Projects;
  readonly nodeFolder: string;
}

export async function openWorkshop(): Promise<Workshop> {
  const projects = new Projects();
  return { projects, nodeFolder: await projects.create("node", {}) };
}

const expected = "3 tools, sum 3, counted 1,2,3, sure";

/** Expects that a program, or a response, has called all tools of the server of the tests. */
export async function expectExercised(output: Promise<string>): Promise<void> {
  const actual = await output;
  if (actual !== expected) throw new Error(`expected "${expected}", got "${actual}"`);
}

/** Expects that a server on Node can be called by `run`, given its URL. */
export function expectClient(
  { nodeFolder }: Workshop,
  run: (url: string) => Promise<string>,
): Promise<void> {
  const serve = (port: number) => nodeProgram(nodeFolder, "serve-http.mjs", String(port));
  return withServer(serve, (origin) => expectExercised(run(`${origin}/mcp`)));
}

/** Expects that a client on Node can call the server that `serve` starts on a port. */
export function expectServer(
  { nodeFolder }: Workshop,
  serve: (port: number) => Program,
  path = "/mcp",
): Promise<void> {
  return withServer(serve, (origin) =>
    expectExercised(outputOf(nodeProgram(nodeFolder, "connect-http.mjs", origin + path))),
  );
}

/** Returns a program for the Node that runs these tests. */
export function nodeProgram(cwd: string, ...args: readonly string[]): Program {
  return { command: [process.execPath, ...args], cwd };
}

/** Returns the text of a response with the status 200. */
export async function bodyOf(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url}: status ${response.status}\n${text}`);
  return text;
}
