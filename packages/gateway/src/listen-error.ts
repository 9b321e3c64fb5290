import { explainListenError, type ListenAddress } from "lutra/internal";

/** The failure to listen on a configured address, as `startGateway` reports it. */
export class ListenError extends Error {
  override readonly name: string = "ListenError";
  /** The key of the address in the configuration. */
  readonly key: "listen" | "admin";
  readonly host: string;
  readonly port: number;
  /** The code of Node's error, such as `EADDRINUSE`. */
  readonly code: unknown;

  /** @param path The path of the address in the configuration, such as `listen.also[0]` */
  constructor(
    key: ListenError["key"],
    address: ConfiguredAddress,
    cause: unknown,
    path: string = key,
  ) {
    const { host, port, socket } = address;
    const settings = { host: `${path}.host`, port: `${path}.port` };
    const explained =
      socket === undefined
        ? explainListenError(cause, { host, port }, settings)
        : new Error(`${path}.socket: ${problemWithSocket(socket, codeOf(cause))}`);
    super(explained instanceof Error ? explained.message : `${path}: ${cause}`, { cause });
    this.key = key;
    this.host = host;
    this.port = port;
    this.code = codeOf(cause);
  }
}

/** An address of the configuration, or the path of a Unix socket. */
interface ConfiguredAddress extends ListenAddress {
  readonly socket?: string | undefined;
}

function problemWithSocket(path: string, code: unknown): string {
  if (code === "EADDRINUSE") {
    return `${path} is in use; stop the other program, or choose another path`;
  }
  if (code === "EACCES" || code === "EPERM") return `no permission to create ${path}`;
  if (code === "ENOENT") return `expected a path in a folder that exists, got ${path}`;
  return `${path} can't be a Unix socket (${code}); its path may be too long for the system`;
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error ? Reflect.get(cause, "code") : undefined;
}
