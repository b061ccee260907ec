/**
 * What becomes of an account that is refused, or has used up what it may: it rests, and others are asked before it. It says
 * who is asked first, never that nobody is: what its owner has mended since is found out by asking.
 */
export interface Rest {
  /** Milliseconds that it goes on; 0 for one that is over. */
  leftMs(): number;
  /** What was refused; undefined where there was nothing to present. */
  readonly secret: string | undefined;
  /** The upstream said how long. */
  readonly isTold: boolean;
  begin(why: Reason): void;
  /** The account was taken, or is another by now. */
  end(): void;
}

export interface Reason {
  readonly secret: string | undefined;
  /** By itself, as far as can be told: nobody has to do anything. */
  readonly passes: boolean;
  /** How long it is to be left alone, where that is said. */
  readonly toldMs?: number | undefined;
}

/** Most refusals last until a person does something. */
const firstMs = 30_000;
const firstOfPassingMs = 5000;
/** Beyond that one request is worth finding out. */
const longestMs = 5 * 60_000;
/** A day's limit may be told as one; nobody is taken by their word for longer than this. */
const longestToldMs = 60 * 60_000;

export function createRest(now: () => number = () => performance.now()): Rest {
  let until = 0;
  let times = 0;
  let of: Reason | undefined;
  const leftMs = () => Math.max(0, until - now());
  return {
    leftMs,
    get secret() {
      return of?.secret;
    },
    get isTold() {
      return of?.toldMs !== undefined;
    },
    begin(why) {
      // Of many that are refused at once each says the same.
      const isSame = leftMs() > 0 && of?.secret === why.secret;
      if (isSame && why.toldMs === undefined) return;
      of = why;
      if (why.toldMs !== undefined) until = Math.max(isSame ? until : 0, now() + Math.min(why.toldMs, longestToldMs));
      else {
        until = now() + Math.min(longestMs, (why.passes ? firstOfPassingMs : firstMs) * 2 ** times);
        times += 1;
      }
    },
    end() {
      until = 0;
      times = 0;
    },
  };
}
