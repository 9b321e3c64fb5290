/** The headers that repeat values of the body, over HTTP only. */
import { encodeHeaderValue } from "lutra/protocol";
import { expect } from "vitest";
import { overHttp, type Scenario, textOf } from "../scenario.ts";
import { callMessage } from "./message.ts";

export const headers: readonly Scenario[] = [
  {
    name: "arguments marked x-mcp-header are mirrored, with any characters",
    only: overHttp,
    run: async (client) => {
      for (const args of [
        { country: "AT", limit: 3, exact: true, query: "not mirrored" },
        { country: "AT", near: { city: "Graz" } },
        { country: "AT", near: {} },
        { country: "Österreich 🇦🇹", limit: -7 },
        { country: "  AT ", exact: false },
        { country: "\tAT" },
        { country: "" },
        { country: "=?base64?QVQ=?=" },
        { country: "A\r\nMcp-Param-Limit: 9" },
        { country: "\u007f\u0000" },
      ]) {
        expect(JSON.parse(textOf(await client.callTool("locate", args)))).toEqual(args);
      }
    },
  },
  {
    name: "mirrored arguments of a wrong type cause a tool execution error",
    only: overHttp,
    run: async (client) => {
      for (const args of [
        { country: 5 },
        { country: {} },
        { country: "AT", limit: 1.5 },
        { country: "AT", limit: "3" },
        { country: "AT", limit: null },
        { country: "AT", exact: "yes" },
        { country: "AT", near: { city: ["Graz"] } },
        { country: "AT", near: "Graz" },
      ]) {
        const result = await client.callTool("locate", args);
        expect([args, result.isError]).toEqual([args, true]);
      }
    },
  },
  {
    name: "a call with a missing, wrong or malformed mirrored header is refused with -32020",
    only: overHttp,
    run: async (_client, { http }) => {
      const { headers, ...rest } = callMessage("locate", { country: "AT", limit: 42 });
      const right = { ...headers, "mcp-param-country": "AT", "mcp-param-limit": "42.0" };
      const good = await http({ ...rest, headers: right });
      expect(good.status).toBe(200);
      await good.arrayBuffer();
      for (const wrong of [
        { "mcp-param-country": "DE" },
        { "mcp-param-country": "=?base64?REU=?=" },
        { "mcp-param-country": "=?base64?%%%?=" },
        { "mcp-param-limit": "43" },
        { "mcp-param-limit": "forty-two" },
        { "mcp-param-near-city": "Graz" },
        { "mcp-name": "echo" },
        { "mcp-method": "tools/list" },
        { "mcp-protocol-version": "2025-11-25" },
      ]) {
        const response = await http({ ...rest, headers: { ...right, ...wrong } });
        await expectMismatch(response, JSON.stringify(wrong));
      }
      const required = ["mcp-param-country", "mcp-name", "mcp-method", "mcp-protocol-version"];
      for (const missing of required) {
        const { [missing]: _, ...kept } = right as Record<string, string>;
        await expectMismatch(await http({ ...rest, headers: kept }), `without ${missing}`);
      }
    },
  },
  {
    name: "a name with non-ASCII characters is sent in Base64",
    only: overHttp,
    run: async (_client, { http }) => {
      const message = callMessage("präsent", {});
      expect(message.headers["mcp-name"]).toMatch(/^=\?base64\?.*\?=$/);
      const response = await http(message);
      expect(await response.json()).toMatchObject({ id: "x", error: { code: -32602 } });
      const other = { ...message.headers, "mcp-name": encodeHeaderValue("präsenz") };
      await expectMismatch(await http({ ...message, headers: other }), "another name");
    },
  },
];

async function expectMismatch(response: Response, what: string): Promise<void> {
  const { error } = (await response.json()) as { error?: { code: number } };
  expect([what, response.status, error?.code]).toEqual([what, 400, -32020]);
}
