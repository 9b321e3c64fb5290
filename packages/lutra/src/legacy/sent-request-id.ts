/**
 * The ids of requests to legacy clients. An id contains a code that is made with the key of its
 * session, so each replica that can open the session recognises the id, whichever keys of the ring it
 * has. No client knows the key of its session.
 */
import { randomId } from "../server/random-id.ts";

const algorithm = { name: "HMAC", hash: "SHA-256" } as const;
const encoder = new TextEncoder();

/** Creates an id for a request in a session. */
export async function createSentRequestId(sessionKey: string): Promise<string> {
  const number = randomId(9);
  return `${number}.${await codeOf(number, sessionKey)}`;
}

/** Resolves to true for the id of a request that some replica has sent in the session. */
export async function isSentRequestId(id: unknown, sessionKey: string): Promise<boolean> {
  if (typeof id !== "string") return false;
  const [number = "", code] = id.split(".", 2);
  return id === `${number}.${code}` && code === (await codeOf(number, sessionKey));
}

async function codeOf(number: string, sessionKey: string): Promise<string> {
  const usages = ["sign"] as const;
  const key = await crypto.subtle.importKey(
    "raw",
    encoder.encode(sessionKey),
    algorithm,
    false,
    usages,
  );
  const code = await crypto.subtle.sign(algorithm.name, key, encoder.encode(`request ${number}`));
  return btoa(String.fromCharCode(...new Uint8Array(code)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
