/** A server module in a temporary folder, which a test changes while `lutra` serves it. */
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const packages = fileURLToPath(new URL("../../node_modules", import.meta.url));

export interface ChangingModule {
  /** The path of the module. */
  readonly path: string;
  /** Replaces a file of the folder, as editors do. */
  readonly write: (name: string, text: string) => void;
}

/** Creates the folder with its first version. */
export function changingModule(files: { readonly [name: string]: string }): ChangingModule {
  const folder = mkdtempSync(join(tmpdir(), "lutra-watch-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(packages, join(folder, "node_modules"));
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, `${name}.new`), text);
    renameSync(join(folder, `${name}.new`), join(folder, name));
  };
  for (const [name, text] of Object.entries({ "package.json": "{}", ...files })) write(name, text);
  return { path: join(folder, "server.ts"), write };
}

export interface Gate {
  readonly url: string;
  /** Resolves once as many callers wait. */
  readonly waiting: (callers: number) => Promise<void>;
  /** Lets all callers that wait continue. */
  readonly open: () => void;
}

/** Starts an HTTP server whose callers wait until the test lets them continue. */
export async function createGate(): Promise<Gate> {
  const callers: ServerResponse[] = [];
  let onCaller = () => {};
  const http = createServer((_req, res) => {
    callers.push(res);
    onCaller();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.close();
    http.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    waiting: (count) =>
      new Promise((resolve) => {
        onCaller = () => {
          if (callers.length >= count) resolve();
        };
        onCaller();
      }),
    open: () => {
      for (const res of callers.splice(0)) res.end();
    },
  };
}

/** Returns the source of a server whose tools tell its version. `name` is an expression. */
export function versionServer(
  version: string,
  more = "",
  name: string = JSON.stringify(`version-${version}`),
): string {
  return `import { createServer, defineTool } from "lutra/server";
import { tasks } from "lutra/tasks";
import { z } from "zod";

const wait = defineTool({
  name: "wait",
  inputSchema: z.object({ gate: z.string() }),
  call: async ({ gate }) => {
    await (await fetch(gate)).text();
    return "${version}";
  },
});
const ask = defineTool({
  name: "ask",
  call: async (_args, context) => {
    const begun = await context.step("begin", () => "${version}");
    await context.elicit("sure", {
      message: "Sure?",
      requestedSchema: z.object({ sure: z.boolean() }),
    });
    return begun + " to ${version}";
  },
});
const long = defineTool({
  name: "long",
  task: "required",
  taskOptions: { pollIntervalMs: 50 },
  inputSchema: z.object({ gate: z.string() }),
  call: async ({ gate }, context) => {
    const begun = await context.step("begin", () => "${version}");
    await (await fetch(gate, { signal: context.signal })).text();
    return begun + " to ${version}";
  },
});
const version = defineTool({ name: ${name}, call: () => String(process.pid) });
${more}
export default createServer({
  name: "changing",
  version: "1.0.0",
  tools: [wait, ask, long, version],
  extensions: [tasks({ closeGraceMs: 0 })],
});
`;
}
