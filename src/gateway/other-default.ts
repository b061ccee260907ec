import type { Backend } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";

/**
 * The same error, with the setting that helps where the backend for all that nothing else is said of cannot be started,
 * and others could answer.
 */
export function withOtherDefault(
  error: GatewayError,
  backend: Backend,
  [first, ...others]: readonly [Backend, ...Backend[]],
): GatewayError {
  if (error.kind !== "unavailable" || backend !== first || first.status().ready) return error;
  const able = others.filter((other) => other.status().ready).map(({ id }) => id);
  if (able.length === 0) return error;
  const { hint = "" } = error.options;
  const other = `Or set \`routing.default\` to what answers here instead: ${able.join(", ")}.`;
  return new GatewayError(error.kind, error.message, { ...error.options, hint: `${hint} ${other}`.trim() });
}
