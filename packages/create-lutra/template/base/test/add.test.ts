import { connect } from "lutra/testing";
import { expect, it } from "vitest";
import server from "../src/server.ts";

it("adds two numbers", async () => {
  const client = connect(server);
  const { structuredContent } = await client.callTool("add", { a: 1, b: 2 });
  expect(structuredContent).toEqual({ sum: 3 });
});

it("lists the tool", async () => {
  const { tools } = await connect(server).listTools();
  expect(tools.map(({ name }) => name)).toContain("add");
});
