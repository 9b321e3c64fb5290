/** Steps at a server that needs access tokens: a sign-in, a refusal, and a further scope. */
import { createClient } from "lutra/client";
import type atlas from "../protected.ts";
import { expectTrue, required, type Step } from "./step.ts";

const place = "a protected atlas";

export const signInSteps: readonly Step[] = [
  {
    title: "Sign in to a protected server",
    place,
    run: async (walk) => {
      // Loaded now, so that the walk begins without it.
      const { startProtectedAtlas } = await import("./protected-atlas.ts");
      const protectedAtlas = await startProtectedAtlas();
      walk.protectedAtlas = protectedAtlas;
      const { client, issuer, asked } = protectedAtlas;
      const query = { query: "kyoto", country: "JP", limit: 1 };
      const { structuredContent } = await client.callTool("search", query);
      const [found] = structuredContent?.places ?? [];
      const { name } = required(found, "expected to find Kyoto");
      return (
        `Without a token, the search was refused (401). The client found ${issuer}, registered, and ` +
        `opened its page, where ann signed in and agreed to ${asked[0]}. Then the search found ${name}.`
      );
    },
  },
  {
    title: "Ask for one more scope when a call needs it",
    place,
    run: async (walk) => {
      const { client, auth, url, asked } = required(walk.protectedAtlas, "expected a sign-in");
      const { accessToken } = required(await auth.accessToken(url), "expected a token");
      const refusal = await refusalOf(url, accessToken);
      const { structuredContent } = await client.callTool("create_trip", { name: "Kansai" });
      const trip = required(structuredContent, "expected a trip").trip_id;
      expectTrue(asked.length === 2, "expected a second sign-in");
      return (
        `create_trip with the same token: “${refusal}” (403). So the client asked ann for ${asked[1]}, ` +
        `which keeps what she had agreed to, and sent the call again: ${trip.slice(0, 12)}... exists.`
      );
    },
  },
];

/** Calls the tool with a token alone, and returns the message of the refusal. */
async function refusalOf(url: string, token: string): Promise<string> {
  const client = createClient<typeof atlas>(url, { headers: { authorization: `Bearer ${token}` } });
  const message = await client.callTool("create_trip", { name: "Kansai" }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  await client.close();
  return required(message, "expected a refusal");
}
