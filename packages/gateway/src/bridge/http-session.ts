/** A session with one replica of an upstream over HTTP, whose era may still be unknown. */
import {
  createHttpSender,
  type HttpEras,
  type HttpErasInit,
  type HttpSender,
  loadHttpEras,
  type PassedCall,
  type PassedRequest,
} from "lutra/internal";
import {
  discover,
  type JSONRPCRequest,
  type RequestContext,
  type Result,
  type Transport,
} from "lutra/protocol";
import type { ResponseBudget } from "../delivery/response-budget.ts";
import type { Replica } from "../replicas/replica.ts";
import { controlledDispatcher } from "../wire/controlled-dispatch.ts";
import type { ReplicaEra } from "./replica-era.ts";
import { replicaFetch } from "./replica-fetch.ts";
import type { UpstreamSession } from "./upstream-sessions.ts";

type Headers = { readonly [name: string]: string };

export interface HttpSessionOptions {
  readonly replica: Replica;
  readonly era: ReplicaEra;
  /** The era in the configuration. */
  readonly setting: string;
  readonly inputWaitMs: number;
  readonly responses: ResponseBudget;
  /** Returns the headers of a caller that its session sends. */
  readonly headersOf: (context: RequestContext) => Headers;
}

/** Maximum silence of a replica of unknown era before it also gets `initialize`, in milliseconds. */
const probeTimeoutMs = 3000;

const send: HttpSender = createHttpSender("http://localhost", {});

export class HttpSession implements UpstreamSession {
  readonly replica: Replica;
  readonly #options: HttpSessionOptions;
  #eras: Promise<HttpEras> | undefined;
  #loaded: HttpEras | undefined;
  /** Those of the latest request, since credentials are renewed. */
  #headers: Headers = {};

  constructor(options: HttpSessionOptions) {
    this.replica = options.replica;
    this.#options = options;
  }

  /** Asks for `server/discover`, which a session answers without a round trip once it is open. */
  async open({ params }: JSONRPCRequest, context: RequestContext): Promise<void> {
    this.#headers = this.#options.headersOf(context);
    const own = { _meta: params?._meta } as JSONRPCRequest["params"];
    const request = { jsonrpc: "2.0", id: "era", method: discover.name, params: own } as const;
    const { signal } = context;
    const eras = await this.#opened();
    if (eras.version !== undefined) return this.#options.era.opened(eras.version);
    const { supportedVersions } = await eras.serve(request, { signal, notify: () => {} });
    if (eras.era !== "legacy" || !Array.isArray(supportedVersions)) return;
    this.#options.era.opened(String(supportedVersions[0]));
  }

  readonly serve = async (request: JSONRPCRequest, context: RequestContext): Promise<Result> =>
    (await this.#opened()).serve(request, context);

  /**
   * Starts a call that another one sends, with these headers of its caller. Returns undefined if it must
   * be served.
   */
  pass(passed: PassedRequest, headers: Headers): PassedCall | undefined {
    const call = this.#loaded?.pass(passed);
    if (call !== undefined) this.#headers = headers;
    return call;
  }

  readonly close = async (): Promise<void> => {
    await (await this.#eras)?.close();
  };

  #opened(): Promise<HttpEras> {
    this.#eras ??= loadHttpEras().then(({ createHttpEras }) => {
      this.#loaded = createHttpEras(this.#init());
      return this.#loaded;
    });
    return this.#eras;
  }

  #init(): HttpErasInit {
    const { replica, era, setting, inputWaitMs, responses } = this.#options;
    const { pool, url } = replica;
    return {
      url,
      era: setting,
      verdicts: era,
      probeTimeoutMs,
      inputWaitMs,
      modern: this.#modern(),
      // Over the connections of the replica, which may have an address of its own.
      send: replicaFetch(pool, responses),
      options: { headers: () => this.#headers },
    };
  }

  /** Sends requests of the current revision, which detect the era. */
  #modern(): Transport {
    const { pool, path } = this.replica;
    const dispatcher = controlledDispatcher(pool, path);
    return {
      mirrorsHeaders: true,
      serve: (request, context) =>
        send(dispatcher, request, { ...context, addHeaders: this.#headers }),
      close: async () => {},
    };
  }
}
