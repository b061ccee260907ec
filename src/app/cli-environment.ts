import type { Places } from "./places.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Credentials, upstreams and proxies: whatever could make the demo spend somebody's money or leave this machine. */
const notForTheDemo =
  /^(ANTHROPIC_|CLAUDE|AWS_|GOOGLE_|GCLOUD_|AZURE_|CLOUD_ML_|VERTEX_|BEDROCK_|https?_proxy$|all_proxy$)/i;

/** The CLI's environment; in the demo, that upstream, a key that means nothing, a configuration of its own. */
export function cliEnvironment(
  environment: Variables,
  demo: { readonly url: string } | undefined,
  places: Pick<Places, "demoConfig">,
): { readonly environment: Variables; readonly extraEnvironment: Readonly<Record<string, string>> } {
  if (demo === undefined) return { environment, extraEnvironment: {} };
  return {
    environment: Object.fromEntries(Object.entries(environment).filter(([name]) => !notForTheDemo.test(name))),
    extraEnvironment: {
      ANTHROPIC_BASE_URL: demo.url,
      ANTHROPIC_API_KEY: "demo",
      CLAUDE_CONFIG_DIR: places.demoConfig,
    },
  };
}
