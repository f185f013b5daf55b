import { type Action, type Principal, type Refusal, type Role, refuse } from "../../protocol/index.ts";

const MAY: Record<Role, readonly Action[]> = {
  owner: ["read", "write", "admin"],
  admin: ["read", "write", "admin"],
  member: ["read", "write"],
  viewer: ["read"],
};

/** Who calls when no credential is asked for: whoever owns the machine. */
export const OWNER: Principal = { id: "owner", role: "owner" };

/** The refusal, where the principal's role does not cover the action. */
export function authorize(principal: Principal, action: Action): Refusal | undefined {
  if (MAY[principal.role].includes(action)) return undefined;
  return refuse("forbidden", `${principal.id} is a ${principal.role} here, which does not allow to ${action}`, {
    role: principal.role,
    action,
  });
}
