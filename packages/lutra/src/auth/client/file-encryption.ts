/** The encryption of a file by a key in the keyring of the operating system. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { loadOptional } from "../../stores/missing-package.ts";

/** Encrypts the values of a file. The name of an entry is authenticated with its value. */
export interface Encryption {
  readonly name: "keyring" | "none";
  readonly encrypt: (value: string, name: string) => Promise<string>;
  /** Resolves to `undefined` for a value that was encrypted with another key. */
  readonly decrypt: (value: string, name: string) => Promise<string | undefined>;
}

export const noEncryption: Encryption = {
  name: "none",
  encrypt: async (value) => value,
  decrypt: async (value) => value,
};

/** The error of a keyring that is locked or missing. */
class KeyringError extends Error {
  override readonly name: string = "KeyringError";
}

/** The part of `@napi-rs/keyring` that is used. */
interface Keyring {
  readonly Entry: new (
    service: string,
    account: string,
  ) => {
    getPassword(): string | null;
    setPassword(password: string): void;
  };
}

const packageName = "@napi-rs/keyring";
const ivBytes = 12;
const tagBytes = 16;

let loading: Promise<Encryption> | undefined;

/**
 * Resolves to the encryption with the key of this user, which is created with the first use.
 *
 * @throws {MissingPackageError} without the package
 * @throws {KeyringError} while the keyring is locked, or without one
 */
export function keyringEncryption(): Promise<Encryption> {
  loading ??= load().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Encryption> {
  const optional = { name: packageName, feature: 'createFileTokenStore: encryption "keyring"' };
  const { Entry } = await loadOptional(optional, (): Promise<Keyring> => import(packageName));
  return encryptionWith(keyIn(Entry));
}

/** Returns the key in the keyring, which is created with the first use. */
function keyIn(Entry: Keyring["Entry"]): Buffer {
  try {
    const entry = new Entry("lutra", "token-store");
    const stored = entry.getPassword();
    if (stored !== null) return Buffer.from(stored, "base64");
    const key = randomBytes(32);
    entry.setPassword(key.toString("base64"));
    return key;
  } catch (cause) {
    throw new KeyringError(
      "createFileTokenStore: the keyring of the operating system is unavailable; unlock it, or delete the file of tokens",
      { cause },
    );
  }
}

/** Creates the encryption with a key of 32 bytes (AES-256-GCM). */
export function encryptionWith(key: Buffer): Encryption {
  return {
    name: "keyring",
    encrypt: async (value, name) => {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(name));
      const text = Buffer.concat([cipher.update(value, "utf8"), cipher.final()]);
      return Buffer.concat([iv, text, cipher.getAuthTag()]).toString("base64");
    },
    decrypt: async (value, name) => {
      const bytes = Buffer.from(value, "base64");
      if (bytes.length < ivBytes + tagBytes) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivBytes))
        .setAAD(Buffer.from(name))
        .setAuthTag(bytes.subarray(-tagBytes));
      try {
        const text = decipher.update(bytes.subarray(ivBytes, -tagBytes));
        return Buffer.concat([text, decipher.final()]).toString("utf8");
      } catch {
        return undefined;
      }
    },
  };
}
