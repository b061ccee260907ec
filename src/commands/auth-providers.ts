import { createCommand } from "./command.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { renderTable } from "./table.ts";

export const authProviders = createCommand({
  name: "providers",
  description: "List the providers, the APIs each speaks, and where its keys come from. No key is read.",
  flags: {
    json: { type: "boolean", description: "Print JSON." },
    ...configFlags,
    ...commonFlags,
  },
  examples: ["ccproxy auth providers"],
  async run(args, context) {
    const { terminal } = context;
    const { config, environment, userFile } = await loadSettings(args, context);
    const { providerFacts } = await import("#app/auth.ts");
    const facts = providerFacts(config, environment);
    if (args.isSet("json")) await terminal.print(JSON.stringify(facts, null, 2));
    else if (facts.length === 0)
      await terminal.print(`There are no providers. [providers.openai] in ${userFile} makes one.`);
    else {
      const rows = facts.map(({ provider, apis, keys }) => [provider, apis.join(", "), keys.join(", ") || "none"]);
      await terminal.print(renderTable(["PROVIDER", "SPEAKS", "KEYS FROM"], rows, terminal.style));
    }
    return 0;
  },
});
