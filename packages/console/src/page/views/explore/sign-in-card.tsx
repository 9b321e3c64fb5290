/** The sign-in at a protected server: the page for the user, and each hop with its outcome. */
import type { SignInState } from "../../../server/explore/sign-in.ts";
import type { Hop } from "../../../server/explore/sign-in-hops.ts";
import { fetchJson } from "../../api.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Table } from "../../components/table.tsx";
import { durationText } from "../../units.ts";
import { readCatalogue, signIn } from "./explore-state.ts";

const phases: { readonly [phase in NonNullable<SignInState["phase"]>]: readonly [Tone, string] } = {
  discovering: ["info", "looks for the authorization server"],
  waiting: ["warn", "waits for you"],
  "signed in": ["good", "signed in"],
  failed: ["bad", "failed"],
};

export function SignInCard() {
  const state = signIn.value;
  if (state?.phase === undefined) return null;
  const { phase, url, hops, problem } = state;
  const [tone, text] = phases[phase];
  return (
    <section class="card facts" aria-label="Sign-in">
      <div class="spread">
        <h2>Sign-in</h2>
        <Badge tone={tone}>{text}</Badge>
      </div>
      {problem !== undefined && (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      {phase === "waiting" && url !== undefined && <OpenPage url={url} />}
      <Hops hops={hops} />
      {phase === "failed" && (
        <div class="row">
          <button type="button" onClick={() => void readCatalogue()}>
            Try again
          </button>
        </div>
      )}
      {phase === "signed in" && (
        <div class="row">
          <button type="button" onClick={() => void fetchJson("explore/sign-out", {})}>
            Sign out
          </button>
        </div>
      )}
    </section>
  );
}

/** The user sees the host of the page before it is opened. */
function OpenPage({ url }: { readonly url: string }) {
  return (
    <div class="question">
      <p class="asked">
        The server asks you to sign in at <strong>{new URL(url).host}</strong>. The page opens in
        another tab.
      </p>
      <div class="row">
        <button
          type="button"
          class="primary"
          onClick={() => void window.open(url, "_blank", "noopener,noreferrer")}
        >
          Open the sign-in page
        </button>
      </div>
    </div>
  );
}

function Hops({ hops }: { readonly hops: readonly Hop[] }) {
  return (
    <Table<Hop>
      label="Hops of the sign-in"
      rows={hops}
      keyOf={(_, index) => index}
      columns={[
        { title: "Step", cell: Step },
        { title: "Request", cell: Request },
        { title: "Outcome", cell: Outcome },
        { title: "Time", isNumber: true, cell: ({ ms }) => durationText(ms) },
      ]}
    />
  );
}

function Step({ step, parameters = {} }: Hop) {
  return (
    <>
      <strong>{step}</strong>
      {Object.entries(parameters).map(([name, value]) => (
        <div key={name} class="small dim">{`${name}: ${value}`}</div>
      ))}
    </>
  );
}

function Request({ method, url, challenge }: Hop) {
  return (
    <>
      <code>{`${method} ${url}`}</code>
      {challenge !== undefined && (
        <div class="small dim breaking">{`WWW-Authenticate: ${challenge}`}</div>
      )}
    </>
  );
}

function Outcome({ status, problem }: Hop) {
  const isBad = problem !== undefined;
  return (
    <>
      {status !== undefined && <Badge tone={isBad ? "bad" : "neutral"}>{String(status)}</Badge>}
      {isBad && <div class="small problem">{problem}</div>}
    </>
  );
}
