/** A provider of every format, for clients of every format. */
import { openProviderBench, type ProviderBench } from "./provider-bench.ts";
import type { Format } from "./provider-ways.ts";

export const formats = ["anthropic-messages", "openai-chat", "openai-responses"] as const satisfies readonly Format[];

/** Models that take whatever their API has a word for. */
export const models: Readonly<Record<Format, string>> = {
  "anthropic-messages": "claude-haiku-4-5",
  "openai-chat": "some-model",
  "openai-responses": "some-model",
};

/** Each is called as its format is. */
export async function openPairBench(): Promise<ProviderBench> {
  return await openProviderBench({
    env: { KEY: "sk-of-the-provider" },
    config: (demo) => ({
      providers: Object.fromEntries(
        formats.map((format) => [
          format,
          {
            base_url: format === "anthropic-messages" ? demo : `${demo}/compatible/v1`,
            wire_format: format,
            allow_private: true,
            max_retries: 0,
            credentials: { main: { env: "KEY" } },
          },
        ]),
      ),
    }),
  });
}
