import { describe, expect, test } from "vitest";
import { toRpcError } from "../../protocol/index.ts";
import { failure } from "./failure.ts";

describe("an exception that ended a command", () => {
  test.each([
    new Error("database or disk is full: SQLITE_FULL"),
    new Error("it did not go well", { cause: new Error("SqliteError: database or disk is full") }),
    "write failed: No space left on device",
  ])("a full disk is named, with who can do what: %s", (error) => {
    const refusal = failure(error, "tasks/claim");
    expect(refusal).toMatchObject({ code: "internal", data: { method: "tasks/claim", disk_full: true } });
    expect(refusal.message).toContain("nothing was changed");
    expect(toRpcError(refusal).data.remedy).toContain("Make room");
  });

  test.each([new TypeError("x is not a function"), undefined, null, 3])("anything else is a bug: %s", (error) => {
    expect(failure(error)).toEqual({ code: "internal", message: "internal error: this is a bug in coord", data: {} });
  });

  test("the refusal repeats no more of a method's name than fits", () => {
    expect(failure(new Error("x"), "y".repeat(1000)).data.method).toHaveLength(80);
  });
});
