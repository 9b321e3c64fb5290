/**
 * Methods are data: shared code decides by the columns of `Method` and compares no method name, so
 * that a method of an extension is treated like one of the core. The places that implement the rule
 * of one method are listed here. Notifications have no columns, so their names may be compared. The
 * messages between the pages of apps and their hosts are another protocol.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { filesBelow, isSource } from "./files.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Lines that may compare, by file, because they implement the rule of the method. */
const allowed: { readonly [path: string]: readonly string[] } = {
  // Sessions end at the gateway, so its list of versions replaces that of the upstream.
  "packages/gateway/src/routes/list-versions.ts": [
    "if (request.method !== discover.name) return next(request, context);",
  ],
  // A merge opens one subscription at each of its upstreams.
  "packages/gateway/src/merge/relay.ts": [
    "if (request.method !== listen.name) return upstream.serve(request, context);",
  ],
  // The gateway names its own versions for a legacy upstream.
  "packages/gateway/src/bridge/modern-result.ts": [
    "return method === discover.name ? modernDiscover(own) : own;",
  ],
  // Subscriptions move to the next version of a module.
  "packages/cli/src/reloadable-server.ts": [
    "request.method === listen.name ? follow(request, context) : current.serve(request, context),",
  ],
  // Legacy servers ask for roots as soon as the session is open.
  "packages/lutra/src/legacy/client/server-requests.ts": [
    'return request.method === "roots/list";',
  ],
  // Legacy servers have neither method; the session answers them.
  "packages/lutra/src/legacy/client/session.ts": [
    "if (request.method === discover.name) return discoverResult(this.#introduction);",
    "if (request.method === listen.name) return this.#subscriptions.serve(request, context);",
  ],
};

const methodName = String.raw`(?:"[a-z]+(?:/[A-Za-z_]+)+"|(?!headerNames)[a-z]\w*\.name\b)`;
const method = String.raw`(?:\w+\??\.)*method\b`;
const comparisons: readonly RegExp[] = [
  new RegExp(String.raw`\b${method}\s*[!=]==\s*${methodName}`),
  new RegExp(String.raw`${methodName}\s*[!=]==\s*${method}(?!\.)`),
  new RegExp(String.raw`\bcase\s+${methodName}\s*:`),
  new RegExp(String.raw`\[[^\]]*${methodName}[^\]]*\]\)?\.(?:has|includes)\(${method}`),
  new RegExp(String.raw`new Set(?:<\w+>)?\(\[\s*(?:${methodName},?\s*)+\]\)`),
];

/** Returns the lines of a source that compare a method name. */
function comparingLines(source: string): readonly string[] {
  return source
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => !line.startsWith("*") && comparisons.some((one) => one.test(line)));
}

describe("the search for comparisons of method names", () => {
  it.each([
    'if (request.method === "tools/call") return;',
    'if ("tools/call" !== message.method) return;',
    "if (method === callTool.name) return;",
    "if (listen.name !== request?.method) return;",
    'case "prompts/get":',
    "case readResource.name:",
    '["tools/call", "prompts/get"].includes(method)',
    "new Set([callTool.name, getPrompt.name])",
  ])("finds %s", (line) => {
    expect(comparingLines(line)).toEqual([line]);
  });

  it.each([
    "if (method === undefined) return;",
    'if (req.method === "POST") return;',
    'if (ref.type === "ref/prompt") return;',
    "if (key.method !== method) return;",
    "if (notification.method === progressMethod) return;",
    "methods.get(request.method)",
    '// case "prompts/get" is rare',
  ])("ignores %s", (line) => {
    expect(comparingLines(line)).toEqual([]);
  });
});

describe("shared code compares no method name", () => {
  const sources = ["lutra", "stores", "gateway", "migrate", "console", "cli"].flatMap((name) =>
    filesBelow(root, `packages/${name}/src`).filter(
      (path) =>
        isSource(path) && !path.includes("/fixtures/") && !/src\/apps\/(?:host|view)\//.test(path),
    ),
  );

  it("except in the listed places", () => {
    const found = sources.flatMap((path) => {
      const lines = comparingLines(readFileSync(join(root, path), "utf8"));
      return lines.length > 0 ? [[path, lines] as const] : [];
    });
    expect(Object.fromEntries(found)).toEqual(allowed);
  });
});
