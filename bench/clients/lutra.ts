/** Lutra's client on Node. */
import { createClient } from "lutra/client";
import { report } from "./report.ts";

const client = createClient(process.argv[2] as string);

report(async (a, b) => {
  const { content } = await client.callTool("add", { a, b });
  const [block] = content;
  return block?.type === "text" ? block.text : "";
});
