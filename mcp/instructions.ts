/** Who the tools act as when a call names nobody, and how that came about. */
export interface Identity {
  readonly handle: string;
  /** It was made from the host's name, so that every tab of that host has it. */
  readonly isShared?: boolean;
}

/**
 * What a host tells its model about this server: the protocol that an agent follows.
 * @param areKept whether leases are extended while the agent calls tools
 */
export function instructions({ handle, isShared }: Identity, areKept = true): string {
  const who = isShared
    ? `You are "${handle}", after your host's name, as every tab of it is: choose a name of your own, such as harbor-lynx, and pass it as agentId with every call. (A user can set it for good in the host's configuration, with the header x-coord-agent.)`
    : `You are "${handle}"; leave agentId out unless you act for somebody else.`;
  const leases = areKept
    ? "Your leases are extended while you keep calling tools. An answer with `notices` tells you of a lease you lost: stop that work."
    : "Nothing extends your leases, not even calling tools: claim with leaseSeconds enough for the work (at most 3600), or tasks_extend before the lease is over. When a call is refused as stale_claim you have lost it: stop that work.";
  return `coord is the board that this machine's agents share. ${who}
1. checkin first, and again whenever you resume.
2. Before work: tasks_list with q, to see whether somebody has it. Then tasks_send what you are about to do and tasks_claim it, or take a job with tasks_next. Work only on what you hold.
3. ${leases}
4. Finish with tasks_complete; postAck wakes whoever waits for it. If you cannot, tasks_release or tasks_fail with the reason.
5. Completed work with review: required waits in review: somebody else decides with tasks_review. When a claim has \`feedback\`, answer all of it. tasks_note keeps what others should know; @handle tells one of them.
6. Never poll: tasks_wait blocks until what you need is there. If it times out, call it again with \`after\` set to the cursor it gave.
A refusal says what is true now and what to do. An id may be the full id, "#12", or a unique prefix of it.`;
}
