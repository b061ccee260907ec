import { agentSource, type AgentAct } from "#core/agent-act.ts";

import type { Manner } from "./view.ts";

/**
 * Elements with JSON in them. `</` is `<\/` inside, which is the same to JSON: no result of a tool can end its own
 * element.
 */
export const formatted: Manner = {
  tell: (act) => `<${act.type}>\n${inElement(JSON.stringify(fieldsOf(act), null, 2))}\n</${act.type}>\n`,
  thinkingWhole: (text, signature) => `<thinking${signatureOf(signature)}>${inElement(text)}</thinking>\n`,
};

function fieldsOf({ type, ...fields }: AgentAct): object {
  return type === "system_message" || type === "result_message" ? { ...fields, source: agentSource } : fields;
}

function signatureOf(signature: string | undefined): string {
  return signature === undefined ? "" : ` signature="${signature.replaceAll('"', "&quot;")}"`;
}

function inElement(text: string): string {
  return text.replaceAll("</", String.raw`<\/`);
}
