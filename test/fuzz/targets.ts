/** The targets of the fuzzer. */
import type { Target } from "./target.ts";
import { canonicalJson } from "./targets/canonical-json.ts";
import { form } from "./targets/form.ts";
import { headerParamsTarget } from "./targets/header-params.ts";
import { headerValue } from "./targets/header-value.ts";
import { httpBody } from "./targets/http-body.ts";
import { httpResponse } from "./targets/http-response.ts";
import { jsonSchema } from "./targets/json-schema.ts";
import { jsonText } from "./targets/json-text.ts";
import { legacyInput } from "./targets/legacy-input.ts";
import { legacyResults } from "./targets/legacy-results.ts";
import { legacySession } from "./targets/legacy-session.ts";
import { meta } from "./targets/meta.ts";
import { methods } from "./targets/methods.ts";
import { passedResponse } from "./targets/passed-response.ts";
import { pattern } from "./targets/pattern.ts";
import { retryAfter } from "./targets/retry-after.ts";
import { seal } from "./targets/seal.ts";
import { sse } from "./targets/sse.ts";
import { stdioLines } from "./targets/stdio-lines.ts";
import { upstreamResponse } from "./targets/upstream-response.ts";
import { uri } from "./targets/uri.ts";
import { uriTemplate } from "./targets/uri-template.ts";

export const targets: readonly Target[] = [
  ...[jsonText, canonicalJson, meta, methods, httpBody, httpResponse, sse, stdioLines],
  ...[upstreamResponse, passedResponse],
  ...[headerValue, headerParamsTarget, retryAfter, uri, uriTemplate],
  ...[jsonSchema, pattern, form, seal, legacyResults, legacyInput, legacySession],
];
