/** The process of a server whose handlers and options misbehave. */
import { createServer as createHttpServer } from "node:http";
import { createNodeHandler, serveHttp } from "lutra/node";
import { createServer, defineResourceTemplate, defineTool } from "lutra/server";
import { createMemoryReplayGuard } from "lutra/stores";
import { answerQuestions } from "./questions.ts";

const server = createServer({
  name: "attacked",
  version: "1.0.0",
  tools: [
    defineTool({
      name: "nan",
      outputSchema: {
        type: "object",
        properties: { a: { type: "number" } },
        required: ["a"],
      },
      call: () => ({ a: Number.NaN }),
    }),
    defineTool({
      name: "throws",
      call: () => {
        throw new Error("the secret of the database");
      },
    }),
    defineTool({
      name: "chatter",
      call: async (_arguments, context) => {
        let last: undefined | Promise<void>;
        for (let count = 1; count <= 8000; count += 1) {
          last = context.progress({ progress: count, message: "x".repeat(150) }) ?? last;
        }
        await last;
        return "done";
      },
    }),
  ],
  resourceTemplates: [
    defineResourceTemplate({ uriTemplate: "page://{+path}", name: "page", read: () => "" }),
  ],
  // Only the options of the HTTP handler are attacked.
  onError: () => {},
});
const onError = () => {
  throw new Error("onError failed");
};
const authenticate = (header: (name: string) => string | null | undefined) => {
  if (header("authorization") === "broken") throw new Error("the identity provider is down");
  return { id: header("authorization") ?? "anybody" };
};
const { url } = await serveHttp(server, { port: 0, authenticate, onError });

/** An endpoint behind a program that reads the body and leaves nothing. */
const handle = createNodeHandler(server, { onError });
const reader = createHttpServer((req, res) => {
  req.resume();
  req.on("end", () => void handle(req, res));
});
await new Promise<void>((resolve) => {
  reader.listen(0, "127.0.0.1", resolve);
});
const { port } = reader.address() as { readonly port: number };

/** Returns false when one caller can use up the claims of others. */
async function claimAll(): Promise<boolean> {
  const guard = createMemoryReplayGuard();
  for (let index = 0; index < 150_000; index += 1) {
    await guard.claim(`a${index}`, 600_000, "a");
    // Each claim belongs to a request of its own.
    if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return await guard.claim("b", 600_000, "b");
}

answerQuestions();
process.on("message", async (question) => {
  if (question === "claims") process.send?.(await claimAll());
});
process.send?.({ url, readURL: `http://127.0.0.1:${port}/mcp` });
