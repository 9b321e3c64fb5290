/** Servers with apps from npm, which work without the internet. */
import type { FrameLocator } from "playwright-core";

/** An app, and what a user does with it. */
export interface Example {
  /** The part of the package's name after `@modelcontextprotocol/server-`. */
  readonly name: string;
  /** The tool with a page. */
  readonly tool: string;
  /** Uses the view until it has reacted. Returns what was done. */
  readonly use: (view: FrameLocator) => Promise<string>;
  /** The reason for which it does not work in this host. */
  readonly limitation?: string;
}

export const exampleVersion = "2.0.3";

/** Maximum time until a view has loaded its data, in milliseconds. */
const timeout = 60_000;

/** Maximum time of a reaction to a click, in milliseconds. */
const reactionMs = 15_000;

const getTime = async (view: FrameLocator): Promise<string> => {
  const time = view.getByText(/^\d{4}-\d\d-\d\dT/).first();
  const before = (await time.textContent({ timeout })) ?? "";
  await view.getByRole("button", { name: "Get Server Time" }).click({ timeout });
  await view.getByText(before).waitFor({ state: "detached", timeout });
  await time.waitFor({ timeout: reactionMs });
  return "clicked “Get Server Time”: another time";
};

/** A list whose choice changes what the view shows. */
const choose = (label: string, option: string, shown: RegExp) => async (view: FrameLocator) => {
  const list = view.getByLabel(label).or(view.locator("select")).first();
  await list.selectOption(option, { timeout });
  await view.getByText(shown).first().waitFor({ timeout });
  return `chose “${option}”`;
};

const click = (name: string, shown: RegExp) => async (view: FrameLocator) => {
  await view.getByRole("button", { name }).first().click({ timeout });
  await view.getByText(shown).first().waitFor({ timeout });
  return `clicked “${name}”`;
};

const clickDrawing = (css: string) => async (view: FrameLocator) => {
  await view
    .locator(css)
    .first()
    .click({ timeout, position: { x: 40, y: 40 } });
  return "clicked the drawing";
};

export const examples: readonly Example[] = [
  ...["basic-react", "basic-vanillajs", "basic-svelte"].map((name) => ({
    name,
    tool: "get-time",
    use: getTime,
  })),
  {
    name: "basic-vue",
    tool: "get-time",
    use: getTime,
    limitation:
      "rendered; on a click, Vue reads its parent window, which a view with an origin of its own can't",
  },
  { name: "threejs", tool: "show_threejs_scene", use: clickDrawing("canvas") },
  { name: "sheet-music", tool: "play-sheet-music", use: clickDrawing("svg") },
  {
    name: "cohort-heatmap",
    tool: "get-cohort-data",
    use: choose("Metric", "Active Users", /^M0$/),
  },
  {
    name: "budget-allocator",
    tool: "get-budget-data",
    use: choose("Budget", "$250,000", /\/ \$250,000/),
  },
  { name: "scenario-modeler", tool: "get-scenario-data", use: click("Reset", /End MRR/) },
  { name: "shadertoy", tool: "render-shadertoy", use: clickDrawing("canvas") },
  { name: "system-monitor", tool: "get-system-info", use: click("Stop", /^Start$/) },
];
