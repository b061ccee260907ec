type Variables = Readonly<Record<string, string | undefined>>;

/** Credentials, upstreams and proxies: whatever could make the demo spend somebody's money or leave this machine. */
const notForTheDemo =
  /^(ANTHROPIC_|CLAUDE|AWS_|GOOGLE_|GCLOUD_|AZURE_|CLOUD_ML_|VERTEX_|BEDROCK_|https?_proxy$|all_proxy$)/i;

/** The CLI's environment in the demo: the demo upstream, a key that means nothing, a configuration of its own. */
export function demoEnvironment(
  environment: Variables,
  demo: { readonly url: string; readonly configDirectory: string },
): { readonly environment: Variables; readonly extraEnvironment: Readonly<Record<string, string>> } {
  return {
    environment: Object.fromEntries(Object.entries(environment).filter(([name]) => !notForTheDemo.test(name))),
    extraEnvironment: {
      ANTHROPIC_BASE_URL: demo.url,
      ANTHROPIC_API_KEY: "demo",
      CLAUDE_CONFIG_DIR: demo.configDirectory,
    },
  };
}
