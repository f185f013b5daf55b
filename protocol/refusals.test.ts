import { describe, expect, it } from "vitest";
import { LIMITS, type LimitName } from "./limits.ts";
import { CONFLICT_REMEDIES, conflict, EXIT, fromRpcError, overLimit, REFUSALS, type RefusalCode, refuse, toRpcError } from "./refusals.ts";

const CODES = Object.keys(REFUSALS) as RefusalCode[];

describe("the table of refusals", () => {
  it("has what the contract has: codes, statuses and exits (domain §6)", () => {
    const table = Object.fromEntries(CODES.map((code) => [code, [REFUSALS[code].rpc, REFUSALS[code].exit]]));
    expect(table).toMatchObject({
      parse_error: [-32700, 1],
      invalid_request: [-32600, 1],
      method_not_found: [-32601, 1],
      invalid_params: [-32602, 1],
      conflict: [-32001, 3],
      not_found: [-32004, 4],
      limit: [-32005, 1],
      unauthorized: [-32010, 5],
      forbidden: [-32011, 5],
      cursor_ahead: [-32012, 6],
      cursor_expired: [-32012, 6],
      internal: [-32000, 1],
    });
    for (const code of CODES) {
      expect(REFUSALS[code].http, code).toBeGreaterThanOrEqual(400);
      expect(REFUSALS[code].http >= 500, code).toBe(code === "internal");
      expect(Object.values<number>(EXIT).filter((exit) => exit !== EXIT.error)).not.toContain(REFUSALS[code].exit);
    }
  });

  it("ends every refusal with one line of what to do", () => {
    for (const remedy of [...CODES.map((code) => REFUSALS[code].remedy), ...Object.values(CONFLICT_REMEDIES)]) {
      expect(remedy).toMatch(/^[A-Z].{8,160}\.$/);
      expect(remedy).not.toContain("\n");
    }
  });
});

describe("a refusal on the wire", () => {
  it("comes back as it was, for every code and every reason", () => {
    for (const code of CODES.filter((one) => one !== "conflict" && one !== "limit")) {
      const refusal = refuse(code as "not_found", "what happened", { id: "#1" });
      const back = fromRpcError(toRpcError(refusal));
      expect([back.code, back.message, back.data.id, back.data.remedy]).toEqual([code, "what happened", "#1", REFUSALS[code].remedy]);
    }
    for (const reason of Object.keys(CONFLICT_REMEDIES) as (keyof typeof CONFLICT_REMEDIES)[]) {
      const back = fromRpcError(toRpcError(conflict(reason, "no", { holder: "a" })));
      expect([back.code, back.reason, back.data.holder, back.data.remedy]).toEqual(["conflict", reason, "a", CONFLICT_REMEDIES[reason]]);
    }
  });

  it("of a server that is not coord is read by its number", () => {
    expect(fromRpcError({ code: -32001, message: "taken" })).toMatchObject({ code: "conflict", message: "taken" });
    expect(fromRpcError({ code: -32601, message: "?", data: "text" }).code).toBe("method_not_found");
    expect(fromRpcError({ code: 17, message: "?", data: { code: "constructor", reason: "toString" } })).toMatchObject({ code: "internal" });
    expect(fromRpcError({ code: 17, message: "?", data: { reason: "toString" } }).reason).toBeUndefined();
  });

  it("names a limit with its value, its unit and what was given", () => {
    for (const name of Object.keys(LIMITS) as LimitName[]) {
      const { value, unit, why } = LIMITS[name];
      const { code, data, message } = toRpcError(overLimit(name, value, unit, value + 1));
      expect([code, data.limit, data.value, data.unit, data.given]).toEqual([-32005, name, value, unit, value + 1]);
      expect(message).toContain(name);
      expect(why.length).toBeGreaterThan(8);
    }
  });
});
