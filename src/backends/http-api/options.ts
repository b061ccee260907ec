import type { ModelLimits } from "#core/backend.ts";
import type { ProviderResponses } from "#core/provider-response.ts";
import type { WireFormatId } from "#core/request.ts";
import type { Upstream } from "#upstream/upstream.ts";

import type { Affinity } from "./affinity.ts";
import type { KeptList } from "./catalogue.ts";

export interface HttpApiOptions {
  /** The provider's name in the configuration. */
  readonly id: string;
  /** As in a sentence: `DeepSeek`. */
  readonly title: string;
  /** Base URLs of the APIs it speaks, the one for other formats first. Never empty. */
  readonly endpoints: readonly EndpointOptions[];
  readonly upstream: Upstream;
  /** Whether there is something to ask with, as far as it is seen at no cost; undefined: there is. */
  readonly hasKey?: (() => boolean) | undefined;
  readonly affinity: Affinity;
  /** Where it is remembered who made the responses that providers keep; undefined: nowhere. */
  readonly responses?: ProviderResponses | undefined;
  /** Sent along with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** A model for requests that name none. */
  readonly defaultModel: string | undefined;
  /** Names of models it is known to have, where it has no list of its own. */
  readonly models: readonly string[];
  /** Where its list is kept for a time when it cannot be asked. */
  readonly keptList?: KeptList | undefined;
  /** Told what somebody should know of. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** What the configuration says of a model. */
  readonly limitsOf: (model: string) => ModelLimits | undefined;
  /** It takes less than the API it speaks. */
  readonly answersAs: "codex" | undefined;
  /** Of chat streams that it passes on, it wants to know what they cost even where their clients do not. */
  readonly asksForUsage: boolean;
  /** Longest silence within an answer. */
  readonly idleTimeoutMs: number;
  /** Of an answer, or of one piece of a streamed one, that are held in memory to be read. */
  readonly mostHeldBytes: number;
}

export interface EndpointOptions {
  readonly format: WireFormatId;
  readonly baseUrl: string;
}
