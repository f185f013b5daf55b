/** A wait that names no time: below the 60 s after which most hosts give a tool call up. */
export const DEFAULT_WAIT_SECONDS = 50;

/**
 * The longest that one tool call may block, in seconds, by the name that a host gives itself. Each stays below the
 * time after which that host gives up: Claude Code 30 minutes without progress, Codex 300 s whatever the progress,
 * Gemini CLI 10 minutes. Any other host is taken to have the usual 60 s.
 */
const LONGEST_WAIT_SECONDS: readonly (readonly [name: string, seconds: number])[] = [
  ["claude-code", 25 * 60],
  ["codex-mcp-client", 280],
  ["gemini-cli-mcp-client", 9 * 60],
  ["opencode", DEFAULT_WAIT_SECONDS],
];

/**
 * The longest wait that a host allows, in seconds.
 * @param name the host's `clientInfo.name`
 * @param configured what `--max-wait` says, for a host whose own limit was changed
 */
export function longestWait(name: string | undefined, configured?: number): number {
  if (configured !== undefined) return configured;
  const known = LONGEST_WAIT_SECONDS.find(([host]) => isHost(name, host));
  return known?.[1] ?? DEFAULT_WAIT_SECONDS;
}

/** Hosts that were watched to cancel only what they have not read (docs/hosts.md: each keeps the jobs that it claims). */
const CANCEL_WHAT_THEY_DROP = ["claude-code", "codex-mcp-client", "gemini-cli-mcp-client"];

/**
 * Whether a cancellation that comes right behind an answer says that the host has thrown it away, so that its model does not know of the
 * job in it. Of any other host it may mean nothing (opencode 1.18 aborts what a step called as the step ends, half a second after the
 * answer), and a job that its agent works on must not be taken from it: it learns of one that it does not know from its next check-in.
 * @param name the host's `clientInfo.name`
 */
export function dropsWhatItCancels(name: string | undefined): boolean {
  return CANCEL_WHAT_THEY_DROP.some((host) => isHost(name, host));
}

/** Gemini CLI is known to add more behind its name. */
function isHost(name: string | undefined, host: string): boolean {
  return name === host || name?.startsWith(`${host}-`) === true;
}

/** How long a call that asks for `asked` seconds blocks on a host that allows `longest`. */
export function waitSeconds(asked: number | undefined, longest: number): number {
  return Math.max(0, Math.min(asked ?? DEFAULT_WAIT_SECONDS, longest));
}
