/** What the fake `claude` can do wrong. The rest of it behaves like the real one. */
export type Fault =
  /** Nothing. */
  | { readonly kind: "none" }
  // Before it is ready
  /** Ends at once, as for a flag it does not know. */
  | { readonly kind: "refuse-options" }
  /** Reads, and never says a word. */
  | { readonly kind: "mute" }
  /** Does not know the version probe. */
  | { readonly kind: "refuse-probe" }
  /** Answers the version probe, and nothing after it. */
  | { readonly kind: "hang-at-initialize" }
  /** Answers the version probe, then leaves its input unread. */
  | { readonly kind: "stop-reading" }
  // What it takes in and leaves standing
  /** Reads its input a few bytes at a time. */
  | { readonly kind: "read-slowly" }
  /** Takes neither the end of its input nor SIGTERM for an end; with `afterLines` it hangs in its turn as well. */
  | { readonly kind: "stubborn"; readonly afterLines?: number }
  /** Reaches the token limit, goes on by itself and takes no interrupt. */
  | { readonly kind: "ignore-interrupt" }
  // The end of a turn
  /** Dies once it has written this many bytes of the turn. */
  | { readonly kind: "die"; readonly at: number; readonly code?: number; readonly signal?: NodeJS.Signals }
  /** Says nothing more after this many lines of the turn, and stays. */
  | { readonly kind: "hang"; readonly afterLines: number }
  /** Closes its output after this many lines of the turn, and stays. */
  | { readonly kind: "close-output"; readonly afterLines: number }
  | { readonly kind: "two-results" }
  /** A result comes after this many lines of the turn, and then the rest of them. */
  | { readonly kind: "early-result"; readonly afterLines: number }
  | { readonly kind: "result-without-usage" }
  /** The error that a refused key makes, with the key on stderr. */
  | { readonly kind: "fail-with-secret"; readonly secret: string }
  // Strange output
  /** Whole lines amid the answer that are no protocol, or none that is known. */
  | { readonly kind: "garbage" }
  /** A line of the answer breaks off in its middle, and the next follows. */
  | { readonly kind: "torn-line" }
  /** A line of the answer begins behind other text. */
  | { readonly kind: "glued-line" }
  /** A line of the answer is missing. */
  | { readonly kind: "lost-line" }
  /** Each byte is a write of its own. */
  | { readonly kind: "byte-by-byte" }
  /** One line of the answer has this many bytes. */
  | { readonly kind: "long-line"; readonly bytes: number }
  /** This much comes before a newline does. */
  | { readonly kind: "endless-line"; readonly bytes: number }
  | { readonly kind: "flood-stderr"; readonly bytes: number }
  /** An answer of this many bytes, as fast as the pipe takes it. */
  | { readonly kind: "burst"; readonly bytes: number }
  /** A version nobody has seen, with lines and fields nobody knows. */
  | { readonly kind: "newer" };
