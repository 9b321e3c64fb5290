/**
 * The package has no root entry point. A program that imports from it would fail while it is linked,
 * with a message that names neither the cause nor the remedy. The exports below let it link, so that
 * it receives the message of the error instead.
 */
export * from "lutra/client";
export * from "lutra/http";
export * from "lutra/middleware";
export * from "lutra/node";
export * from "lutra/protocol";
export * from "lutra/server";
export * from "lutra/stores";
export * from "lutra/tasks";
export * from "lutra/testing";
export default undefined;

throw new Error(
  'lutra has no root entry point; import from its subpaths, such as "lutra/server" (createServer, defineTool), "lutra/client" (createClient), "lutra/node" (serveHttp, serveStdio) or "lutra/http" (createFetchHandler)',
);
