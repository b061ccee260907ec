import type { Backend } from "#core/backend.ts";

/** One that can be chosen, and is not to be asked. */
export function idleBackend(id: string): Backend {
  return {
    id,
    modes: ["chat"],
    answersBy: "http",
    unsupported: () => [],
    run: () => {
      throw new Error("Nothing runs here.");
    },
    knownModels: () => [],
    listModels: () => Promise.resolve([]),
    countTokens: () => Promise.reject(new Error("Nothing is counted here.")),
    status: () => ({ ready: true, detail: "" }),
  };
}
