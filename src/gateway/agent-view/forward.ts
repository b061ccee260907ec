import { agentSource, type AgentAct, resultLineStart } from "#core/agent-act.ts";

import { resultText } from "./result-text.ts";
import type { Manner } from "./view.ts";

/**
 * Each act as an event of its own, which a wire format writes in its own blocks. `callsAsLines`: the client has tools
 * too, and would try to run a call that looks like one of its own.
 */
export function forward(callsAsLines: boolean): Manner {
  return {
    tell(act) {
      const line = lineOf(act, callsAsLines);
      return { type: "agent-act", act, ...(line !== undefined && { line }) };
    },
  };
}

function lineOf(act: AgentAct, callsAsLines: boolean): string | undefined {
  switch (act.type) {
    case "system_message":
      return `[${agentSource}]: ${act.subtype} session_id=${act.session_id ?? ""}, model=${act.model}`;
    case "tool_use_sdk":
      if (!callsAsLines) return undefined;
      return `[${agentSource} tool_use ${act.id}]: ${act.name}(${JSON.stringify(act.input)})`;
    case "tool_result_sdk": {
      const failed = act.is_error ? " (ERROR)" : "";
      return `${resultLineStart(act.tool_use_id)}${failed}]: ${resultText(act.content)}`;
    }
    case "result_message": {
      const cost = act.total_cost_usd === null ? "" : `, cost_usd=${act.total_cost_usd}`;
      const how = `stop_reason=${act.stop_reason}, usage=${JSON.stringify(act.usage)}${cost}`;
      return `[${agentSource} result ${act.session_id ?? ""}]: ${how}`;
    }
  }
}
