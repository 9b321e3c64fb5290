import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../protocol/errors.ts";
import { createServer } from "./create-server.ts";
import { ask } from "./fixtures/ask.ts";
import { shortenStack } from "./print-error.ts";
import { definePrompt } from "./prompts.ts";
import { defineResourceTemplate } from "./resources.ts";
import { ToolError } from "./results.ts";
import { defineTool } from "./tools.ts";

const own = "    at withStructuredContent (file:///app/node_modules/lutra/dist/server/x.js:1:2)";
const ownToo = "    at async C:\\app\\node_modules\\@lutra\\cli\\src\\serve.ts:3:4";
const author = "    at call (file:///app/server.ts:5:6)";
const internal = "    at async process.processTicksAndRejections (node:internal/process/t:7:8)";

const stackAfter = (...lines: readonly string[]) => {
  const error = new Error("no");
  error.stack = lines.join("\n");
  shortenStack(error);
  return error.stack.split("\n");
};

describe("shortenStack", () => {
  it("makes the author's line the first", () => {
    const message = ["Error: no such file", "    of node_modules/lutra/"];
    expect(stackAfter(...message, own, internal, author, own, ownToo)).toEqual([
      ...message,
      author,
    ]);
  });

  it("keeps the first frame when no other is left", () => {
    expect(stackAfter("Error: no", own, ownToo, internal)).toEqual(["Error: no", own]);
    expect(stackAfter("Error: no")).toEqual(["Error: no"]);
  });

  it("shortens the stacks of causes, also of circular ones", () => {
    const cause = new Error("first");
    cause.stack = ["Error: first", own, author].join("\n");
    const error = new Error("second", { cause });
    cause.cause = error;
    shortenStack(error);
    expect(cause.stack).toBe(`Error: first\n${author}`);
  });

  it.each([
    ["a frozen error", Object.freeze(new Error("no"))],
    ["text", "no"],
    ["undefined", undefined],
  ])("leaves %s as it is", (_what, thrown) => {
    expect(() => shortenStack(thrown)).not.toThrow();
  });
});

describe("the default of onError", () => {
  const printed = vi.spyOn(console, "error");
  beforeEach(() => void printed.mockImplementation(() => {}));
  afterEach(() => void printed.mockReset());

  const thrown = new Error("no such row");
  const fail = () => {
    throw thrown;
  };
  const serverOf = () =>
    createServer({
      name: "test",
      version: "1",
      tools: [
        defineTool({ name: "get_ticket", call: fail }),
        defineTool({ name: "broken", call: () => 3 as never }),
        defineTool({
          name: "polite",
          call: () => {
            throw new ToolError("no");
          },
        }),
        defineTool({
          name: "precise",
          call: () => {
            throw new ProtocolError("invalidParams", "no");
          },
        }),
      ],
      prompts: [definePrompt({ name: "review", get: fail })],
      resourceTemplates: [
        defineResourceTemplate({ uriTemplate: "book://{id}", name: "book", read: fail }),
      ],
    });

  it.each([
    ["tools/call", { name: "get_ticket" }, "tools/call get_ticket"],
    ["prompts/get", { name: "review" }, "prompts/get review"],
    ["resources/read", { uri: "book://42" }, "resources/read book://42"],
  ])("names what failed: %s", async (method, params, where) => {
    const answer = await ask(serverOf(), method, params).catch(({ message }: Error) => message);
    expect(JSON.stringify(answer)).toContain("Internal error");
    expect(printed.mock.calls[0]).toEqual(["lutra: %s:", where, thrown]);
  });

  it("prints a name from a client on one line of limited length", async () => {
    const server = createServer({
      name: "test",
      version: "1",
      tools: [],
      middleware: [() => fail],
    });
    const name = `a\nlutra: tools/call x:\u001b[2K${"y".repeat(1000)}`;
    await expect(ask(server, "tools/call", { name })).rejects.toThrow("Internal error");
    const where = printed.mock.calls[0]?.[1] as string;
    expect(where).toMatch(/^tools\/call a lutra: tools\/call x: \[2Ky+$/);
    expect(where.length).toBeLessThan(250);
  });

  it("says once how to tell the client more", async () => {
    const server = serverOf();
    for (const _ of [1, 2]) {
      const result = await ask(server, "tools/call", { name: "get_ticket" });
      expect(result).toMatchObject({ isError: true });
    }
    expect(printed.mock.calls.map(([first]) => first)).toEqual([
      "lutra: %s:",
      expect.stringContaining("throw a ToolError to tell the model"),
      "lutra: %s:",
    ]);
  });

  it("has no such advice for a mistake of the handler", async () => {
    await expect(ask(serverOf(), "tools/call", { name: "broken" })).rejects.toThrow();
    expect(printed.mock.calls).toEqual([["lutra: %s:", "tools/call broken", expect.any(Error)]]);
  });

  it("prints nothing for errors that are not masked", async () => {
    await ask(serverOf(), "tools/call", { name: "polite" });
    await expect(ask(serverOf(), "tools/call", { name: "precise" })).rejects.toThrow("no");
    expect(printed).not.toHaveBeenCalled();
  });
});
