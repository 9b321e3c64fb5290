import assert from "node:assert/strict";
import { test } from "node:test";
import { followTasks } from "lutra/tasks";
import { connect } from "lutra/testing";
import server from "../src/server.ts";

test("returns the result of the task", async () => {
  const client = connect(server, { extensions: [followTasks()] });
  const { structuredContent } = await client.callTool("report", { pages: 2 });
  assert.deepEqual(structuredContent, { pages: ["Page 1", "Page 2"] });
  await client.close();
});
