/**
 * The contract of a protected server: where its clients sign in, which tokens it accepts, and how it
 * refuses all others.
 *
 * @spec basic/authorization/index#token-handling
 */
import type { ContractCase } from "../contracts/contract-case.ts";
import { dpopCases } from "./dpop-cases.ts";
import { metadataCases } from "./metadata-cases.ts";
import type { ProtectedServer } from "./protected-server.ts";
import { tokenCases } from "./token-cases.ts";

export interface ResourceServerContractOptions {
  /** False for a server that does not verify proofs of DPoP. @default true */
  readonly dpop?: boolean;
}

/**
 * Returns the contract of a protected server as cases for any test runner. Each case sends requests
 * over HTTP and checks the status, the challenge and the metadata that the specification requires.
 *
 * @param open Called once for each case
 * @example
 * ```ts
 * const issuer = await createTestIssuer({ resource: "https://library.example.com/mcp" });
 * const send = createFetchHandler(server, { authenticate: protect(issuer.options) });
 * const tool = { name: "add_book", scope: "books:write" };
 * for (const { name, run } of resourceServerContract(() => ({ issuer, send, tool }))) it(name, run);
 * ```
 */
export function resourceServerContract(
  open: () => ProtectedServer | Promise<ProtectedServer>,
  { dpop = true }: ResourceServerContractOptions = {},
): readonly ContractCase[] {
  const cases = [...metadataCases, ...tokenCases, ...(dpop ? dpopCases : [])];
  return cases.map(({ name, body }) => ({
    name,
    run: async () => body(await open()),
  }));
}
