import { expect } from "vitest";
import { secret } from "../fixture/secret.ts";
import { expectRefusal, type Scenario, textOf } from "../scenario.ts";

export const errors: readonly Scenario[] = [
  {
    name: "a tool that fails reports to the model, and is not a protocol error",
    run: async (client) => {
      const result = await client.callTool("fail");
      expect(result.isError).toBe(true);
      expect(textOf(result)).toBe("no otters today");
    },
  },
  {
    name: "invalid arguments are a tool execution error, too",
    run: async (client) => {
      for (const [name, args, where] of [
        ["add", { a: 1, b: "two" }, "b"],
        ["add", { a: 1 }, "b"],
        ["list", { unexpected: 1 }, "unexpected"],
      ] as const) {
        const result = await client.callTool(name, args);
        expect(result.isError).toBe(true);
        expect(textOf(result)).toContain(where);
      }
    },
  },
  {
    name: "an unknown tool is refused with its name",
    run: async (client) => {
      const { message } = await expectRefusal(client.callTool("no such töol"), -32602);
      expect(message).toContain("no such töol");
    },
  },
  {
    name: "an unknown method is refused",
    run: async (client) => {
      const method = { name: "tools/dance", params: (p: unknown) => p, result: (r: unknown) => r };
      const { message } = await expectRefusal(client.request(method as never), -32601);
      expect(message).toContain("tools/dance");
    },
  },
  {
    name: "a handler's protocol error arrives with its code, message and data",
    run: async (client) => {
      const { message, data } = await expectRefusal(client.callTool("refuse"), -32602);
      expect(message).toBe("not on a Sunday");
      expect(data).toEqual({ day: "Sunday" });
    },
  },
  {
    name: "other exceptions of a tool are a masked result with isError",
    run: async (client) => {
      const result = await client.callTool("crash");
      expect(result.isError).toBe(true);
      expect(textOf(result)).toBe("Internal error");
      expect(JSON.stringify(result)).not.toContain(secret);
    },
  },
  {
    name: "exceptions of other handlers and results that violate their schema are masked",
    run: async (client) => {
      const ref = { type: "ref/prompt", name: "broken" } as const;
      for (const send of [
        () => client.callTool("break_promise"),
        () => client.readResource("broken://resource"),
        () => client.getPrompt("broken"),
        () => client.complete({ ref, argument: { name: "value", value: "" } }),
      ]) {
        const { message, data } = await expectRefusal(send(), -32603);
        expect(message).toBe("Internal error");
        expect(JSON.stringify(data) ?? "").not.toContain(secret);
      }
    },
  },
  {
    name: "a cursor that the server did not issue is refused",
    run: async (client) => {
      const { nextCursor } = await client.listToolsPage();
      await expectRefusal(client.listToolsPage("nonsense"), -32602);
      await expectRefusal(client.listToolsPage(""), -32602);
      // A cursor of another list is not valid for this list.
      await expectRefusal(client.listPromptsPage(nextCursor as string), -32602);
    },
  },
  {
    name: "a client retries with a version that the server speaks",
    isModern: true,
    run: async (_client, { connect }) => {
      const client = await connect({ versions: ["2099-01-01", "2026-07-28"] });
      expect(textOf(await client.callTool("echo", { text: "hello" }))).toBe("hello");
      const ahead = await connect({ versions: ["2099-01-01"] });
      const { data } = await expectRefusal(ahead.callTool("echo", { text: "hello" }), -32022);
      // Transports that serve earlier versions list them, too.
      const supported = expect.arrayContaining(["2026-07-28"]);
      expect(data).toMatchObject({ supported, requested: "2099-01-01" });
    },
  },
  {
    name: "names of JavaScript's built-in properties are ordinary names",
    run: async (client) => {
      for (const name of ["__proto__", "constructor", "toString"]) {
        await expectRefusal(client.callTool(name), -32602);
        await expectRefusal(client.getPrompt(name), -32602);
        await expectRefusal(client.readResource(name), -32602);
      }
      const args = JSON.parse('{"text":"x","__proto__":{"polluted":true},"constructor":1}');
      expect(textOf(await client.callTool("echo", args))).toBe("x");
      expect("polluted" in {}).toBe(false);
    },
  },
  {
    name: "output of a server is not mistaken for a message",
    only: ["stdio"],
    run: async (client) => {
      expect(textOf(await client.callTool("noisy"))).toBe("quiet");
      expect(textOf(await client.callTool("echo", { text: "x" }))).toBe("x");
    },
  },
];
