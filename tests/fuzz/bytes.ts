import fc from "fast-check";
import { LIMITS } from "../../protocol/index.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const encode = (text: string): Bytes => new Uint8Array(new TextEncoder().encode(text));
const joined = (...parts: readonly (string | Uint8Array)[]): Bytes =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part))));

/** What befalls a body on its way: cut short, a byte changed, a byte-order mark, no UTF-8 any more, in UTF-16, twice, or far too long. */
export interface Damage {
  readonly what: string;
  apply(text: string): Bytes;
}

const place = fc.nat(10_000);

const DAMAGES: readonly fc.Arbitrary<Damage>[] = [
  place.map((at) => ({ what: `cut at ${at}`, apply: (text) => encode(text).slice(0, at % (text.length + 1)) })),
  fc.tuple(place, fc.nat(255)).map(([at, byte]) => ({
    what: `byte ${at} is ${byte}`,
    apply(text) {
      const bytes = encode(text);
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes;
    },
  })),
  fc.constantFrom([0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3], [0]).map((bytes) => ({
    what: `with the bytes ${bytes}`,
    apply: (text) => joined(text.slice(0, text.length / 2), new Uint8Array(bytes), text.slice(text.length / 2)),
  })),
  fc.constant({ what: "behind a byte-order mark", apply: (text) => encode(`\ufeff${text}`) }),
  fc.constant({ what: "in UTF-16", apply: (text) => new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le")) }),
  fc.constant({ what: "twice", apply: (text) => encode(`${text}\n${text}`) }),
  fc.constant({ what: "with single quotes", apply: (text) => encode(text.replaceAll('"', "'")) }),
  fc.constant({ what: "with a comma too many", apply: (text) => encode(text.replace(/[}\]]$/, ",$&")) }),
  fc.constant({ what: "nothing", apply: () => encode("") }),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => ({ what: "noise", apply: () => new Uint8Array(bytes) })),
  fc.constantFrom(-1, 0, 1, 70_000).map((more) => ({
    what: `of ${LIMITS.body_bytes.value + more} bytes`,
    apply: (text) => encode(text + " ".repeat(Math.max(0, LIMITS.body_bytes.value + more - encode(text).length))),
  })),
];

/** Mostly nothing happens to it. */
export const damage: fc.Arbitrary<Damage> = fc
  .oneof(
    { weight: 30, arbitrary: fc.constant<Damage>({ what: "whole", apply: encode }) },
    ...DAMAGES.map((arbitrary, at) => ({ weight: at === DAMAGES.length - 1 ? 1 : 2, arbitrary })),
  )
  // how a counterexample is shown
  .map((one) => ({ ...one, [fc.toStringMethod]: () => one.what }));
