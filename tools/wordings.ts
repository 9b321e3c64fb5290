/** Wordings that need a second reading, each with the standard term to use in its place. */

export interface Wording {
  /** A space stands for any white space, also for a line break within a comment. */
  readonly pattern: RegExp;
  readonly say: string;
}

/** Words that a docstring must not begin with, since a clause or a metaphor follows them. */
export const clauseOpening =
  /^(?:what|who|whoever|whom|whose|whether|where|when|which|how|why|that|if)\b/i;
export const verbOpening = /^(?:says|tells|hears|gives|makes)\b/i;

export const wordings: readonly Wording[] = [
  { pattern: /\b(?:whoever|whomever|nobody|somebody)\b/, say: "the role: the caller, the client" },
  { pattern: /\bwhat is no\b/, say: "not a valid" },
  { pattern: /\b(?:lets?|letting) (?:\w+ )?go of\b/, say: "releases" },
  { pattern: /\bhears?(?: of)?\b|\bheard of\b/, say: "is notified of, receives" },
  {
    pattern: /(?<!there )\b(?:is|are|was|were) no (?!longer|more|less|such|later|earlier)/,
    say: "is not a (valid)",
  },
  { pattern: /\banew\b/, say: "again, restarts" },
  { pattern: /\bheed(?:s|ed|ing)?\b/, say: "honours" },
  { pattern: /\b(?:is|are|was|were|be) out of order\b/, say: "is unavailable" },
  { pattern: /\b(?:is|are|was|were|be) there\b(?=[.,;:`)]| again| to)/, say: "is available" },
  { pattern: /\b(?:is|are|was|were) away\b/, say: "is unavailable" },
  { pattern: /\b(?:comes?|came|coming) back\b/, say: "reconnects, recovers, returns" },
  { pattern: /\b(?:goes|go|went) (?:first|before)\b/, say: "takes precedence" },
  { pattern: /\b(?:look|looks|looked|looking) at\b/, say: "reads, polls, checks" },
  { pattern: /\b(?:a|each|every|one|next|last|first|two|between) looks?\b/, say: "check, poll" },
  { pattern: /\b(?:has|have|had) (?:its|their) time\b|\btime is over\b/, say: "times out" },
  { pattern: /\b(?:is|are|was|were) over\b(?=[.,;:)]| when| before| and)/, say: "has ended" },
  { pattern: /\bunder way\b/, say: "in flight, in progress" },
  { pattern: /\bhow manyth\b/, say: "the number of" },
  { pattern: /\bbelongs? into\b/, say: "belongs in" },
  { pattern: /\b(?:comes?|came) of\b/, say: "the outcome" },
  { pattern: /\b(?:tells?|told) of\b/, say: "reports, describes" },
  { pattern: /\bsays? of\b/, say: "reports, describes" },
  { pattern: /\b(?:breaks?|broke|broken|breaking) off\b/, say: "disconnects, is truncated" },
  { pattern: /\bfor ever\b/, say: "indefinitely" },
  { pattern: /\bnoted\b/, say: "recorded" },
  { pattern: /\bjudg(?:es?|ed|ing)\b/, say: "validates, decides" },
  { pattern: /\bmend(?:s|ed|ing)?\b/, say: "repairs" },
  { pattern: /\brun(?:s|ning)? apart\b/, say: "runs isolated" },
  { pattern: /\bpassengers?\b/, say: "waiter" },
  { pattern: /\bwhims?\b/, say: "choice" },
  { pattern: /\bto be had\b/, say: "available" },
  { pattern: /\bstands? in\b(?! for)/, say: "is in" },
  { pattern: /\b(?:some|any|every|no)thing else than\b/, say: "other than" },
  { pattern: /\b(?:an)?other (?!than)[\w`-]+ than\b/, say: "a ... other than, differs from" },
  { pattern: /\b(?:finds?|found|finding) out\b(?! why)/, say: "detects, determines" },
  { pattern: /\bbegin of\b/, say: "start of" },
  { pattern: /\bthe present (?:one|[\w-]+(?= is| of|[.,;:)]))/, say: "the current" },
  { pattern: /\bagain and again\b/, say: "repeatedly" },
  {
    pattern: /\b(?:client|page|reader|caller|peer) (?:leaves|left|(?:has|is) gone)\b(?! out| open)/,
    say: "disconnects",
  },
].map(({ pattern, say }) => ({ pattern: spanning(pattern), say }));

function spanning({ source }: RegExp): RegExp {
  return new RegExp(source.replaceAll(" ", String.raw`\s+(?:(?:\*|\/\/)\s+)?`), "gi");
}
