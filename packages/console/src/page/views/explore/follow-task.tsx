/** Follows a task that another program has started. */
import { useState } from "preact/hooks";
import { navigate } from "../../router.ts";
import { catalogue, startRun } from "./explore-state.ts";

const extension = "io.modelcontextprotocol/tasks";

export function FollowTask() {
  const [id, setId] = useState("");
  const { extensions = {} } = (catalogue.value?.capabilities ?? {}) as { extensions?: object };
  if (!(extension in extensions)) return null;
  const follow = async (event: Event) => {
    event.preventDefault();
    const run = await startRun("task", id.trim(), {});
    navigate(["explore", "history", String(run)]);
  };
  return (
    <form class="card call-form" onSubmit={(event) => void follow(event).catch(() => {})}>
      <div class="field">
        <label for="task">Follow a task</label>
        <p class="note">The id of a task of this server that another program has started</p>
        <div class="row">
          <input
            class="grow"
            id="task"
            required
            autocomplete="off"
            value={id}
            onInput={({ currentTarget }) => setId(currentTarget.value)}
          />
          <button type="submit">Follow</button>
        </div>
      </div>
    </form>
  );
}
