import { expect, it } from "vitest";
import { createHops } from "./sign-in-hops.ts";

const tokenUrl = "https://auth.example/token";

/** Returns the problem of a token request whose answer is `answer`. */
async function problemOf(form: Record<string, string>, answer: object): Promise<unknown> {
  const hops = createHops(() => {});
  const send = hops.recorded(async () => Response.json(answer, { status: 400 }));
  await send(tokenUrl, { method: "POST", body: new URLSearchParams(form) });
  return hops.all().at(-1)?.problem;
}

it("a hop shows the error of the authorization server", async () => {
  const form = { grant_type: "authorization_code", code: "the-code-of-ann" };
  const answer = { error: "invalid_grant", error_description: "used before" };
  expect(await problemOf(form, answer)).toBe("invalid_grant: used before");
});

it("a hop shows no secret that the authorization server repeats", async () => {
  const form = {
    ...{ grant_type: "authorization_code", client_id: "console-client" },
    ...{ code: "the-code-of-ann", code_verifier: "a verifier/of ann" },
  };
  const error_description = `console-client sent the-code-of-ann, ${new URLSearchParams(form)}\n`;
  const answer = { error: "the-code-of-ann", error_description };
  const problem = await problemOf(form, answer);
  expect(problem).toMatch(/^\*\*\*: console-client sent \*\*\*, grant_type=/);
  expect(problem).not.toMatch(/of-ann|verifier.of|\n/);
});

it("a hop shows at most a few hundred characters of an error", async () => {
  const answer = { error: "x".repeat(10_000), error_description: "y".repeat(10_000) };
  expect(String(await problemOf({ grant_type: "a" }, answer)).length).toBeLessThan(500);
});
