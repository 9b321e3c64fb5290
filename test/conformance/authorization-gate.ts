/**
 * Runs the scenarios for authorization servers against the one of the sign-in tests. They show that what
 * our clients and servers are tested with is an authorization server as the specification describes it.
 */
import { startAuthorizationServer } from "../sign-in/authorization-server.ts";
import { signInAs } from "../sign-in/scripted-user.ts";
import { freePort } from "../stores/free-port.ts";
import { readOutcomes, totalsOf } from "./outcomes.ts";
import type { GateReport } from "./server-gate.ts";
import { runSuite, specVersion } from "./suite.ts";
import { faultsOf } from "./verdict.ts";

/** The number of checks of each scenario. */
const expected = { "authorization-server-metadata-endpoint": 2, "authorization-code-grant": 1 };

const clientId = "conformance";

/** Runs all scenarios. The suite prints the page for the user, who signs in and agrees. */
export async function runAuthorizationScenarios(): Promise<GateReport> {
  const port = await freePort();
  const as = await startAuthorizationServer({
    resource: () => "https://server.example/mcp",
    defaultScope: "openid",
    clients: [
      {
        ...{ client_id: clientId, token_endpoint_auth_method: "none", application_type: "native" },
        ...{ redirect_uris: [`http://127.0.0.1:${port}/callback`], response_types: ["code"] },
        grant_types: ["authorization_code", "refresh_token"],
      },
    ],
    features: { clientIdMetadataDocument: { enabled: true, ack: "draft-02" } },
  });
  let isShown = false;
  const onOutput = (output: string) => {
    const page = output.split("\n").find((line) => line.startsWith(`${as.issuer}/auth?`));
    // The last line may be incomplete.
    if (isShown || page === undefined || !output.includes("Waiting up to")) return;
    isShown = true;
    void signInAs("ann", page);
  };
  try {
    const args = ["--url", as.issuer, "--client-id", clientId, "--port", String(port)];
    const { folder } = await runSuite(
      "authorization-server",
      ["authorization", ...args, "--spec-version", specVersion],
      onOutput,
    );
    const outcomes = readOutcomes(folder);
    const faults = faultsOf(outcomes, expected, new Map(), Object.keys(expected));
    return { totals: totalsOf(outcomes), knownFailing: 0, faults };
  } finally {
    await as.close();
  }
}
