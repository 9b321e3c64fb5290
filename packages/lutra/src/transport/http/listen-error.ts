/** The names of the settings that the remedies in messages refer to. */
export interface AddressSettings {
  readonly host: string;
  readonly port: string;
}

/** An address that was to be listened on. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Returns an error that names the address and the remedy, with the code of Node's error. Other errors
 * are returned unchanged.
 */
export function explainListenError(
  error: unknown,
  address: ListenAddress,
  settings: AddressSettings,
): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const { code } = error;
  const message = messageFor(code, address, settings);
  if (message === undefined) return error;
  return Object.assign(new Error(message, { cause: error }), { code });
}

function messageFor(
  code: unknown,
  { host, port }: ListenAddress,
  settings: AddressSettings,
): string | undefined {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} is in use; stop the other program, or choose another port with ${settings.port}`;
    case "EACCES":
      return `no permission to use port ${port}; choose one above 1023 with ${settings.port}`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is not an address of this machine; choose another one with ${settings.host}`;
    default:
      return undefined;
  }
}
