import { definePrompt } from "./prompts.ts";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Arguments follow from their declaration: some are required, others optional. */
const review = definePrompt({
  name: "review",
  arguments: { code: { required: true }, language: {}, style: { required: false } },
  get: ({ code, language, style }) => {
    const _code: Equal<typeof code, string> = true;
    const _language: Equal<typeof language, string | undefined> = true;
    const _style: Equal<typeof style, string | undefined> = true;
    return code;
  },
});
const _name: Equal<typeof review.name, "review"> = true;

definePrompt({
  name: "p",
  arguments: { code: {} },
  // @ts-expect-error there is no such argument
  get: ({ other }) => other,
});
definePrompt({
  name: "p",
  arguments: { code: {} },
  // @ts-expect-error it may be absent
  get: ({ code }): string => code,
});
// @ts-expect-error there are no arguments
definePrompt({ name: "p", get: ({ code }) => code });

/** The values that a handler may return. */
definePrompt({ name: "p", get: () => [{ role: "user", content: { type: "text", text: "" } }] });
definePrompt({ name: "p", get: async () => ({ description: "", messages: [] }) });
// @ts-expect-error there is no role system
definePrompt({ name: "p", get: () => [{ role: "system", content: { type: "text", text: "" } }] });
// @ts-expect-error a number is not a message
definePrompt({ name: "p", get: () => 42 });

definePrompt({
  name: "letter",
  arguments: { to: { required: true }, from: {} },
  scopes: ({ to, from }) => [to satisfies string, from ?? "anyone"],
  get: ({ to }) => to,
});
definePrompt({
  name: "wrong",
  arguments: { to: { required: true } },
  // @ts-expect-error the prompt has no such argument
  scopes: ({ cc }) => [cc],
  get: ({ to }) => to,
});
