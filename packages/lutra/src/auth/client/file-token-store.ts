/** A token store in a file of the user, which several processes may share. */
import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { isObject } from "../../protocol/json.ts";
import { requireFunctions, requireKnownMembers } from "../../protocol/known-members.ts";
import { MissingPackageError } from "../../stores/missing-package.ts";
import { type Encryption, keyringEncryption, noEncryption } from "./file-encryption.ts";
import { fileLock } from "./file-lock.ts";
import { createLocks, type TokenStore } from "./token-store.ts";
import { writeSecretly } from "./write-secretly.ts";

export interface FileTokenStoreOptions {
  /**
   * The file. It is created with the first entry, readable only by the user.
   *
   * @default `lutra/tokens.json` in the folder for the state of programs: `$XDG_STATE_HOME` or
   *   `~/.local/state`, `~/Library/Application Support`, `%LOCALAPPDATA%`
   */
  readonly path?: string;
  /**
   * `keyring` encrypts the entries with a key in the keyring of the operating system, and needs the
   * package `@napi-rs/keyring`.
   *
   * @default keyring where the package is installed and the system has a keyring, otherwise none
   */
  readonly encryption?: "keyring" | "none";
  /**
   * Called when tokens are stored in plain text because there is no keyring, although `encryption` does
   * not ask for it. @default console.warn
   */
  readonly onWarning?: (message: string) => void;
}

/** Maximum number of entries of the file; beyond it, the oldest are dropped. */
const maxEntries = 1000;

interface StoredEntry {
  readonly value: string;
  readonly expiresAt?: number;
}

interface Content {
  readonly encryption: Encryption["name"];
  readonly entries: Map<string, StoredEntry>;
}

/**
 * Creates a store in a file that only the user can read. It is replaced as a whole, so that no reader
 * finds half of it, and locks hold for all processes.
 *
 * @throws {TypeError} for an invalid option
 */
export function createFileTokenStore(options: FileTokenStoreOptions = {}): TokenStore {
  requireKnownMembers(options, ["path", "encryption", "onWarning"], "createFileTokenStore");
  requireFunctions("createFileTokenStore", options, ["onWarning"]);
  return new FileTokenStore(options);
}

class FileTokenStore implements TokenStore {
  readonly #path: string;
  readonly #wanted: FileTokenStoreOptions["encryption"];
  readonly #onWarning: (message: string) => void;
  readonly #inProcess = createLocks();
  #encryption: Promise<Encryption> | undefined;

  constructor({ path = defaultPath(), encryption, onWarning = warn }: FileTokenStoreOptions) {
    this.#path = path;
    this.#wanted = encryption;
    this.#onWarning = onWarning;
  }

  readonly get = async (key: string): Promise<string | undefined> => {
    const { entries, encryption } = await this.#read();
    const entry = entries.get(key);
    if (entry === undefined || isExpired(entry)) return undefined;
    return (await this.#encryptionOf(encryption)).decrypt(entry.value, key);
  };

  readonly set = async (key: string, value: string, expiresAt?: number): Promise<void> => {
    const { name, encrypt } = await this.#current();
    const stored = {
      value: await encrypt(value, key),
      ...(expiresAt !== undefined && { expiresAt }),
    };
    await this.#change((content) => {
      // Entries of another encryption are dropped with the first one of the new.
      const entries = content.encryption === name ? content.entries : new Map();
      entries.delete(key);
      entries.set(key, stored);
      return { encryption: name, entries };
    });
  };

  readonly delete = (key: string): Promise<void> =>
    this.#change((content) => {
      content.entries.delete(key);
      return content;
    });

  readonly lock: TokenStore["lock"] = (key, work, signal) => {
    const path = this.#path;
    const alone = async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      return fileLock({ path, key, signal }, work);
    };
    return this.#inProcess(key, alone, signal);
  };

  #change(edit: (content: Content) => Content): Promise<void> {
    // A name that no key has, since keys are JSON.
    return this.lock("file", async () => {
      const { encryption, entries } = edit(await this.#read());
      const kept = [...entries].filter(([, entry]) => !isExpired(entry)).slice(-maxEntries);
      const text = JSON.stringify({ encryption, entries: Object.fromEntries(kept) });
      await writeSecretly(this.#path, `${text}\n`);
    });
  }

  async #read(): Promise<Content> {
    const text = await readFile(this.#path, "utf8").catch(ifMissing);
    const value: unknown = text === undefined ? {} : decoded(text);
    if (!isObject(value)) return { encryption: "none", entries: new Map() };
    const entries = isObject(value.entries) ? Object.entries(value.entries) : [];
    return {
      encryption: value.encryption === "keyring" ? "keyring" : "none",
      entries: new Map(entries.filter((pair): pair is [string, StoredEntry] => isEntry(pair[1]))),
    };
  }

  /** The encryption of new entries. */
  #current(): Promise<Encryption> {
    this.#encryption ??= this.#wanted === "none" ? Promise.resolve(noEncryption) : this.#keyring();
    return this.#encryption;
  }

  async #keyring(): Promise<Encryption> {
    try {
      return await keyringEncryption();
    } catch (error) {
      if (this.#wanted === "keyring") throw error;
      this.#onWarning(plainTextWarning(this.#path, error));
      return noEncryption;
    }
  }

  #encryptionOf(name: Encryption["name"]): Promise<Encryption> {
    return name === "none" ? Promise.resolve(noEncryption) : keyringEncryption();
  }
}

function plainTextWarning(path: string, error: unknown): string {
  const isMissing = error instanceof MissingPackageError;
  const reason = isMissing ? "@napi-rs/keyring is not installed" : "the keyring is unavailable";
  return `${path}: tokens are stored in plain text, readable by the user alone, because ${reason}; pass encryption: "keyring" to refuse that, or "none" to agree`;
}

function warn(message: string): void {
  console.warn(`lutra: ${message}`);
}

function defaultPath(): string {
  return join(stateFolder(process.platform, process.env), "lutra", "tokens.json");
}

function stateFolder(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = environment;
  if (platform === "win32") return absolute(LOCALAPPDATA) ?? join(homedir(), "AppData", "Local");
  if (platform === "darwin") return join(homedir(), "Library", "Application Support");
  return absolute(XDG_STATE_HOME) ?? join(homedir(), ".local", "state");
}

/** Ignores a relative or empty path, which would lead to the current folder, such as a repository. */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

function isExpired({ expiresAt = Number.POSITIVE_INFINITY }: StoredEntry): boolean {
  return expiresAt <= Date.now();
}

function isEntry(value: unknown): value is StoredEntry {
  return isObject(value) && typeof value.value === "string";
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}
