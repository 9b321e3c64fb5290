/** `lutra logout`: signs out of a server. */
import type { CommandLine } from "./command-line.ts";
import { explained, parseServer, userAuthorization } from "./user-authorization.ts";

export async function logout({ values }: CommandLine): Promise<number> {
  const server = parseServer("logout", values[0] ?? "");
  const wasSignedIn = await explained(userAuthorization().signOut(server));
  const place = server.origin + server.pathname;
  console.log(wasSignedIn ? `Signed out of ${place}` : `There were no tokens for ${place}`);
  return 0;
}
