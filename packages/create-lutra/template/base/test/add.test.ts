import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "lutra/testing";
import server from "../src/server.ts";

test("adds two numbers", async () => {
  const client = connect(server);
  const { structuredContent } = await client.callTool("add", { a: 1, b: 2 });
  assert.deepEqual(structuredContent, { sum: 3 });
});

test("lists the tool", async () => {
  const { tools } = await connect(server).listTools();
  assert.ok(tools.some(({ name }) => name === "add"));
});
