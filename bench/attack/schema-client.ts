/** The process of a client that calls a hostile server, which sends schema and value of a case. */
import { createClient, type ServeTarget } from "lutra/client";
import { resultCases } from "./schema-cases.ts";
import { watchProcess } from "./watch-process.ts";

const { schema, json } = resultCases[Number(process.argv[2])] ?? { schema: {}, json: () => "1" };

const tool = { name: "give", inputSchema: { type: "object" }, outputSchema: schema };
const listed = { resultType: "complete", tools: [tool], ttlMs: 60_000, cacheScope: "public" };
const structuredContent: unknown = JSON.parse(json());
const given = { resultType: "complete", content: [], structuredContent };
const serve: ServeTarget["serve"] = async ({ method }) =>
  method === "tools/list" ? listed : given;

const client = createClient<unknown>({ serve });
process.on("message", async () => {
  const watched = watchProcess();
  await client.listTools();
  const outcome = await client.callTool("give", {}, { timeoutMs: 2000 }).then(
    () => "accepted",
    (error: Error) => error.message,
  );
  process.send?.({ outcome, ...watched() });
});
process.send?.("ready");
