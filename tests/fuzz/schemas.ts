import fc from "fast-check";
import { type Json, junk, name, object, text, textAround } from "./values.ts";

/** The part of JSON Schema that zod writes for coord's parameters, and MCP's tools have. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Values that are there on the board under test, by the name of the field that takes them: without, nearly every call would end in not_found. */
export type Known = Readonly<Record<string, readonly unknown[]>>;

const string = (value: string): Json => JSON.stringify(value);

/** A value that fits the schema, or lies right at one of its bounds. */
export function fitting(schema: Schema, known: Known, field = ""): fc.Arbitrary<Json> {
  const values = Object.hasOwn(known, field) ? known[field] : undefined;
  if (values !== undefined && schema.type !== "array" && schema.type !== "object") {
    const there = fc.constantFrom(...values).map((value) => JSON.stringify(value));
    const one = fc.oneof({ weight: 9, arbitrary: there }, { weight: 1, arbitrary: text.map(string) });
    // a filter's field takes one value or several
    if (!schema.anyOf?.some(({ type }) => type === "array")) return one;
    return fc.oneof(one, fc.array(there, { minLength: 1, maxLength: 4 }).map(listed));
  }
  if (schema.const !== undefined) return fc.constant(JSON.stringify(schema.const));
  if (schema.enum) return fc.constantFrom(...schema.enum).map((value) => JSON.stringify(value));
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((branch) => fitting(branch, known, field)));
  switch (schema.type) {
    case "null":
      return fc.constant("null");
    case "boolean":
      return fc.constantFrom("true", "false");
    case "integer":
    case "number": {
      const [low, high] = [schema.minimum ?? 0, schema.maximum ?? 100];
      return fc.constantFrom(low, low, low + 1, 2, 2, 10, 10, high, low - 1, high + 1).map(String);
    }
    case "string": {
      const usual = fc.constantFrom("a", "alpha", "Beta gamma", "v1.2");
      const bound = schema.maxLength ?? 70_000;
      return fc.oneof(
        { weight: 60, arbitrary: usual.map(string) },
        { weight: 20, arbitrary: text.map(string) },
        { weight: bound > 3_000 ? 1 : 5, arbitrary: textAround(bound).map(string) },
      );
    }
    case "array": {
      const item = fitting(schema.items ?? {}, known, field);
      const most = schema.maxItems ?? 5;
      return fc.oneof(
        { weight: 20, arbitrary: fc.array(item, { maxLength: 3 }).map(listed) },
        { weight: 1, arbitrary: fc.tuple(item, fc.constantFrom(most, most + 1)).map(([each, times]) => listed(Array(times).fill(each))) },
      );
    }
    case "object":
      return members(schema, known).map(object);
    default:
      return junk;
  }
}

function listed(items: readonly Json[]): Json {
  return `[${items.join(",")}]`;
}

type Members = readonly (readonly [string, Json])[];

/** What is required, and some of the rest. */
function members(schema: Schema, known: Known): fc.Arbitrary<Members> {
  const required = new Set(schema.required ?? []);
  const each = Object.entries(schema.properties ?? {}).map(([field, of]) => {
    const given = fitting(of, known, field).map((value): [string, Json] | undefined => [field, value]);
    return required.has(field) ? given : fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: given });
  });
  return fc.tuple(...each).map((all) => all.filter((one) => one !== undefined));
}

/**
 * Parameters for a method: those that fit, and those with something wrong in them: a field of another type, one that is missing, twice
 * there, in camelCase, or that nobody knows; or no object at all.
 */
export function parameters(schema: Schema, known: Known): fc.Arbitrary<Json> {
  const right = members(schema, known);
  const fields = [...Object.keys(schema.properties ?? {}), "id"];
  const at = fc.nat(1_000);
  return fc.oneof(
    { weight: 14, arbitrary: right.map(object) },
    { weight: 2, arbitrary: right.map((all) => object(all.map(([field, value]) => [camel(field), value] as const))) },
    {
      weight: 6,
      arbitrary: fc.tuple(right, at, junk).map(([all, n, value]) => {
        if (all.length === 0) return object([[fields[n % fields.length]!, value]]);
        return object(all.map(([field, before], place) => [field, place === n % all.length ? value : before] as const));
      }),
    },
    { weight: 2, arbitrary: fc.tuple(right, at).map(([all, n]) => object(all.filter((_, place) => place !== n % all.length))) },
    { weight: 2, arbitrary: fc.tuple(right, name, junk).map(([all, extra, value]) => object([...all, [extra, value]])) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(right, fc.constantFrom(...fields), junk, junk)
        .map(([all, field, one, other]) => object([[field, one], ...all, [field, other], [camel(field), one]])),
    },
    { weight: 1, arbitrary: junk },
  );
}

function camel(field: string): string {
  return field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
