import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "oxc-parser";
import { expect, it } from "vitest";
import { isSource, packageSources } from "./files.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The sources that create such a function for a process, a server or a connection, and not for a request. */
const allowed = [
  "packages/gateway/src/bridge/http-bridge.ts",
  "packages/gateway/src/processes/shared-sockets.ts",
  "packages/gateway/src/wire/connection-pool.ts",
  "packages/lutra/src/client/create-sender.ts",
  "packages/lutra/src/schema/compile.ts",
  "packages/lutra/src/server/runtime.ts",
  "packages/lutra/src/server/shared-handles.ts",
  "packages/lutra/src/transport/http/node-connections.ts",
  "packages/lutra/src/transport/stdio/client.ts",
  "packages/lutra/src/transport/stdio/legacy.ts",
  "packages/lutra/src/transport/stdio/stdout-guard.ts",
];

/** See docs/decisions/0030-young-objects.md. */
it("no request creates a function that V8 allocates in the old generation", () => {
  const sources = packageSources(root)
    .filter(isSource)
    .filter((path) => /^packages\/(lutra|gateway|stores)\//.test(path))
    .filter((path) => !/\/(fixtures|testing|apps)\//.test(path));
  expect(sources.length).toBeGreaterThan(500);
  expect(sources.filter((path) => hasOldFunctions(root + path))).toEqual(allowed);
});

/** Returns true for a function that is assigned to a member, and for a getter in an object literal. */
function hasOldFunctions(path: string): boolean {
  let isFound = false;
  new Visitor({
    AssignmentExpression({ left, right }) {
      isFound ||= left.type === "MemberExpression" && isFunction(right);
    },
    ObjectExpression({ properties }) {
      isFound ||= properties.some((one) => one.type === "Property" && one.kind === "get");
    },
  }).visit(parseSync(path, readFileSync(path, "utf8")).program);
  return isFound;
}

interface Expression {
  readonly type: string;
  readonly expression?: unknown;
}

/** Looks through parentheses and assertions of types. */
function isFunction({ type, expression }: Expression): boolean {
  if (type === "ArrowFunctionExpression" || type === "FunctionExpression") return true;
  const isWrapper = /^(ParenthesizedExpression|TSAsExpression|TSSatisfiesExpression)$/.test(type);
  return isWrapper && isFunction(expression as Expression);
}
