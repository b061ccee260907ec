/** The settings of an API that answers beside the CLIs, and of what its models cost. */
import * as v from "valibot";

import { amount, choice, someName, text, texts, whole, wireFormats } from "./schema-parts.ts";

const signIns = ["claude-credentials", "codex-auth"] as const;
const keyFlows = ["openrouter"] as const;

/** Where one secret is kept. */
const credential = v.strictObject({
  env: v.optional(text("Variable of ccproxy's environment that holds it.")),
  file: v.optional(text("File that holds it, and nothing else; of a sign-in, the CLI's file.")),
  command: v.optional(texts("Program, and its arguments, that prints it.")),
  keychain: v.optional(text("Name under which the system's keychain holds it, of the service ccproxy.")),
  sign_in: v.optional(choice(signIns, "The sign-in of a vendor's CLI, from the CLI's own file; needs accept_terms.")),
  accept_terms: v.optional(
    v.pipe(v.boolean(), v.description("You have read what the vendor says of such use, and answer for it.")),
    false,
  ),
  token_url: v.optional(text("Where the sign-in is renewed. Unset: the vendor's place.")),
});

/** For `ccproxy auth login NAME --oauth`. */
const oauth = v.strictObject({
  flow: v.optional(
    choice(keyFlows, "A way to an API key that is open to everybody. Unset: what is known of base_url's host."),
  ),
  sign_in: v.optional(choice(signIns, "Whose sign-in it is like. Unset: what is known of a provider of this name.")),
  client_id: v.optional(text("What the authorization server knows ccproxy by.")),
  authorize_url: v.optional(text("Where a person signs in. Unset: the vendor's place.")),
  token_url: v.optional(
    text("Where codes are redeemed and the sign-in is renewed, or a key is made. Unset: the vendor's place."),
  ),
  redirect_url: v.optional(
    text("Where the browser comes back to, on this machine; /oauth/callback is served by a ccproxy that runs."),
  ),
});

const modelLimits = v.strictObject({
  context: v.optional(whole(1, 100_000_000, "Tokens that a request may have.")),
  output: v.optional(whole(1, 100_000_000, "Tokens that an answer may have.")),
});

export const provider = v.strictObject({
  title: v.optional(text("What it is called in messages. Unset: its name.")),
  base_url: v.optional(
    text("Where its API is, as its own SDK takes it. Unset: what is known of a provider of this name."),
  ),
  wire_format: v.optional(choice(wireFormats, "The API that base_url speaks.")),
  endpoints: v.pipe(
    v.optional(v.strictObject(v.entriesFromList(wireFormats, v.optional(text("Base URL of that API.")))), {}),
    v.description("Base URLs, for a provider that speaks more than one API."),
  ),
  credentials: v.pipe(
    v.optional(v.record(someName, credential), {}),
    v.description("Its API keys, in the order they are used. Unset: the provider's usual variable."),
  ),
  oauth: v.pipe(v.optional(oauth, {}), v.description("How `ccproxy auth login NAME --oauth` signs in.")),
  spread: v.optional(
    choice(["failover", "round-robin"], "Of several credentials: the first that works, or each in turn."),
    "failover",
  ),
  models: v.optional(
    texts("Names of models that go to it by themselves; `*` stands for anything. Unset: what is known."),
  ),
  default_model: v.optional(text("Model for requests that name none.")),
  limits: v.pipe(
    v.optional(v.record(someName, modelLimits), {}),
    v.description('How much its models take: `[providers.local.limits."*"]`.'),
  ),
  headers: v.pipe(
    v.optional(v.record(someName, text("The header's value.")), {}),
    v.description("Headers sent along with every request."),
  ),
  ask_for_usage: v.optional(
    v.pipe(
      v.boolean(),
      v.description("Ask for token counts in chat streams that travel as they came; their clients see none of it."),
    ),
    false,
  ),
  allow_private: v.optional(
    v.pipe(v.boolean(), v.description("It may be on this machine or in a private network.")),
    false,
  ),
  proxy: v.optional(text("HTTP proxy through which it is reached.")),
  ca_file: v.optional(text("PEM file of certificates to trust for it.")),
  max_retries: v.optional(whole(0, 10, "Further tries of a request that failed before its first byte."), 2),
  connect_timeout_seconds: v.optional(amount(0.1, 3600, "Longest wait for a connection."), 10),
  response_timeout_seconds: v.optional(amount(1, 86_400, "Longest wait for an answer to begin."), 600),
  idle_timeout_seconds: v.optional(amount(1, 86_400, "Longest silence within an answer."), 300),
});

const usd = (description: string) => v.optional(amount(0, 1_000_000, description));

const priceTier = {
  input: amount(0, 1_000_000, "USD per million tokens of input."),
  output: amount(0, 1_000_000, "The same of output."),
  cache_read: usd("The same read from a cache. Unset: as input."),
  cache_write: usd("The same written into a cache for five minutes. Unset: as input."),
  cache_write_1h: usd("The same for an hour. Unset: twice the input."),
};

export const price = v.strictObject({
  ...priceTier,
  above: v.optional(
    v.pipe(
      v.record(someName, v.strictObject(priceTier)),
      v.description(
        "What all of a request costs whose input has more tokens than that: `[prices.mine.above.200000] input = 6`.",
      ),
    ),
  ),
});
