import fc from "fast-check";
import { damage } from "./bytes.ts";
import { type Sent, sent } from "./calls.ts";
import type { Known } from "./schemas.ts";

/** One frame as its bytes go over the wire (RFC 6455 §5.2), with whatever may be wrong in its head. */
export interface Frame {
  /** The first byte: FIN, the three reserved bits and the opcode. */
  readonly first: number;
  readonly masked: boolean;
  readonly payload: Uint8Array;
  /** A length that is not the payload's, and in how many bytes it is told. */
  readonly claimed: { readonly length: bigint; readonly in: 7 | 16 | 64 } | undefined;
}

const MASK = [0x12, 0x34, 0x56, 0x78] as const;

/** The frame's bytes. */
export function bytesOf({ first, masked, payload, claimed }: Frame): Uint8Array {
  const length = claimed?.length ?? BigInt(payload.length);
  const width = claimed?.in ?? (payload.length < 126 ? 7 : payload.length < 65_536 ? 16 : 64);
  const head = Buffer.alloc({ 7: 2, 16: 4, 64: 10 }[width]);
  head[0] = first;
  head[1] = (masked ? 0x80 : 0) | (width === 7 ? Number(length & 127n) : width === 16 ? 126 : 127);
  if (width === 16) head.writeUInt16BE(Number(length & 0xffffn), 2);
  if (width === 64) head.writeBigUInt64BE(BigInt.asUintN(64, length), 2);
  if (!masked) return Buffer.concat([head, payload]);
  return Buffer.concat([head, Buffer.from(MASK), payload.map((byte, at) => byte ^ MASK[at & 3]!)]);
}

const TEXT = 0x81;

/** Payloads of a control frame: nothing, a close code of any kind with a reason that may be no UTF-8, or more than a control frame holds. */
const control = fc.oneof(
  fc.constant(new Uint8Array()),
  fc
    .tuple(
      fc.constantFrom(0, 999, 1000, 1001, 1002, 1004, 1005, 1006, 1007, 1011, 1015, 2999, 3000, 4000, 4999, 5000, 65_535),
      fc.uint8Array({ maxLength: 20 }),
    )
    .map(([code, reason]) => new Uint8Array([code >> 8, code & 255, ...reason])),
  fc.constantFrom(1, 125, 126).map((length) => new Uint8Array(length).fill(0xff)),
);

const noise = fc.uint8Array({ maxLength: 40 });

const lie = fc.record({
  length: fc.constantFrom(0n, 1n, 125n, 126n, 65_535n, 1_048_576n, 1_048_577n, 2n ** 31n, 2n ** 32n, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n),
  in: fc.constantFrom(7 as const, 16 as const, 64 as const),
});

/** Frames that a browser would never send, between others that are right: whole ones, and calls in several pieces. */
export function frames(known: Known): fc.Arbitrary<Frame[]> {
  const call = fc.tuple(sent(known), damage).map(([one, by]) => by.apply(one.body));
  const masked = fc.oneof({ weight: 12, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });
  const right = call.map((payload): Frame[] => [{ first: TEXT, masked: true, payload, claimed: undefined }]);
  const pieces = fc
    .tuple(call, fc.constantFrom(0x01, 0x02, 0x00), fc.constantFrom(0x80, 0x00, 0x89, 0x81))
    .map(([payload, opcode, last]): Frame[] => {
      const half = payload.length >> 1;
      return [
        { first: opcode, masked: true, payload: payload.subarray(0, half), claimed: undefined },
        { first: last, masked: true, payload: payload.subarray(half), claimed: undefined },
      ];
    });
  const odd = fc
    .record({
      first: fc.oneof(fc.constantFrom(0x88, 0x89, 0x8a, 0x08, 0x09, 0x83, 0x8f, 0xc1, 0xa1, 0xf1, 0x82), fc.nat(255)),
      masked,
      payload: fc.oneof(control, noise),
      claimed: fc.option(lie, { nil: undefined, freq: 3 }),
    })
    .map((one): Frame[] => [one]);
  return fc
    .array(fc.oneof({ weight: 3, arbitrary: right }, pieces, { weight: 2, arbitrary: odd }), { minLength: 1, maxLength: 5 })
    .map((all) => all.flat());
}

/** What a client that keeps to WebSocket sends over one session, and how it ends. */
export interface Visit {
  readonly frames: readonly {
    readonly sent: Sent;
    readonly damage: { apply(text: string): Uint8Array; readonly what: string };
    readonly binary: boolean;
  }[];
  readonly end: "close" | "vanish" | "odd code";
}

export function visit(known: Known): fc.Arbitrary<Visit> {
  return fc.record({
    frames: fc.array(
      fc.record({
        sent: sent(known),
        damage,
        binary: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    end: fc.constantFrom("close" as const, "vanish" as const, "odd code" as const),
  });
}
