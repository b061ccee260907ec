/** The system's keychain: macOS's, the Credential Manager of Windows, and on Linux whatever speaks the Secret Service. */
const service = "ccproxy";

/** Null where it has none of that name. Rejects where there is no keychain. */
export async function keyInKeychain(name: string): Promise<string | null> {
  return await Bun.secrets.get({ service, name });
}

/** Rejects where there is no keychain. */
export async function saveInKeychain(name: string, key: string): Promise<void> {
  await Bun.secrets.set({ service, name, value: key });
}

/** False where it had none, or there is no keychain. */
export async function removeFromKeychain(name: string): Promise<boolean> {
  return await Bun.secrets.delete({ service, name }).catch(() => false);
}
