/** Code that repeats a call. */
import { describe, expect, it } from "vitest";
import { curlOf, programOf } from "./code-snippets.ts";

const run = {
  id: 1,
  kind: "tool",
  name: "search",
  args: { query: "it's" },
  startedAt: 0,
  state: "done",
  revision: 1,
} as const;

const sent = {
  id: 1,
  at: 0,
  direction: "sent",
  http: {
    method: "POST",
    url: "http://127.0.0.1:3000/mcp",
    headers: [
      ["authorization", "Bearer ••••••"],
      ["content-length", "12"],
      ["mcp-method", "tools/call"],
    ],
  },
  text: '{"query":"it\'s"}',
} as const;

describe("the curl command", () => {
  it("has the headers and the body, and variables in place of secrets", () => {
    expect(curlOf([sent, { id: 2, at: 0, direction: "received", text: "{}" }])).toBe(
      [
        "curl \\",
        "  'http://127.0.0.1:3000/mcp' \\",
        '  -H "authorization: Bearer $AUTHORIZATION" \\',
        "  -H 'mcp-method: tools/call' \\",
        `  -d '{"query":"it'\\''s"}'`,
      ].join("\n"),
    );
  });

  it("is missing without HTTP, and for a message that was cut", () => {
    const { http: _, ...plain } = sent;
    expect(curlOf([plain])).toBeUndefined();
    expect(curlOf([{ ...sent, isCut: true }])).toBeUndefined();
  });
});

describe("the program", () => {
  it.each([
    [
      { kind: "url", label: "s", url: "http://h/mcp", headers: ["Authorization"] },
      'createClient("http://h/mcp", {\n  headers: { "authorization": process.env.AUTHORIZATION ?? "" },\n})',
    ],
    [
      { kind: "command", label: "s", command: "node", args: ["a b.js"] },
      'createClient({ command: "node", args: ["a b.js"] })',
    ],
    [{ kind: "module", label: "s", file: "server.ts" }, "createClient(server)"],
  ] as const)("connects to %j", (target, expected) => {
    const text = programOf(run, target);
    expect(text).toContain(expected);
    expect(text).toContain('client.callTool("search", {\n  "query": "it\'s"\n})');
  });

  it("follows a task", () => {
    const text = programOf(
      { ...run, kind: "task", name: "7" },
      { kind: "url", label: "s", url: "u" },
    );
    expect(text).toContain("extensions: [followTasks()]");
    expect(text).toContain('client.tasks.resume("7")');
  });
});
