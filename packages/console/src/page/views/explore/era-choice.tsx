/** The choice of the protocol revision, with what the server speaks. */
import { useState } from "preact/hooks";
import { catalogue, chooseEra, connection } from "./explore-state.ts";

/** The choices of the client. `auto` detects the era. */
const eras: readonly (readonly [era: string, label: string])[] = [
  ["auto", "Detect"],
  ["modern", "2026-07-28 (stateless)"],
  ["legacy", "Earlier, negotiated"],
  ["2025-11-25", "2025-11-25"],
  ["2025-06-18", "2025-06-18"],
  ["2025-03-26", "2025-03-26"],
  ["2024-11-05", "2024-11-05"],
];

/** The difference that matters to the person who tries a server. */
const differences: { readonly [era: string]: string } = {
  modern:
    "Each request carries its version and capabilities. Questions are returned as input required, and the request is sent again with the answers.",
  legacy:
    "A session begins with initialize. Questions are requests of the server while the call is open. Messages over HTTP are shown as they were sent.",
};

export function EraChoice() {
  const [problem, setProblem] = useState("");
  const { era } = connection.value;
  const spoken = catalogue.value?.era;
  const choose = (chosen: string) => {
    setProblem("");
    chooseEra(chosen).catch((error: Error) => setProblem(error.message));
  };
  return (
    <div class="field">
      <label for="era">Protocol revision</label>
      <select id="era" value={era} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {eras.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {spoken !== undefined && (
        <p class="note">
          {`This connection is ${spoken}. `}
          {differences[spoken]}
        </p>
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
    </div>
  );
}
