/**
 * Lets Node run TypeScript in the way that `lutra serve` does:
 * `node --import @lutra/cli/register client.ts`.
 */
import { registerTypeScript } from "./modules/register.ts";

await registerTypeScript();
