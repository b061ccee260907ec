/**
 * How a vendor's CLI keeps its sign-in in a file, how that is renewed, and how it is presented. Shapes and addresses as the
 * CLIs have them (Claude Code 2.1.329, Codex 0.169).
 */
import * as v from "valibot";

import type { JsonObject } from "#lib/json-object.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

import type { SignInState } from "./credential.ts";

export interface Tokens extends SignInState {
  readonly accessToken: string;
  /** Undefined where it cannot be renewed. It is good for one time. */
  readonly refreshToken?: string | undefined;
  /** What the vendor calls the account it belongs to. */
  readonly account?: string | undefined;
  /** It is no sign-in but a key of the vendor's API, which the CLI keeps in the same file. */
  readonly isKey?: boolean;
}

/** How a sign-in is asked for in a browser. */
export interface OAuthPlace {
  readonly authorizeUrl: string;
  readonly scope: string;
  /** What else the vendor's page wants to be asked with. */
  readonly query: Readonly<Record<string, string>>;
  /** On this machine; port 0 stands for any. */
  readonly redirectUrl: string;
  /** Page of the vendor that shows what is to be pasted; undefined where there is none. */
  readonly pasteUrl: string | undefined;
  /** Codes are redeemed with a form instead of JSON. */
  readonly isForm: boolean;
  readonly sendsState: boolean;
}

export interface OAuthClient extends OAuthPlace {
  /** Of who asks: the vendors' CLIs have theirs, which nobody else may use. */
  readonly clientId: string;
}

export interface SignInFormat {
  readonly oauth: OAuthPlace;
  /** Whose sign-in it is, as in a sentence. */
  readonly program: string;
  /** What makes a new one. */
  readonly command: string;
  /** Milliseconds before its end at which it is renewed. */
  readonly marginMs: number;
  readonly tokenUrl: string;
  /** Undefined where there is none in the file. */
  read(file: JsonObject): Tokens | undefined;
  /** The file with these in place of its own, and everything else as it was. */
  write(file: JsonObject, tokens: Tokens): JsonObject;
  /** The body, in JSON, that asks for new ones. */
  refreshBody(refreshToken: string, why: "expiry" | "refused"): JsonObject;
  /** Undefined for an answer without any. */
  renewed(answer: unknown, before: Tokens): Tokens | undefined;
  /** The headers of a request, with those that present it. */
  sign(tokens: Tokens, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

const some = v.pipe(v.string(), v.nonEmpty());

// ---- Claude Code

const claudeFile = v.looseObject({
  claudeAiOauth: v.looseObject({
    accessToken: some,
    refreshToken: v.nullish(some),
    expiresAt: v.nullish(v.number()),
    subscriptionType: v.nullish(v.string()),
  }),
});
const answerSchema = v.looseObject({
  access_token: some,
  refresh_token: v.nullish(some),
  expires_in: v.nullish(v.number()),
  id_token: v.nullish(some),
});

/** Names the program that a sign-in was given to, and for which alone it is renewed. */
const claudeClientId = "9d1c250a-e61b-44d9-88ed-5944d1962f5e";
const codexClientId = "app_EMoamEEZ73f0CkXaXp7hrann";

const claude: SignInFormat = {
  program: "Claude Code",
  command: "claude /login",
  marginMs: 5 * 60_000,
  tokenUrl: "https://platform.claude.com/v1/oauth/token",
  oauth: {
    authorizeUrl: "https://claude.com/cai/oauth/authorize",
    scope: "user:profile user:inference",
    query: { code: "true" },
    redirectUrl: "http://localhost:0/callback",
    pasteUrl: "https://platform.claude.com/oauth/code/callback",
    isForm: false,
    sendsState: true,
  },
  read(file) {
    const parsed = v.safeParse(claudeFile, file);
    if (!parsed.success) return undefined;
    const { accessToken, refreshToken, expiresAt, subscriptionType } = parsed.output.claudeAiOauth;
    return {
      accessToken,
      refreshToken: refreshToken ?? undefined,
      expiresAt: expiresAt ?? undefined,
      plan: subscriptionType ?? undefined,
    };
  },
  write(file, { accessToken, refreshToken, expiresAt }) {
    const parsed = v.safeParse(claudeFile, file);
    const before = parsed.success ? parsed.output.claudeAiOauth : {};
    return { ...file, claudeAiOauth: { ...before, accessToken, refreshToken, expiresAt } };
  },
  refreshBody: (refreshToken) => ({
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    // A token is renewed for the program that it was given to.
    client_id: claudeClientId,
  }),
  renewed(answer, before) {
    const parsed = v.safeParse(answerSchema, answer);
    if (!parsed.success) return undefined;
    const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = parsed.output;
    const expiresAt = seconds == null ? undefined : Date.now() + seconds * 1000;
    return { ...before, accessToken, refreshToken: refreshToken ?? before.refreshToken, expiresAt };
  },
  sign({ accessToken }, headers) {
    const betas = [...(headers["anthropic-beta"]?.split(",") ?? []).map((beta) => beta.trim()), oauthBeta];
    return { authorization: `Bearer ${accessToken}`, "anthropic-beta": [...new Set(betas)].join(",") };
  },
};

/** Without it the API takes no sign-in. */
const oauthBeta = "oauth-2025-04-20";

// ---- Codex

const codexFile = v.looseObject({
  OPENAI_API_KEY: v.nullish(some),
  tokens: v.nullish(
    v.looseObject({
      id_token: v.nullish(v.string()),
      access_token: some,
      refresh_token: v.nullish(some),
      account_id: v.nullish(some),
    }),
  ),
});
const openaiClaims = v.looseObject({
  "https://api.openai.com/auth": v.looseObject({
    chatgpt_account_id: v.nullish(v.string()),
    chatgpt_plan_type: v.nullish(v.string()),
  }),
});
const expirySchema = v.looseObject({ exp: v.number() });

const codex: SignInFormat = {
  program: "Codex",
  command: "codex login",
  marginMs: 5 * 60_000,
  tokenUrl: "https://auth.openai.com/oauth/token",
  oauth: {
    authorizeUrl: "https://auth.openai.com/oauth/authorize",
    scope: "openid profile email offline_access",
    query: { id_token_add_organizations: "true", codex_cli_simplified_flow: "true" },
    redirectUrl: "http://localhost:1455/auth/callback",
    pasteUrl: undefined,
    isForm: true,
    sendsState: false,
  },
  read(file) {
    const parsed = v.safeParse(codexFile, file);
    if (!parsed.success) return undefined;
    const { OPENAI_API_KEY: key, tokens } = parsed.output;
    if (tokens == null) return key == null ? undefined : { accessToken: key, isKey: true };
    const claims = v.safeParse(openaiClaims, claimsOf(tokens.id_token ?? ""));
    const told = claims.success ? claims.output["https://api.openai.com/auth"] : {};
    return {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token ?? undefined,
      expiresAt: expiryOf(tokens.access_token),
      account: tokens.account_id ?? told.chatgpt_account_id ?? undefined,
      plan: told.chatgpt_plan_type ?? undefined,
    };
  },
  write(file, { accessToken, refreshToken, idToken }: Tokens & { readonly idToken?: string }) {
    const parsed = v.safeParse(codexFile, file);
    const before = parsed.success ? (parsed.output.tokens ?? {}) : {};
    const tokens = { ...before, access_token: accessToken, refresh_token: refreshToken };
    return {
      ...file,
      tokens: { ...tokens, ...(idToken !== undefined && { id_token: idToken }) },
      last_refresh: new Date().toISOString(),
    };
  },
  refreshBody: (refreshToken, why) => ({
    client_id: codexClientId,
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    refresh_reason: why === "expiry" ? "proactive_expiry" : "unauthorized_recovery",
  }),
  renewed(answer, before) {
    const parsed = v.safeParse(answerSchema, answer);
    if (!parsed.success) return undefined;
    const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = parsed.output;
    const expiresAt = expiryOf(accessToken);
    return {
      ...before,
      accessToken,
      refreshToken: refreshToken ?? before.refreshToken,
      expiresAt,
      ...(idToken != null && { idToken }),
    };
  },
  sign: ({ accessToken, account }) => ({
    authorization: `Bearer ${accessToken}`,
    ...(account !== undefined && { "chatgpt-account-id": account }),
  }),
};

function expiryOf(token: string): number | undefined {
  const parsed = v.safeParse(expirySchema, claimsOf(token));
  return parsed.success ? parsed.output.exp * 1000 : undefined;
}

/** What a JWT says; nothing here trusts it. Undefined for what is none. */
function claimsOf(token: string): unknown {
  return parseJsonText(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

export const signInFormats = { "claude-credentials": claude, "codex-auth": codex } as const;
export type SignInKind = keyof typeof signInFormats;
