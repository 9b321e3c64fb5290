/** The entries of a server that the features need. */
export type Plan = { readonly [Name in Feature]?: Part };

/** The features, in the order of the columns. */
export const featureNames = [
  "tools",
  "resources",
  "elicitation",
  "sampling",
  "roots",
  "progress",
  "cancel",
  "subscribe",
  "tasks",
] as const;

export type Feature = (typeof featureNames)[number];

/** The tool to call or the resource to read, and the result. */
interface Part {
  readonly tool?: string;
  readonly args?: { readonly [name: string]: unknown };
  /** A part of the result. */
  readonly text?: string;
  readonly uri?: string;
  /** The tool that changes the resource. */
  readonly touch?: string;
  /** The tool that tells how many calls were cancelled. */
  readonly counted?: string;
  /** The number of progress notifications. */
  readonly count?: number;
}

/** The plan of the servers in this folder, whose entries have the same names. */
export const ownPlan = {
  tools: { tool: "echo", args: { text: "hä 🦦" }, text: "hä 🦦" },
  resources: { uri: "memo://a", text: "text of a" },
  elicitation: { tool: "ask", text: "Hello, Zoë" },
  sampling: { tool: "sample", text: "old pond" },
  roots: { tool: "locate", text: "file:///home/zoe" },
  progress: { tool: "walk", args: { steps: 3 }, count: 3 },
  cancel: { tool: "wait", counted: "cancelled" },
  subscribe: { uri: "memo://a", touch: "touch" },
} satisfies Plan;

export const everythingPlan: Plan = {
  tools: { tool: "echo", args: { message: "hä 🦦" }, text: "Echo: hä 🦦" },
  resources: { uri: "demo://resource/static/document/architecture.md", text: "Everything" },
  elicitation: { tool: "trigger-elicitation-request", text: "Zoë" },
  sampling: {
    tool: "trigger-sampling-request",
    args: { prompt: "A haiku", maxTokens: 10 },
    text: "old pond",
  },
  roots: { tool: "get-roots-list", text: "file:///home/zoe" },
  progress: { tool: "trigger-long-running-operation", args: { duration: 0.3, steps: 3 }, count: 3 },
  // Its resource updates are switched on and off by one tool, for all sessions.
};
