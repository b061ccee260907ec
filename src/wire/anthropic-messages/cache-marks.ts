/** Up to where what a request says is to be kept for the next one, as blocks, tools and the request itself say it. */
import type { CacheMark, CacheMarks } from "#core/request.ts";
import { isRecord } from "#lib/is-record.ts";

export type MarkedPlaces = Map<object | string, CacheMark>;

/** `stands`: what becomes of it, where that is anything. */
export function noteMark(places: MarkedPlaces, marked: object, stands: object | string | undefined): void {
  const mark = markOf(marked);
  if (mark !== undefined && stands !== undefined) places.set(stands, mark);
}

export function cacheMarks(request: object, places: MarkedPlaces): CacheMarks | undefined {
  const end = markOf(request);
  return end === undefined && places.size === 0 ? undefined : { end, behind: places };
}

function markOf(marked: object): CacheMark | undefined {
  const mark: unknown = Reflect.get(marked, "cache_control");
  return isRecord(mark) && Object.keys(mark).length > 0 ? mark : undefined;
}
