/** The callers that `lutra serve` and `lutra up` accept. */
import { readFileSync } from "node:fs";
import { type Authenticate, bearerTokens } from "lutra/node";
import { tokensVariable } from "./caller-options.ts";
import { CommandError } from "./command-error.ts";
import type { CommandLine } from "./command-line.ts";
import { loadAuthenticate } from "./load-authenticate.ts";

/**
 * Returns the function that verifies callers: of `--auth`, of `--token-file`, or of the environment. The
 * options take precedence over the environment. Returns undefined if every caller may call.
 *
 * @throws {CommandError} if both options are given, and for a file that can't be used; the message
 *   contains no tokens
 */
export async function authenticateOf({ options }: CommandLine): Promise<Authenticate | undefined> {
  const { "token-file": file, auth } = options;
  if (file !== undefined && auth !== undefined) {
    throw new CommandError("--token-file and --auth: expected one of them", 2);
  }
  if (typeof auth === "string") return await loadAuthenticate(auth);
  if (typeof file === "string") return await tokensOf(`--token-file ${file}`, () => read(file));
  const text = process.env[tokensVariable];
  return text === undefined ? undefined : await tokensOf(tokensVariable, () => text);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new TypeError(isMissing ? "no such file" : "expected a readable file");
  }
}

async function tokensOf(source: string, text: () => string): Promise<Authenticate> {
  // Imported when it is needed, because it also loads the HTTP client.
  const { parseBearerTokens } = await import("lutra/internal");
  try {
    return bearerTokens(parseBearerTokens(text()));
  } catch (error) {
    throw new CommandError(`${source}: ${error instanceof Error ? error.message : error}`, 2);
  }
}
