import { describe, expect, it } from "vitest";
import type { FieldSchema } from "../protocol/elicitation.ts";
import type { InputRequest } from "../protocol/input-required.ts";
import { toLiveRequest } from "./legacy-input.ts";

const form = (properties: { readonly [name: string]: FieldSchema }): InputRequest => ({
  method: "elicitation/create",
  params: { message: "?", requestedSchema: { type: "object", properties, required: [] } },
});

describe("2025-06-18/client/elicitation#supported-schema-types", () => {
  it.each<[string, FieldSchema, object]>([
    ["a string", { type: "string", minLength: 1 }, { type: "string", minLength: 1 }],
    ["a default of a string", { type: "string", default: "x" }, { type: "string" }],
    ["a default of a number", { type: "number", default: 1 }, { type: "number" }],
    [
      "a default of a boolean, which the revision has",
      { type: "boolean", default: true },
      { type: "boolean", default: true },
    ],
    [
      "titled choices",
      {
        type: "string",
        title: "T",
        oneOf: [
          { const: "a", title: "A" },
          { const: "b", title: "B" },
        ],
      },
      { type: "string", title: "T", enum: ["a", "b"], enumNames: ["A", "B"] },
    ],
    [
      "choices",
      { type: "string", enum: ["a"], enumNames: ["A"] },
      { type: "string", enum: ["a"], enumNames: ["A"] },
    ],
  ])("reduces %s", (_what, field, expected) => {
    const { params } = toLiveRequest(form({ field }), "2025-06-18");
    expect(params).toEqual({
      message: "?",
      requestedSchema: { type: "object", properties: { field: expected }, required: [] },
    });
  });

  it("refuses a choice of several values, and names the field", () => {
    const request = form({ colors: { type: "array", items: { type: "string", enum: ["a"] } } });
    expect(() => toLiveRequest(request, "2025-06-18")).toThrow(
      'MCP 2025-06-18, which the client speaks, lacks the field "colors" with several values',
    );
  });

  it("refuses a URL", () => {
    const params = { mode: "url", message: "?", url: "https://example.com" } as const;
    const request: InputRequest = { method: "elicitation/create", params };
    expect(() => toLiveRequest(request, "2025-06-18")).toThrow("lacks an elicitation with a URL");
  });
});

describe("2025-11-25/client/elicitation", () => {
  it("keeps a form as it is", () => {
    const request = form({
      colors: { type: "array", items: { type: "string", enum: ["a"] } },
      name: { type: "string", default: "x" },
    });
    expect(toLiveRequest(request, "2025-11-25")).toEqual(request);
  });

  it("an elicitation with a URL MUST have an id, which is unique", () => {
    const params = { mode: "url", message: "?", url: "https://example.com" } as const;
    const request: InputRequest = { method: "elicitation/create", params };
    const [one, two] = [toLiveRequest(request, "2025-11-25"), toLiveRequest(request, "2025-11-25")];
    expect(one.params).toEqual({ ...params, elicitationId: expect.any(String) });
    expect(one.params?.elicitationId).not.toBe(two.params?.elicitationId);
  });
});

describe("client/sampling", () => {
  const text = (value: string) => ({ type: "text", text: value }) as const;
  const audio = { type: "audio", data: "AA==", mimeType: "audio/wav" } as const;
  const sampling = (...content: object[]): InputRequest => ({
    method: "sampling/createMessage",
    params: { messages: [{ role: "user", content: content as never }], maxTokens: 1 },
  });

  it("keeps the blocks of a message for 2025-11-25", () => {
    const request = sampling(text("a"), text("b"));
    expect(toLiveRequest(request, "2025-11-25")).toEqual(request);
  });

  it("gives each block a message of its own before", () => {
    expect(toLiveRequest(sampling(text("a"), audio), "2025-03-26").params).toEqual({
      messages: [
        { role: "user", content: text("a") },
        { role: "user", content: audio },
      ],
      maxTokens: 1,
    });
  });

  it("has a text in place of audio for 2024-11-05", () => {
    const { params } = toLiveRequest(sampling(audio), "2024-11-05");
    expect(params?.messages).toEqual([
      { role: "user", content: text("[audio, audio/wav: not supported by MCP 2024-11-05]") },
    ]);
  });

  it.each(["tool_use", "tool_result"])("refuses %s before", (type) => {
    expect(() => toLiveRequest(sampling({ type }), "2025-06-18")).toThrow("sampling with tools");
  });
});

describe("client/roots", () => {
  it("asks for the roots", () => {
    expect(toLiveRequest({ method: "roots/list" }, "2024-11-05")).toEqual({
      method: "roots/list",
      params: {},
    });
  });
});
