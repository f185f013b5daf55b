import fc from "fast-check";

/**
 * Values as JSON text, since what is sent may be what no JavaScript value is written as: a name given twice, -0, 1e400, `__proto__` as
 * an own name.
 */
export type Json = string;

/** Names that mean something to JavaScript, to SQL or to nobody. */
export const NAMES = [
  ...["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "__defineGetter__", "then", "toJSON"],
  ...["", " ", "id", "rowid", "0", "-1", "a.b", "$case", "'", '"', "\\", "\0", "\ud800", "\u202e", "_meta"],
] as const;

/** Text that programs stumble over: what Unicode, terminals, SQL, JSON and people's parsers take for something else. */
export const TEXTS = [
  ...NAMES,
  ...["null", "undefined", "NaN", "Infinity", "-Infinity", "true", "1e400", "-0", "0x10", "1_000", "9007199254740993", "1.5"],
  ...[
    "#0",
    "#1",
    "#-1",
    "#1e3",
    "#99999999999999999999",
    "@me",
    "me",
    "any",
    "*",
    "%",
    "_",
    "AND",
    "NEAR(",
    '"',
    '""',
    "a OR",
    "(",
    "col:",
  ],
  ...["\udc00", "\ud83e", "\ufeff", "\ufffe", "\u2028", "\u2029", "\u200b", "\u200d", "\u061c", "\u00ad", "\u{e0001}", "\u{10ffff}"],
  ...["\u001b[2J", "\u0007", "\r\n", "\n", "\t", "\b", "a\0b", "\u0301", "e\u0301", "İ", "ß", "ﬁ", "🦊", "👩‍👩‍👧", "日本語", "\u0e33"],
  ...["'; DROP TABLE tasks; --", "../../etc/passwd", "<script>", "{{7*7}}", "%00", "%s%n", "data: x\n\n", "file:///etc/passwd"],
  ...["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "0000", "2026-02-30T25:61:61Z", "1969-12-31"],
] as const;

/** Around every bound that a number may have. */
const NUMBERS = [
  ...["0", "-0", "1", "-1", "0.5", "-1.5", "1e-400", "1e400", "-1e400", "1E3", "1e21", "255", "256", "65536", "2147483647", "2147483648"],
  ...[
    "-2147483649",
    "4294967296",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740992",
    "1e15",
    "8640000000000001",
  ],
  ...["9223372036854775807", "9223372036854775808", "99999999999999999999999999999999", "1.7976931348623157e308", "5e-324"],
] as const;

export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...TEXTS), fc.constantFrom(...TEXTS)).map(([one, other]) => one + other) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom("\ud800", "\udc00", "a", "\u202e", "\0"), { maxLength: 8 }).map((units) => units.join("")),
  },
);

/** Text at a bound and one beyond it, in letters of one, two, three and four bytes. */
export function textAround(most: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(-1, 0, 1, 2), fc.constantFrom("x", "é", "日", "🦊", '"'))
    .map(([more, letter]) => letter.repeat(Math.max(0, Math.ceil((most + more) / letter.length))));
}

const number: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom(...NUMBERS),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom("null", "true", "false", '""', "[]", "{}", "[[]]", '[""]', "[null]", '{"":{}}'),
  number,
  text.map((value) => JSON.stringify(value)),
);

/** An object from names and JSON texts, a name as often as it is given. */
export function object(members: readonly (readonly [string, Json])[]): Json {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
}

export const name: fc.Arbitrary<string> = fc.oneof(fc.constantFrom(...NAMES), fc.string({ unit: "binary", maxLength: 8 }));

/** Brackets as deep as the limit allows, around it, and so deep that a parser that recurses is lost. */
const deep: fc.Arbitrary<Json> = fc
  .tuple(fc.constantFrom(50, 95, 96, 97, 98, 99, 100, 101, 1_000, 20_000), fc.constantFrom(["[", "]"], ['{"a":', "}"]))
  .map(([depth, [open, close]]) => `${open!.repeat(depth)}${open === "[" ? "" : "1"}${close!.repeat(depth)}`);

/** Whatever stands where something else belongs. */
export const junk: fc.Arbitrary<Json> = fc.oneof(
  { weight: 8, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 4 }).map((items) => `[${items.join(",")}]`) },
  { weight: 2, arbitrary: fc.array(fc.tuple(name, scalar), { maxLength: 4 }).map(object) },
  { weight: 1, arbitrary: deep },
);
