/**
 * The authorization server of the tests in a process of its own, since it writes warnings for operators.
 * Its arguments are the resource and the scopes. It sends its issuer to the process that has started it, and
 * ends with that one.
 */
import { startAuthorizationServer } from "../../../test/sign-in/authorization-server.ts";

const [resource = "", ...scopes] = process.argv.slice(2);
const { issuer } = await startAuthorizationServer({ resource: () => resource, scopes });
process.on("disconnect", () => process.exit());
process.send?.(issuer);
