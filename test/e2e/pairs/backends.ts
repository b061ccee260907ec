/** Every backend there is, each as the suites of pairs have it answer. */
import type { Provider } from "#config/providers.ts";
import type { WireFormatId } from "#core/request.ts";

/** An API by what it speaks, and one that takes less than that. */
type Api = `${WireFormatId | NonNullable<Provider["answersAs"]>}-api`;

export type BackendName = Api | "claude-cli" | "codex-cli";

export interface PairBackend {
  /** The file beside this one in which it is asked. */
  readonly suite: "apis" | "claude-cli" | "codex-cli";
  /** What its upstream is asked in. */
  readonly speaks: WireFormatId;
  /** Takes whatever the backend has a word for. */
  readonly model: string;
  /** Where a client's own base URL begins. */
  readonly at: string;
  /** A program's answer takes its time: one way of an SDK has to do where all say the same. */
  readonly isCostly?: true;
  /** A conversation of its own costs a process: what one client says follows in one. */
  readonly goesOn?: true;
}

const apiAt = (name: Api, speaks: WireFormatId, model = "some-model"): PairBackend => ({
  suite: "apis",
  speaks,
  model,
  at: `/providers/${name}`,
});

export const backends: Readonly<Record<BackendName, PairBackend>> = {
  "anthropic-messages-api": apiAt("anthropic-messages-api", "anthropic-messages", "claude-haiku-4-5"),
  "openai-chat-api": apiAt("openai-chat-api", "openai-chat"),
  "openai-responses-api": apiAt("openai-responses-api", "openai-responses"),
  "codex-api": apiAt("codex-api", "openai-responses", "gpt-demo"),
  "claude-cli": {
    suite: "claude-cli",
    speaks: "anthropic-messages",
    model: "claude-sonnet-5-5",
    at: "/cc",
    isCostly: true,
    goesOn: true,
  },
  "codex-cli": { suite: "codex-cli", speaks: "openai-responses", model: "gpt-demo", at: "/codex", isCostly: true },
};

export const isCli = (name: BackendName): boolean => name.endsWith("-cli");

export const keysOf = <Key extends string>(of: Readonly<Record<Key, unknown>>) => Object.keys(of) as Key[]; // As it is typed.

export const backendNames: readonly BackendName[] = keysOf(backends);
