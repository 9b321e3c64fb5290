/** The options of `lutra serve` and `lutra up` for the protocol versions of clients. */
import { CommandError } from "./command-error.ts";
import { type CommandLine, type CommandOption, listOption } from "./command-line.ts";

export const versionOptions: { readonly [name: string]: CommandOption } = {
  "protocol-version": {
    placeholder: "V",
    description: "Protocol version to serve; `2026-07-28` must be one of them",
    fallback: "all",
    isRepeatable: true,
  },
};

/**
 * Reads `--protocol-version`.
 *
 * @throws {CommandError} for an unknown version, and for a list without the current one
 */
export async function versionsOf(
  line: CommandLine,
): Promise<{ readonly versions?: readonly string[] }> {
  const versions = listOption(line, "protocol-version");
  if (versions.length === 0) return {};
  // Imported when it is needed, so that the help is fast.
  const { legacyVersionsOf } = await import("lutra/protocol");
  try {
    legacyVersionsOf(versions);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CommandError(`--protocol-version: ${message.replace(/^versions: /, "")}`, 2);
  }
  return { versions };
}
