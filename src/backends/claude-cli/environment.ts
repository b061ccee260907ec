import type { Mode } from "#core/backend.ts";
import { isOwnAddress } from "#lib/own-address.ts";
import { type Inheritance, inheritEnvironment } from "#process/inherited-environment.ts";

import type { ClaudeCliOptions } from "./options.ts";

/** What else makes the CLI work as it does in the user's terminal: its places, and who pays. */
const INHERITED: Inheritance = {
  names: [
    "ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN ANTHROPIC_CUSTOM_HEADERS ANTHROPIC_BETAS ANTHROPIC_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL CLAUDE_CODE_OAUTH_TOKEN CLAUDE_CONFIG_DIR IS_SANDBOX CLAUDE_CODE_BUBBLEWRAP API_TIMEOUT_MS",
    "CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_SKIP_BEDROCK_AUTH",
    "CLAUDE_CODE_USE_VERTEX CLAUDE_CODE_SKIP_VERTEX_AUTH CLOUD_ML_REGION GCLOUD_PROJECT",
    "CLAUDE_CODE_USE_FOUNDRY CLAUDE_CODE_SKIP_FOUNDRY_AUTH",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "CLAUDE_CODE_CLIENT_CERT CLAUDE_CODE_CLIENT_KEY CLAUDE_CODE_CLIENT_KEY_PASSPHRASE CLAUDE_CODE_GIT_BASH_PATH",
  ],
  prefixes: [
    "AWS_",
    "GOOGLE_",
    "AZURE_",
    "ANTHROPIC_BEDROCK_",
    "ANTHROPIC_VERTEX_",
    "ANTHROPIC_FOUNDRY_",
    "ANTHROPIC_DEFAULT_",
    "VERTEX_REGION_",
  ],
};

/** One trap of the CLI each; measured with 2.1.197 and 2.1.329. */
const CURES = {
  // `@path` in a prompt would attach any file the process can read.
  CLAUDE_CODE_DISABLE_ATTACHMENTS: "1",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  // A finished background task would print a second result into whatever comes next.
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
  CLAUDE_CODE_MAX_RETRIES: "2",
  // Without these three a failed or refused answer is asked for again, whole.
  CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: "1",
  CLAUDE_CODE_DISABLE_REFUSAL_RETRY: "1",
  CLAUDE_CODE_DISABLE_REFUSAL_FALLBACK: "1",
  // `claude-opus-4-1` would silently become the current opus.
  CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP: "1",
  DISABLE_AUTOUPDATER: "1",
  // What one conversation had the agent note of its directory would be told to the next, whoever's it is.
  CLAUDE_CODE_DISABLE_AUTO_MEMORY: "1",
  // 2.1.329 would offer many tools (WebFetch, those of the user's MCP servers) only to a model that searches for them,
  // and names them in an attachment.
  ENABLE_TOOL_SEARCH: "false",
  // The client's tools keep their own names.
  CLAUDE_AGENT_SDK_MCP_NO_PREFIX: "1",
} as const;

/**
 * The CLI is a Bun program: with this it ends when we are killed. Its tools inherit it, and a Bun program that an agent
 * leaves running would end with its shell, so it is set only where nothing else guards the children.
 */
const ORPHAN_CURE = { BUN_FEATURE_FLAG_NO_ORPHANS: "1" } as const;

/** A bare model thinks when it is asked to, and a conversation is never summarised behind the client's back. */
const CHAT_CURES = { MAX_THINKING_TOKENS: "0", DISABLE_COMPACT: "1" } as const;

type EnvironmentOptions = Pick<
  ClaudeCliOptions,
  "environment" | "extraEnvironment" | "temporaryDirectory" | "selfUrls" | "journal"
>;

/** The whole environment of a child. Anything not listed stays behind: BUN_OPTIONS, CLAUDECODE … */
export function childEnvironment(mode: Mode, options: EnvironmentOptions): Readonly<Record<string, string>> {
  const baseUrl = options.environment["ANTHROPIC_BASE_URL"];
  return {
    ...inheritEnvironment(options.environment, INHERITED),
    ...(baseUrl !== undefined && !isOwnAddress(baseUrl, options.selfUrls()) && { ANTHROPIC_BASE_URL: baseUrl }),
    ...CURES,
    ...(options.journal?.guarded !== true && ORPHAN_CURE),
    ...(mode === "chat" && CHAT_CURES),
    CLAUDE_CODE_TMPDIR: options.temporaryDirectory,
    ...options.extraEnvironment,
  };
}
