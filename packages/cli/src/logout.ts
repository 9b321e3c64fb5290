/** `lutra logout`: signs out of a server. */
import type { CommandLine } from "./command-line.ts";
import { signInNameOf } from "./sign-in-name.ts";
import { explained, parseServer, userAuthorization } from "./user-authorization.ts";

export async function logout(line: CommandLine): Promise<number> {
  const server = parseServer("logout", line.values[0] ?? "");
  const name = signInNameOf(line);
  const wasSignedIn = await explained(userAuthorization({ name }).signOut(server));
  const place = server.origin + server.pathname + (name === undefined ? "" : ` as ${name}`);
  console.log(wasSignedIn ? `Signed out of ${place}` : `There were no tokens for ${place}`);
  return 0;
}
